"""The port every printer driver implements, and the values that cross it.

Units: temperatures in °C, times in seconds, fan and progress in percent, grams in milligrams.
Slots are counted from 1; slot 0 is the external spool. Device numbering stays inside a driver.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Flag, StrEnum, auto
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Protocol, Self

from shopwright.fleet.states import Activity, ConnectionState, ControlAccess, Outcome


class Capability(Flag):
    UPLOAD = auto()
    PAUSE = auto()
    CAMERA = auto()
    SLOTS = auto()
    LIGHT = auto()
    HOME = auto()
    TEMPERATURE = auto()
    FAN = auto()
    SPEED = auto()
    GCODE = auto()
    CHAMBER_TEMPERATURE = auto()
    FLOW = auto()
    FILAMENT = auto()  # loads and unloads it by itself
    JOG = auto()
    EXTRUDE = auto()
    CALIBRATE = auto()
    CAMERA_SWITCH = auto()


class DriverError(Exception):
    """The device or the link failed in a way worth retrying with backoff."""


class AuthenticationFailed(Exception):
    """The device refused our code; retrying is useless until a person corrects it."""


class CameraMissing(DriverError):
    """There is no camera here that we can read; asking again changes nothing."""


class Severity(StrEnum):
    FATAL = "fatal"
    SERIOUS = "serious"
    COMMON = "common"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Fault:
    code: str  # as the vendor prints it, e.g. 0300-400C or HMS_0500_0500_0001_0007
    severity: Severity
    sentence: str
    actions: tuple[str, ...] = ()  # command types that may help: resume_print, stop_print, …


@dataclass(frozen=True, slots=True)
class Progress:
    percent: float | None = None
    layer: int | None = None
    layers: int | None = None
    remaining_s: int | None = None
    stage: str | None = None  # a short word for people: printing, heating bed, …


@dataclass(frozen=True, slots=True)
class Temperatures:
    nozzle: float | None = None
    nozzle_target: float | None = None
    bed: float | None = None
    bed_target: float | None = None
    chamber: float | None = None  # None where the device has no sensor
    chamber_target: float | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """What the device says is loaded. ``material`` None with ``is_loaded`` means an unknown
    spool."""

    number: int
    is_external: bool
    is_loaded: bool
    material: str | None = None  # PLA, PETG, …
    color: str | None = None  # RRGGBB, upper case
    remaining_percent: int | None = None
    tag: str | None = None  # the spool's own id where it has one
    product: str | None = None  # vendor's name or code of the filament
    humidity: int | None = None  # 1 wet … 5 dry, of the unit it sits in


@dataclass(frozen=True, slots=True)
class DeviceReport:
    observed_at: datetime
    connection: ConnectionState
    activity: Activity
    outcome: Outcome  # of the device's current or last job
    device_job_id: str | None  # the id we sent, as the device reports it
    is_full: bool  # False until one complete snapshot arrived on this connection
    progress: Progress | None = None
    temperatures: Temperatures | None = None
    slots: tuple[Slot, ...] = ()
    faults: tuple[Fault, ...] = ()
    control: ControlAccess = ControlAccess.UNKNOWN
    job_name: str | None = None
    model: str | None = None  # display name, e.g. "P1S"
    firmware: str | None = None
    serial: str | None = None
    nozzle_mm: float | None = None
    wifi_dbm: int | None = None
    is_light_on: bool | None = None
    has_storage: bool | None = None  # SD card or USB stick present
    native: str | None = None  # the state word the device really used


@dataclass(frozen=True, slots=True)
class CloudAccess:
    """The vendor's broker, which shows the reports of an account's printers. An empty token means
    that the account's log-in ran out."""

    host: str
    port: int
    user: str
    token: str = field(repr=False)
    ca_file: str | None = None  # None: any public authority


@dataclass(frozen=True, slots=True)
class Endpoint:
    """How to reach one printer. Ports None mean the protocol's own."""

    host: str
    serial: str | None
    access_code: str = field(repr=False)
    mqtt_port: int | None = None
    ftps_port: int | None = None
    camera_port: int | None = None
    http_port: int | None = None  # of the protocols that are spoken over HTTP
    pinned_fingerprint: str | None = None  # SHA-256 of the leaf certificate, lower-case hex
    options: Mapping[str, str] = field(default_factory=dict)
    cloud: CloudAccess | None = None


