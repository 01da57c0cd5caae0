"""SQL of plates that are judged anew."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import aliased

from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.orders.models import Order, OrderItem, PieceStep
from shopwright.orders.states import StepStatus


async def lock_orders_of(
    session: WriteSession, ctx: Actor, step_ids: Collection[int]
) -> dict[int, Order]:
    """By step. Held until the commit, so that none is shipped meanwhile."""
    rows = await session.execute(
        select(PieceStep.id, Order)
        .join(OrderItem, OrderItem.id == PieceStep.order_item_id)
        .join(Order, Order.id == OrderItem.order_id)
        .where(PieceStep.organization_id == ctx.organization_id, PieceStep.id.in_(step_ids))
        .where(OrderItem.organization_id == ctx.organization_id)
        .where(Order.organization_id == ctx.organization_id)
        .order_by(Order.id)
        .with_for_update(of=Order)
        .execution_options(populate_existing=True)
    )
    return {row[0]: row[1] for row in rows}


async def list_replacements(
    session: WriteSession, ctx: Actor, print_job_id: int
) -> list[PieceStep]:
    """Open steps of the pieces and recipe steps that this job spoiled, the oldest first."""
    spoiled = aliased(PieceStep)
    rows = await session.scalars(
        select(PieceStep)
        .join(
            spoiled,
            (spoiled.piece_id == PieceStep.piece_id)
            & (spoiled.recipe_step_id == PieceStep.recipe_step_id)
            & (spoiled.organization_id == PieceStep.organization_id),
        )
        .where(PieceStep.organization_id == ctx.organization_id)
        .where(PieceStep.status.in_([StepStatus.OWED, StepStatus.ALLOCATED]))
        .where(spoiled.print_job_id == print_job_id, spoiled.status == StepStatus.SCRAP)
        .where(spoiled.organization_id == ctx.organization_id)
        .order_by(PieceStep.id)
        .distinct()
        .execution_options(populate_existing=True)
    )
    return list(rows)
