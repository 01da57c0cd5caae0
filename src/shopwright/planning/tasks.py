"""Planning reacts: new orders, paid orders, mapped SKUs, changed recipes, failed prints."""

from datetime import datetime

from shopwright.catalog.events import CodeMapped, RecipeChanged, VariantCreated
from shopwright.kernel.actor import system_actor
from shopwright.kernel.db import WriteSession
from shopwright.orders import piece_queries, queries
from shopwright.orders.events import OrderNotReady, OrderPaid, OrderReady, OrdersPlaced, StepsOwed
from shopwright.planning import service


async def on_orders_placed(session: WriteSession, event: OrdersPlaced) -> None:
    ctx = system_actor(event.organization_id, "planning")
    now = session.context.clock.now()
    await service.plan_items(session, ctx, item_ids=event.item_ids, now=now)
    await _plan_owed(session, event.organization_id, event.item_ids, now)


async def on_order_paid(session: WriteSession, event: OrderPaid) -> None:
    ctx = system_actor(event.organization_id, "planning")
    items = await queries.list_order_items(session, ctx, event.order_id)
    await service.plan_items(
        session, ctx, item_ids=[item.id for item in items], now=session.context.clock.now()
    )


async def on_code_mapped(session: WriteSession, event: CodeMapped) -> None:
    """Mapping a SKU once releases everything that waits for it."""
    ctx = system_actor(event.organization_id, "planning")
    items = await queries.list_waiting_items(session, ctx, [event.code])
    await service.plan_items(
        session, ctx, item_ids=[item.id for item in items], now=session.context.clock.now()
    )


async def on_recipe_changed(session: WriteSession, event: RecipeChanged | VariantCreated) -> None:
    ctx = system_actor(event.organization_id, "planning")
    items = await queries.list_waiting_items(session, ctx)
    await service.plan_items(
        session, ctx, item_ids=[item.id for item in items], now=session.context.clock.now()
    )


async def on_steps_owed(session: WriteSession, event: StepsOwed) -> None:
    await _plan_owed(
        session, event.organization_id, event.order_item_ids, session.context.clock.now()
    )


async def on_order_ready(session: WriteSession, event: OrderReady) -> None:
    """All pieces are good: the hardware that went into them is used up, once per order."""
    ctx = system_actor(event.organization_id, "planning")
    await service.use_hardware(session, ctx, order_id=event.order_id)


async def on_order_not_ready(session: WriteSession, event: OrderNotReady) -> None:
    """A piece of it is to be made anew: it uses its hardware when it is ready again."""
    ctx = system_actor(event.organization_id, "planning")
    await service.return_hardware(session, ctx, order_id=event.order_id)


async def _plan_owed(
    session: WriteSession, organization_id: int, item_ids: tuple[int, ...], now: datetime
) -> None:
    ctx = system_actor(organization_id, "planning")
    owed = await piece_queries.list_owed_recipe_steps(session, ctx, item_ids)
    await service.plan_steps(session, ctx, recipe_step_ids=owed, now=now)
