"""Parts follow the pieces they are for: fewer are needed, or none."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, select

from shopwright.kernel import bulk
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.orders.models import Order, OrderItem, PieceStep
from shopwright.orders.piece_queries import Work
from shopwright.orders.states import StepStatus, WorkKind
from shopwright.parts import order_parts as parts
from shopwright.parts.order_parts import Need

BY_PART = "part"  # the source of a piece step that its part made


def part_of(part_id: int) -> Work:
    return Work(WorkKind.PART, part_id)


def is_personal(item: OrderItem) -> bool:
    """Made for one customer: it neither comes from stock nor goes there."""
    return bool(item.personalisation) or item.design_id is not None


async def follow_parts(
    session: WriteSession, ctx: Actor, *, steps: Iterable[PieceStep], why: str, now: datetime
) -> None:
    """These steps are no longer made by their parts, because their order ``why``."""
    part_ids = {step.part_id for step in steps if step.part_id is not None}
    if not part_ids:
        return
    needs = {part_id: Need(open=0, good=0) for part_id in part_ids}
    needs |= await _count_needs(session, ctx, part_ids)
    await parts.follow_needs(session, ctx, needs=needs, why=why, now=now)


async def follow_items(
    session: WriteSession, ctx: Actor, order: Order, items: Sequence[OrderItem]
) -> None:
    """Their parts say what the items say; those that were not planned have none."""
    for item in items:
        if item.pieces_total:
            await parts.describe_parts(
                session,
                ctx,
                order_item_id=item.id,
                due_on=item.promised_on or order.promised_on,
                personalisation=item.personalisation,
            )


async def _count_needs(session: WriteSession, ctx: Actor, part_ids: set[int]) -> dict[int, Need]:
    is_open = PieceStep.status == StepStatus.ALLOCATED
    is_good = (PieceStep.status == StepStatus.GOOD) & (PieceStep.source == BY_PART)
    rows = await session.execute(
        select(
            PieceStep.part_id,
            func.count().filter(is_open),
            func.count().filter(is_good),
        )
        .where(PieceStep.organization_id == ctx.organization_id)
        .where(bulk.among(session, PieceStep.part_id, part_ids))
        .group_by(PieceStep.part_id)
    )
    return {row[0]: Need(open=row[1], good=row[2]) for row in rows if row[0] is not None}
