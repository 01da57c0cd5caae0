"""The blanks that a stranger's order keeps for itself, from placing it to stopping it."""

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import update

from shopwright.catalog.devices import stock as device_stock
from shopwright.catalog.devices.stock import OutOfStock
from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.db import WriteSession
from shopwright.orders import queries
from shopwright.orders.events import OrderStopped
from shopwright.orders.models import Order, OrderItem
from shopwright.orders.storefront.pricing import PricedLine


def is_needed(lines: Iterable[PricedLine]) -> bool:
    return bool(_count(lines))


async def take(session: WriteSession, ctx: Actor, lines: Iterable[PricedLine]) -> None:
    """Raises OutOfStock."""
    await device_stock.take(session, ctx, _count(lines))


async def take_again(session: WriteSession, ctx: Actor, order: Order) -> bool:
    """For an order that had given its blanks back; False when they are gone."""
    wanted = _count(order.items)
    if not wanted or order.is_stock_taken:
        return True
    try:
        async with session.begin_nested():
            await device_stock.take(session, ctx, wanted)
    except OutOfStock:
        return False
    await _mark(session, ctx, order.id, is_taken=True)
    return True


async def on_order_stopped(session: WriteSession, event: OrderStopped) -> None:
    """Its blanks are free again, once, unless something of it was begun."""
    ctx = system_actor(event.organization_id, "storefront")
    order = (await queries.list_orders_by_id(session, ctx, [event.order_id]))[event.order_id]
    is_begun = order.print_started_at is not None or order.outside_reference is not None
    if is_begun or not order.is_stock_taken:
        return
    if await _mark(session, ctx, order.id, is_taken=False):
        items = await queries.list_order_items(session, ctx, order.id)
        await device_stock.give_back(session, ctx, _count(items))


async def _mark(session: WriteSession, ctx: Actor, order_id: int, *, is_taken: bool) -> bool:
    marked = await session.scalar(
        update(Order)
        .where(Order.id == order_id, Order.organization_id == ctx.organization_id)
        .where(Order.is_stock_taken.is_(not is_taken))
        .values(is_stock_taken=is_taken)
        .returning(Order.id)
        .execution_options(synchronize_session=False)
    )
    return marked is not None


def _count(lines: Iterable[PricedLine | OrderItem]) -> Counter[int]:
    wanted = Counter[int]()
    for line in lines:
        if line.device_model_id is not None:
            wanted[line.device_model_id] += line.quantity
    return wanted
