"""What becomes of a part becomes of the pieces it is for."""

from datetime import datetime

from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.errors import Conflict
from shopwright.orders import piece_queries, piece_revision, pieces, queries, revision_queries
from shopwright.orders.models import PieceStep
from shopwright.orders.part_needs import BY_PART, part_of
from shopwright.orders.states import LEFT, STOPPED, StepStatus
from shopwright.parts import order_parts as parts


class PartNotNeeded(Conflict):
    code = "part-not-needed"
    title = "No order waits for this part"


class PartGone(Conflict):
    code = "part-gone"
    title = "This part cannot be taken back"


async def begin(session: WriteSession, ctx: Actor, *, part_id: int) -> None:
    """Its orders are in progress."""
    steps = await piece_queries.list_work_steps(session, ctx, part_of(part_id))
    await piece_queries.mark_in_progress(session, ctx, {step.order_item_id for step in steps})


async def progress(
    session: WriteSession, ctx: Actor, *, part_id: int, pieces_made: int, now: datetime
) -> None:
    """So many pieces of the part are there in all; the oldest are filled first."""
    good = await _list_made(session, ctx, part_id)
    more = max(pieces_made - len(good), 0)
    await pieces.make_good(session, ctx, work=part_of(part_id), count=more, now=now)


async def complete(session: WriteSession, ctx: Actor, *, part_id: int, now: datetime) -> None:
    """Everything the part was to make is good. Raises PartNotNeeded when nothing waits for it."""
    filled = await pieces.make_good(session, ctx, work=part_of(part_id), now=now)
    if not filled and not await _list_made(session, ctx, part_id):
        raise PartNotNeeded("No order waits for this part any more. Delete it, or make another.")


async def revert(
    session: WriteSession, ctx: Actor, *, part_id: int, order_item_id: int, now: datetime
) -> None:
    """What it made is being made again; an order that was ready is so no longer.

    Raises PartGone once the order has left or was stopped.
    """
    await _check_here(session, ctx, order_item_id)
    made = await _list_made(session, ctx, part_id)
    await revision_queries.lock_orders_of(session, ctx, [step.id for step in made])
    moved = await piece_queries.move_steps(
        session,
        ctx,
        [step.id for step in made],
        [StepStatus.GOOD],
        StepStatus.ALLOCATED,
        good_at=None,
        source=None,
    )
    if not moved:
        raise PartGone("What this part made was replaced or went into stock; it stays completed.")
    await parts.set_pieces(session, ctx, part_id=part_id, pieces=len(moved))
    changed = await piece_queries.recount(session, ctx, {step.piece_id for step in moved}, now)
    await piece_revision.tell_incomplete(session, ctx, changed, now)


async def give_up(session: WriteSession, ctx: Actor, *, part_id: int) -> None:
    """Nobody makes it any more: what it was to make is owed again."""
    await pieces.give_back(session, ctx, work=part_of(part_id))


async def _list_made(session: WriteSession, ctx: Actor, part_id: int) -> list[PieceStep]:
    steps = await piece_queries.list_work_steps(session, ctx, part_of(part_id), StepStatus.GOOD)
    return [step for step in steps if step.source == BY_PART]


async def _check_here(session: WriteSession, ctx: Actor, order_item_id: int) -> None:
    items = await queries.list_items(session, ctx, [order_item_id])
    orders = await queries.list_orders_by_id(session, ctx, {item.order_id for item in items})
    for order in orders.values():
        if order.status in LEFT:
            raise PartGone(f"Order #{order.number} was shipped; what left stays made.")
        if order.status in STOPPED:
            raise PartGone(f"Order #{order.number} was {order.status}; nothing waits for the part.")
