"""Pieces of which nothing is made yet are to be made another way: by other steps."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, update

from shopwright.catalog.models import RecipeStep
from shopwright.kernel import events
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.live import touch
from shopwright.orders import part_needs, piece_queries
from shopwright.orders.events import StepsOwed
from shopwright.orders.models import OrderItem, Piece, PieceStep
from shopwright.orders.pieces import step_row
from shopwright.orders.states import StepStatus

OVER = frozenset({StepStatus.SCRAP, StepStatus.RELEASED})


def untouched(steps: Sequence[PieceStep], free: Collection[int]) -> dict[int, list[PieceStep]]:
    """By piece: those whose every step is owed, or was given to work that nobody has begun
    (``free`` are such steps)."""
    pieces: dict[int, list[PieceStep]] = {}
    for step in steps:
        if step.status not in OVER:
            pieces.setdefault(step.piece_id, []).append(step)
    return {
        piece_id: own
        for piece_id, own in pieces.items()
        if all(step.status is StepStatus.OWED or step.id in free for step in own)
    }


async def replace_steps(
    session: WriteSession,
    ctx: Actor,
    *,
    item: OrderItem,
    pieces: Collection[int],
    free: Collection[int],
    recipe: Sequence[RecipeStep],
    now: datetime,
) -> list[PieceStep]:
    """These untouched pieces of the item owe the steps of ``recipe`` instead; what they owed
    before comes back. Spoiled steps stay as the record they are."""
    await piece_queries.lock_pieces(session, ctx)
    steps = await piece_queries.list_item_steps(session, ctx, [item.id])
    known = untouched(steps, free)
    gone = [step for piece_id in pieces for step in known.get(piece_id, [])]
    piece_ids = sorted({step.piece_id for step in gone})
    for chunk in piece_queries.batched([step.id for step in gone], piece_queries.STEPS_AT_ONCE):
        await session.execute(
            delete(PieceStep)
            .where(PieceStep.organization_id == ctx.organization_id, PieceStep.id.in_(chunk))
            .execution_options(synchronize_session=False)
        )
    why = "changed to be made another way"
    await part_needs.follow_parts(session, ctx, steps=gone, why=why, now=now)
    await piece_queries.insert_steps(
        session,
        [step_row(ctx, piece_id, item.id, step) for piece_id in piece_ids for step in recipe],
    )
    for chunk in piece_queries.batched(piece_ids, piece_queries.STEPS_AT_ONCE):
        await session.execute(
            update(Piece)
            .where(Piece.organization_id == ctx.organization_id, Piece.id.in_(chunk))
            .values(steps_total=len(recipe), steps_good=0)
            .execution_options(synchronize_session=False)
        )
    await piece_queries.recount_items(session, ctx, [item.id], now)
    touch(session, ctx.organization_id, "order", item.order_id)
    return gone


async def tell_owed(session: WriteSession, ctx: Actor, item_id: int) -> None:
    """After whoever had the old steps was told: somebody makes the new ones."""
    await events.publish(session, StepsOwed(ctx.organization_id, (item_id,)))
