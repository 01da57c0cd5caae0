"""The machine itself: a synchronous core that time and commands move; no sockets.

``advance`` moves real seconds; printer time runs ``knobs.speed`` times as fast. Every boundary on
the way (a stage, a percent knob, an empty spool, the end) is met exactly, however large the step.
"""

import heapq
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from pathlib import Path, PurePosixPath

from shopwright.sandbox.bambu.heat import Heat
from shopwright.sandbox.bambu.job import Job, JobRequest, PrintOutcome, PrintRecord
from shopwright.sandbox.bambu.knobs import Knobs
from shopwright.sandbox.bambu.models import Model
from shopwright.sandbox.bambu.motion import Motion
from shopwright.sandbox.bambu.sliced import PlateFacts, Unreadable, read_gcode, read_plate
from shopwright.sandbox.bambu.spools import EXTERNAL_TRAY, NO_TRAY, Ams

CANCELLED_AT_PRINTER = 0x0300_400C
PAUSED_BY_USER = 0x0300_8001
RUNOUT_EXTERNAL = 0x0300_8004
RUNOUT_AMS = 0x0700_8011  # plus the unit in the second byte
BUSY = 0x0500_4004
CARD_FAULT = 0x0500_C010
UNPARSABLE = 0x0500_4003
STAGE_RUNOUT, STAGE_USER_PAUSE = 6, 16
CALIBRATION_S = 30.0  # in printer time
SPEED_PERCENT = {1: 50, 2: 100, 3: 124, 4: 166}
_TINY_S = 1e-6

Boundary = tuple[float, Callable[[], None]]  # at which elapsed second, and what happens there


class GcodeState(StrEnum):
    IDLE = "IDLE"
    PREPARE = "PREPARE"
    RUNNING = "RUNNING"
    PAUSE = "PAUSE"
    FINISH = "FINISH"
    FAILED = "FAILED"


BUSY_STATES = frozenset({GcodeState.PREPARE, GcodeState.RUNNING, GcodeState.PAUSE})


