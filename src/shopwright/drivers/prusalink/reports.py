"""What PrusaLink says of its printer and its job, in the words of the port; pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shopwright.drivers.polled.jobs import job_id_of, job_name_of
from shopwright.drivers.polled.values import (
    as_float,
    as_int,
    as_list,
    as_object,
    as_percent,
    as_seconds,
    as_text,
)
from shopwright.fleet.port import DeviceReport, Fault, Progress, Severity, Slot, Temperatures
from shopwright.fleet.states import BUSY, Activity, ConnectionState, Outcome

STATES = {
    "IDLE": Activity.IDLE,
    "READY": Activity.IDLE,
    "FINISHED": Activity.IDLE,
    "STOPPED": Activity.IDLE,
    "BUSY": Activity.PREPARING,  # homing, heating, loading filament
    "PRINTING": Activity.PRINTING,
    "PAUSED": Activity.PAUSED,
    "ERROR": Activity.ERROR,
}
OUTCOMES = {
    "FINISHED": Outcome.FINISHED,
    "STOPPED": Outcome.CANCELLED,
    "ERROR": Outcome.FAILED,
}
ATTENTION = "ATTENTION"  # a question on the screen, within a job or without one
WITH_JOB = frozenset({"PRINTING", "PAUSED", "BUSY", *OUTCOMES, ATTENTION})
ASKS = "The printer waits for a person at its screen"
BROKEN = "The printer reports an error"
SLOT = Slot(number=0, is_external=True, is_loaded=True)  # what is loaded only the shop knows


class Mirror:
    """The last answers, and the job that a FINISHED or STOPPED is about."""

    def __init__(self) -> None:
        self.firmware: str | None = None
        self.serial: str | None = None
        self.nozzle_mm: float | None = None
        self._status: Mapping[str, Any] = {}
        self._job_number: int | None = None
        self._name: str | None = None
        self._percent: float | None = None
        self._was_at_work = False

    @property
    def word(self) -> str:
        return (as_text(as_object(self._status.get("printer")).get("state")) or "").upper()

    @property
    def job_number(self) -> int | None:
        """PrusaLink's own, for its commands."""
        return as_int(as_object(self._status.get("job")).get("id"))

    @property
    def wants_job(self) -> bool:
        """The file's name stands only in the job's own answer, which costs a weak board time."""
        if self.word not in WITH_JOB:
            return False
        return self._name is None or self.job_number != self._job_number

    @property
    def activity(self) -> Activity:
        if self.word == ATTENTION:
            has_job = self.job_number is not None or self._was_at_work
            return Activity.PAUSED if has_job else Activity.ERROR
        return STATES.get(self.word, Activity.UNKNOWN)

    def take(self, status: Mapping[str, Any]) -> None:
        before = self.word
        self._status = status
        is_new = self.job_number is not None and self.job_number != self._job_number
        if self.word in {"IDLE", "READY"} or is_new or (before in OUTCOMES and self.is_working):
            self._name, self._job_number, self._percent = None, None, None
            self._was_at_work = False
        self._was_at_work = self._was_at_work or self.is_working
        told = as_percent(as_object(status.get("job")).get("progress"))
        self._percent = self._percent if told is None else told

    @property
    def is_working(self) -> bool:
        return self.word in {"PRINTING", "PAUSED"}

    def take_job(self, job: Mapping[str, Any]) -> None:
        """Empty when there is none. Small boards shorten ``name``; ``display_name`` is whole."""
        file = as_object(job.get("file"))
        name = as_text(file.get("display_name")) or as_text(file.get("name"))
        if name:
            self._name, self._job_number = name, as_int(job.get("id")) or self.job_number

    def report(self, now: datetime) -> DeviceReport:
        activity = self.activity
        outcome = OUTCOMES.get(self.word, Outcome.NONE)
        return DeviceReport(
            observed_at=now,
            connection=ConnectionState.ONLINE,
            activity=activity,
            outcome=outcome if self._name else Outcome.NONE,
            device_job_id=job_id_of(self._name),
            is_full=True,
            progress=self._progress(activity, outcome),
            temperatures=self._temperatures(),
            slots=(SLOT,),
            faults=self._faults(activity),
            job_name=job_name_of(self._name),
            firmware=self.firmware,
            serial=self.serial,
            nozzle_mm=self.nozzle_mm,
            has_storage=self._has_storage(),
            native=self.word or None,
        )

    def _progress(self, activity: Activity, outcome: Outcome) -> Progress | None:
        if self._name is None or (activity not in BUSY and outcome is Outcome.NONE):
            return None
        job = as_object(self._status.get("job"))
        return Progress(
            percent=100.0 if outcome is Outcome.FINISHED else self._percent,
            remaining_s=as_seconds(job.get("time_remaining")) if activity in BUSY else None,
            stage=self.word.lower() if activity in BUSY else None,
        )

    def _temperatures(self) -> Temperatures:
        printer = as_object(self._status.get("printer"))
        return Temperatures(
            nozzle=as_float(printer.get("temp_nozzle")),
            nozzle_target=as_float(printer.get("target_nozzle")),
            bed=as_float(printer.get("temp_bed")),
            bed_target=as_float(printer.get("target_bed")),
        )

    def _has_storage(self) -> bool | None:
        """An object by the specification, a list by prusalink 0.8; missing on some boards."""
        told = self._status.get("storage")
        stores = [as_object(each) for each in (as_list(told) or [told])]
        named = [store for store in stores if store]
        if not named:
            return None
        return any(store.get("available", True) and not store.get("read_only") for store in named)

    def _faults(self, activity: Activity) -> tuple[Fault, ...]:
        told = as_object(as_object(self._status.get("printer")).get("status_printer"))
        reason = as_text(told.get("message")) if told.get("ok") is False else None
        tail = f": {reason[:200]}" if reason else "."
        if self.word == ATTENTION:
            return (Fault("attention", Severity.SERIOUS, ASKS + tail, ("resume_print",)),)
        if activity is Activity.ERROR:
            return (Fault("error", Severity.FATAL, BROKEN + tail),)
        return ()
