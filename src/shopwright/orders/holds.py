"""Holds: a person must act before work goes on."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.kernel import events
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import NotFound
from shopwright.kernel.live import touch
from shopwright.orders import piece_queries, queries
from shopwright.orders.events import OrderHeld, OrdersPlaced
from shopwright.orders.models import Hold, Order
from shopwright.orders.states import HoldSubject
from shopwright.parts import order_parts as parts


async def hold_order(session: WriteSession, ctx: Actor, *, order_id: int, reason: str) -> Hold:
    """Nothing of this order is started until the hold is released; what prints, prints on."""
    await piece_queries.lock_pieces(session, ctx)  # its parts' rows come before its own
    hold = queries.new_hold(ctx, HoldSubject.ORDER, order_id, order_id, reason)
    session.add(hold)
    await session.flush()
    await parts.hold_parts(session, ctx, order_id=order_id, reason=reason)
    await queries.set_held(session, ctx, order_id)
    audit.record(session, ctx, "order.held", order_id, reason=reason)
    touch(session, ctx.organization_id, "order", order_id)
    touch(session, ctx.organization_id, "queue")
    await events.publish(session, OrderHeld(ctx.organization_id, order_id))
    return hold


async def release_hold(session: WriteSession, ctx: Actor, *, hold_id: int, now: datetime) -> Hold:
    """Raises NotFound when there is no such open hold."""
    await piece_queries.lock_pieces(session, ctx)
    hold = await queries.release_hold(session, ctx, hold_id, now)
    if hold is None:
        raise NotFound("There is no open hold with this id.")
    others = await queries.list_open_holds(session, ctx, hold.order_id)
    why = others[0].reason if others else None
    await parts.hold_parts(session, ctx, order_id=hold.order_id, reason=why)
    await queries.set_held(session, ctx, hold.order_id)
    audit.record(session, ctx, "order.hold_released", hold.order_id)
    items = await queries.list_order_items(session, ctx, hold.order_id)
    touch(session, ctx.organization_id, "order", hold.order_id)
    touch(session, ctx.organization_id, "queue")
    await events.publish(
        session, OrdersPlaced(ctx.organization_id, tuple(item.id for item in items))
    )
    return hold


async def hold(session: WriteSession, ctx: Actor, *, order: Ref, reason: str) -> Hold:
    """A person holds an order; raises NotFound."""
    order_id = await _get_order_id(session, ctx, order)
    return await hold_order(session, ctx, order_id=order_id, reason=reason)


async def release(
    session: WriteSession, ctx: Actor, *, order: Ref, hold: Ref, now: datetime
) -> Hold:
    """Raises NotFound when the order has no such open hold."""
    order_id = await _get_order_id(session, ctx, order)
    for held in await queries.list_open_holds(session, ctx, order_id):
        if held.id == hold.id or held.uuid == hold.uuid:
            return await release_hold(session, ctx, hold_id=held.id, now=now)
    raise NotFound(f"Order {order} has no open hold {hold}.")


async def list_holds(session: AsyncSession, ctx: Actor, order: Ref) -> list[Hold]:
    """The open ones."""
    order_id = await _get_order_id(session, ctx, order)
    return await queries.list_open_holds(session, ctx, order_id)


async def list_open_holds(session: AsyncSession, ctx: Actor, *, order: Order) -> list[Hold]:
    return await queries.list_open_holds(session, ctx, order.id)


async def _get_order_id(session: AsyncSession, ctx: Actor, order: Ref) -> int:
    order_id = await queries.find_order_id(session, ctx, order)
    if order_id is None:
        raise NotFound(f"There is no order {order}.")
    return order_id
