"""Counting the rows themselves: what the roll-ups are built from and compared with."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    case,
    func,
    literal,
    select,
    true,
    type_coerce,
    union_all,
)

from shopwright.analytics.days import MonthOf, Second, local_day
from shopwright.analytics.models import (
    FilamentDay,
    OrderDay,
    PlateSum,
    PrintDay,
    PrinterTimeSum,
    PrintSum,
)
from shopwright.analytics.states import SOLD, Period, PrintOutcome, RollupSubject, TimeState
from shopwright.inventory.models import FilamentMovement
from shopwright.inventory.states import MovementReason
from shopwright.kernel.db import EnumText
from shopwright.orders.models import Order
from shopwright.print_files.models import Plate, PlateFilament
from shopwright.print_jobs.models import PrintJob
from shopwright.print_jobs.states import JobStatus

USED = (MovementReason.PRINT, MovementReason.USAGE)
MONTHS_AND_DAYS = (Period.DAILY, Period.MONTHLY)
Condition = ColumnElement[bool]
ENDED = (JobStatus.COMPLETED, JobStatus.FAILED)
ENDED_AT = func.coalesce(PrintJob.ended_at, PrintJob.created_at, type_=PrintJob.created_at.type)
_TOOK_S = Second(PrintJob.ended_at) - Second(PrintJob.started_at)
BUSY_S = case((_TOOK_S > 0, _TOOK_S), else_=0)
IS_WORKED = PrintJob.status.in_(ENDED) | (
    (PrintJob.status == JobStatus.CANCELLED) & PrintJob.started_at.is_not(None)
)
GRAINS = union_all(
    *(select(literal(grain, EnumText(Period)).label("grain")) for grain in MONTHS_AND_DAYS)
).subquery("grains")
REVENUE = case((Order.status.in_(SOLD), Order.total_minor - Order.refunded_minor), else_=0)


def list_counted(owner: int, zone: ZoneInfo) -> Select[Any]:
    """Each order as it is to stand in the roll-up."""
    return select(
        Order.id.label("order_id"),
        literal(owner).label("organization_id"),
        local_day(Order.placed_at, zone).label("day"),
        Order.currency,
        Order.status,
        REVENUE.label("revenue_minor"),
    ).where(Order.organization_id == owner)


def counted_orders(owner: int, zone: ZoneInfo, *conditions: Condition) -> Select[Any]:
    """The slow way, over every order. Grouped by the name: PostgreSQL takes the same expression
    with other parameters for another one."""
    day = local_day(Order.placed_at, zone).label("day")
    return (
        select(
            day,
            Order.currency,
            Order.status,
            func.count().label("orders"),
            func.sum(REVENUE).label("revenue_minor"),
        )
        .where(Order.organization_id == owner, *conditions)
        .group_by("day", Order.currency, Order.status)
    )


def counted_prints(owner: int, zone: ZoneInfo, *conditions: Condition) -> Select[Any]:
    day = local_day(ENDED_AT, zone).label("day")
    printer_id = func.coalesce(PrintJob.printer_id, 0).label("printer_id")
    return (
        select(day, printer_id, PrintJob.status.label("outcome"), func.count().label("prints"))
        .where(PrintJob.organization_id == owner, PrintJob.status.in_(ENDED), *conditions)
        .group_by("day", PrintJob.printer_id, PrintJob.status)
    )


def counted_filament(owner: int, zone: ZoneInfo, *conditions: Condition) -> Select[Any]:
    day = local_day(FilamentMovement.created_at, zone).label("day")
    filament_id = func.coalesce(FilamentMovement.filament_id, 0).label("filament_id")
    return (
        select(
            day,
            filament_id,
            FilamentMovement.material,
            (-func.sum(FilamentMovement.delta_mg)).label("used_mg"),
        )
        .where(FilamentMovement.organization_id == owner, FilamentMovement.reason.in_(USED))
        .where(*conditions)
        .group_by("day", FilamentMovement.filament_id, FilamentMovement.material)
    )


def counted_work(owner: int, zone: ZoneInfo, *conditions: Condition) -> Select[Any]:
    job = _worked(owner, zone, *conditions).c
    keys = (job.printer_id, job.outcome, job.material, job.reason)
    sums = (func.count().label("prints"), _sum(job.busy_s), _sum(job.used_mg))
    return _by_grain(job, keys, sums)


def counted_plates(owner: int, zone: ZoneInfo, *conditions: Condition) -> Select[Any]:
    job = _worked(owner, zone, *conditions).c
    keys = (job.print_file_id, job.plate_number, job.name)
    failed = case((job.outcome == PrintOutcome.FAILED, 1), else_=0)
    sums = (
        func.count().label("prints"),
        func.sum(failed).label("failed"),
        _sum(job.busy_s),
        _sum(job.used_mg),
    )
    return _by_grain(job, keys, sums)


def _worked(owner: int, zone: ZoneInfo, *conditions: Condition) -> Subquery:
    """Each print that ended, as reports tell it."""
    has_file = PrintJob.print_file_id.is_not(None)
    reason = func.substr(func.coalesce(PrintJob.failure_reason, ""), 1, 200)
    job = (
        local_day(ENDED_AT, zone).label("day"),
        func.coalesce(PrintJob.printer_id, 0).label("printer_id"),
        type_coerce(PrintJob.status, EnumText(PrintOutcome)).label("outcome"),
        func.substr(name_materials(owner), 1, 120).label("material"),
        case((PrintJob.status == JobStatus.FAILED, reason), else_="").label("reason"),
        func.coalesce(PrintJob.print_file_id, 0).label("print_file_id"),
        case((has_file, func.coalesce(PrintJob.plate_number, 0)), else_=0).label("plate_number"),
        case((has_file, ""), else_=func.substr(PrintJob.name, 1, 200)).label("name"),
        BUSY_S.label("busy_s"),
        func.coalesce(PrintJob.used_mg, 0).label("used_mg"),
    )
    return select(*job).where(PrintJob.organization_id == owner, IS_WORKED, *conditions).subquery()


def name_materials(owner: int) -> Any:
    """``PETG + PLA``: what the plate needs, else what was asked for."""
    needed = (
        select(PlateFilament.material.label("material"))
        .join(Plate, (Plate.id == PlateFilament.plate_id) & (Plate.organization_id == owner))
        .where(PlateFilament.organization_id == owner)
        .where(Plate.print_file_id == PrintJob.print_file_id)
        .where(Plate.number == PrintJob.plate_number)
        .distinct()
        .order_by("material")
        .correlate(PrintJob)
        .subquery()
    )
    joined = select(func.aggregate_strings(needed.c.material, " + ")).scalar_subquery()
    return func.coalesce(joined, PrintJob.material, "")


def _by_grain(job: Any, keys: Sequence[Any], sums: Sequence[Any]) -> Select[Any]:
    """Twice: by the day and by the month."""
    first = case((GRAINS.c.grain == Period.MONTHLY, MonthOf(job.day)), else_=job.day)
    return (
        select(GRAINS.c.grain, first.label("first"), *keys, *sums)
        .join(GRAINS, true())
        .group_by(GRAINS.c.grain, "first", *keys)
    )


def _sum(column: Any) -> Any:
    return func.sum(column).label(column.name)


SOURCES: Mapping[RollupSubject, Any] = {
    RollupSubject.ORDERS: Order,
    RollupSubject.PRINTS: PrintJob,
    RollupSubject.FILAMENT: FilamentMovement,
    RollupSubject.WORK: PrintJob,
    RollupSubject.PLATES: PrintJob,
}
DAYS: Mapping[RollupSubject, Any] = {
    RollupSubject.ORDERS: OrderDay,
    RollupSubject.PRINTS: PrintDay,
    RollupSubject.FILAMENT: FilamentDay,
    RollupSubject.WORK: PrintSum,
    RollupSubject.PLATES: PlateSum,
    RollupSubject.PRINTER_TIME: PrinterTimeSum,
}
COUNTED: Mapping[RollupSubject, Callable[..., Select[Any]]] = {
    RollupSubject.ORDERS: counted_orders,
    RollupSubject.PRINTS: counted_prints,
    RollupSubject.FILAMENT: counted_filament,
    RollupSubject.WORK: counted_work,
    RollupSubject.PLATES: counted_plates,
}
AMOUNTS: Mapping[RollupSubject, tuple[str, ...]] = {
    RollupSubject.ORDERS: ("orders", "revenue_minor"),
    RollupSubject.PRINTS: ("prints",),
    RollupSubject.FILAMENT: ("used_mg",),
    RollupSubject.WORK: ("prints", "busy_s", "used_mg"),
    RollupSubject.PLATES: ("prints", "failed", "busy_s", "used_mg"),
    RollupSubject.PRINTER_TIME: tuple(f"{state}_s" for state in TimeState),
}
