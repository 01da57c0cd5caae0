"""Paid orders on their way out of the shop: completed by hand, shipped, delivered."""

from dataclasses import dataclass
from datetime import datetime

from shopwright.accounts import audit
from shopwright.kernel import events
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Conflict
from shopwright.kernel.live import touch
from shopwright.orders import pieces, queries
from shopwright.orders.events import OrderDeclaredShipped, OrderDelivered
from shopwright.orders.models import Order
from shopwright.orders.states import WORKABLE, OrderStatus, check_transition


class OrderNotShippable(Conflict):
    code = "order-not-shippable"
    title = "This order cannot be shipped now"


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a person adds when saying that an order left."""

    carrier: str | None = None
    tracking_code: str | None = None
    is_channel_told: bool = False


async def complete_by_hand(
    session: WriteSession, ctx: Actor, *, order_id: int, now: datetime
) -> Order:
    """A paid order whose pieces are there, whatever the program knew; unstarted work stops.

    Raises IllegalTransition when it has left or was stopped.
    """
    order = await _get(session, ctx, order_id)
    if order.status not in WORKABLE:
        check_transition(order.status, OrderStatus.COMPLETED)
    items = [item for item in order.items if not item.is_cancelled]
    for item in items:
        item.waiting_code = item.waiting_reason = None
    await session.flush()
    audit.record(session, ctx, "order.completed_by_hand", order_id)
    touch(session, ctx.organization_id, "inbox")
    await pieces.fill_by_hand(session, ctx, items=items, now=now)
    return await _get(session, ctx, order_id)


async def declare_shipped(
    session: WriteSession, ctx: Actor, *, order: Order, said: Declaration, now: datetime
) -> None:
    """A completed order left by other means; held or not, a person has seen it go."""
    check_transition(order.status, OrderStatus.SHIPPED)
    await queries.change_status(
        session,
        ctx,
        order.id,
        [order.status],
        OrderStatus.SHIPPED,
        shipped_at=now,
        updated_at=now,
    )
    audit.record(session, ctx, "order.declared_shipped", order.id)
    touch(session, ctx.organization_id, "order", order.id)
    await events.publish(
        session,
        OrderDeclaredShipped(
            ctx.organization_id,
            order.id,
            ctx.name,
            said.carrier,
            said.tracking_code,
            said.is_channel_told,
        ),
    )


async def declare_delivered(
    session: WriteSession, ctx: Actor, *, order_id: int, now: datetime
) -> None:
    delivered = await queries.change_status(
        session, ctx, order_id, [OrderStatus.SHIPPED], OrderStatus.DELIVERED, updated_at=now
    )
    if delivered is None:
        return
    audit.record(session, ctx, "order.delivered", order_id)
    touch(session, ctx.organization_id, "order", order_id)
    await events.publish(session, OrderDelivered(ctx.organization_id, order_id))


async def ship_order(session: WriteSession, ctx: Actor, *, order: Order, now: datetime) -> Order:
    """Only a completed order that is not held; raises OrderNotShippable, also the second time."""
    shipped = await queries.ship_order(session, ctx, order.id, now)
    if shipped is None:
        raise OrderNotShippable(_why_not(await _get(session, ctx, order.id)), order_id=order.id)
    audit.record(session, ctx, "order.shipped", order.id)
    touch(session, ctx.organization_id, "order", order.id)
    return shipped


def _why_not(order: Order) -> str:
    if order.status in {OrderStatus.SHIPPED, OrderStatus.DELIVERED}:
        return f"Order {order.number} was shipped before."
    if order.status is OrderStatus.COMPLETED:
        return f"Order {order.number} is held. Release the hold first."
    if order.status is OrderStatus.PAID and any(item.waiting_code for item in order.items):
        return (
            f"Order {order.number} is not complete: an item of it waits in the SKU inbox. "
            "Say there what it means."
        )
    if order.status is OrderStatus.PAID:
        return (
            f"Order {order.number} is not complete: "
            f"{order.pieces_good} of {order.pieces_total} pieces are good."
        )
    return f"Order {order.number} is {order.status}."


async def _get(session: WriteSession, ctx: Actor, order_id: int) -> Order:
    order = await queries.find_order(session, ctx, Ref(order_id, None))
    if order is None:
        raise LookupError(f"order {order_id} is gone")
    return order
