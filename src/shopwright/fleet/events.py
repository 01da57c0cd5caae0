"""What printers report, told to higher slices in the same transaction."""

from dataclasses import dataclass
from datetime import datetime

from shopwright.fleet.states import Activity, Outcome, StartPhaseName, StartResult


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
class DeviceJobReported:
    """A fresh report shows a job id; ``percent`` is the most this link saw for it."""

    organization_id: int
    printer_id: int
    device_job_id: str
    activity: Activity
    outcome: Outcome
    percent: int
    reason: str | None
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class PrinterChanged:
    """Connection, activity, gate, slots or faults are other than before."""

    organization_id: int
    printer_id: int
