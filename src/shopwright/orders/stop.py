"""Cancelled and refunded orders: unstarted work stops, finished pieces go into stock, work in
progress asks a person."""

from collections.abc import Sequence
from datetime import datetime

from shopwright.accounts import audit
from shopwright.inventory import service as inventory
from shopwright.inventory.states import MovementReason
from shopwright.kernel import events
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.errors import Conflict
from shopwright.kernel.live import touch
from shopwright.orders import piece_queries, queries
from shopwright.orders.events import OrderStopped
from shopwright.orders.models import Order, PieceStep
from shopwright.orders.states import TRANSITIONS, OrderStatus, StepStatus


class OrderNotStoppable(Conflict):
    code = "order-not-stoppable"
    title = "This order can no longer be cancelled"


async def cancel_order(
    session: WriteSession, ctx: Actor, *, order: Order, reason: str, now: datetime
) -> Order:
    """A person cancels; raises OrderNotStoppable when it has left or was stopped before."""
    stopped = await stop_order(
        session, ctx, order=order, status=OrderStatus.CANCELED, reason=reason, now=now
    )
    if stopped is None:
        raise OrderNotStoppable(f"Order {order.number} is {order.status} and cannot be cancelled.")
    return stopped


async def stop_order(
    session: WriteSession,
    ctx: Actor,
    *,
    order: Order,
    status: OrderStatus,
    reason: str,
    now: datetime,
) -> Order | None:
    """Set canceled or refunded and free its work; None when its state does not allow that."""
    await piece_queries.lock_pieces(session, ctx)
    was_shipped = order.status in {OrderStatus.SHIPPED, OrderStatus.DELIVERED}
    sources = [source for source, targets in TRANSITIONS.items() if status in targets]
    stopped = await queries.change_status(
        session, ctx, order.id, sources, status, cancelled_at=now, updated_at=now
    )
    if stopped is None:
        return None
    audit.record(session, ctx, f"order.{status}", order.id, reason=reason)
    if not was_shipped:
        await _free_work(session, ctx, stopped, now)
    touch(session, ctx.organization_id, "order", order.id)
    return stopped


async def _free_work(session: WriteSession, ctx: Actor, order: Order, now: datetime) -> None:
    items = await queries.list_order_items(session, ctx, order.id)
    item_ids = [item.id for item in items]
    steps = await piece_queries.list_item_steps(session, ctx, item_ids)
    good = await piece_queries.move_steps(
        session, ctx, _ids(steps, StepStatus.GOOD), [StepStatus.GOOD], StepStatus.RELEASED
    )
    await _stock(session, ctx, good)
    await piece_queries.move_steps(
        session, ctx, _ids(steps, StepStatus.OWED), [StepStatus.OWED], StepStatus.RELEASED
    )
    for item in items:
        item.is_cancelled = True
        item.waiting_code = item.waiting_reason = None
    await session.flush()
    await piece_queries.release_pieces(session, ctx, item_ids)
    await piece_queries.recount_items(session, ctx, item_ids, now)
    # Steps in a print job: the queue decides which jobs can still be dropped.
    await events.publish(session, OrderStopped(ctx.organization_id, order.id, tuple(item_ids)))


async def release_allocated(
    session: WriteSession, ctx: Actor, *, step_ids: Sequence[int]
) -> list[PieceStep]:
    """A stopped order's steps leave their job; what the plate yields for them becomes stock."""
    return await piece_queries.move_steps(
        session, ctx, step_ids, [StepStatus.ALLOCATED], StepStatus.RELEASED
    )


async def _stock(session: WriteSession, ctx: Actor, steps: Sequence[PieceStep]) -> None:
    for step in steps:
        await inventory.add_to_stock(
            session,
            ctx,
            recipe_step_id=step.recipe_step_id,
            quantity=1,
            reason=MovementReason.CANCELLED_ORDER,
            key=f"released:{step.id}",
        )


def _ids(steps: Sequence[PieceStep], status: StepStatus) -> list[int]:
    return [step.id for step in steps if step.status is status]
