"""What happened to print jobs, told to higher slices in the same transaction."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PrintJobStarted:
    """The printer's own report shows it at work, for the first time."""

    organization_id: int
    print_job_id: int
    printer_id: int


@dataclass(frozen=True, slots=True)
class PrintJobEnded:
    """Completed or failed; ``reason`` says why it failed."""

    organization_id: int
    print_job_id: int
    printer_id: int
    has_failed: bool
    reason: str | None
