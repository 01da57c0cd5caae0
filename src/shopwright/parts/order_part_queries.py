"""SQL of parts that order items owe; whoever calls it holds the shop's work lock."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import case, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.kernel import bulk
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.parts.models import Part
from shopwright.parts.states import PartStatus

UNBEGUN = (PartStatus.PENDING, PartStatus.REVIEWED, PartStatus.APPROVED)
ENDED = (PartStatus.COMPLETED, PartStatus.CANCELLED)


async def grow_unbegun(
    session: WriteSession, ctx: Actor, *, item_id: int, recipe_step_id: int, pieces: int
) -> int | None:
    """``pieces`` more of the item's part that nobody has begun; None when there is none."""
    unbegun = (
        select(func.min(Part.id))
        .where(Part.organization_id == ctx.organization_id, Part.deleted_at.is_(None))
        .where(Part.order_item_id == item_id, Part.recipe_step_id == recipe_step_id)
        .where(Part.status.in_(UNBEGUN), Part.claimed_at.is_(None), Part.made == 0)
        .scalar_subquery()
    )
    part_id: int | None = await session.scalar(
        update(Part)
        .where(Part.organization_id == ctx.organization_id, Part.id == unbegun)
        .values(amount=Part.amount + pieces * Part.amount_each)
        .returning(Part.id)
        .execution_options(synchronize_session=False)
    )
    return part_id


async def list_unbegun(session: AsyncSession, ctx: Actor, part_ids: Collection[int]) -> set[int]:
    """Those of them that nobody has begun; whoever will write locks them."""
    statement = (
        select(Part.id)
        .where(Part.organization_id == ctx.organization_id, Part.deleted_at.is_(None))
        .where(Part.id.in_(part_ids), Part.status.in_(UNBEGUN))
        .where(Part.claimed_at.is_(None), Part.made == 0)
    )
    if isinstance(session, WriteSession):
        statement = statement.with_for_update()
    return set(await session.scalars(statement))


async def list_open(session: WriteSession, ctx: Actor, part_ids: Collection[int]) -> list[Part]:
    """Those of them that are neither finished nor given up, locked, in one order for everybody."""
    rows = await session.scalars(
        select(Part)
        .where(Part.organization_id == ctx.organization_id, Part.deleted_at.is_(None))
        .where(bulk.among(session, Part.id, part_ids), Part.status.not_in(ENDED))
        .order_by(Part.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(rows)


async def set_open(session: WriteSession, ctx: Actor, part_id: int, values: dict[str, Any]) -> None:
    """Of a part that ``list_open`` found."""
    await session.execute(
        update(Part)
        .where(Part.organization_id == ctx.organization_id, Part.id == part_id)
        .where(Part.status.not_in(ENDED))
        .values(**values)
        .execution_options(synchronize_session=False)
    )


async def set_amount(session: WriteSession, ctx: Actor, part_id: int, pieces: int) -> None:
    await session.execute(
        update(Part)
        .where(Part.organization_id == ctx.organization_id, Part.id == part_id)
        .values(amount=pieces * Part.amount_each)
        .execution_options(synchronize_session=False)
    )


async def hold_parts(
    session: WriteSession, ctx: Actor, order_id: int, reason: str | None
) -> list[int]:
    """Finished ones too: they may be reverted."""
    rows = await session.scalars(
        update(Part)
        .where(Part.organization_id == ctx.organization_id, Part.order_id == order_id)
        .values(held_reason=reason)
        .returning(Part.id)
        .execution_options(synchronize_session=False)
    )
    return list(rows)


async def describe_item_parts(
    session: WriteSession, ctx: Actor, item_id: int, values: dict[str, Any]
) -> list[int]:
    rows = await session.scalars(
        update(Part)
        .where(Part.organization_id == ctx.organization_id, Part.order_item_id == item_id)
        .values(**values)
        .returning(Part.id)
        .execution_options(synchronize_session=False)
    )
    return list(rows)


async def blank_order_parts(session: WriteSession, ctx: Actor, order_ids: Collection[int]) -> None:
    """What was made stays; what was written on it goes."""
    await session.execute(
        update(Part)
        .where(Part.organization_id == ctx.organization_id, Part.order_id.in_(order_ids))
        .values(personalisation=[], held_reason=_kept_mark())
        .execution_options(synchronize_session=False)
    )


async def list_of_orders(
    session: AsyncSession, ctx: Actor, order_ids: Collection[int]
) -> Sequence[Part]:
    rows = await session.scalars(
        select(Part)
        .where(Part.organization_id == ctx.organization_id, Part.order_id.in_(order_ids))
        .where(Part.deleted_at.is_(None))
        .order_by(Part.id)
    )
    return rows.all()


def _kept_mark() -> Any:
    """A hold's reason may name the customer; that there is one stays."""
    return case((Part.held_reason.is_not(None), "its order is held."), else_=None)
