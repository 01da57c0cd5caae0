"""SQL of spreadsheets that are taken in."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Paging, Ref
from shopwright.kernel.tenancy import CROSS_TENANT
from shopwright.orders.customers.states import ImportStatus
from shopwright.orders.models import Order, OrderImport


async def find_import(
    session: AsyncSession, ctx: Actor, ref: Ref, *, with_content: bool = False
) -> OrderImport | None:
    statement = (
        select(OrderImport)
        .where(OrderImport.organization_id == ctx.organization_id, ref.where(OrderImport))
        .execution_options(populate_existing=True)
    )
    if with_content:
        statement = statement.options(undefer(OrderImport.content))
    found: OrderImport | None = await session.scalar(statement)
    return found


async def list_imports(
    session: AsyncSession, ctx: Actor, paging: Paging
) -> tuple[list[OrderImport], int]:
    """The newest first."""
    mine = OrderImport.organization_id == ctx.organization_id
    total = await session.scalar(select(func.count()).select_from(OrderImport).where(mine))
    rows = await session.scalars(
        select(OrderImport)
        .where(mine)
        .order_by(OrderImport.id.desc())
        .limit(paging.limit)
        .offset(paging.offset)
    )
    return list(rows), total or 0


async def change_import(
    session: WriteSession,
    ctx: Actor,
    import_id: int,
    sources: Collection[ImportStatus],
    **values: Any,
) -> OrderImport | None:
    """Compare-and-set; None when it is in none of ``sources`` any more."""
    changed: OrderImport | None = await session.scalar(
        update(OrderImport)
        .where(OrderImport.id == import_id, OrderImport.organization_id == ctx.organization_id)
        .where(OrderImport.status.in_(sources))
        .values(**values)
        .returning(OrderImport)
        .execution_options(populate_existing=True)
    )
    return changed


async def move_on(
    session: WriteSession, ctx: Actor, row: OrderImport, *, new: int, changed: int, **values: Any
) -> None:
    """From where ``row`` stood when the transaction began; the caller has the lock."""
    await session.execute(
        update(OrderImport)
        .where(OrderImport.id == row.id, OrderImport.organization_id == ctx.organization_id)
        .where(OrderImport.position == row.position)
        .values(
            new_count=OrderImport.new_count + new,
            changed_count=OrderImport.changed_count + changed,
            **values,
        )
        .execution_options(synchronize_session=False)
    )


async def list_running(session: AsyncSession) -> list[OrderImport]:
    """Of every organization: for the loop that goes on with what a dead process began."""
    rows = await session.scalars(
        select(OrderImport)
        .where(OrderImport.status == ImportStatus.RUNNING)
        .order_by(OrderImport.id)
        .execution_options(**CROSS_TENANT)
    )
    return list(rows)


async def drop_unused(session: WriteSession, before: datetime) -> None:
    """Previews that nobody took in, and what broke off and was left: they hold buyers' names."""
    await session.execute(
        delete(OrderImport)
        .where(OrderImport.status.in_([ImportStatus.PREVIEWED, ImportStatus.FAILED]))
        .where(OrderImport.created_at < before)
        .execution_options(synchronize_session=False, **CROSS_TENANT)
    )


async def adopt_orders(
    session: WriteSession,
    ctx: Actor,
    *,
    channel: str,
    connection_id: int,
    external_ids: Collection[str],
) -> None:
    """Orders that came by file are the connected shop's own from now on, and come once."""
    await session.execute(
        update(Order)
        .where(Order.organization_id == ctx.organization_id, Order.channel == channel)
        .where(Order.connection_id.is_(None), Order.external_id.in_(external_ids))
        .values(connection_id=connection_id)
        .execution_options(synchronize_session=False)
    )
