"""SQL of the files kept with customers and orders."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.files import service as files
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Paging, Ref
from shopwright.orders.customers.states import FileType
from shopwright.orders.models import Attachment, Order


async def list_attachments(
    session: AsyncSession,
    ctx: Actor,
    *,
    customer_id: int | None,
    order_id: int | None,
    file_type: FileType | None,
    paging: Paging,
) -> tuple[list[Attachment], int]:
    """The newest first."""
    wanted: dict[Any, Any] = {
        Attachment.customer_id: customer_id,
        Attachment.order_id: order_id,
        Attachment.file_type: file_type,
    }
    conditions = [Attachment.organization_id == ctx.organization_id]
    conditions += [column == value for column, value in wanted.items() if value is not None]
    total = await session.scalar(select(func.count()).select_from(Attachment).where(*conditions))
    rows = await session.scalars(
        select(Attachment)
        .where(*conditions)
        .order_by(Attachment.id.desc())
        .limit(paging.limit)
        .offset(paging.offset)
    )
    return list(rows), total or 0


async def find_attachment(session: AsyncSession, ctx: Actor, ref: Ref) -> Attachment | None:
    found: Attachment | None = await session.scalar(
        select(Attachment).where(
            Attachment.organization_id == ctx.organization_id, ref.where(Attachment)
        )
    )
    return found


async def is_of_customer(session: AsyncSession, ctx: Actor, ref: Ref, customer_id: int) -> bool:
    """Kept with the customer or with one of the customer's orders."""
    mine = ctx.organization_id
    orders = select(Order.id).where(Order.organization_id == mine, Order.customer_id == customer_id)
    found = await session.scalar(
        select(Attachment.id)
        .where(Attachment.organization_id == mine, ref.where(Attachment))
        .where(or_(Attachment.customer_id == customer_id, Attachment.order_id.in_(orders)))
    )
    return found is not None


async def list_of_customer(
    session: AsyncSession, ctx: Actor, customer_id: int, order_ids: Collection[int]
) -> Sequence[Attachment]:
    """Also those kept with the customer's orders."""
    rows = await session.scalars(
        select(Attachment)
        .where(Attachment.organization_id == ctx.organization_id, _of(customer_id, order_ids))
        .order_by(Attachment.id)
    )
    return rows.all()


async def remove_of_customer(
    session: WriteSession, ctx: Actor, customer_id: int, order_ids: Collection[int]
) -> list[str]:
    """The hashes that nobody has any more; their bytes may go after the commit."""
    gone = await list_of_customer(session, ctx, customer_id, order_ids)
    for attachment in gone:
        await session.delete(attachment)
    hashes = sorted({attachment.sha256 for attachment in gone})
    return [sha256 for sha256 in hashes if await files.forget_file(session, ctx, sha256)]


def _of(customer_id: int, order_ids: Collection[int]) -> ColumnElement[bool]:
    return or_(Attachment.customer_id == customer_id, Attachment.order_id.in_(order_ids))
