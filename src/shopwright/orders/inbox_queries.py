"""SQL of the SKU inbox: what waits because nobody knows how to make it, grouped by its code."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Paging
from shopwright.orders.models import Order, OrderItem


@dataclass(frozen=True, slots=True)
class WaitingCode:
    """``title`` is one of the titles the code was sold under; items without SKU share one entry
    per title."""

    sku: str | None
    waiting_code: str
    waiting_reason: str
    title: str
    item_count: int
    order_count: int
    quantity: int
    oldest_at: datetime


async def list_waiting_codes(
    session: AsyncSession, ctx: Actor, paging: Paging
) -> tuple[list[WaitingCode], int]:
    """One page, what waits longest first, and how many codes wait in all."""
    titles = func.coalesce(OrderItem.sku, OrderItem.title)
    waiting = (
        select(
            OrderItem.sku,
            OrderItem.waiting_code,
            func.min(OrderItem.waiting_reason),
            func.min(OrderItem.title),
            func.count(),
            func.count(OrderItem.order_id.distinct()),
            func.sum(OrderItem.quantity),
            func.min(Order.placed_at).label("oldest_at"),
        )
        .join(
            Order,
            (Order.id == OrderItem.order_id) & (Order.organization_id == OrderItem.organization_id),
        )
        .where(OrderItem.organization_id == ctx.organization_id)
        .where(OrderItem.waiting_code.is_not(None), OrderItem.is_cancelled.is_(False))
        .group_by(titles, OrderItem.sku, OrderItem.waiting_code)
    )
    total = await session.scalar(select(func.count()).select_from(waiting.subquery()))
    rows = await session.execute(
        waiting.order_by(func.min(Order.placed_at), titles)
        .limit(paging.limit)
        .offset(paging.offset)
    )
    return [_entry(row) for row in rows], total or 0


def _entry(row: Any) -> WaitingCode:
    entry = WaitingCode(*row)
    return replace(entry, quantity=int(entry.quantity))  # PostgreSQL sums to a Decimal
