"""All SQL of parcels."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Paging, Ref
from shopwright.shipping.models import Parcel, ParcelItem
from shopwright.shipping.states import ParcelStatus


async def next_number(session: WriteSession, ctx: Actor, order_id: int) -> int:
    """Of this order's parcels; the unique index decides between two who ask at once."""
    last = await session.scalar(
        select(func.max(Parcel.number)).where(
            Parcel.organization_id == ctx.organization_id, Parcel.order_id == order_id
        )
    )
    return (last or 0) + 1


async def list_parcels(
    session: AsyncSession, ctx: Actor, order_id: int | None, paging: Paging
) -> tuple[list[Parcel], int]:
    """One page, the latest first; only of one order when it is named."""
    statement = select(Parcel).where(Parcel.organization_id == ctx.organization_id)
    if order_id is not None:
        statement = statement.where(Parcel.order_id == order_id)
    total = await session.scalar(statement.with_only_columns(func.count()))
    rows = await session.scalars(
        statement.order_by(Parcel.id.desc()).limit(paging.limit).offset(paging.offset)
    )
    return list(rows), total or 0


async def find_parcel(session: AsyncSession, ctx: Actor, ref: Ref) -> Parcel | None:
    parcel: Parcel | None = await session.scalar(
        select(Parcel).where(Parcel.organization_id == ctx.organization_id, ref.where(Parcel))
    )
    return parcel


async def list_items(
    session: AsyncSession, ctx: Actor, parcel_ids: Collection[int]
) -> dict[int, list[ParcelItem]]:
    rows = await session.scalars(
        select(ParcelItem)
        .where(ParcelItem.organization_id == ctx.organization_id)
        .where(ParcelItem.parcel_id.in_(parcel_ids))
        .order_by(ParcelItem.id)
    )
    found: dict[int, list[ParcelItem]] = {parcel_id: [] for parcel_id in parcel_ids}
    for item in rows:
        found[item.parcel_id].append(item)
    return found


async def deliver_parcels(
    session: WriteSession, ctx: Actor, order_id: int, now: datetime
) -> list[Parcel]:
    """Compare-and-set; only those that were on their way come back."""
    rows = await session.scalars(
        update(Parcel)
        .where(Parcel.organization_id == ctx.organization_id, Parcel.order_id == order_id)
        .where(Parcel.status == ParcelStatus.SHIPPED)
        .values(status=ParcelStatus.DELIVERED, delivered_at=now)
        .returning(Parcel)
        .execution_options(populate_existing=True)
    )
    return list(rows)
