"""Bodies of the printer routes: the reference's words first, then ours."""

from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AliasChoices, BaseModel, BeforeValidator, Field, SecretStr

from shopwright.fleet.models import HarvestPolicy, Printer, PrinterCommand, PrinterSlot
from shopwright.fleet.port import Diagnosis
from shopwright.fleet.service import PrinterChange, PrinterDraft
from shopwright.fleet.states import (
    Activity,
    CommandStatus,
    ConnectionState,
    ControlAccess,
    Gate,
)
from shopwright.kernel.errors import Invalid
from shopwright.kernel.times import MillisTime
from shopwright.telemetry.latest import Snapshot


def _host(value: Any) -> Any:
    """An address, or the host of an ``api_url``."""
    if isinstance(value, str) and "//" in value:
        return urlsplit(value).hostname or ""
    return value.strip() if isinstance(value, str) else value


def _empty_is_none(value: Any) -> Any:
    return None if value == "" else value


Host = Annotated[str, BeforeValidator(_host), Field(pattern=r"^[A-Za-z0-9._:\-]+$", max_length=255)]
Code = Annotated[SecretStr, Field(min_length=1, max_length=100)]
Serial = Annotated[
    Annotated[str, Field(pattern=r"^[A-Za-z0-9\-]+$", max_length=64)] | None,
    BeforeValidator(_empty_is_none),
]
Port = Annotated[int, Field(ge=1, le=65535)]
HOST_NAMES = AliasChoices("ip_address", "host", "api_url")
SERIAL_NAMES = AliasChoices("serial_number", "serial")
NOZZLE_NAMES = AliasChoices("default_nozzle_size", "nozzle_mm")


class Ports(BaseModel):
    """Where they are not the usual ones."""

    mqtt: Port | None = None
    ftps: Port | None = None
    camera: Port | None = None


class PrinterCreate(BaseModel):
    name: Annotated[str, Field(min_length=1, max_length=100)]
    host: Annotated[Host, Field(validation_alias=HOST_NAMES)]
    access_code: Code | None = None
    serial: Annotated[Serial, Field(validation_alias=SERIAL_NAMES)] = None
    brand: Annotated[str, Field(max_length=60)] = "Bambu Lab"
    model: Annotated[str | None, Field(max_length=60)] = None
    ports: Ports = Ports()
    nozzle_mm: Annotated[float, Field(gt=0, le=2, validation_alias=NOZZLE_NAMES)] = 0.4
    location: Annotated[str, Field(max_length=100)] = ""
    harvest_policy: HarvestPolicy = HarvestPolicy.ASK

    def draft(self, fallback: SecretStr | None) -> PrinterDraft:
        """Raises Invalid when there is no access code, neither here nor in the settings."""
        code = self.access_code or fallback
        if code is None:
            raise Invalid(
                "access_code is missing. The printer shows it under LAN settings; "
                "BAMBU_ACCESS_CODE sets one for all."
            )
        return PrinterDraft(
            name=self.name,
            host=self.host,
            access_code=code.get_secret_value(),
            serial=self.serial,
            model=self.model,
            brand=self.brand,
            ports=self.ports.model_dump(exclude_none=True),
            nozzle_um=round(self.nozzle_mm * 1000),
            location=self.location,
            harvest_policy=self.harvest_policy,
        )


class PrinterUpdate(BaseModel):
    """Clients PUT back what they read, so other members are ignored."""

    name: Annotated[str | None, Field(min_length=1, max_length=100)] = None
    host: Annotated[Host | None, Field(validation_alias=HOST_NAMES)] = None
    access_code: Code | None = None
    serial: Annotated[Serial, Field(validation_alias=SERIAL_NAMES)] = None
    brand: Annotated[str | None, Field(max_length=60)] = None
    model: Annotated[str | None, Field(max_length=60)] = None
    ports: Ports | None = None
    nozzle_mm: Annotated[float | None, Field(gt=0, le=2, validation_alias=NOZZLE_NAMES)] = None
    location: Annotated[str | None, Field(max_length=100)] = None
    harvest_policy: HarvestPolicy | None = None

    def change(self) -> PrinterChange:
        return PrinterChange(
            name=self.name,
            host=self.host,
            access_code=self.access_code.get_secret_value() if self.access_code else None,
            serial=self.serial,
            model=self.model,
            brand=self.brand,
            ports=self.ports.model_dump(exclude_none=True) if self.ports else None,
            nozzle_um=round(self.nozzle_mm * 1000) if self.nozzle_mm else None,
            location=self.location,
            harvest_policy=self.harvest_policy,
        )


