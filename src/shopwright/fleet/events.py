"""What printers report, told to higher slices in the same transaction."""

from dataclasses import dataclass
from datetime import datetime

from shopwright.fleet.states import (
    Activity,
    CommandStatus,
    ConnectionState,
    Outcome,
    StartPhaseName,
    StartResult,
)


@dataclass(frozen=True, slots=True)
class StartPhase:
    organization_id: int
    printer_id: int
    device_job_id: str
    phase: StartPhaseName


@dataclass(frozen=True, slots=True)
class StartSettled:
    organization_id: int
    printer_id: int
    device_job_id: str
    result: StartResult
    sentence: str


@dataclass(frozen=True, slots=True)
class CommandSettled:
    """A command other than a start has ended."""

    organization_id: int
    printer_id: int
    command_id: int
    status: CommandStatus
    detail: str | None
    settled_at: datetime


@dataclass(frozen=True, slots=True)
class DeviceJobReported:
    """A fresh report shows a job id; ``percent`` is the most this link saw for it.

    ``used_ppm`` is the share of its layers that are complete, in millionths; None when not told.
    """

    organization_id: int
    printer_id: int
    device_job_id: str
    activity: Activity
    outcome: Outcome
    percent: int
    used_ppm: int | None
    reason: str | None
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class DeviceShowsJob:
    """A fresh report: the job the device is at or ended last; any other is no longer on it.

    None when it shows no job: it was switched off, or never printed. ``has_ended_unseen`` when that
    job is another than the one known last and has ended: it began and ended while nobody listened.
    """

    organization_id: int
    printer_id: int
    device_job_id: str | None
    activity: Activity
    has_ended_unseen: bool = False


@dataclass(frozen=True, slots=True)
class PrinterRemoved:
    """Nobody listens to it any more."""

    organization_id: int
    printer_id: int


@dataclass(frozen=True, slots=True)
class PrinterPutBack:
    """A person ended its maintenance."""

    organization_id: int
    printer_id: int


@dataclass(frozen=True, slots=True)
class PrinterLost:
    """It was within reach and is not any more, or it refuses its access code."""

    organization_id: int
    printer_id: int
    connection: ConnectionState
    sentence: str


@dataclass(frozen=True, slots=True)
class PrinterBack:
    """Within reach again."""

    organization_id: int
    printer_id: int


@dataclass(frozen=True, slots=True)
class PrinterInTrouble:
    """It reports something grave that it did not report before."""

    organization_id: int
    printer_id: int
    sentence: str


@dataclass(frozen=True, slots=True)
class SlotChange:
    """``was`` and ``now`` are what the slot holds in words, None when empty."""

    number: int
    was: str | None
    now: str | None


@dataclass(frozen=True, slots=True)
class SlotsChanged:
    """Other material than before, or none any more."""

    organization_id: int
    printer_id: int
    changes: tuple[SlotChange, ...]


@dataclass(frozen=True, slots=True)
class PrinterChanged:
    """Connection, activity, gate, slots or faults are other than before."""

    organization_id: int
    printer_id: int


@dataclass(frozen=True, slots=True)
class PrinterReported:
    """A person reported a problem of it."""

    organization_id: int
    printer_id: int
    report_id: int
    by: str
    description: str
    stops_printer: bool


@dataclass(frozen=True, slots=True)
class MaintenanceDue:
    """A plan came due at it, and a task was opened."""

    organization_id: int
    printer_id: int
    plan_id: int
    plan: str
    due_at: datetime
