"""All SQL of syncs: asked for, claimed by a worker, counted, finished."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, or_, select, update

from shopwright.channels.models import OPEN_SYNC, ChannelSync
from shopwright.channels.states import OPEN_SYNCS, SyncStatus
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import ReadSession, WriteSession, insert_for
from shopwright.kernel.tenancy import CROSS_TENANT

AnySession = ReadSession | WriteSession
OPEN = ChannelSync.status.in_(sorted(OPEN_SYNCS))


async def open_sync(
    session: WriteSession,
    ctx: Actor,
    connection_id: int,
    now: datetime,
    *,
    is_awaited: bool = False,
) -> ChannelSync:
    """A new sync, or the one that is open already; somebody may wait for it from now on."""
    insert = insert_for(session, ChannelSync).values(
        organization_id=ctx.organization_id,
        connection_id=connection_id,
        status=SyncStatus.REQUESTED,
        requested_at=now,
        is_awaited=is_awaited,
    )
    known: dict[str, Any] = {"index_elements": ["connection_id"], "index_where": OPEN_SYNC}
    await session.execute(
        insert.on_conflict_do_update(**known, set_={"is_awaited": True})
        if is_awaited
        else insert.on_conflict_do_nothing(**known)
    )
    found = await session.scalars(
        select(ChannelSync)
        .where(ChannelSync.organization_id == ctx.organization_id)
        .where(ChannelSync.connection_id == connection_id, OPEN)
        .execution_options(populate_existing=True)
    )
    return found.one()


async def list_claimable(session: AnySession, now: datetime) -> list[ChannelSync]:
    """Every organization's syncs that nobody works on."""
    rows = await session.scalars(
        select(ChannelSync)
        .where(_is_free(now))
        .order_by(ChannelSync.id)
        .execution_options(**CROSS_TENANT)
    )
    return list(rows)


async def claim_sync(
    session: WriteSession, sync: ChannelSync, owner: str, now: datetime, lease_s: float
) -> bool:
    """Become the owner; False when another worker was faster."""
    claimed = await session.scalar(
        update(ChannelSync)
        .where(ChannelSync.id == sync.id, ChannelSync.organization_id == sync.organization_id)
        .where(_is_free(now))
        .values(status=SyncStatus.RUNNING, owner=owner, expires_at=now + timedelta(seconds=lease_s))
        .returning(ChannelSync.id)
        .execution_options(synchronize_session=False)
    )
    return claimed is not None


async def renew_leases(
    session: WriteSession, owner: str, sync_ids: Collection[int], now: datetime, lease_s: float
) -> None:
    await session.execute(
        update(ChannelSync)
        .where(ChannelSync.id.in_(sync_ids), ChannelSync.owner == owner)
        .where(ChannelSync.status == SyncStatus.RUNNING)
        .values(expires_at=now + timedelta(seconds=lease_s))
        .execution_options(synchronize_session=False, **CROSS_TENANT)
    )


async def expire_leases(session: WriteSession, now: datetime) -> None:
    """No other process can be at work (SQLite, at start): what a dead one had is free at once."""
    await session.execute(
        update(ChannelSync)
        .where(ChannelSync.status == SyncStatus.RUNNING)
        .values(expires_at=now)
        .execution_options(synchronize_session=False, **CROSS_TENANT)
    )


async def change_owned(
    session: WriteSession, ctx: Actor, sync_id: int, owner: str, **values: Any
) -> bool:
    """The fence of every page: False when this sync is not this owner's any more."""
    changed = await session.scalar(
        update(ChannelSync)
        .where(ChannelSync.id == sync_id, ChannelSync.organization_id == ctx.organization_id)
        .where(ChannelSync.owner == owner, ChannelSync.status == SyncStatus.RUNNING)
        .values(**values)
        .returning(ChannelSync.id)
        .execution_options(synchronize_session=False)
    )
    return changed is not None


async def fail_open(
    session: WriteSession, ctx: Actor, connection_id: int, reason: str, now: datetime
) -> None:
    """Whatever is open on a connection that was disabled ends."""
    await session.execute(
        update(ChannelSync)
        .where(ChannelSync.organization_id == ctx.organization_id)
        .where(ChannelSync.connection_id == connection_id, OPEN)
        .values(status=SyncStatus.FAILED, error=reason, finished_at=now)
        .execution_options(synchronize_session=False)
    )


async def add_counts(
    session: WriteSession, ctx: Actor, sync_id: int, *, new: int, updated: int, rejected: int
) -> None:
    await session.execute(
        update(ChannelSync)
        .where(ChannelSync.id == sync_id, ChannelSync.organization_id == ctx.organization_id)
        .values(
            orders_new=ChannelSync.orders_new + new,
            orders_updated=ChannelSync.orders_updated + updated,
            orders_rejected=ChannelSync.orders_rejected + rejected,
        )
        .execution_options(synchronize_session=False)
    )


async def drop_old_syncs(
    session: WriteSession, ctx: Actor, connection_id: int, before: datetime
) -> None:
    """A row per poll is only worth keeping for a while."""
    await session.execute(
        delete(ChannelSync)
        .where(ChannelSync.organization_id == ctx.organization_id)
        .where(ChannelSync.connection_id == connection_id, ChannelSync.finished_at < before)
        .execution_options(synchronize_session=False)
    )


async def list_syncs(
    session: AnySession, ctx: Actor, sync_ids: Collection[int]
) -> list[ChannelSync]:
    rows = await session.scalars(
        select(ChannelSync)
        .where(ChannelSync.organization_id == ctx.organization_id, ChannelSync.id.in_(sync_ids))
        .order_by(ChannelSync.id)
        .execution_options(populate_existing=True)
    )
    return list(rows)


def _is_free(now: datetime) -> Any:
    return or_(
        ChannelSync.status == SyncStatus.REQUESTED,
        and_(ChannelSync.status == SyncStatus.RUNNING, ChannelSync.expires_at <= now),
    )
