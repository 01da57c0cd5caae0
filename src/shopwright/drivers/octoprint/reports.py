"""What OctoPrint says of its printer and its job, in the words of the port; pure.

When a job ends OctoPrint goes back to Operational without saying how it ended. The file's own
history tells: it counts successes and failures once the job has ended.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shopwright.drivers.polled.jobs import job_id_of, job_name_of
from shopwright.drivers.polled.values import (
    as_float,
    as_int,
    as_object,
    as_percent,
    as_seconds,
    as_text,
)
from shopwright.fleet.port import DeviceReport, Fault, Progress, Severity, Slot, Temperatures
from shopwright.fleet.states import BUSY, Activity, ConnectionState, ControlAccess, Outcome

OFFLINE = (
    "OctoPrint is not connected to its printer: switch the printer on, and press Connect in "
    "OctoPrint."
)
OFFLINE_CODE, ERROR_CODE = "octoprint-offline", "octoprint-error"
HISTORY_LAG_S = 10.0  # OctoPrint writes it after the job has ended
WORKING = ("cancelling", "finishing", "pausing", "resuming", "printing")
SLOT = Slot(number=0, is_external=True, is_loaded=True)  # what is loaded only the shop knows


@dataclass(slots=True)
class _Job:
    """The file that is selected, and what is known of its print."""

    path: str | None = None
    was_at_work: bool = False
    was_cancelling: bool = False
    stopped_at: float | None = None
    ended_before: int | None = None  # prints of this file that had ended when we last asked
    outcome: Outcome = Outcome.NONE


class Mirror:
    """What was heard on this connection, with the end of the job at hand."""

    def __init__(self) -> None:
        self.firmware: str | None = None
        self.has_storage: bool | None = None
        self._printer: Mapping[str, Any] = {}
        self._told: Mapping[str, Any] = {}
        self._at = 0.0
        self._job = _Job()

    @property
    def wants_history(self) -> str | None:
        """The file whose history tells more than we know."""
        if self._job.path is None or self._job.outcome is not Outcome.NONE:
            return None
        if self.activity in BUSY:
            return self._job.path if self._job.ended_before is None else None
        is_open = self._job.was_at_work or job_id_of(self._job.path) is not None
        return self._job.path if is_open or self._job.ended_before is None else None

    @property
    def activity(self) -> Activity:
        flags = as_object(as_object(self._printer.get("state")).get("flags"))
        if not flags or flags.get("closedOrError") or flags.get("error"):
            return Activity.ERROR
        if flags.get("paused"):
            return Activity.PAUSED
        if any(flags.get(name) for name in WORKING):
            return Activity.PRINTING
        if not flags.get("operational"):
            return Activity.UNKNOWN  # connecting, detecting
        return Activity.IDLE if flags.get("ready") else Activity.PREPARING

    def take(self, printer: Mapping[str, Any], job: Mapping[str, Any], at: float) -> None:
        """``printer`` is empty while OctoPrint is not connected to it; ``at`` is in seconds of a
        clock that never jumps."""
        self._printer, self._told, self._at = printer, job, at
        path = as_text(as_object(as_object(job.get("job")).get("file")).get("path"))
        if path != self._job.path:
            self._job = _Job(path)
        if self.activity in BUSY:
            self._work()
        elif self._job.was_at_work and self._job.stopped_at is None:
            self._job.stopped_at = at
        is_open = self._job.was_at_work and self._job.outcome is Outcome.NONE
        if is_open and self.activity is Activity.ERROR:
            self._job.outcome = Outcome.FAILED

    def take_history(self, prints: Mapping[str, Any] | None) -> None:
        """The ``prints`` of the file's entry; None when it has none or the file is gone."""
        told = as_object(prints)
        ended = (as_int(told.get("success")) or 0) + (as_int(told.get("failure")) or 0)
        if self.activity in BUSY:
            self._job.ended_before = ended
            return
        if ended > (self._job.ended_before or 0):
            is_success = as_object(told.get("last")).get("success") is True
            self._job.outcome = Outcome.FINISHED if is_success else Outcome.CANCELLED
        self._job.ended_before = ended

    def report(self, now: datetime) -> DeviceReport:
        activity = self.activity
        if activity is Activity.IDLE and self._is_ending():
            activity = Activity.PRINTING
        name = as_text(as_object(as_object(self._told.get("job")).get("file")).get("name"))
        return DeviceReport(
            observed_at=now,
            connection=ConnectionState.ONLINE,
            activity=activity,
            outcome=Outcome.NONE if activity in BUSY else self._known_outcome(),
            device_job_id=job_id_of(self._job.path),
            is_full=True,
            progress=self._progress(activity),
            temperatures=self._temperatures(),
            slots=(SLOT,),
            faults=self._faults(),
            control=ControlAccess.UNKNOWN,
            job_name=job_name_of(name or self._job.path),
            firmware=self.firmware,
            has_storage=self.has_storage,
            native=self._word,
        )

    @property
    def _word(self) -> str | None:
        state = as_object(self._printer.get("state"))
        return as_text(state.get("text")) or as_text(self._told.get("state"))

    def _work(self) -> None:
        if self._job.outcome is not Outcome.NONE:  # the same file once more
            self._job = _Job(self._job.path, ended_before=self._job.ended_before)
        self._job.was_at_work, self._job.stopped_at = True, None
        flags = as_object(as_object(self._printer.get("state")).get("flags"))
        self._job.was_cancelling = self._job.was_cancelling or bool(flags.get("cancelling"))

    def _is_ending(self) -> bool:
        """It stopped, and how will soon be known."""
        if self._job.stopped_at is None or self._job.outcome is not Outcome.NONE:
            return False
        return self._at - self._job.stopped_at < HISTORY_LAG_S

    def _known_outcome(self) -> Outcome:
        if (
            self._job.outcome is Outcome.NONE
            and self._job.stopped_at is not None
            and not self._is_ending()
        ):
            return self._guess()
        return self._job.outcome

    def _guess(self) -> Outcome:
        """The history never told: the file is gone, or OctoPrint keeps none."""
        if self._job.was_cancelling:
            return Outcome.CANCELLED
        share = as_float(as_object(self._told.get("progress")).get("completion"))
        return Outcome.FINISHED if share == 100 else Outcome.NONE  # noqa: PLR2004  percent

    def _progress(self, activity: Activity) -> Progress | None:
        if self._job.path is None or (activity not in BUSY and self._job.outcome is Outcome.NONE):
            return None
        told = as_object(self._told.get("progress"))
        return Progress(
            percent=as_percent(told.get("completion")),
            remaining_s=as_seconds(told.get("printTimeLeft")),
            stage=(self._word or "").lower() or None if activity in BUSY else None,
        )

    def _temperatures(self) -> Temperatures | None:
        told = as_object(self._printer.get("temperature"))
        if not told:
            return None
        nozzle, bed, chamber = (as_object(told.get(part)) for part in ("tool0", "bed", "chamber"))
        return Temperatures(
            nozzle=as_float(nozzle.get("actual")),
            nozzle_target=as_float(nozzle.get("target")),
            bed=as_float(bed.get("actual")),
            bed_target=as_float(bed.get("target")),
            chamber=as_float(chamber.get("actual")),
            chamber_target=as_float(chamber.get("target")),
        )

    def _faults(self) -> tuple[Fault, ...]:
        if self.activity is not Activity.ERROR:
            return ()
        state = as_object(self._printer.get("state"))
        error = as_text(state.get("error")) or as_text(self._told.get("error"))
        if error:
            return (Fault(ERROR_CODE, Severity.FATAL, f"OctoPrint reports: {error[:200]}"),)
        return (Fault(OFFLINE_CODE, Severity.SERIOUS, OFFLINE),)
