"""Cancelled and refunded orders: unstarted work stops, finished pieces go into stock, work in
progress asks a person."""

from collections.abc import Sequence
from datetime import datetime

from shopwright.accounts import audit
from shopwright.catalog.states import StepKind
from shopwright.inventory import service as inventory
from shopwright.inventory.states import MovementReason
from shopwright.kernel import events
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.errors import Conflict
from shopwright.kernel.live import touch
from shopwright.orders import part_needs, piece_queries, queries
from shopwright.orders.customers import counters as customer_counters
from shopwright.orders.events import OrderStopped, PiecesReleased
from shopwright.orders.models import Order, Piece, PieceStep
from shopwright.orders.states import LEFT, TRANSITIONS, OrderStatus, StepStatus


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
    sources = {source for source, targets in TRANSITIONS.items() if status in targets}
    facts = {"cancelled_at": now, "updated_at": now}
    # One after the other, so that an order which leaves at this moment is seen to have left.
    stopped = await queries.change_status(session, ctx, order.id, sources - LEFT, status, **facts)
    if stopped is not None:
        await _free_work(session, ctx, stopped, now)
    else:
        stopped = await queries.change_status(
            session, ctx, order.id, sources & LEFT, status, **facts
        )
    if stopped is None:
        return None
    audit.record(session, ctx, f"order.{status}", order.id, reason=reason)
    touch(session, ctx.organization_id, "order", order.id)
    await customer_counters.recount(session, ctx, [stopped.customer_id])
    await events.publish(session, OrderStopped(ctx.organization_id, order.id, status))
    return stopped


async def free_steps(
    session: WriteSession, ctx: Actor, *, order_id: int, steps: Sequence[PieceStep], why: str
) -> None:
    """Good ones go into stock, owed ones are forgotten; what a running plate yields for the
    others becomes stock, and the queue and the workshop drop what is left with nothing to make."""
    good, _, allocated = [
        await piece_queries.move_steps(
            session, ctx, _ids(steps, status), [status], StepStatus.RELEASED
        )
        for status in (StepStatus.GOOD, StepStatus.OWED, StepStatus.ALLOCATED)
    ]
    await _stock(session, ctx, good)
    now = session.context.clock.now()
    await part_needs.follow_parts(session, ctx, steps=[*good, *allocated], why=why, now=now)
    job_ids = {step.print_job_id for step in allocated if step.print_job_id}
    supplier_ids = {step.supplier_order_id for step in allocated if step.supplier_order_id}
    await events.publish(
        session,
        PiecesReleased(
            ctx.organization_id,
            order_id,
            tuple(sorted(job_ids)),
            why,
            tuple(sorted(supplier_ids)),
        ),
    )


async def _free_work(session: WriteSession, ctx: Actor, order: Order, now: datetime) -> None:
    items = await queries.list_order_items(session, ctx, order.id)
    item_ids = [item.id for item in items]
    for item in items:
        item.is_cancelled = True
        item.waiting_code = item.waiting_reason = None
    await session.flush()
    await piece_queries.release_pieces(session, ctx, Piece.order_item_id.in_(item_ids))
    await piece_queries.recount_items(session, ctx, item_ids, now)
    steps = await piece_queries.list_item_steps(session, ctx, item_ids)
    await free_steps(session, ctx, order_id=order.id, steps=steps, why="stopped")


async def _stock(session: WriteSession, ctx: Actor, steps: Sequence[PieceStep]) -> None:
    """What was cut or bought for one customer fits nobody else."""
    items = await queries.list_items(session, ctx, {step.order_item_id for step in steps})
    personal = {item.id for item in items if part_needs.is_personal(item)}
    for step in steps:
        if step.kind is not StepKind.PRINT and step.order_item_id in personal:
            continue
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
