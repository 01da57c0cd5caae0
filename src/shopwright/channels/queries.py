"""All SQL of connections, consents and rejects. Syncs are in ``sync_queries``."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, delete, func, select, update

from shopwright.channels.events import ReconnectAsked
from shopwright.channels.models import ChannelReject, ChannelSync, Connection, ConsentRequest
from shopwright.channels.states import CONNECTION_TRANSITIONS, OPEN_SYNCS, ConnectionStatus
from shopwright.kernel import events
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import ReadSession, WriteSession, insert_for
from shopwright.kernel.edge import Paging, Ref
from shopwright.kernel.tenancy import CROSS_TENANT

AnySession = ReadSession | WriteSession
KEEP_CONSENTS = timedelta(days=1)


async def find_connection(session: AnySession, ctx: Actor, ref: Ref) -> Connection | None:
    connection: Connection | None = await session.scalar(
        select(Connection)
        .where(Connection.organization_id == ctx.organization_id, ref.where(Connection))
        .execution_options(populate_existing=True)
    )
    return connection


async def find_account(
    session: AnySession, ctx: Actor, channel: str, external_user_id: str
) -> Connection | None:
    connection: Connection | None = await session.scalar(
        select(Connection)
        .where(Connection.organization_id == ctx.organization_id)
        .where(Connection.channel == channel, Connection.external_user_id == external_user_id)
    )
    return connection


async def find_by_webhook(session: AnySession, channel: str, token: str) -> Connection | None:
    """Whoever's: the address ends with a secret. None while nothing may be fetched."""
    connection: Connection | None = await session.scalar(
        select(Connection)
        .where(Connection.webhook_token == token, Connection.channel == channel)
        .where(Connection.status != ConnectionStatus.DISABLED)
        .execution_options(**CROSS_TENANT)
    )
    return connection


async def list_connections(session: AnySession, ctx: Actor) -> list[Connection]:
    rows = await session.scalars(
        select(Connection)
        .where(Connection.organization_id == ctx.organization_id)
        .order_by(Connection.id)
    )
    return list(rows)


async def list_due(session: AnySession, now: datetime) -> list[Connection]:
    """Every organization's connections that should be synced by now and are not being synced."""
    is_open = (
        select(ChannelSync.id)
        .where(ChannelSync.connection_id == Connection.id)
        .where(ChannelSync.status.in_(sorted(OPEN_SYNCS)))
        .exists()
    )
    rows = await session.scalars(
        select(Connection)
        .where(Connection.status == ConnectionStatus.CONNECTED, Connection.next_sync_at <= now)
        .where(~is_open)
        .order_by(Connection.next_sync_at)
        .execution_options(**CROSS_TENANT)
    )
    return list(rows)


async def change_status(
    session: WriteSession, ctx: Actor, connection_id: int, status: ConnectionStatus, **values: Any
) -> Connection | None:
    """Compare-and-set; None when it may not change to ``status`` from what it is."""
    sources = [s for s, targets in CONNECTION_TRANSITIONS.items() if status in targets]
    connection: Connection | None = await session.scalar(
        update(Connection)
        .where(Connection.id == connection_id, Connection.organization_id == ctx.organization_id)
        .where(Connection.status.in_(sources))
        .values(status=status, **values)
        .returning(Connection)
        .execution_options(populate_existing=True)
    )
    if connection is not None and status is ConnectionStatus.RECONNECT_NEEDED:
        sentence = str(values.get("last_error") or "")
        await events.publish(
            session,
            ReconnectAsked(ctx.organization_id, connection.id, connection.name, sentence),
        )
    return connection


async def change_connected(
    session: WriteSession, ctx: Actor, connection_id: int, **values: Any
) -> bool:
    """Note what a sync found; False when the connection is not connected any more."""
    changed = await session.scalar(
        update(Connection)
        .where(Connection.id == connection_id, Connection.organization_id == ctx.organization_id)
        .where(Connection.status == ConnectionStatus.CONNECTED)
        .values(**values)
        .returning(Connection.id)
    )
    return changed is not None


async def find_tokens(
    session: AnySession, ctx: Actor, connection_id: int
) -> tuple[str, int] | None:
    row = (
        await session.execute(
            select(Connection.tokens, Connection.token_version)
            .where(Connection.organization_id == ctx.organization_id)
            .where(Connection.id == connection_id, Connection.tokens.is_not(None))
        )
    ).first()
    return None if row is None else (str(row[0]), row[1])


async def replace_tokens(
    session: WriteSession, ctx: Actor, connection_id: int, version: int, ciphertext: str
) -> int | None:
    """Compare-and-set by version; the new version, None when somebody else changed them."""
    replaced: int | None = await session.scalar(
        update(Connection)
        .where(Connection.id == connection_id, Connection.organization_id == ctx.organization_id)
        .where(Connection.token_version == version, Connection.tokens.is_not(None))
        .values(tokens=ciphertext, token_version=version + 1)
        .returning(Connection.token_version)
    )
    return replaced


