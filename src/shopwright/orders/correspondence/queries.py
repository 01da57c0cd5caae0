"""SQL of notes and communications, which are kept and found in the same way."""

from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Ref
from shopwright.orders.models import OrderCommunication, OrderNote

E = TypeVar("E", OrderNote, OrderCommunication)


async def list_entries(session: AsyncSession, ctx: Actor, kind: type[E], order_id: int) -> list[E]:
    rows = await session.scalars(
        select(kind)
        .where(kind.organization_id == ctx.organization_id, kind.order_id == order_id)
        .order_by(kind.id)
    )
    return list(rows)


async def find_entry(
    session: AsyncSession, ctx: Actor, kind: type[E], order_id: int, ref: Ref
) -> E | None:
    entry: E | None = await session.scalar(
        select(kind)
        .where(kind.organization_id == ctx.organization_id, kind.order_id == order_id)
        .where(ref.where(kind))
    )
    return entry
