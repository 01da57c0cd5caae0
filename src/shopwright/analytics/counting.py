"""Counting the rows themselves: what the roll-ups are built from and compared with."""

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, case, func, literal, select

from shopwright.analytics.days import local_day
from shopwright.analytics.models import FilamentDay, OrderDay, PrintDay
from shopwright.analytics.states import SOLD, RollupSubject
from shopwright.inventory.models import FilamentMovement
from shopwright.inventory.states import MovementReason
from shopwright.orders.models import Order
from shopwright.print_jobs.models import PrintJob
from shopwright.print_jobs.states import JobStatus

USED = (MovementReason.PRINT, MovementReason.USAGE)
ENDED = (JobStatus.COMPLETED, JobStatus.FAILED)
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


def counted_orders(owner: int, zone: ZoneInfo) -> Select[Any]:
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
        .where(Order.organization_id == owner)
        .group_by("day", Order.currency, Order.status)
    )


def counted_prints(owner: int, zone: ZoneInfo) -> Select[Any]:
    ended_at = func.coalesce(PrintJob.ended_at, PrintJob.created_at, type_=PrintJob.created_at.type)
    day = local_day(ended_at, zone).label("day")
    printer_id = func.coalesce(PrintJob.printer_id, 0).label("printer_id")
    return (
        select(day, printer_id, PrintJob.status.label("outcome"), func.count().label("prints"))
        .where(PrintJob.organization_id == owner, PrintJob.status.in_(ENDED))
        .group_by("day", PrintJob.printer_id, PrintJob.status)
    )


def counted_filament(owner: int, zone: ZoneInfo) -> Select[Any]:
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
        .group_by("day", FilamentMovement.filament_id, FilamentMovement.material)
    )


SOURCES: Mapping[RollupSubject, Any] = {
    RollupSubject.ORDERS: Order,
    RollupSubject.PRINTS: PrintJob,
    RollupSubject.FILAMENT: FilamentMovement,
}
DAYS: Mapping[RollupSubject, Any] = {
    RollupSubject.ORDERS: OrderDay,
    RollupSubject.PRINTS: PrintDay,
    RollupSubject.FILAMENT: FilamentDay,
}
COUNTED: Mapping[RollupSubject, Callable[[int, ZoneInfo], Select[Any]]] = {
    RollupSubject.ORDERS: counted_orders,
    RollupSubject.PRINTS: counted_prints,
    RollupSubject.FILAMENT: counted_filament,
}
AMOUNTS: Mapping[RollupSubject, tuple[str, ...]] = {
    RollupSubject.ORDERS: ("orders", "revenue_minor"),
    RollupSubject.PRINTS: ("prints",),
    RollupSubject.FILAMENT: ("used_mg",),
}
