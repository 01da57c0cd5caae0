"""The merged snapshot of one connection, and how it reads in the words of the port; pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shopwright.drivers.bambu import faults, models, readings
from shopwright.drivers.bambu.codec import Ack, Message, StatusPush, Verdict, VersionReply
from shopwright.drivers.bambu.merging import merge_push
from shopwright.drivers.bambu.slots import read_slots
from shopwright.drivers.bambu.stages import IDLE, PRINTING, STAGES
from shopwright.drivers.bambu.values import Oddities, as_int, as_object, as_text, within
from shopwright.fleet.port import DeviceReport, Fault, Progress, Severity
from shopwright.fleet.states import BUSY, Activity, ConnectionState, ControlAccess, Outcome

ACTIVITIES = {
    "IDLE": Activity.IDLE,
    "FINISH": Activity.IDLE,  # persists until the next job and is startable
    "FAILED": Activity.IDLE,
    "PREPARE": Activity.PREPARING,
    "SLICING": Activity.PREPARING,
    "RUNNING": Activity.PRINTING,
    "PAUSE": Activity.PAUSED,
}
UNTELLING = frozenset({"", "INIT", "OFFLINE", "UNKNOWN"})
ENDED = frozenset({"FINISH", "FAILED"})
SIGNATURE_REQUIRED = 0x20000000  # in ``fun``: Developer mode is off


class Mirror:
    """What the printer said on this connection, merged."""

    def __init__(self, serial: str | None) -> None:
        self.serial = serial
        self.state: dict[str, object] = {}
        self.is_full = False
        self.model = models.by_serial(serial)
        self._firmware: str | None = None
        self._latched: ControlAccess | None = None  # from the acks of this connection
        self._ended_job: str | None = None  # whose end the word FINISH or FAILED tells
        self._cancelled_job: str | None = None  # its error code goes back to 0 after seconds
        self._layers: dict[str, tuple[str | None, int]] = {}
        self._oddities = Oddities(serial or "without serial")

    def name(self, serial: str | None) -> None:
        """Take over the serial that the certificate told."""
        self.serial = serial
        self.model = self.model or models.by_serial(serial)

    def apply(self, message: Message) -> None:
        """Take in one message. Never raises, whatever the printer sent."""
        if isinstance(message, StatusPush):
            self._apply_push(message)
        elif isinstance(message, VersionReply):
            self.model = models.detect(message.modules, self.serial) or self.model
            self._firmware = models.firmware(message.modules) or self._firmware
        else:
            self._note_access(message)

    def note_stop(self, *, is_refused: bool = False) -> None:
        """We are stopping the current job ourselves, so FAILED will mean cancelled."""
        self._cancelled_job = None if is_refused else self.job_id

    @property
    def job_id(self) -> str | None:
        identity = as_text(self.state.get("subtask_id"))
        return None if identity == "0" else identity

    @property
    def error(self) -> str | None:
        """The code of the print error as MMMM_EEEE."""
        return faults.error_code(self.state.get("print_error"))

    def report(self, now: datetime) -> DeviceReport:
        found = faults.read_faults(self.state)
        activity = self._activity(found)
        return DeviceReport(
            observed_at=now,
            connection=ConnectionState.ONLINE,
            activity=activity,
            outcome=self._outcome(),
            device_job_id=self.job_id,
            is_full=self.is_full,
            progress=self._progress(activity),
            temperatures=readings.read_temperatures(self.state, self.model),
            slots=read_slots(self.state),
            faults=found,
            control=self._control(),
            **self._device(),
        )

    def _apply_push(self, push: StatusPush) -> None:
        before = self._word()
        merge_push(self.state, push.fields, is_full=push.is_full)
        self._note_end(is_news=self._word() != before or push.is_full > self.is_full)
        self.is_full = self.is_full or push.is_full
        self._keep_layers()

    def _word(self) -> str:
        return (as_text(self.state.get("gcode_state")) or "").upper()

    def _note_end(self, *, is_news: bool) -> None:
        if is_news and self._word() in ENDED:
            self._ended_job = self.job_id
        if self.error in faults.CANCELLED:
            self._cancelled_job = self.job_id

    def _keep_layers(self) -> None:
        """Layer figures fall back to 0 at the end of a job; keep the last real ones."""
        for key in ("layer_num", "total_layer_num"):
            figure = as_int(self.state.get(key))
            if figure and figure > 0:
                self._layers[key] = (self.job_id, figure)

    def _note_access(self, ack: Ack) -> None:
        if ack.verdict is Verdict.BLOCKED:
            self._latched = ControlAccess.BLOCKED
        elif ack.verdict is Verdict.ACCEPTED and ack.family == "print":
            self._latched = ControlAccess.ALLOWED

    def _activity(self, found: tuple[Fault, ...]) -> Activity:
        word = self._word()
        activity = ACTIVITIES.get(word, Activity.UNKNOWN)
        if activity is Activity.UNKNOWN and word not in UNTELLING:
            self._oddities.note("gcode_state", word)
        is_broken = any(fault.severity is Severity.FATAL for fault in found)
        return Activity.ERROR if is_broken and activity is Activity.IDLE else activity

    def _outcome(self) -> Outcome:
        """NONE also while the word still tells the end of the job before this one."""
        if self._word() not in ENDED or self._ended_job != self.job_id:
            return Outcome.NONE
        if self._word() == "FINISH":
            return Outcome.FINISHED
        is_cancelled = self._cancelled_job is not None and self._cancelled_job == self.job_id
        if is_cancelled or self.error in faults.CANCELLED:
            return Outcome.CANCELLED
        return Outcome.FAILED

    def _progress(self, activity: Activity) -> Progress | None:
        if activity not in BUSY and self._word() not in ENDED:
            return None
        remaining = within(as_int(self.state.get("mc_remaining_time")), 0, 10**6)
        percent = within(as_int(self.state.get("mc_percent")), 0, 100)
        return Progress(
            percent=None if percent is None else float(percent),
            layer=self._layer("layer_num"),
            layers=self._layer("total_layer_num"),
            remaining_s=None if remaining is None else remaining * 60,
            stage=self._stage() if activity in BUSY else None,
        )

    def _layer(self, key: str) -> int | None:
        figure = as_int(self.state.get(key))
        job, kept = self._layers.get(key, (None, 0))
        is_reset = not figure and (key == "total_layer_num" or self._word() in ENDED)
        if is_reset:
            return kept if kept and job == self.job_id else None
        return within(figure, 0, 10**6)

    def _stage(self) -> str | None:
        number = as_int(self.state.get("stg_cur"))
        if number is None:
            number = as_int(as_object(self.state.get("stage")).get("_id"))
        if number is None or number in IDLE:
            return None
        if number == PRINTING and self._word() != "RUNNING":
            return None
        if number not in STAGES:
            self._oddities.note("stg_cur", number)
        return STAGES.get(number)

    def _control(self) -> ControlAccess:
        mask = readings.function_bits(self.state)
        is_signed = mask is not None and bool(mask & SIGNATURE_REQUIRED)
        if is_signed or faults.UNVERIFIED_COMMAND in faults.hms_codes(self.state):
            return ControlAccess.BLOCKED
        if self._latched:
            return self._latched
        return ControlAccess.UNKNOWN if mask is None else ControlAccess.ALLOWED

    def _device(self) -> Mapping[str, Any]:
        return {
            "job_name": as_text(self.state.get("subtask_name")),
            "model": self.model.name if self.model else None,
            "firmware": self._firmware,
            "serial": self.serial,
            "nozzle_mm": readings.nozzle_diameter(self.state),
            "wifi_dbm": readings.wifi_dbm(self.state),
            "is_light_on": readings.is_light_on(self.state),
            "has_storage": readings.has_storage(self.state),
            "native": self._word() or None,
        }
