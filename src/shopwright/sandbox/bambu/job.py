"""One print: its stages in printer time, and what it has used, exact to the milligram."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from shopwright.sandbox.bambu.sliced import PlateFacts
from shopwright.sandbox.bambu.spools import EXTERNAL_TRAY, NO_TRAY

# (share of the preparation, stg_cur): state flow of the protocol notes, 1.6. The first is PREPARE.
PREPARATION = ((2, 0), (3, 2), (1, 13), (2, 14), (3, 1), (2, 7), (1, 8))
PREPARATION_S = 75.0  # at most; short prints spend a tenth of their time on it
PREPARATION_SHARE = 0.1
PRINTING_STAGE = 0


class PrintOutcome(StrEnum):
    RUNNING = "running"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    FAILED = "failed"
    INTERRUPTED = "interrupted"  # power lost or reboot


@dataclass(frozen=True, slots=True)
class JobRequest:
    """What project_file, or a person at the screen, asks for.

    ``trays`` is tray by filament id; None feeds everything from the external spool. Plate 0 is a
    plain gcode file.
    """

    file: str
    plate: int
    subtask_id: str
    subtask_name: str
    trays: Mapping[int, int] | None
    source: str = "network"  # or "screen"
    project_id: str = "0"
    task_id: str = "0"

    def tray(self, filament: int) -> int:
        return EXTERNAL_TRAY if self.trays is None else self.trays.get(filament, NO_TRAY)


@dataclass(slots=True)
class PrintRecord:
    """One physical print, as a person standing beside the machine would have noted it."""

    subtask_id: str
    subtask_name: str
    file: str
    plate: int
    source: str
    outcome: PrintOutcome = PrintOutcome.RUNNING
    percent: float = 0.0
    consumed_mg: dict[int, int] = field(default_factory=dict)  # by project filament id
    consumed_by_tray_mg: dict[int, int] = field(default_factory=dict)
    print_error: int = 0
    was_plate_clear: bool = True  # False: it printed onto the last job's pieces

    @property
    def total_mg(self) -> int:
        return sum(self.consumed_mg.values())


@dataclass(slots=True)
class Job:
    """A running or ended print. ``elapsed_s`` is printer time out of ``total_s``."""

    request: JobRequest
    facts: PlateFacts
    record: PrintRecord
    elapsed_s: float = 0.0
    fired: set[str] = field(default_factory=set)  # percent knobs that have had their effect

    @property
    def total_s(self) -> float:
        return float(max(self.facts.prediction_s, 1))

    @property
    def preparation_s(self) -> float:
        return min(PREPARATION_S, self.total_s * PREPARATION_SHARE)

    @property
    def percent(self) -> float:
        return self.elapsed_s * 100 / self.total_s

    @property
    def printed_share(self) -> float:
        """0 … 1 of the extrusion."""
        printing_s = self.total_s - self.preparation_s
        return min(max((self.elapsed_s - self.preparation_s) / printing_s, 0.0), 1.0)

    @property
    def layer(self) -> int:
        share = self.printed_share
        if share <= 0 or not self.facts.layers:
            return 0
        return min(int(share * self.facts.layers) + 1, self.facts.layers)

    @property
    def remaining_min(self) -> int:
        return int(-(-(self.total_s - self.elapsed_s) // 60))

    @property
    def is_preparing(self) -> bool:
        return self.elapsed_s < self.stage_ends[0]

    @property
    def stage(self) -> int:
        for (_, stage), end in zip(PREPARATION, self.stage_ends, strict=True):
            if self.elapsed_s < end:
                return stage
        return PRINTING_STAGE

    @property
    def stage_ends(self) -> tuple[float, ...]:
        """The elapsed second at which each preparation stage is over."""
        whole = sum(share for share, _ in PREPARATION)
        ends, done = [], 0
        for share, _ in PREPARATION:
            done += share
            ends.append(self.preparation_s * done / whole)
        return tuple(ends)

    def elapsed_at_share(self, share: float) -> float:
        return self.preparation_s + share * (self.total_s - self.preparation_s)

    def used_by_tray_mg(self) -> dict[int, int]:
        """What the whole plate takes from each tray."""
        used: dict[int, int] = {}
        for filament, milligrams in self.facts.used_mg.items():
            tray = self.request.tray(filament)
            used[tray] = used.get(tray, 0) + milligrams
        return used

    def consume(self) -> dict[int, int]:
        """Note what was extruded since the last call; the milligrams by tray."""
        share = self.printed_share
        taken: dict[int, int] = {}
        for filament, whole_mg in self.facts.used_mg.items():
            now_mg = whole_mg if share >= 1 else int(whole_mg * share)
            step_mg = now_mg - self.record.consumed_mg.get(filament, 0)
            self.record.consumed_mg[filament] = now_mg
            tray = self.request.tray(filament)
            taken[tray] = taken.get(tray, 0) + step_mg
        for tray, milligrams in taken.items():
            before = self.record.consumed_by_tray_mg.get(tray, 0)
            self.record.consumed_by_tray_mg[tray] = before + milligrams
        self.record.percent = round(self.percent, 3)
        return taken
