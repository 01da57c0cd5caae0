"""Strangers' orders: placed from the catalogue's prices, paid, given up, and taken up again."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.artwork import service as artwork
from shopwright.kernel import events
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Conflict
from shopwright.kernel.live import touch
from shopwright.orders import holds, intake, piece_queries, queries, stop
from shopwright.orders import service as orders
from shopwright.orders.drafts import ItemDraft, OrderDraft
from shopwright.orders.events import OrdersArrived, OrdersPlaced
from shopwright.orders.models import Order, OrderItem
from shopwright.orders.states import STOPPED, OrderStatus
from shopwright.orders.storefront import stock
from shopwright.orders.storefront.pricing import STOREFRONT, Line, PricedLine, Quote, quote_lines

NO_PICTURE = "It came without the picture that is to be printed. Ask the buyer, then add it."
UNPAID = (OrderStatus.PENDING_PAYMENT, OrderStatus.PENDING)


class PriceDiffers(Conflict):
    code = "price-differs"
    title = "The price is another one"


class ReferenceReused(Conflict):
    code = "checkout-reference-reused"
    title = "This reference belongs to another order"


@dataclass(frozen=True, slots=True)
class Buyer:
    """``ship_to`` as orders keep it: name, line1, line2, city, state, postal_code, country."""

    name: str = ""
    email: str | None = None
    phone: str | None = None
    ship_to: dict[str, Any] = field(default_factory=dict)
    message: str = ""


async def place_order_of_lines(
    session: WriteSession,
    ctx: Actor,
    lines: Sequence[Line],
    buyer: Buyer,
    *,
    channel: str = STOREFRONT,
    status: OrderStatus = OrderStatus.PENDING_PAYMENT,
    expected_minor: int | None = None,
    goods_minor: int | None = None,
    reference: str | None = None,
    now: datetime,
) -> Order:
    """One order at the catalogue's prices; its designs never change again.

    The same ``reference`` again is the same order, sent where the buyer says last as long as it is
    not paid. ``expected_minor`` is the total that the buyer
    saw; ``goods_minor`` what he saw where only the goods are priced, before shipping and tax.
    Raises NotSold, OutOfStock, PriceUnsettled, PriceDiffers (with the right price), or
    ReferenceReused.
    """
    await piece_queries.lock_pieces(session, ctx)
    quote = await quote_lines(session, ctx, lines, channel)
    check_price(quote, expected_minor, goods_minor)
    known = await find_by_reference(session, ctx, reference, channel=channel)
    if known is not None:
        return _said_again(session, ctx, _same(known, quote), buyer, now)
    await stock.take(session, ctx, quote.lines)
    draft = _draft(quote, buyer, channel, status, reference, now)
    order = await intake.place_order(session, ctx, draft=draft, now=now)
    order.is_stock_taken = stock.is_needed(quote.lines)
    for line in quote.lines:
        if line.design_id is not None:
            await artwork.freeze_design(session, ctx, line.design_id, now=now)
    await session.flush()
    return await orders.get_order(session, ctx, Ref(order.id, None))


async def find_by_reference(
    session: AsyncSession, ctx: Actor, reference: str | None, *, channel: str = STOREFRONT
) -> Order | None:
    """The newest order of this reference that was not stopped."""
    if reference is None:
        return None
    order_id: int | None = await session.scalar(
        select(Order.id)
        .where(Order.organization_id == ctx.organization_id, Order.external_id == reference)
        .where(Order.channel == channel, Order.connection_id.is_(None))
        .where(Order.status.not_in(STOPPED))
        .order_by(Order.id.desc())
        .limit(1)
    )
    if order_id is None:
        return None
    return await orders.get_order(session, ctx, Ref(order_id, None))


def check_price(quote: Quote, expected_minor: int | None, goods_minor: int | None = None) -> None:
    """Either may fit. Raises PriceDiffers, with the right price (reference decision 39)."""
    if expected_minor is None and goods_minor is None:
        return
    if expected_minor != quote.total_minor and goods_minor != quote.subtotal_minor:
        raise PriceDiffers(
            f"This costs {quote.total_minor} (in the smallest unit of {quote.currency}), "
            f"not {goods_minor if expected_minor is None else expected_minor}.",
            amount_pence=quote.total_minor,
            total_minor=quote.total_minor,
            currency=quote.currency,
        )


async def pay_order(session: WriteSession, ctx: Actor, *, order: Order, now: datetime) -> bool:
    """The money is there: work begins and the shop hears of a new order. False when it was paid
    before, or stopped."""
    if order.status not in UNPAID:
        return False
    if any(item.template_id and not item.design_id for item in order.items):
        await holds.hold_order(session, ctx, order_id=order.id, reason=NO_PICTURE)
    await intake.pay_order(session, ctx, order=order, now=now)
    await events.publish(session, OrdersArrived(ctx.organization_id, (order.id,)))
    return True


async def release_order(
    session: WriteSession, ctx: Actor, *, order_id: int, reason: str, now: datetime
) -> bool:
    """Nobody paid: what was kept for it is free again. False when it is not unpaid any more."""
    await piece_queries.lock_pieces(session, ctx)
    order = await orders.get_order(session, ctx, Ref(order_id, None))
    if order.status is not OrderStatus.PENDING_PAYMENT:
        return False
    await stop.stop_order(
        session, ctx, order=order, status=OrderStatus.CANCELED, reason=reason, now=now
    )
    return True


async def revive_order(session: WriteSession, ctx: Actor, *, order: Order, now: datetime) -> None:
    """Given up because nobody paid, and then the money came: it is made after all.

    Where the blanks went to others meanwhile, the order is held for a person to decide.
    """
    await queries.change_status(
        session,
        ctx,
        order.id,
        [OrderStatus.CANCELED],
        OrderStatus.PENDING_PAYMENT,
        cancelled_at=None,
        updated_at=now,
    )
    await session.execute(
        update(OrderItem)
        .where(OrderItem.organization_id == ctx.organization_id, OrderItem.order_id == order.id)
        .values(is_cancelled=False)
        .execution_options(synchronize_session=False)
    )
    audit.record(session, ctx, "order.revived", order.id)
    revived = await orders.get_order(session, ctx, Ref(order.id, None))
    if not await stock.take_again(session, ctx, revived):
        reason = "It was paid after it had been given up, and its blanks are gone. Get more."
        await holds.hold_order(session, ctx, order_id=order.id, reason=reason)
    await pay_order(session, ctx, order=revived, now=now)
    touch(session, ctx.organization_id, "order", order.id)


async def take_design(
    session: WriteSession, ctx: Actor, *, item: OrderItem, design_id: int, now: datetime
) -> None:
    """The picture of an item that was ordered without one."""
    await artwork.freeze_design(session, ctx, design_id, now=now)
    item.design_id = design_id
    await session.flush()
    touch(session, ctx.organization_id, "order", item.order_id)
    await events.publish(session, OrdersPlaced(ctx.organization_id, (item.id,)))


def _same(known: Order, quote: Quote) -> Order:
    stored = [_essence(item) for item in known.items]
    if stored != [_essence(line) for line in quote.lines] or known.total_minor != quote.total_minor:
        raise ReferenceReused(
            f"This reference belongs to order {known.number}, which is another one. "
            "Begin the checkout anew."
        )
    return known


def _said_again(
    session: WriteSession, ctx: Actor, order: Order, buyer: Buyer, now: datetime
) -> Order:
    """Whoever came back from the payment page may have mended his address."""
    said = (buyer.name, buyer.ship_to, buyer.message)
    if order.status not in UNPAID or said == (order.buyer_name, order.ship_to, order.buyer_message):
        return order
    order.buyer_name, order.ship_to, order.buyer_message = said
    order.updated_at = now
    audit.record(session, ctx, "order.readdressed", order.id)
    touch(session, ctx.organization_id, "order", order.id)
    return order


def _essence(line: OrderItem | PricedLine) -> tuple[object, ...]:
    return (
        line.variant_id,
        line.design_id,
        line.template_id,
        line.device_model_id,
        line.quantity,
        line.price_minor,
    )


def _draft(
    quote: Quote,
    buyer: Buyer,
    channel: str,
    status: OrderStatus,
    reference: str | None,
    now: datetime,
) -> OrderDraft:
    return OrderDraft(
        status=status,
        currency=quote.currency,
        placed_at=now,
        items=tuple(_item(line, number) for number, line in enumerate(quote.lines, 1)),
        channel=channel,
        external_id=reference,
        buyer_name=buyer.name,
        buyer_email=buyer.email,
        ship_to=buyer.ship_to,
        subtotal_minor=quote.subtotal_minor,
        shipping_minor=quote.shipping_minor,
        tax_minor=quote.tax_minor,
        total_minor=quote.total_minor,
        buyer_message=buyer.message,
    )


def _item(line: PricedLine, number: int) -> ItemDraft:
    return ItemDraft(
        title=line.title,
        quantity=line.quantity,
        sku=line.sku,
        price_minor=line.price_minor,
        external_id=str(number),
        variant_id=line.variant_id,
        options=line.options,
        design_id=line.design_id,
        template_id=line.template_id,
        device_model_id=line.device_model_id,
    )
