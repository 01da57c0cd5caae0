"""SQL of the readings of listings."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from shopwright.channels.models import Connection, ListingSync
from shopwright.channels.states import OPEN_SYNCS, ConnectionStatus, SyncStatus
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import ReadSession, WriteSession, insert_for

AnySession = ReadSession | WriteSession


async def open_sync(
    session: WriteSession, ctx: Actor, connection_id: int, now: datetime
) -> tuple[ListingSync, bool]:
    """The open reading of a shop, and whether it was opened by this."""
    insert = insert_for(session, ListingSync).values(
        organization_id=ctx.organization_id,
        connection_id=connection_id,
        status=SyncStatus.REQUESTED,
        requested_at=now,
        moved_at=now,
        skipped=[],
    )
    added: ListingSync | None = await session.scalar(
        insert.on_conflict_do_nothing().returning(ListingSync)
    )
    if added is not None:
        return added, True
    rows = await session.scalars(
        select(ListingSync)
        .where(ListingSync.organization_id == ctx.organization_id)
        .where(ListingSync.connection_id == connection_id)
        .where(ListingSync.status.in_(sorted(OPEN_SYNCS)))
    )
    return rows.one(), False


async def find_sync(session: AnySession, ctx: Actor, sync_id: int) -> ListingSync | None:
    found = await list_syncs(session, ctx, [sync_id])
    return found[0] if found else None


async def list_syncs(session: AnySession, ctx: Actor, ids: Sequence[int]) -> list[ListingSync]:
    rows = await session.scalars(
        select(ListingSync)
        .where(ListingSync.organization_id == ctx.organization_id, ListingSync.id.in_(ids))
        .order_by(ListingSync.id)
        .execution_options(populate_existing=True)
    )
    return list(rows)


async def find_latest(
    session: AnySession, ctx: Actor, connection_id: int | None = None
) -> ListingSync | None:
    """The newest reading of a shop, or of any."""
    statement = select(ListingSync).where(ListingSync.organization_id == ctx.organization_id)
    if connection_id is not None:
        statement = statement.where(ListingSync.connection_id == connection_id)
    latest: ListingSync | None = await session.scalar(
        statement.order_by(ListingSync.id.desc()).limit(1)
    )
    return latest


async def change_open(session: WriteSession, ctx: Actor, sync_id: int, **values: Any) -> bool:
    """False when the reading is over."""
    changed = await session.scalar(
        update(ListingSync)
        .where(ListingSync.organization_id == ctx.organization_id, ListingSync.id == sync_id)
        .where(ListingSync.status.in_(sorted(OPEN_SYNCS)))
        .values(**values)
        .returning(ListingSync.id)
        .execution_options(synchronize_session=False)
    )
    return changed is not None


async def give_up_stale(
    session: WriteSession, ctx: Actor, connection_id: int, before: datetime, now: datetime
) -> None:
    """A reading that has not moved since is nobody's any more."""
    await session.execute(
        update(ListingSync)
        .where(ListingSync.organization_id == ctx.organization_id)
        .where(ListingSync.connection_id == connection_id, ListingSync.moved_at < before)
        .where(ListingSync.status.in_(sorted(OPEN_SYNCS)))
        .values(status=SyncStatus.FAILED, error="Nobody went on with it.", finished_at=now)
        .execution_options(synchronize_session=False)
    )


async def list_pushing(session: AnySession, ctx: Actor) -> list[int]:
    """Ids of connected shops that want the shelf's stock offered."""
    rows = await session.scalars(
        select(Connection.id)
        .where(Connection.organization_id == ctx.organization_id)
        .where(Connection.status == ConnectionStatus.CONNECTED, Connection.is_stock_pushed)
    )
    return list(rows)