@dataclass(frozen=True, slots=True)
class Timeouts:
    connect_s: float = 10.0
    upload_bytes_per_s: int = 25_000  # floor: slower than this is a failed upload
    upload_min_s: float = 60.0
    start_s: float = 120.0  # P1 firmware can take minutes to begin (protocol notes 1.6)
    command_s: float = 15.0
    silence_s: float = 60.0  # watchdog: TCP alive, no publishes


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file as it lies on the printer, its size verified after the upload."""

    path: str
    size: int


@dataclass(frozen=True, slots=True)
class SlotMap:
    """Which slot feeds which filament of the sliced project.

    ``slots[i]`` is the slot for project filament i+1; None where this plate does not use it.
    """

    slots: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class DeviceCommand:
    """One of the command types of the API, with its checked arguments."""

    kind: str  # pause_print, resume_print, stop_print, set_bed_temp, light_on, …
    arguments: Mapping[str, str | int | float | bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The device's own report shows our job id at work."""

    report: DeviceReport


@dataclass(frozen=True, slots=True)
class Done:
    """The device acknowledged the command."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The device or the driver said no; nothing was started."""

    sentence: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """No proof either way; only the device's reports or a person can settle it."""

    sentence: str


class Finding(StrEnum):
    OK = "ok"
    NOT_REACHED = "not_reached"  # nobody tried: an earlier step failed
    NAME_UNKNOWN = "name_unknown"
    HOST_UNREACHABLE = "host_unreachable"
    PORT_CLOSED = "port_closed"
    TLS_FAILED = "tls_failed"
    WRONG_PRINTER = "wrong_printer"  # certificate of another serial, or not the pinned one
    WRONG_CODE = "wrong_code"
    SILENT = "silent"
    CONTROL_BLOCKED = "control_blocked"
    NO_STORAGE = "no_storage"
    STORAGE_REFUSED = "storage_refused"


@dataclass(frozen=True, slots=True)
class DiagnosisStep:
    name: str  # "MQTT port 8883", "access code", "SD card", …
    finding: Finding
    sentence: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    steps: tuple[DiagnosisStep, ...]
    serial: str | None = None
    fingerprint: str | None = None

    @property
    def is_ok(self) -> bool:
        return all(step.finding is Finding.OK for step in self.steps)

    @property
    def fault(self) -> DiagnosisStep | None:
        """The first step that failed; those after it may fail because of it."""
        failed = (step for step in self.steps if step.finding not in FINE)
        return next(failed, None)

    @property
    def finding(self) -> Finding:
        return self.fault.finding if self.fault else Finding.OK

    @property
    def advice(self) -> str:
        """What to do, in one sentence."""
        return self.fault.sentence if self.fault else ALL_WELL


FINE = frozenset({Finding.OK, Finding.NOT_REACHED})
ALL_WELL = "Everything on the way to the printer works."


def all_steps(tried: Sequence[DiagnosisStep], names: Sequence[str]) -> tuple[DiagnosisStep, ...]:
    """In the order of ``names``, with those that nobody came to; others stay at the end."""
    known = {step.name: step for step in tried}
    left = "Not tried, because of what is wrong before it."
    planned = [known.get(name, DiagnosisStep(name, Finding.NOT_REACHED, left)) for name in names]
    return (*planned, *(step for step in tried if step.name not in names))


ProgressSink = Callable[[int, int], None]  # bytes sent, bytes in all


class PrinterDriver(Protocol):
    """One connection to one printer. Entering connects; leaving always closes.

    ``__aenter__`` raises DriverError or AuthenticationFailed. ``reports()`` yields merged snapshots
    until the link is lost, then raises DriverError (AuthenticationFailed when the code was
    revoked). Reconnects, leases and epochs are the runner's business.
    """

    capabilities: ClassVar[Capability]

    def __init__(self, endpoint: Endpoint, *, timeouts: Timeouts) -> None: ...
    async def __aenter__(self) -> Self: ...
    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...
    @property
    def fingerprint(self) -> str | None: ...
    def reports(self) -> AsyncIterator[DeviceReport]: ...
    async def upload(
        self, file: Path, *, name: str, sha256: str, progress: ProgressSink
    ) -> RemoteFile: ...
    async def delete(self, name: str) -> None:
        """Remove what was uploaded under this name; raises DriverError when it cannot be tried."""
        ...

    async def start(
        self, file: RemoteFile, *, plate: int, slots: SlotMap, device_job_id: str, job_name: str
    ) -> Confirmed | Refused | Unconfirmed: ...
    async def run(self, command: DeviceCommand) -> Done | Refused | Unconfirmed: ...
    async def diagnose(self) -> Diagnosis: ...
    async def snapshot(self) -> bytes: ...
    def pictures(self) -> AsyncGenerator[bytes, None]:
        """JPEGs of its camera, about one a second, over a connection of its own: the driver need
        not be entered, and closing the generator hangs up.

        Raises CameraMissing, DriverError or AuthenticationFailed.
        """
        ...