async def take_consent(
    session: WriteSession, state_hash: str, now: datetime
) -> ConsentRequest | None:
    """Use up a pending consent, whoever's: the state names the organization. None when it was used
    before, is over, or never was."""
    consent: ConsentRequest | None = await session.scalar(
        update(ConsentRequest)
        .where(ConsentRequest.state_hash == state_hash, ConsentRequest.expires_at > now)
        .where(ConsentRequest.used_at.is_(None))
        .values(used_at=now)
        .returning(ConsentRequest)
        .execution_options(**CROSS_TENANT)
    )
    return consent


async def drop_old_consents(session: WriteSession, ctx: Actor, now: datetime) -> None:
    await session.execute(
        delete(ConsentRequest)
        .where(ConsentRequest.organization_id == ctx.organization_id)
        .where(ConsentRequest.expires_at < now - KEEP_CONSENTS)
    )


async def put_rejects(session: WriteSession, rows: Sequence[dict[str, Any]]) -> None:
    """Open a reject per order; an open one gets the newer reason and keeps its time."""
    if not rows:
        return
    insert = insert_for(session, ChannelReject)
    known = func.coalesce(ChannelReject.next_try_at, insert.excluded.next_try_at)
    await session.execute(
        insert.on_conflict_do_update(
            index_elements=["connection_id", "external_id"],
            set_={
                "reason": insert.excluded.reason,
                "next_try_at": case(
                    (ChannelReject.closed_at.is_(None), known), else_=insert.excluded.next_try_at
                ),
                "closed_at": None,
                "closed_by": None,
            },
        ),
        list(rows),
    )


async def close_rejects(
    session: WriteSession,
    ctx: Actor,
    connection_id: int,
    external_ids: Collection[str],
    by: str,
    now: datetime,
) -> int:
    """How many were open until now."""
    closed = await session.scalars(
        update(ChannelReject)
        .where(ChannelReject.organization_id == ctx.organization_id)
        .where(ChannelReject.connection_id == connection_id)
        .where(ChannelReject.external_id.in_(external_ids), ChannelReject.closed_at.is_(None))
        .values(closed_at=now, closed_by=by, next_try_at=None)
        .returning(ChannelReject.id)
        .execution_options(synchronize_session=False)
    )
    return len(closed.all())


async def change_reject(
    session: WriteSession, ctx: Actor, reject_id: int, **values: Any
) -> ChannelReject | None:
    """Only while it is open."""
    reject: ChannelReject | None = await session.scalar(
        update(ChannelReject)
        .where(ChannelReject.id == reject_id)
        .where(ChannelReject.organization_id == ctx.organization_id)
        .where(ChannelReject.closed_at.is_(None))
        .values(**values)
        .returning(ChannelReject)
        .execution_options(populate_existing=True)
    )
    return reject


async def list_rejects_due(
    session: AnySession, ctx: Actor, connection_id: int, now: datetime, limit: int
) -> list[ChannelReject]:
    rows = await session.scalars(
        select(ChannelReject)
        .where(ChannelReject.organization_id == ctx.organization_id)
        .where(ChannelReject.connection_id == connection_id, ChannelReject.closed_at.is_(None))
        .where(ChannelReject.next_try_at <= now)
        .order_by(ChannelReject.next_try_at)
        .limit(limit)
    )
    return list(rows)


async def list_open_rejects(
    session: AnySession, ctx: Actor, connection_id: int, paging: Paging
) -> tuple[list[ChannelReject], int]:
    """One page, newest first, and how many there are."""
    where = (
        (ChannelReject.organization_id == ctx.organization_id)
        & (ChannelReject.connection_id == connection_id)
        & ChannelReject.closed_at.is_(None)
    )
    rows = await session.scalars(
        select(ChannelReject)
        .where(where)
        .order_by(ChannelReject.id.desc())
        .limit(paging.limit)
        .offset(paging.offset)
    )
    total = await session.scalar(select(func.count(ChannelReject.id)).where(where))
    return list(rows), total or 0


async def find_reject(session: AnySession, ctx: Actor, ref: Ref) -> ChannelReject | None:
    reject: ChannelReject | None = await session.scalar(
        select(ChannelReject)
        .where(ChannelReject.organization_id == ctx.organization_id, ref.where(ChannelReject))
        .execution_options(populate_existing=True)
    )
    return reject


async def count_open_rejects(session: AnySession, ctx: Actor) -> dict[int, int]:
    """By connection."""
    rows = await session.execute(
        select(ChannelReject.connection_id, func.count())
        .where(ChannelReject.organization_id == ctx.organization_id)
        .where(ChannelReject.closed_at.is_(None))
        .group_by(ChannelReject.connection_id)
    )
    return {row[0]: row[1] for row in rows}
