"""Bodies of the printer routes: the reference's words first, then ours."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    Field,
    PlainValidator,
    SecretStr,
    WithJsonSchema,
)

from shopwright.fleet.addresses import (
    BAMBU_LAB,
    CLOUD,
    CONNECTIONS,
    LAN,
    WEB,
    Address,
    choose_driver,
    is_bambu,
    read_address,
    url_of,
)
from shopwright.fleet.commanding import TIMEOUT_S, CommandRequest
from shopwright.fleet.models import HarvestPolicy, Printer, PrinterCommand, PrinterSlot
from shopwright.fleet.overview import Overview, shown_status, type_of
from shopwright.fleet.service import PrinterChange, PrinterDraft
from shopwright.fleet.states import (
    Activity,
    CommandStatus,
    ConnectionState,
    ControlAccess,
    DrivenBy,
    Gate,
)
from shopwright.kernel.errors import Invalid
from shopwright.kernel.times import MillisTime, read_moment
from shopwright.print_files.printer_models import BAMBU_MODELS, find_printer_model
from shopwright.telemetry.latest import Snapshot


def _address(value: Any) -> Any:
    return read_address(value) if isinstance(value, str) and value.strip() else None


def _empty_is_none(value: Any) -> Any:
    return None if value == "" else value


def _lower(value: Any) -> Any:
    return (value.strip().lower() or None) if isinstance(value, str) else value


At = Annotated[
    Address | None,
    PlainValidator(_address, json_schema_input_type=str | None),
    WithJsonSchema({"anyOf": [{"type": "string", "maxLength": 255}, {"type": "null"}]}),
]
Code = Annotated[SecretStr, Field(min_length=1, max_length=100)]
MaybeCode = Annotated[Code | None, BeforeValidator(_empty_is_none)]
Serial = Annotated[
    Annotated[str, Field(pattern=r"^[A-Za-z0-9\-]+$", max_length=64)] | None,
    BeforeValidator(_empty_is_none),
]
ConnectionType = Annotated[
    Literal[*CONNECTIONS] | None,  # type: ignore[valid-type]  # the tuple is the list of words
    BeforeValidator(_lower),
]
CommandType = Annotated[
    str, Field(min_length=1, max_length=40, examples=["light_on"]), BeforeValidator(_lower)
]
Port = Annotated[int, Field(ge=1, le=65535)]
Days = Annotated[int, Field(ge=1, le=3650)]
HOST_NAMES = AliasChoices("ip_address", "host")
CODE_NAMES = AliasChoices("access_code", "api_key", "mqtt_password")
SERIAL_NAMES = AliasChoices("serial_number", "serial")
NOZZLE_NAMES = AliasChoices("default_nozzle_size", "nozzle_mm")
NO_CODE = (
    "access_code is missing. The printer shows it under LAN settings; "
    "BAMBU_ACCESS_CODE sets one for all."
)
NO_ADDRESS = "api_url is missing. Write the printer's address, like http://192.168.1.100."
NO_SERIAL = "serial_number is missing. A cloud printer is found by it; it stands on the machine."


class Ports(BaseModel):
    """Where they are not the usual ones."""

    mqtt: Port | None = None
    ftps: Port | None = None
    camera: Port | None = None
    http: Port | None = None
    https: Port | None = None  # instead of http


class PrinterDetails(BaseModel):
    """What a shop writes down of its machine and nothing here acts on."""

    num_ams_units: Annotated[int, Field(ge=0, le=64)] | None = None
    max_build_volume_x: Annotated[float, Field(ge=0, le=100_000)] | None = None
    max_build_volume_y: Annotated[float, Field(ge=0, le=100_000)] | None = None
    max_build_volume_z: Annotated[float, Field(ge=0, le=100_000)] | None = None
    max_nozzle_temp: Annotated[float, Field(ge=0, le=2000)] | None = None
    max_bed_temp: Annotated[float, Field(ge=0, le=2000)] | None = None
    supported_materials: (
        Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=100)] | None
    ) = None
    mqtt_broker: Annotated[str, Field(max_length=255)] | None = None
    mqtt_username: Annotated[str, Field(max_length=100)] | None = None
    webhook_enabled: bool | None = None
    notes: Annotated[str, Field(max_length=5000)] | None = None

    def details(self) -> dict[str, Any]:
        """Those that were told."""
        return self.model_dump(include=set(PrinterDetails.model_fields), exclude_unset=True)


class PrinterCreate(PrinterDetails):
    name: Annotated[str, Field(min_length=1, max_length=100)]
    host: Annotated[At, Field(validation_alias=HOST_NAMES)] = None
    api_url: At = None
    connection_type: ConnectionType = None
    access_code: Annotated[MaybeCode, Field(validation_alias=CODE_NAMES)] = None
    serial: Annotated[Serial, Field(validation_alias=SERIAL_NAMES)] = None
    brand: Annotated[str | None, Field(max_length=60)] = None
    model: Annotated[str | None, Field(max_length=60)] = None
    ports: Ports = Ports()
    nozzle_mm: Annotated[float, Field(gt=0, le=2, validation_alias=NOZZLE_NAMES)] = 0.4
    location: Annotated[str, Field(max_length=100)] = ""
    harvest_policy: HarvestPolicy = HarvestPolicy.ASK
    maintenance_interval_days: Days = 30

    def draft(self, fallback: SecretStr | None) -> PrinterDraft:
        """Raises Invalid when it lacks what its kind of connection needs."""
        brand = self.brand or ""
        code = self.access_code or (fallback if self._may_be_bambu(brand) else None)
        driver = choose_driver(self.connection_type, self.brand, code is not None)
        at = self.api_url or self.host or Address("")
        _check_complete(driver, at, self.serial, has_code=code is not None)
        _check_model(driver, self.model)
        return PrinterDraft(
            name=self.name,
            host=at.host,
            access_code=code.get_secret_value() if code else "",
            serial=self.serial,
            model=self.model,
            brand=brand or (BAMBU_LAB if is_bambu(driver) else ""),
            driver=driver,
            ports={**at.ports(driver), **self.ports.model_dump(exclude_none=True)},
            nozzle_um=round(self.nozzle_mm * 1000),
            location=self.location,
            harvest_policy=self.harvest_policy,
            maintenance_interval_days=self.maintenance_interval_days,
            details=self.details(),
        )

    def _may_be_bambu(self, brand: str) -> bool:
        return is_bambu(self.connection_type or "") or brand.lower().startswith("bambu")


class PrinterUpdate(PrinterDetails):
    """Clients PUT back what they read, so other members are ignored."""

    name: Annotated[str | None, Field(min_length=1, max_length=100)] = None
    host: Annotated[At, Field(validation_alias=HOST_NAMES)] = None
    api_url: At = None
    connection_type: ConnectionType = None
    access_code: Annotated[MaybeCode, Field(validation_alias=CODE_NAMES)] = None
    serial: Annotated[Serial, Field(validation_alias=SERIAL_NAMES)] = None
    brand: Annotated[str | None, Field(max_length=60)] = None
    model: Annotated[str | None, Field(max_length=60)] = None
    ports: Ports | None = None
    nozzle_mm: Annotated[float | None, Field(gt=0, le=2, validation_alias=NOZZLE_NAMES)] = None
    location: Annotated[str | None, Field(max_length=100)] = None
    harvest_policy: HarvestPolicy | None = None
    last_maintenance_at: Annotated[str | None, Field(max_length=40)] = None
    maintenance_interval_days: Days | None = None
    status: Annotated[str | None, Field(max_length=20), BeforeValidator(_lower)] = None
    gate: Annotated[str | None, Field(max_length=20)] = None
    firmware_version: Annotated[str | None, Field(max_length=40)] = None
    is_active: bool | None = None

    def check_says_something(self) -> None:
        """Raises Invalid for a body in which no member is one that can change."""
        if not self.model_fields_set:
            names = ", ".join(PrinterUpdate.model_fields)
            raise Invalid(f"Nothing to change was sent. What can be changed: {names}.")

    def change(self, zone: str) -> PrinterChange:
        """Raises Invalid for a time that is none."""
        at = self.host or self.api_url
        maintained = self.last_maintenance_at
        return PrinterChange(
            name=self.name,
            host=at.host if at else None,
            access_code=self.access_code.get_secret_value() if self.access_code else None,
            serial=self.serial,
            model=self.model,
            brand=self.brand,
            driver=self.connection_type,
            ports=self._told_ports(),
            nozzle_um=round(self.nozzle_mm * 1000) if self.nozzle_mm else None,
            location=self.location,
            harvest_policy=self.harvest_policy,
            last_maintenance_at=read_moment(maintained, zone) if maintained else None,
            maintenance_interval_days=self.maintenance_interval_days,
            firmware=self.firmware_version,
            is_active=self.is_active,
            details=self.details(),
        )

    def _told_ports(self) -> dict[str, int] | None:
        """That of the address last: clients who know no ``ports`` send them back as they were."""
        told = self.ports.model_dump(exclude_none=True) if self.ports else {}
        meant = self.api_url.ports(self.connection_type or "") if self.api_url else {}
        if meant.keys() & WEB:
            told = {kind: port for kind, port in told.items() if kind not in WEB}
        return {**told, **meant} if self.ports or meant else None

    @property
    def is_in_maintenance(self) -> bool | None:
        """What ``status`` asks for. Beside ``gate`` it was only read here and is sent back."""
        if self.status == Gate.MAINTENANCE:
            return True
        return False if self.status and self.gate is None else None


def _check_model(driver: str, model: str | None) -> None:
    """Of the printers we drive ourselves the limits must be known."""
    if is_bambu(driver) and model and find_printer_model(model) is None:
        known = ", ".join(one.display for one in BAMBU_MODELS)
        raise Invalid(f"The model {model!r} is not known. Known models of {BAMBU_LAB}: {known}.")


def _check_complete(driver: str, at: Address, serial: str | None, *, has_code: bool) -> None:
    if driver == LAN and not at.host:
        raise Invalid(NO_ADDRESS)
    if driver == LAN and not has_code:
        raise Invalid(NO_CODE)
    if driver == CLOUD and not serial:
        raise Invalid(NO_SERIAL)


class PrinterRead(PrinterDetails):
    """Reference (b)'s printer with (a)'s members, and ours at the end."""

    id: int
    uuid: str
    name: str
    brand: str
    model: str | None
    serial_number: str | None
    ip_address: str
    connection_type: str
    default_nozzle_size: float
    location: str
    firmware_version: str | None
    status: str
    live_status: str
    is_active: bool
    current_status: str
    progress_percentage: float | None
    current_layer: int | None
    total_layers: int | None
    time_remaining_seconds: int | None
    nozzle_temp_current: float | None
    nozzle_temp_target: float | None
    bed_temp_current: float | None
    bed_temp_target: float | None
    chamber_temp_current: float | None
    last_update_timestamp: MillisTime | None
    created_at: MillisTime
    updated_at: MillisTime
    last_seen_at: MillisTime | None
    driven_by: DrivenBy
    type: str
    api_url: str | None
    current_job: str | None
    utilization_pct: float
    last_maintenance_at: MillisTime | None
    maintenance_interval_days: int
    next_maintenance_at: MillisTime
    is_maintenance_due: bool
    ports: dict[str, int]
    connection: ConnectionState
    activity: Activity
    gate: Gate
    gate_reason: str | None
    control: ControlAccess
    harvest_policy: HarvestPolicy
    has_storage: bool | None
    trouble: str | None
    faults: list[Any]

    @classmethod
    def of(cls, seen: Overview) -> "PrinterRead":
        printer, live, status = seen.printer, seen.live, shown_status(seen.printer)
        same = {name: getattr(printer, name) for name in _SAME}
        return cls(
            **same,
            **printer.details,
            serial_number=printer.serial,
            ip_address=printer.host,
            connection_type=printer.driver,
            default_nozzle_size=printer.nozzle_um / 1000,
            firmware_version=printer.firmware,
            status=status,
            live_status=status,
            current_status=status,
            **_figures_of(live),
            last_update_timestamp=live.at if live else printer.last_seen_at,
            type=type_of(printer),
            api_url=url_of(printer.host, printer.ports),
            current_job=seen.job_name,
            utilization_pct=seen.utilisation,
            next_maintenance_at=seen.next_maintenance_at,
            is_maintenance_due=seen.is_maintenance_due,
        )


_SAME = (
    "id", "uuid", "name", "brand", "model", "location", "is_active", "created_at", "updated_at",
    "last_seen_at", "last_maintenance_at", "maintenance_interval_days", "ports", "connection",
    "activity", "gate", "gate_reason", "control", "driven_by", "harvest_policy",
    "has_storage", "trouble",
    "faults",
)  # fmt: skip


LIVE_FIGURES: Mapping[str, str] = {
    "progress_percentage": "percent",
    "current_layer": "layer",
    "total_layers": "layers",
    "time_remaining_seconds": "remaining_s",
    "nozzle_temp_current": "nozzle",
    "nozzle_temp_target": "nozzle_target",
    "bed_temp_current": "bed",
    "bed_temp_target": "bed_target",
    "chamber_temp_current": "chamber",
}  # the reference's names for what a snapshot has


def _figures_of(live: Snapshot | None) -> dict[str, Any]:
    return {name: getattr(live, own) if live else None for name, own in LIVE_FIGURES.items()}


class StatusRead(BaseModel):
    """What the printer says now; the figures are None when this process has no fresh report."""

    printer_id: int
    status: str
    connection: ConnectionState
    activity: Activity
    gate: Gate
    trouble: str | None
    device_job_id: str | None
    last_update_timestamp: MillisTime | None
    progress_percentage: float | None
    current_layer: int | None
    total_layers: int | None
    time_remaining_seconds: int | None
    nozzle_temp_current: float | None
    nozzle_temp_target: float | None
    bed_temp_current: float | None
    bed_temp_target: float | None
    chamber_temp_current: float | None
    stage: str | None
    job_name: str | None
    is_light_on: bool | None
    wifi_dbm: int | None
    faults: list[str]

    @classmethod
    def of(cls, printer: Printer, live: Snapshot | None) -> "StatusRead":
        def told(name: str) -> Any:
            return getattr(live, name) if live else None

        return cls(
            printer_id=printer.id,
            status=shown_status(printer),
            connection=printer.connection,
            activity=printer.activity,
            gate=printer.gate,
            trouble=printer.trouble,
            device_job_id=printer.device_job_id,
            last_update_timestamp=live.at if live else printer.last_seen_at,
            **_figures_of(live),
            stage=told("stage"),
            job_name=told("job_name"),
            is_light_on=told("is_light_on"),
            wifi_dbm=told("wifi_dbm"),
            faults=list(live.faults) if live else [],
        )


class SlotRead(BaseModel):
    """Slots count from 1; 0 is the external spool."""

    slot: int
    is_external: bool
    is_loaded: bool
    material: str | None
    color: str | None
    remaining_percent: int | None
    tag: str | None
    product: str | None
    humidity: int | None
    loaded_at: MillisTime | None
    synced_at: MillisTime

    @classmethod
    def of(cls, slot: PrinterSlot) -> "SlotRead":
        names = [name for name in cls.model_fields if name != "slot"]
        return cls(slot=slot.number, **{name: getattr(slot, name) for name in names})


class CommandCreate(BaseModel):
    command_type: CommandType
    metadata: dict[str, Any] | None = None
    timeout_seconds: Annotated[int, Field(ge=1, le=3600)] = TIMEOUT_S

    def request(self) -> CommandRequest:
        return CommandRequest(self.command_type, self.metadata or {}, self.timeout_seconds)


class CommandRead(BaseModel):
    id: int
    uuid: str
    printer_id: int
    command_type: str
    metadata: dict[str, Any]
    status: CommandStatus
    printer_ip: str
    result: Any
    error_message: str | None
    timeout_seconds: int
    timeout_at: MillisTime | None
    created_at: MillisTime
    expires_at: MillisTime
    sent_at: MillisTime | None
    completed_at: MillisTime | None
    by: str

    @classmethod
    def of(cls, command: PrinterCommand) -> "CommandRead":
        is_done = command.status is CommandStatus.COMPLETED
        seconds, sent_at = command.timeout_s, command.sent_at
        return cls(
            id=command.id,
            uuid=command.uuid,
            printer_id=command.printer_id,
            command_type=command.kind,
            metadata=command.arguments,
            status=command.status,
            printer_ip=command.printer_ip,
            result=command.detail if is_done and command.result is None else command.result,
            error_message=None if is_done else command.detail,
            timeout_seconds=seconds,
            timeout_at=sent_at + timedelta(seconds=seconds) if sent_at else None,
            created_at=command.created_at,
            expires_at=command.expires_at,
            sent_at=command.sent_at,
            completed_at=command.completed_at,
            by=command.by,
        )


class MaintenanceBody(BaseModel):
    is_on: Annotated[bool, Field(validation_alias=AliasChoices("on", "is_on"))]
    reason: Annotated[str, Field(max_length=300)] = ""