@dataclass(slots=True)
class Machine:
    """One printer. ``prints`` logs every physical print; ``refusals`` (id, error) the rest."""

    model: Model
    ams: Ams
    card: Path
    knobs: Knobs
    state: GcodeState = GcodeState.IDLE
    job: Job | None = None
    prints: list[PrintRecord] = field(default_factory=list)
    refusals: list[tuple[str, int]] = field(default_factory=list)
    print_error: int = 0
    hms: list[tuple[int, int]] = field(default_factory=list)
    pause_stage: int = 0
    speed_level: int = 2
    is_plate_clear: bool = True
    light: str = "on"
    is_recording: bool = True
    flow_percent: int = 100
    motion: Motion = field(default_factory=Motion)
    calibrations: list[int] = field(default_factory=list)  # options, as they were asked for
    calibrating_until_s: float = 0.0
    fans: dict[int, int] = field(default_factory=lambda: {1: 0, 2: 0, 3: 0})  # P number: 0..255
    skipped_objects: list[int] = field(default_factory=list)
    gcode_lines: list[str] = field(default_factory=list)
    heat: Heat = field(default_factory=Heat)
    now_s: float = 0.0  # real seconds since power on
    is_changed: bool = True  # something a person would see changed since the last report
    wants_drop: bool = False  # drop_at_percent was reached; the link acts on it
    _timers: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _ids: "itertools.count[int]" = field(default_factory=itertools.count)

    @property
    def is_busy(self) -> bool:
        return self.state in BUSY_STATES

    @property
    def consumed_mg(self) -> int:
        """Of all prints since power on."""
        return sum(record.total_mg for record in self.prints)

    def advance(self, real_s: float) -> None:
        while real_s > 0:
            real_s = self.advance_to_change(real_s)

    def advance_to_change(self, real_s: float) -> float:
        """Stop where something changes that a report must show; the seconds left over."""
        end = self.now_s + real_s
        while end - self.now_s > _TINY_S:
            self._move(min(end - self.now_s, self.seconds_to_next_event()))
            if self._fire_due() and self.is_changed:
                return end - self.now_s
        return 0.0

    def seconds_to_next_event(self) -> float:
        """Real seconds; infinite when nothing will happen by itself."""
        times = [due - self.now_s for due, _, _ in self._timers[:1]]
        if self.job and self.state in (GcodeState.PREPARE, GcodeState.RUNNING):
            at_s, _ = self._next_boundary(self.job)
            times.append((at_s - self.job.elapsed_s) / self._rate)
        return max(min(times, default=math.inf), 0.0)

    def after(self, real_s: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._timers, (self.now_s + real_s, next(self._ids), action))

    def request_start(self, request: JobRequest, md5_matches: Callable[[Path], bool]) -> None:
        """Start now, after ``start_delay_s``, or never; problems show in ``print_error``."""
        if self.knobs.never_starts:
            return
        if self.knobs.start_delay_s > 0:
            self.after(self.knobs.start_delay_s, lambda: self._start(request, md5_matches))
        else:
            self._start(request, md5_matches)

    def pause(self, stage: int = STAGE_USER_PAUSE, error: int = 0) -> bool:
        if self.state not in (GcodeState.RUNNING, GcodeState.PREPARE):
            return False
        self.pause_stage = stage
        self._enter(GcodeState.PAUSE, error)
        return True

    def resume(self) -> bool:
        if self.state is not GcodeState.PAUSE:
            return False
        self._enter(GcodeState.RUNNING, 0)
        return True

    def stop(self, error: int = CANCELLED_AT_PRINTER) -> bool:
        """Cancelled by a person or a command; the code goes back to 0 by itself."""
        if not self.is_busy:
            return False
        self._end(GcodeState.FAILED, PrintOutcome.CANCELLED, error)
        self._forget_error_later(error)
        return True

    def fail(self, error: int) -> bool:
        if not self.is_busy:
            return False
        self._end(GcodeState.FAILED, PrintOutcome.FAILED, error)
        return True

    def reboot(self) -> None:
        """Power lost: the job is gone, and nothing remembers it."""
        if self.is_busy:
            self._end(GcodeState.FAILED, PrintOutcome.INTERRUPTED, 0)
        self.state, self.job, self.print_error = GcodeState.IDLE, None, 0
        self.hms.clear()
        self._timers.clear()
        self.is_changed = True

    @property
    def is_calibrating(self) -> bool:
        return self.now_s < self.calibrating_until_s

    def calibrate(self, option: int) -> bool:
        """Level the bed, or what else the bits of ``option`` say; False while it is at work."""
        if self.is_busy or self.is_calibrating:
            return False
        self.calibrations.append(option)
        self.motion.home("XYZ")
        self.calibrating_until_s = self.now_s + CALIBRATION_S / max(self.knobs.speed, _TINY_S)
        self.after(self.calibrating_until_s - self.now_s, self._end_calibration)
        return True

    def clear_error(self) -> None:
        self.print_error = 0
        self.is_changed = True

    def refuse(self, subtask_id: str, error: int) -> None:
        """Nothing was printed; the printer shows why."""
        self.refusals.append((subtask_id, error))
        self.print_error = error
        self.is_changed = True

    @property
    def _rate(self) -> float:
        return max(self.knobs.speed, _TINY_S) * SPEED_PERCENT[self.speed_level] / 100

    def _move(self, real_s: float) -> None:
        self.now_s += real_s
        self.heat.advance(real_s * self.knobs.speed)
        if self.job and self.state in (GcodeState.PREPARE, GcodeState.RUNNING):
            job = self.job
            limit_s, _ = self._next_boundary(job)
            job.elapsed_s = min(job.elapsed_s + real_s * self._rate, max(limit_s, job.elapsed_s))
            self._take(job)

    def _take(self, job: Job) -> None:
        for tray, milligrams in job.consume().items():
            spool = self.ams.spool(tray)
            if spool is not None and milligrams:
                spool.remaining_mg -= milligrams

    def _fire_due(self) -> bool:
        if self._timers and self._timers[0][0] - self.now_s <= _TINY_S:
            heapq.heappop(self._timers)[2]()
            return True
        if self.job and self.state in (GcodeState.PREPARE, GcodeState.RUNNING):
            at_s, act = self._next_boundary(self.job)
            if at_s - self.job.elapsed_s <= _TINY_S:
                self.job.elapsed_s = max(at_s, self.job.elapsed_s)  # exact, whatever floats say
                self._take(self.job)
                act()
                return True
        return False

    def _next_boundary(self, job: Job) -> Boundary:
        return min(self._boundaries(job), key=lambda boundary: boundary[0])

    def _boundaries(self, job: Job) -> list[Boundary]:
        found: list[Boundary] = [
            (end_s, partial(self._pass_stage, job, f"stage {place}"))
            for place, end_s in enumerate(job.stage_ends)
            if f"stage {place}" not in job.fired
        ]
        found += self._percent_boundaries(job)
        found += self._empty_spool_boundaries(job)
        found.append((job.total_s, self._finish))
        return found

    def _percent_boundaries(self, job: Job) -> list[Boundary]:
        knobs = self.knobs
        first_tray = min(job.used_by_tray_mg(), default=EXTERNAL_TRAY)
        marks: list[tuple[str, float | None, Callable[[], object]]] = [
            ("drop", knobs.drop_at_percent, self._ask_for_drop),
            ("cancel", knobs.cancel_at_percent, self.stop),
            ("pause", knobs.pause_at_percent, lambda: self.pause(error=PAUSED_BY_USER)),
            ("fail", knobs.fail_at_percent, lambda: self.fail(knobs.fail_error)),
            ("runout", knobs.runout_at_percent, partial(self._run_out, first_tray)),
        ]
        return [
            (job.total_s * percent / 100, partial(self._fire, job, mark, act))
            for mark, percent, act in marks
            if percent is not None and mark not in job.fired
        ]

    def _empty_spool_boundaries(self, job: Job) -> list[Boundary]:
        found: list[Boundary] = []
        for tray, used_mg in job.used_by_tray_mg().items():
            spool = self.ams.spool(tray)
            left_mg = spool.remaining_mg if spool else 0
            reach_mg = job.record.consumed_by_tray_mg.get(tray, 0) + left_mg
            if reach_mg < used_mg:
                at_s = job.elapsed_at_share(reach_mg / used_mg)
                found.append((at_s, partial(self._run_out, tray)))
        return found

    def _fire(self, job: Job, mark: str, act: Callable[[], object]) -> None:
        job.fired.add(mark)
        act()

    def _pass_stage(self, job: Job, mark: str) -> None:
        job.fired.add(mark)
        if self.state is GcodeState.PREPARE:
            self.state = GcodeState.RUNNING
        self.is_changed = True

    def _run_out(self, tray: int) -> None:
        error = RUNOUT_EXTERNAL if tray == EXTERNAL_TRAY else RUNOUT_AMS | (tray // 4) << 16
        self.pause(STAGE_RUNOUT, error)

    def _ask_for_drop(self) -> None:
        self.wants_drop = True

    def _start(self, request: JobRequest, md5_matches: Callable[[Path], bool]) -> None:
        if self.is_busy:
            self._refuse_busy(request)
            return
        path = self.card / PurePosixPath(request.file).as_posix().lstrip("/")
        try:
            facts = self._read(path, request)
        except Unreadable:
            self._refuse_start(request, CARD_FAULT)
            return
        if not md5_matches(path):
            self._refuse_start(request, UNPARSABLE)
        elif error := self._tray_error(request, facts):
            self._refuse_start(request, error)
        else:
            self._begin(request, facts)

    def _read(self, path: Path, request: JobRequest) -> PlateFacts:
        if not self.knobs.has_card or not path.resolve().is_relative_to(self.card.resolve()):
            raise Unreadable(f"{request.file} is not on the card.")
        return read_plate(path, request.plate) if request.plate else read_gcode(path)

    def _tray_error(self, request: JobRequest, facts: PlateFacts) -> int:
        trays = [request.tray(filament) for filament in facts.used_mg]
        if any(tray != EXTERNAL_TRAY for tray in trays) and not self.ams.trays:
            return 0x07FF_8012  # AMS asked for where there is none
        if any(self.ams.spool(tray) is None for tray in trays if tray != EXTERNAL_TRAY):
            return 0x0700_8012  # a filament without a loaded tray
        return 0

    def _end_calibration(self) -> None:
        self.is_changed = True

    def _refuse_busy(self, request: JobRequest) -> None:
        self.refuse(request.subtask_id, BUSY)
        if self.knobs.busy_start_kills_job:
            self._end(GcodeState.FAILED, PrintOutcome.FAILED, BUSY)
        self._forget_error_later(BUSY)

    def _refuse_start(self, request: JobRequest, error: int) -> None:
        self.refuse(request.subtask_id, error)
        facts = PlateFacts(prediction_s=1, layers=0, used_mg={})
        self.job = Job(request, facts, _record(request, is_plate_clear=True))
        self.state = GcodeState.FAILED

    def _begin(self, request: JobRequest, facts: PlateFacts) -> None:
        trays = {filament: request.tray(filament) for filament in facts.used_mg}
        request = replace(request, trays=trays)
        record = _record(request, is_plate_clear=self.is_plate_clear)
        self.job = Job(request, facts, record)
        self.prints.append(record)
        self.is_plate_clear = False
        self.skipped_objects.clear()
        self.ams.tray_now = next(iter(trays.values()), NO_TRAY)
        self.heat.target("nozzle", 220)
        self.heat.target("bed", 55)
        self._enter(GcodeState.PREPARE, 0)

    def _finish(self) -> None:
        self._end(GcodeState.FINISH, PrintOutcome.FINISHED, 0)

    def _end(self, state: GcodeState, outcome: PrintOutcome, error: int) -> None:
        if self.job is not None:
            self.job.record.outcome = outcome
            self.job.record.print_error = error
        self.heat.target("nozzle", 0)
        self.heat.target("bed", 0)
        self.ams.tray_now = NO_TRAY
        self._enter(state, error)

    def _enter(self, state: GcodeState, error: int) -> None:
        self.state, self.print_error, self.is_changed = state, error, True

    def _forget_error_later(self, error: int) -> None:
        def forget() -> None:
            if self.print_error == error:
                self.clear_error()

        self.after(self.knobs.error_hold_s, forget)


def _record(request: JobRequest, *, is_plate_clear: bool) -> PrintRecord:
    return PrintRecord(
        subtask_id=request.subtask_id,
        subtask_name=request.subtask_name,
        file=request.file,
        plate=request.plate,
        source=request.source,
        was_plate_clear=is_plate_clear,
    )