def shown_status(printer: Printer) -> str:
    """One word for three axes (reference decision 23)."""
    if printer.connection is not ConnectionState.ONLINE or printer.activity is Activity.UNKNOWN:
        return "offline"
    return "printing" if printer.activity is Activity.PREPARING else printer.activity.value


class PrinterRead(BaseModel):
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
    progress_percentage: float | None
    nozzle_temp_current: float | None
    bed_temp_current: float | None
    created_at: MillisTime
    updated_at: MillisTime
    last_seen_at: MillisTime | None
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
    def of(cls, printer: Printer, live: Snapshot | None) -> "PrinterRead":
        status = shown_status(printer)
        same = {name: getattr(printer, name) for name in _SAME}
        return cls(
            **same,
            serial_number=printer.serial,
            ip_address=printer.host,
            connection_type=printer.driver,
            default_nozzle_size=printer.nozzle_um / 1000,
            firmware_version=printer.firmware,
            status=status,
            live_status=status,
            progress_percentage=live.percent if live else None,
            nozzle_temp_current=live.nozzle if live else None,
            bed_temp_current=live.bed if live else None,
        )


_SAME = (
    "id", "uuid", "name", "brand", "model", "location", "is_active", "created_at", "updated_at",
    "last_seen_at", "ports", "connection", "activity", "gate", "gate_reason", "control",
    "harvest_policy", "has_storage", "trouble", "faults",
)  # fmt: skip


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
            progress_percentage=told("percent"),
            current_layer=told("layer"),
            total_layers=told("layers"),
            time_remaining_seconds=told("remaining_s"),
            nozzle_temp_current=told("nozzle"),
            nozzle_temp_target=told("nozzle_target"),
            bed_temp_current=told("bed"),
            bed_temp_target=told("bed_target"),
            chamber_temp_current=told("chamber"),
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
    command_type: Annotated[str, Field(min_length=1, max_length=40)]
    metadata: dict[str, Any] = {}


class CommandRead(BaseModel):
    id: int
    uuid: str
    printer_id: int
    command_type: str
    metadata: dict[str, Any]
    status: CommandStatus
    result: str | None
    created_at: MillisTime
    expires_at: MillisTime
    sent_at: MillisTime | None
    completed_at: MillisTime | None
    by: str

    @classmethod
    def of(cls, command: PrinterCommand) -> "CommandRead":
        return cls(
            id=command.id,
            uuid=command.uuid,
            printer_id=command.printer_id,
            command_type=command.kind,
            metadata=command.arguments,
            status=command.status,
            result=command.detail,
            created_at=command.created_at,
            expires_at=command.expires_at,
            sent_at=command.sent_at,
            completed_at=command.completed_at,
            by=command.by,
        )


class MaintenanceBody(BaseModel):
    is_on: Annotated[bool, Field(validation_alias=AliasChoices("on", "is_on"))]
    reason: Annotated[str, Field(max_length=300)] = ""


class StepRead(BaseModel):
    name: str
    finding: str
    sentence: str


class DiagnosisRead(BaseModel):
    is_ok: bool
    serial_number: str | None
    steps: list[StepRead]

    @classmethod
    def of(cls, found: Diagnosis) -> "DiagnosisRead":
        steps = [StepRead.model_validate(step, from_attributes=True) for step in found.steps]
        return cls(is_ok=found.is_ok, serial_number=found.serial, steps=steps)
