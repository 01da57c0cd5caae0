"""A plate is judged anew: pieces that counted as good are owed again, or the other way round."""

from collections.abc import Collection, Sequence
from datetime import datetime

from shopwright.accounts import audit
from shopwright.kernel import events
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.errors import Conflict
from shopwright.kernel.live import touch
from shopwright.orders import piece_queries, pieces, queries, revision_queries
from shopwright.orders.events import OrderNotReady, StepsOwed
from shopwright.orders.models import Order, PieceStep
from shopwright.orders.states import LEFT, OrderStatus, ProductionStatus, StepStatus


class CopiesGone(Conflict):
    code = "copies-gone"
    title = "These copies cannot be taken back"


async def list_made(session: WriteSession, ctx: Actor, print_job_id: int) -> list[PieceStep]:
    """What this job's plate made good and orders have, shipped ones included."""
    steps = await piece_queries.list_job_steps(session, ctx, print_job_id, StepStatus.GOOD)
    return [step for step in steps if step.source == "print"]


async def take_back(
    session: WriteSession, ctx: Actor, *, made: Sequence[PieceStep], count: int, now: datetime
) -> None:
    """``count`` of these steps were no good: scrap, and owed anew. An order that was ready is so
    no longer.

    The latest ones go first, those of orders that are not ready before others. Raises CopiesGone
    when fewer are left in the shop; nothing is changed then.
    """
    orders = await revision_queries.lock_orders_of(session, ctx, [step.id for step in made])
    here = [step for step in made if orders[step.id].status not in LEFT]
    if len(here) < count:
        raise CopiesGone(_why_gone(len(made) - len(here), orders))
    here.sort(key=lambda step: (orders[step.id].status is OrderStatus.COMPLETED, -step.id))
    bad = [step.id for step in here[:count]]
    scrapped = await piece_queries.move_steps(
        session, ctx, bad, [StepStatus.GOOD], StepStatus.SCRAP, good_at=None
    )
    await piece_queries.insert_steps(session, [pieces.again(step) for step in scrapped])
    item_ids = {step.order_item_id for step in scrapped}
    await queries.count_failures(session, ctx, item_ids)
    changed = await piece_queries.recount(session, ctx, {s.piece_id for s in scrapped}, now)
    await tell_incomplete(session, ctx, changed, now)
    await events.publish(session, StepsOwed(ctx.organization_id, tuple(sorted(item_ids))))


async def list_replacements(
    session: WriteSession, ctx: Actor, print_job_id: int
) -> list[PieceStep]:
    """What is owed, or being made, in place of what this job's plate spoiled."""
    return await revision_queries.list_replacements(session, ctx, print_job_id)


async def make_good(
    session: WriteSession,
    ctx: Actor,
    *,
    print_job_id: int,
    step_ids: Collection[int],
    now: datetime,
) -> int:
    """These owed steps were made by the job after all; returns how many still were to be made."""
    filled = await piece_queries.move_steps(
        session,
        ctx,
        step_ids,
        [StepStatus.OWED, StepStatus.ALLOCATED],
        StepStatus.GOOD,
        source="print",
        good_at=now,
        print_job_id=print_job_id,
    )
    await piece_queries.recount(session, ctx, {step.piece_id for step in filled}, now)
    item_ids = {step.order_item_id for step in filled}
    await pieces.recount_items(session, ctx, item_ids=item_ids, now=now)
    return len(filled)


async def tell_incomplete(
    session: WriteSession, ctx: Actor, orders: Sequence[Order], now: datetime
) -> None:
    """Of these recounted orders, those that were ready are paid ones once more."""
    for order in orders:
        touch(session, ctx.organization_id, "order", order.id)
        if order.production_status is ProductionStatus.COMPLETED:
            continue
        facts = {"updated_at": now, "print_completed_at": None}
        undone = await queries.change_status(
            session, ctx, order.id, [OrderStatus.COMPLETED], OrderStatus.PAID, **facts
        )
        if undone is not None:
            audit.record(session, ctx, "order.not_ready", order.id)
            await events.publish(session, OrderNotReady(ctx.organization_id, order.id))


def _why_gone(gone: int, orders: dict[int, Order]) -> str:
    numbers = sorted({order.number for order in orders.values() if order.status in LEFT})
    if not numbers:
        return "The copies that went into stock were used for other orders since."
    named = ", ".join(f"#{number}" for number in numbers)
    copies = "1 copy" if gone == 1 else f"{gone} copies"
    return f"{copies} of this plate left the shop with {named}. What was shipped stays good."
