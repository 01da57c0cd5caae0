"""What the manufacturer says and asks about our orders, by our order ids."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.artwork.models import DesignImage
from shopwright.catalog.devices.models import Brand, DeviceModel
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process, Ref, parse_ref
from shopwright.kernel.errors import Conflict, Invalid
from shopwright.kernel.money import Money
from shopwright.kernel.times import zulu
from shopwright.orders import piece_queries
from shopwright.orders import service as orders
from shopwright.orders.models import Order
from shopwright.orders.states import WORKABLE, OrderStatus
from shopwright.orders.storefront.words import Word, word_of
from shopwright.payments import queries as payment_queries
from shopwright.payments.order_schemas import payment_word
from shopwright.suppliers import queries, service, standings
from shopwright.suppliers.models import SupplierOrder
from shopwright.suppliers.partner import hints
from shopwright.suppliers.partner.schemas import OrderUpdate, PrintCommand
from shopwright.suppliers.states import PlacingStage

BEGUN = frozenset({"printing", "failed", "cancelled"})
# From which of reference (d)'s words an update may come (d.3); other words are not the
# manufacturer's to move.
MOVES: Mapping[Word, frozenset[str]] = {
    Word.PENDING: BEGUN,
    Word.PAID: BEGUN | {"print_command_sent"},
    Word.SENT_TO_CHINESE: BEGUN,
    Word.PRINT_COMMAND_SENT: BEGUN,
    Word.PRINT_JOB_TRIGGERED: BEGUN,
    Word.PRINTING: frozenset({"printed", "failed", "cancelled"}),
    Word.PRINTED: frozenset({"completed", "failed"}),
}
GIVEN_UP = frozenset({Word.CANCELLED, Word.FAILED, Word.REFUNDED})


class NotMadeOutside(Conflict):
    code = "order-not-made-outside"
    title = "Nothing of this order is made by the manufacturer"


class NotPaid(Conflict):
    code = "order-not-paid"
    title = "This order is not paid"


class MoveRefused(Invalid):
    code = "update-refused"
    title = "An order in this state does not become that"


@dataclass(frozen=True, slots=True)
class Known:
    """An order as reference (d) sees it."""

    order: Order
    word: Word
    payment_word: str
    supplier_orders: Sequence[SupplierOrder]

    @property
    def promised_at(self) -> datetime | None:
        told = [one.promised_at for one in self.supplier_orders if one.promised_at]
        return max(told) if told else None


async def get_known(session: AsyncSession, ctx: Actor, name: str) -> Known:
    """By our id; raises NotFound."""
    order = await orders.get_order(session, ctx, parse_ref(name.strip()))
    payments = await payment_queries.list_of_order(session, ctx, order.id)
    status = str(payments[-1].status) if payments else None
    supplier_orders = await queries.list_of_order(session, ctx, order.id)
    return Known(order, word_of(order, status), payment_word(order, status), supplier_orders)


async def take_update(process: Process, ctx: Actor, update: OrderUpdate) -> Known:
    """The manufacturer says how far an order is: the move must be possible, and it is asked whether
    that is so. The same again changes nothing. Raises MoveRefused or NotMadeOutside."""
    async with process.database.read() as session:
        known = await get_known(session, ctx, update.order_id)
    check_move(known.word, update.status)
    live = [one for one in known.supplier_orders if one.stage in queries.LIVE]
    if not live:
        raise NotMadeOutside(f"Order {known.order.number} was not sent to the manufacturer.")
    await _note_told(process, ctx, live, update)
    await hints.ask_now(process, ctx, [one.id for one in live])
    async with process.database.read() as session:
        return await get_known(session, ctx, str(known.order.id))


def check_move(current: Word, wanted: str) -> None:
    if wanted == current or (wanted == "pending" and current in {Word.PAID, Word.SENT_TO_CHINESE}):
        return
    allowed = MOVES.get(current)
    if allowed is None:
        raise MoveRefused(f"An order that is {current} is not moved by the manufacturer.")
    if wanted not in allowed:
        words = ", ".join(sorted(allowed))
        raise MoveRefused(f"An order that is {current} cannot become {wanted}, only {words}.")


async def command_print(process: Process, ctx: Actor, command: PrintCommand) -> Known:
    """Send what is owed of a paid order to the manufacturer, if it was not sent yet. The pictures
    and the model are our own; what the command names of them changes nothing.

    Raises NotPaid, MoveRefused or NotMadeOutside.
    """
    async with process.database.read() as session:
        known = await get_known(session, ctx, command.order_id)
    if known.word in GIVEN_UP:
        raise MoveRefused(f"Order {known.order.number} is {known.word}; nothing of it is printed.")
    if known.order.status not in WORKABLE | {OrderStatus.SHIPPED, OrderStatus.DELIVERED}:
        raise NotPaid(f"Order {known.order.number} is not paid yet.", payment_status="pending")
    if not known.supplier_orders:
        await _order_owed(process, ctx, known.order)
    async with process.database.read() as session:
        sent = await get_known(session, ctx, str(known.order.id))
    if not sent.supplier_orders:
        raise NotMadeOutside(f"Nothing of order {known.order.number} is made by a manufacturer.")
    waiting = [one.id for one in sent.supplier_orders if one.stage is PlacingStage.WAITING]
    await hints.ask_now(process, ctx, waiting)
    return sent


def command_id(known: Known, prefix: str) -> str:
    """The same command for the same order, however often it is given."""
    return f"{prefix}_{known.order.id}_{known.supplier_orders[0].key}"


async def describe(session: AsyncSession, ctx: Actor, known: Known) -> dict[str, Any]:
    """Brand, model and amount of the first item, as the print command shows them."""
    order = known.order
    names = await _device_names(session, ctx, order)
    brand, model = names or (None, None)
    return {
        "order_id": order.id,
        "phone_model": f"{brand} {model}" if brand else None,
        "timestamp": zulu(order.updated_at),
        "order_details": {
            "brand": brand,
            "model": model,
            "total_amount": float(Money(order.total_minor, order.currency).decimal),
            "currency": order.currency,
        },
    }


async def list_pictures(
    session: AsyncSession, ctx: Actor, orders_wanted: Sequence[Order]
) -> dict[int, list[DesignImage]]:
    """Print-ready pictures by order id."""
    designs = {
        item.design_id: order.id
        for order in orders_wanted
        for item in order.items
        if item.design_id is not None and not item.is_cancelled
    }
    rows = await session.scalars(
        select(DesignImage)
        .where(DesignImage.organization_id == ctx.organization_id)
        .where(DesignImage.design_id.in_(designs))
        .where(DesignImage.kind.in_(["final", "final_composed"]))
        .order_by(DesignImage.id)
    )
    found: dict[int, list[DesignImage]] = {order.id: [] for order in orders_wanted}
    for image in rows:
        found[designs[image.design_id or 0]].append(image)
    return found


async def find_orders(
    session: AsyncSession, ctx: Actor, names: Sequence[str], limit: int
) -> list[Order]:
    """Those named; without names the newest that went to the manufacturer."""
    if names:
        return [await orders.get_order(session, ctx, parse_ref(name)) for name in names[:limit]]
    rows = await session.scalars(
        select(SupplierOrder.order_id)
        .where(SupplierOrder.organization_id == ctx.organization_id)
        .where(SupplierOrder.stage == PlacingStage.ACCEPTED)
        .order_by(SupplierOrder.id.desc())
        .limit(limit)
    )
    ids = list(dict.fromkeys(rows))
    return [await orders.get_order(session, ctx, Ref(order_id, None)) for order_id in ids]


async def _note_told(
    process: Process, ctx: Actor, live: Sequence[SupplierOrder], update: OrderUpdate
) -> None:
    """What only the manufacturer can know, and what does not move the order."""
    (first, *others) = live
    told: dict[str, Any] = {}
    if not others:
        told["queue_number"] = update.queue_number
        told["external_id"] = update.chinese_order_id
    told["promised_at"] = update.estimated_completion
    news = {name: value for name, value in told.items() if value is not None}
    async with process.database.write() as session:
        await piece_queries.lock_pieces(session, ctx)  # its order's row is written, too
        audit.record(
            session, ctx, "supplier_order.told", first.id, status=update.status, notes=update.notes
        )
        if news:
            await queries.note_order(session, ctx, first.id, **news)
            noted = await queries.find_order(session, ctx, Ref(first.id, None))
            if noted is not None:
                await standings.tell_order(session, ctx, noted)


async def _order_owed(process: Process, ctx: Actor, order: Order) -> None:
    item_ids = [item.id for item in order.items if not item.is_cancelled]
    async with process.database.write() as session:
        await piece_queries.lock_pieces(session, ctx)
        steps = await piece_queries.list_item_steps(session, ctx, item_ids)
        await service.order_steps(session, ctx, steps)


async def _device_names(session: AsyncSession, ctx: Actor, order: Order) -> tuple[str, str] | None:
    ids = [item.device_model_id for item in order.items if item.device_model_id]
    if not ids:
        return None
    row = (
        await session.execute(
            select(Brand.display_name, DeviceModel.display_name)
            .join(Brand, Brand.id == DeviceModel.brand_id)
            .where(DeviceModel.organization_id == ctx.organization_id)
            .where(Brand.organization_id == ctx.organization_id, DeviceModel.id == ids[0])
        )
    ).first()
    return (row[0], row[1]) if row else None
