"""Whether an order can be placed now, and how the manufacturer's connection is."""

from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.artwork import service as artwork
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process
from shopwright.kernel.live import touch
from shopwright.suppliers import pictures, queries
from shopwright.suppliers.connections import SupplierDefaults, account_of
from shopwright.suppliers.models import Supplier, SupplierOrder
from shopwright.suppliers.port import AccountRefused, SupplierError
from shopwright.suppliers.states import SupplierHealth

log = structlog.get_logger()

SOON = timedelta(seconds=5)
LATER = timedelta(minutes=1)
NOT_NOW = "The order is held or was stopped."
NO_MODEL = (
    "Nobody said as which model the manufacturer makes it. Enter its model and shell ids with the "
    "offer or the device model."
)
NO_PRICE = "The manufacturer takes no order without an amount. Give the line or the offer a price."
NO_PICTURE = "There is no print-ready picture. Give the offer a picture, or the line a design."
DRAWING = "Its print-ready picture is being drawn."


@dataclass(frozen=True, slots=True)
class Readiness:
    """``reason`` None: it can be placed."""

    reason: str | None = None
    wait: timedelta = LATER
    picture_sha256: str | None = None


async def check(session: AsyncSession, ctx: Actor, order: SupplierOrder) -> Readiness:
    lines = await queries.list_lines(session, ctx, [order.order_item_id])
    if order.order_item_id not in lines:
        return Readiness(NOT_NOW)
    if not order.partner_model_id:
        return Readiness(NO_MODEL)
    if order.amount_minor <= 0:
        return Readiness(NO_PRICE)
    picture = await pictures.find_picture(session, ctx, order)
    if picture is not None:
        return Readiness(picture_sha256=picture)
    if order.design_id is None:
        return Readiness(NO_PICTURE)
    design = await artwork.get_design(session, ctx, order.design_id)
    return (
        Readiness(f"It cannot be drawn: {design.print_error}"[:500])
        if design.print_error
        else (Readiness(DRAWING, SOON))
    )


def device_of(process: Process, supplier: Supplier) -> str:
    """The machine that prints what no kiosk sold."""
    defaults = process.context.keep(SupplierDefaults)
    return account_of(process.context.vault, defaults, supplier).device_id


async def note_trouble(
    process: Process, ctx: Actor, supplier: Supplier, error: SupplierError
) -> None:
    """Said on the Suppliers page; loss and recovery are logged once each."""
    is_refused = isinstance(error, AccountRefused)
    health = SupplierHealth.REFUSED if is_refused else SupplierHealth.FAILING
    if supplier.health is not health:
        log.error("a manufacturer is in trouble", supplier=supplier.name, error=error.sentence)
    async with process.database.write() as session:
        await queries.note_supplier(
            session, ctx, supplier.id,
            health=health, last_error=error.sentence, last_error_at=process.clock.now(),
        )  # fmt: skip
        touch(session, ctx.organization_id, queries.TOPIC, supplier.id)


async def note_health(
    process: Process, ctx: Actor, supplier: Supplier, health: SupplierHealth
) -> None:
    if supplier.health is not health:
        log.info("a manufacturer answers", supplier=supplier.name)
    async with process.database.write() as session:
        await queries.note_supplier(
            session, ctx, supplier.id, health=health, last_success_at=process.clock.now()
        )
        touch(session, ctx.organization_id, queries.TOPIC, supplier.id)


def touch_order(session: WriteSession, order: SupplierOrder) -> None:
    touch(session, order.organization_id, queries.TOPIC, order.id)
    touch(session, order.organization_id, "order", order.order_id)
