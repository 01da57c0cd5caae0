"""Connected shops with their last sync, orders they could not give us, parcels to be told."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from shopwright.channels.models import ChannelReject, ChannelSync, Connection
from shopwright.channels.push import POST_TRACKING
from shopwright.channels.states import OPEN_SYNCS, ConnectionStatus, SyncStatus
from shopwright.kernel.effects import Effect, EffectStatus
from shopwright.orders.models import Order
from shopwright.shipping.models import Parcel
from shopwright.web.pips import CONNECTIONS, SYNCING, Pip

MAX_REJECTS = 100
MAX_PUSHES = 100
UNDECIDED = (EffectStatus.UNKNOWN, EffectStatus.FAILED)


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    """``sync_…`` is of the last sync, if there was one."""

    id: int
    channel: str
    name: str
    status: ConnectionStatus
    url: str | None
    last_success_at: datetime | None
    last_error: str | None
    last_error_at: datetime | None
    next_sync_at: datetime
    sync_status: SyncStatus | None
    sync_new: int | None
    sync_updated: int | None
    sync_rejected: int | None
    sync_remaining: int | None
    webhook_token: str | None

    @property
    def is_connected(self) -> bool:
        return self.status is ConnectionStatus.CONNECTED

    @property
    def is_disabled(self) -> bool:
        return self.status is ConnectionStatus.DISABLED

    @property
    def is_syncing(self) -> bool:
        return self.sync_status in OPEN_SYNCS

    @property
    def pip(self) -> Pip:
        if self.is_connected and self.is_syncing:
            return SYNCING
        return CONNECTIONS[self.status]

    @property
    def sync_words(self) -> str:
        """What the last sync brought: ``3 new, 1 changed``."""
        counts = (
            (self.sync_new, "new"),
            (self.sync_updated, "changed"),
            (self.sync_rejected, "not understood"),
        )
        return ", ".join(f"{count} {word}" for count, word in counts if count) or "nothing new"


@dataclass(frozen=True, slots=True)
class RejectRow:
    id: int
    connection_name: str
    external_id: str
    reason: str
    tries: int
    next_try_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PushRow:
    """The newest try to tell a channel about a parcel, where a person's turn has come."""

    id: int
    status: EffectStatus
    detail: str | None
    request: dict[str, Any]
    created_at: datetime
    parcel_number: int | None
    order_id: int | None
    order_number: int | None
    buyer_name: str | None

    @property
    def is_unknown(self) -> bool:
        return self.status is EffectStatus.UNKNOWN


async def list_connections(session: AsyncSession, organization_id: int) -> list[ConnectionRow]:
    last = (
        select(ChannelSync.connection_id, func.max(ChannelSync.id).label("sync_id"))
        .where(ChannelSync.organization_id == organization_id)
        .group_by(ChannelSync.connection_id)
        .subquery()
    )
    rows: Any = await session.execute(
        select(
            Connection.id, Connection.channel, Connection.name, Connection.status, Connection.url,
            Connection.last_success_at, Connection.last_error, Connection.last_error_at,
            Connection.next_sync_at, ChannelSync.status, ChannelSync.orders_new,
            ChannelSync.orders_updated, ChannelSync.orders_rejected, ChannelSync.remaining,
            Connection.webhook_token,
        )
        .outerjoin(last, last.c.connection_id == Connection.id)
        .outerjoin(
            ChannelSync,
            and_(
                ChannelSync.id == last.c.sync_id, ChannelSync.organization_id == organization_id
            ),
        )
        .where(Connection.organization_id == organization_id)
        .order_by(Connection.id)
    )  # fmt: skip
    return [ConnectionRow(*row) for row in rows]


async def list_rejects(session: AsyncSession, organization_id: int) -> list[RejectRow]:
    """Open ones of every connection, the newest first."""
    is_its_shop = and_(
        Connection.id == ChannelReject.connection_id,
        Connection.organization_id == organization_id,
    )
    rows = await session.execute(
        select(
            ChannelReject.id, Connection.name, ChannelReject.external_id, ChannelReject.reason,
            ChannelReject.tries, ChannelReject.next_try_at, ChannelReject.created_at,
        )
        .join(Connection, is_its_shop)
        .where(*open_rejects(organization_id))
        .order_by(ChannelReject.id.desc())
        .limit(MAX_REJECTS)
    )  # fmt: skip
    return [RejectRow(*row) for row in rows]


async def list_pushes(session: AsyncSession, organization_id: int) -> list[PushRow]:
    """Those in doubt first, then the refused ones."""
    rows = await session.execute(
        select(
            Effect.id, Effect.status, Effect.detail, Effect.request, Effect.created_at,
            Parcel.number, Order.id, Order.number, Order.buyer_name,
        )
        .outerjoin(
            Parcel,
            and_(Parcel.id == Effect.subject_id, Parcel.organization_id == organization_id),
        )
        .outerjoin(
            Order, and_(Order.id == Parcel.order_id, Order.organization_id == organization_id)
        )
        .where(*undecided_pushes(organization_id))
        .order_by((Effect.status == EffectStatus.UNKNOWN).desc(), Effect.id)
        .limit(MAX_PUSHES)
    )  # fmt: skip
    return [PushRow(*row) for row in rows]


def open_rejects(organization_id: int) -> tuple[ColumnElement[bool], ...]:
    return (
        ChannelReject.organization_id == organization_id,
        ChannelReject.closed_at.is_(None),
    )


def undecided_pushes(organization_id: int) -> tuple[ColumnElement[bool], ...]:
    """What was tried again since is decided."""
    later = aliased(Effect)
    is_tried_again = (
        select(later.id)
        .where(later.organization_id == organization_id, later.kind == POST_TRACKING)
        .where(later.subject_id == Effect.subject_id, later.id > Effect.id)
        .exists()
    )
    return (
        Effect.organization_id == organization_id,
        Effect.kind == POST_TRACKING,
        Effect.status.in_(UNDECIDED),
        ~is_tried_again,
    )
