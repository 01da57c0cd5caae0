"""Bodies of the shop manager's printer routes (reference (a)): its words and its times."""

from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, BeforeValidator, Field

from shopwright.fleet.addresses import url_of
from shopwright.fleet.overview import Overview, shop_status, type_of
from shopwright.fleet.schemas import At, Code, ConnectionType, MaybeCode, Serial
from shopwright.fleet.service import PrinterChange
from shopwright.fleet.states import Activity, ConnectionState, Gate
from shopwright.kernel.edge import BodyRef
from shopwright.kernel.times import PlainTime


def _tidy(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


Figure = Annotated[int | float, BeforeValidator(_tidy)]  # a whole number where it is one

LINK_WORDS = {
    ConnectionState.ONLINE: "connected",
    ConnectionState.AUTH_FAILED: "error",
}


class BambuPrinterRead(BaseModel):
    id: int
    name: str
    type: str
    connection_type: str
    serial_number: str | None
    status: str
    current_job: str | None
    utilization_pct: Figure
    created_at: PlainTime
    uuid: str
    model: str | None
    api_url: str | None
    last_seen_at: PlainTime | None
    connection: ConnectionState
    activity: Activity
    gate: Gate
    trouble: str | None

    @classmethod
    def of(cls, seen: Overview) -> "BambuPrinterRead":
        printer = seen.printer
        names = (
            "id", "name", "created_at", "uuid", "model", "last_seen_at", "connection", "activity",
            "gate", "trouble",
        )  # fmt: skip
        return cls(
            **{name: getattr(printer, name) for name in names},
            type=type_of(printer),
            connection_type=printer.driver,
            serial_number=printer.serial,
            status=shop_status(printer),
            current_job=seen.job_name,
            utilization_pct=seen.utilisation,
            api_url=url_of(printer.host, printer.ports),
        )


class BambuStatusRead(BaseModel):
    """Figures are null where the printer has not told them; ``progress`` is 0 without a job."""

    id: int
    status: str
    current_job: str | None
    progress: int
    nozzle_temp: Figure | None
    bed_temp: Figure | None
    chamber_temp: Figure | None
    utilization: Figure
    estimated_time_remaining: int | None
    last_updated: PlainTime | None
    current_layer: int | None
    total_layers: int | None
    print_error: str | None
    connection: ConnectionState
    activity: Activity
    gate: Gate

    @classmethod
    def of(cls, seen: Overview) -> "BambuStatusRead":
        printer, live = seen.printer, seen.live
        return cls(
            id=printer.id,
            status=shop_status(printer),
            current_job=seen.job_name,
            progress=int(live.percent or 0) if live else 0,
            nozzle_temp=live.nozzle if live else None,
            bed_temp=live.bed if live else None,
            chamber_temp=live.chamber if live else None,
            utilization=seen.utilisation,
            estimated_time_remaining=live.remaining_s if live else None,
            last_updated=live.at if live else printer.last_seen_at,
            current_layer=live.layer if live else None,
            total_layers=live.layers if live else None,
            print_error=printer.trouble,
            connection=printer.connection,
            activity=printer.activity,
            gate=printer.gate,
        )


class PrinterUse(BaseModel):
    printer_id: int
    name: str
    status: str
    current_job: str | None
    utilization_pct: Figure

    @classmethod
    def of(cls, seen: Overview) -> "PrinterUse":
        return cls(
            printer_id=seen.printer.id,
            name=seen.printer.name,
            status=shop_status(seen.printer),
            current_job=seen.job_name,
            utilization_pct=seen.utilisation,
        )


class UtilizationRead(BaseModel):
    """Percent of the last ``period_hours`` that printers spent printing."""

    printers: list[PrinterUse]
    total: int
    period_hours: int
    average_utilization_pct: Figure | None


class MaintenanceDue(BaseModel):
    printer_id: int
    name: str
    status: str
    last_maintenance_at: PlainTime | None
    maintenance_interval_days: int
    next_maintenance_at: PlainTime
    is_due: bool
    days_until_due: int

    @classmethod
    def of(cls, seen: Overview) -> "MaintenanceDue":
        return cls(
            printer_id=seen.printer.id,
            name=seen.printer.name,
            status=shop_status(seen.printer),
            last_maintenance_at=seen.printer.last_maintenance_at,
            maintenance_interval_days=seen.printer.maintenance_interval_days,
            next_maintenance_at=seen.next_maintenance_at,
            is_due=seen.is_maintenance_due,
            days_until_due=(seen.next_maintenance_at - seen.now).days,
        )


class MaintenanceRead(BaseModel):
    """The soonest due first."""

    printers: list[MaintenanceDue]
    total: int
    due_count: int


class PrinterConnectionCreate(BaseModel):
    """How a printer is reached; ``api_key`` is the access code of those that have keys."""

    printer_id: BodyRef
    connection_type: ConnectionType = None
    api_url: At = None
    serial_number: Serial = None
    access_code: Annotated[
        MaybeCode, Field(validation_alias=AliasChoices("access_code", "api_key"))
    ] = None
    webhook_enabled: bool | None = None

    def change(self) -> PrinterChange:
        code: Code | None = self.access_code
        told = self.webhook_enabled
        ports = self.api_url.ports(self.connection_type or "") if self.api_url else None
        return PrinterChange(
            driver=self.connection_type,
            host=self.api_url.host if self.api_url else None,
            ports=ports or None,
            serial=self.serial_number,
            access_code=code.get_secret_value() if code else None,
            details={} if told is None else {"webhook_enabled": told},
        )


class PrinterConnectionRead(BaseModel):
    """A printer has one connection; both have the same id."""

    id: int
    printer_id: int
    printer_name: str
    connection_type: str
    api_url: str | None
    serial_number: str | None
    webhook_enabled: bool
    status: str
    last_error: str | None
    last_connected_at: PlainTime | None
    created_at: PlainTime
    updated_at: PlainTime

    @classmethod
    def of(cls, seen: Overview) -> "PrinterConnectionRead":
        printer = seen.printer
        return cls(
            id=printer.id,
            printer_id=printer.id,
            printer_name=printer.name,
            connection_type=printer.driver,
            api_url=url_of(printer.host, printer.ports),
            serial_number=printer.serial,
            webhook_enabled=bool(printer.details.get("webhook_enabled")),
            status=LINK_WORDS.get(printer.connection, "disconnected"),
            last_error=printer.trouble,
            last_connected_at=printer.last_seen_at,
            created_at=printer.created_at,
            updated_at=printer.updated_at,
        )


class PrinterConnectionStatus(PrinterConnectionRead):
    """What the printer behind it does now."""

    printer_status: str
    current_job: str | None
    progress: int

    @classmethod
    def of(cls, seen: Overview) -> "PrinterConnectionStatus":
        return cls(
            **dict(PrinterConnectionRead.of(seen)),
            printer_status=shop_status(seen.printer),
            current_job=seen.job_name,
            progress=int(seen.live.percent or 0) if seen.live else 0,
        )
