"""What Moonraker says of Klipper and its job, in the words of the port; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
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
from shopwright.fleet.states import BUSY, Activity, ConnectionState, Outcome

READY = "ready"
STATES = {
    "standby": (Activity.IDLE, Outcome.NONE),
    "printing": (Activity.PRINTING, Outcome.NONE),
    "paused": (Activity.PAUSED, Outcome.NONE),
    "complete": (Activity.IDLE, Outcome.FINISHED),  # persists until the next job; startable
    "cancelled": (Activity.IDLE, Outcome.CANCELLED),
    "error": (Activity.IDLE, Outcome.FAILED),
}
# Of the history: how the newest job ended when print_stats has forgotten it. ``server_exit`` says
# that Moonraker ended, not the print, so it tells nothing.
ENDED = {
    "completed": Outcome.FINISHED,
    "cancelled": Outcome.CANCELLED,
    "error": Outcome.FAILED,
    "klippy_shutdown": Outcome.FAILED,
    "klippy_disconnect": Outcome.FAILED,
    "interrupted": Outcome.FAILED,
}
WHAT_TO_DO = "look at the printer, then restart its firmware in its interface."
SLOT = Slot(number=0, is_external=True, is_loaded=True)  # what is loaded only the shop knows


@dataclass(slots=True)
class Heard:
    """The answers of one round. ``objects`` is empty while Klipper is away."""

    klippy: str  # ready startup error shutdown disconnected
    message: str = ""
    objects: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)  # of the file at hand
    newest: Mapping[str, Any] = field(default_factory=dict)  # entry of the history
    chamber: str | None = None  # the object that measures it
    firmware: str | None = None
    has_storage: bool | None = None

    @property
    def stats(self) -> Mapping[str, Any]:
        return as_object(self.objects.get("print_stats"))

    @property
    def word(self) -> str:
        return as_text(self.stats.get("state")) or ""

    @property
    def filename(self) -> str | None:
        return as_text(self.stats.get("filename"))

    @property
    def is_ready(self) -> bool:
        return self.klippy == READY

    @property
    def needs_history(self) -> bool:
        """Klipper forgot the job, or cannot say how it ended."""
        return not self.is_ready or (self.word == "standby" and self.filename is None)


def report_of(heard: Heard, now: datetime) -> DeviceReport:
    activity, outcome, filename = _state(heard)
    return DeviceReport(
        observed_at=now,
        connection=ConnectionState.ONLINE,
        activity=activity,
        outcome=outcome,
        device_job_id=job_id_of(filename),
        is_full=True,
        progress=_progress(heard, activity, outcome),
        temperatures=_temperatures(heard),
        slots=(SLOT,),
        faults=_faults(heard),
        job_name=job_name_of(filename),
        firmware=heard.firmware,
        has_storage=heard.has_storage,
        native=heard.word if heard.is_ready else heard.klippy,
    )


def _state(heard: Heard) -> tuple[Activity, Outcome, str | None]:
    if heard.needs_history:
        activity = Activity.IDLE if heard.is_ready else Activity.ERROR
        if heard.klippy == "startup":
            activity = Activity.UNKNOWN
        filename = as_text(heard.newest.get("filename"))
        return activity, ENDED.get(str(heard.newest.get("status")), Outcome.NONE), filename
    activity, outcome = STATES.get(heard.word, (Activity.UNKNOWN, Outcome.NONE))
    return activity, outcome, heard.filename


def _progress(heard: Heard, activity: Activity, outcome: Outcome) -> Progress | None:
    if activity not in BUSY and (outcome is Outcome.NONE or heard.needs_history):
        return None
    percent = _percent(heard)
    layer, layers = _layers(heard)
    return Progress(
        percent=100.0 if outcome is Outcome.FINISHED else percent,
        layer=layer,
        layers=layers,
        remaining_s=_remaining(heard, percent) if activity in BUSY else None,
        stage=heard.word if activity in BUSY else None,
    )


def _percent(heard: Heard) -> float | None:
    """By the bytes between the first and the last move, as the interfaces of Klipper show it."""
    card = as_object(heard.objects.get("virtual_sdcard"))
    at = as_float(card.get("file_position"))
    start = as_float(heard.metadata.get("gcode_start_byte"))
    end = as_float(heard.metadata.get("gcode_end_byte"))
    if at is not None and start is not None and end is not None and end > start:
        return as_percent(at - start, end - start)
    return as_percent(card.get("progress"), 1.0)


def _layers(heard: Heard) -> tuple[int | None, int | None]:
    told = as_object(heard.stats.get("info"))
    total = as_int(told.get("total_layer")) or as_int(heard.metadata.get("layer_count"))
    return as_int(told.get("current_layer")), total


def _remaining(heard: Heard, percent: float | None) -> int | None:
    estimated = as_float(heard.metadata.get("estimated_time"))
    if percent is None:
        return None
    if estimated:
        return as_seconds(estimated * (100 - percent) / 100)
    spent = as_float(heard.stats.get("print_duration"))
    return as_seconds(spent * (100 - percent) / percent) if spent and percent else None


def _temperatures(heard: Heard) -> Temperatures | None:
    if not heard.objects:
        return None
    nozzle, bed = (as_object(heard.objects.get(part)) for part in ("extruder", "heater_bed"))
    chamber = as_object(heard.objects.get(heard.chamber or ""))
    return Temperatures(
        nozzle=as_float(nozzle.get("temperature")),
        nozzle_target=as_float(nozzle.get("target")),
        bed=as_float(bed.get("temperature")),
        bed_target=as_float(bed.get("target")),
        chamber=as_float(chamber.get("temperature")),
        chamber_target=as_float(chamber.get("target")),
    )


def _faults(heard: Heard) -> tuple[Fault, ...]:
    if not heard.is_ready:
        if heard.klippy == "startup":
            return (Fault("klipper-startup", Severity.INFO, "Klipper is starting."),)
        told = " ".join(heard.message.split())[:200] or "no reason given"
        sentence = f"Klipper is not ready ({heard.klippy}: {told}): {WHAT_TO_DO}"
        return (Fault(f"klipper-{heard.klippy}", Severity.FATAL, sentence),)
    told = as_text(heard.stats.get("message")) or ""
    if heard.word == "error":
        return (Fault("print-error", Severity.COMMON, f"The print failed: {told[:200]}"),)
    return ()
