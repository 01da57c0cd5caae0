"""The machine behind a stand-in: files, one print at a time, heaters, all in printer time.

Time passes when somebody looks, so a machine needs no task of its own.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from shopwright.sandbox.bambu.heat import Heat
from shopwright.sandbox.plain.knobs import Knobs

UNKNOWN_DURATION_S = 600.0
HEADER_BYTES = 64 * 1024
_DURATION = re.compile(rb"; estimated printing time \(normal mode\) = ([0-9dhms ]+)")
_LAYERS = re.compile(rb"; total layers count = (\d+)")
_TARGET = re.compile(r"^(M104|M109|M140|M190|M141)\s+.*?S(\d+)")
_UNIT_S = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_HEATERS = {"M104": "nozzle", "M109": "nozzle", "M140": "bed", "M190": "bed", "M141": "chamber"}


class State(StrEnum):
    IDLE = "idle"
    PREPARING = "preparing"
    PRINTING = "printing"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    FAILED = "failed"


BUSY = frozenset({State.PREPARING, State.PRINTING, State.PAUSED})


@dataclass(slots=True)
class StoredFile:
    name: str
    content: bytes
    stored_at: float
    successes: int = 0
    failures: int = 0
    last: dict[str, Any] | None = None

    @property
    def size(self) -> int:
        return len(self.content)

    @property
    def duration_s(self) -> float:
        found = _DURATION.search(self.content[:HEADER_BYTES])
        if not found:
            return UNKNOWN_DURATION_S
        parts = re.findall(r"(\d+)([dhms])", found.group(1).decode())
        return float(sum(int(count) * _UNIT_S[unit] for count, unit in parts) or 1)

    @property
    def layers(self) -> int:
        found = _LAYERS.search(self.content[:HEADER_BYTES])
        return int(found.group(1)) if found else 0


@dataclass(slots=True)
class PrintRecord:
    """One physical print, as a person standing beside the machine would have noted it."""

    number: int
    file: str
    source: str  # network or screen
    total_s: float
    layers: int
    outcome: State = State.PREPARING
    elapsed_s: float = 0.0
    fired: set[str] = field(default_factory=set)  # percent knobs that have had their effect

    @property
    def percent(self) -> float:
        return min(self.elapsed_s * 100 / self.total_s, 100.0)

    @property
    def remaining_s(self) -> int:
        return round(max(self.total_s - self.elapsed_s, 0.0))

    @property
    def layer(self) -> int:
        return min(int(self.percent / 100 * self.layers) + 1, self.layers)


class Machine:
    def __init__(self, knobs: Knobs) -> None:
        self.knobs = knobs
        self.files: dict[str, StoredFile] = {}
        self.prints: list[PrintRecord] = []
        self.gcode_lines: list[str] = []
        self.heat = Heat()
        self.job: PrintRecord | None = None  # running, or the last one until it is forgotten
        self.message = ""  # why the last print failed
        self.starts = 0  # asked for, also those that came to nothing
        self._state = State.IDLE
        self._seen_at = time.monotonic()

    @property
    def state(self) -> State:
        self.look()
        return self._state

    @property
    def is_busy(self) -> bool:
        return self.state in BUSY

    @property
    def free_bytes(self) -> int:
        used = sum(file.size for file in self.files.values())
        return max(self.knobs.capacity_bytes - used, 0)

    @property
    def wall_clock(self) -> float:
        return time.time() + self.knobs.clock_offset_s

    def look(self) -> None:
        """Let the time pass that has passed."""
        now = time.monotonic()
        seconds = (now - self._seen_at) * self.knobs.speed
        self._seen_at = now
        self.heat.advance(seconds)
        self.pass_time(seconds)

    def pass_time(self, printer_seconds: float) -> None:
        while self.job and self._state in {State.PREPARING, State.PRINTING}:
            at_s, mark, act = min(self._marks(self.job), key=lambda each: each[0])
            step_s = at_s - self.job.elapsed_s
            if step_s > printer_seconds:
                self.job.elapsed_s += printer_seconds
                return
            self.job.elapsed_s = max(at_s, self.job.elapsed_s)
            printer_seconds -= max(step_s, 0.0)
            self.job.fired.add(mark)
            act()

    def store(self, name: str, content: bytes) -> StoredFile:
        if self.knobs.truncates_uploads:
            content = content[: len(content) // 2]
        self.files[name] = StoredFile(name, content, self.wall_clock)
        return self.files[name]

    def start(self, name: str, source: str = "network") -> None:
        """KeyError for a file that is not there; the caller has checked that it may."""
        file = self.files[name]
        self.starts += 1
        if self.knobs.never_starts and source == "network":
            return
        self.look()
        self.message = ""
        self.job = PrintRecord(len(self.prints) + 1, name, source, file.duration_s, file.layers)
        self.prints.append(self.job)
        self.heat.target("nozzle", 215)
        self.heat.target("bed", 60)
        self._enter(State.PREPARING if self.knobs.start_delay_s else State.PRINTING)

    def pause(self) -> bool:
        return self._go({State.PREPARING, State.PRINTING}, State.PAUSED)

    def resume(self) -> bool:
        return self._go({State.PAUSED}, State.PRINTING)

    def cancel(self) -> bool:
        return self._end(State.CANCELLED)

    def fail(self, message: str = "Thermal runaway on the nozzle") -> bool:
        if not self._end(State.FAILED):
            return False
        self.message = message
        return True

    def forget(self) -> None:
        """Power lost, or the end was acknowledged at the screen."""
        self._end(State.FAILED)
        self.job, self._state, self.message = None, State.IDLE, ""

    def run_gcode(self, line: str) -> None:
        self.look()
        self.gcode_lines.append(line)
        found = _TARGET.match(line)
        if found:
            self.heat.target(_HEATERS[found.group(1)], float(found.group(2)))

    def _marks(self, job: PrintRecord) -> list[tuple[float, str, Callable[[], object]]]:
        knobs = self.knobs
        wanted: list[tuple[str, float | None, Callable[[], object]]] = [
            ("cancel", knobs.cancel_at_percent, self.cancel),
            ("pause", knobs.pause_at_percent, self.pause),
            ("fail", knobs.fail_at_percent, self.fail),
        ]
        marks = [
            (max(job.total_s * percent / 100, job.elapsed_s), mark, act)
            for mark, percent, act in wanted
            if percent is not None and mark not in job.fired
        ]
        if self._state is State.PREPARING:
            marks.append((knobs.start_delay_s, "begin", lambda: self._enter(State.PRINTING)))
        return [*marks, (job.total_s, "finish", lambda: self._end(State.FINISHED))]

    def _go(self, allowed: set[State], to: State) -> bool:
        self.look()
        if self._state not in allowed:
            return False
        self._enter(to)
        return True

    def _end(self, state: State) -> bool:
        if self.job is None or self._state not in BUSY:
            return False
        self._enter(state)
        self.heat.target("nozzle", 0)
        self.heat.target("bed", 0)
        file = self.files.get(self.job.file)
        if file:
            is_success = state is State.FINISHED
            file.successes += is_success
            file.failures += not is_success
            file.last = {"success": is_success, "date": self.wall_clock}
        return True

    def _enter(self, state: State) -> None:
        self._state = state
        if self.job:
            self.job.outcome = state
