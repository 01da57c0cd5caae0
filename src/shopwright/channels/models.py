"""Tables of connected shops, their syncs, and what could not be read."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Float, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from shopwright.channels.states import ConnectionStatus, SyncStatus
from shopwright.kernel.db import Base, EnumText, TenantModel

OPEN_SYNC = text("status IN ('requested', 'running')")
OPEN_REJECT = text("closed_at IS NULL")


class Connection(TenantModel):
    """One shop's account at one channel. The account decides: consent given again reconnects it."""

    __tablename__ = "channel_connections"
    __table_args__ = (
        Index(
            "uq_channel_connections_account",
            "organization_id",
            "channel",
            "external_user_id",
            unique=True,
        ),
        {"sqlite_autoincrement": True},
    )

    channel: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(200))
    external_user_id: Mapped[str] = mapped_column(String(80))
    external_shop_id: Mapped[str | None] = mapped_column(String(80))  # None until the first sync
    status: Mapped[ConnectionStatus] = mapped_column(EnumText(ConnectionStatus))
    tokens: Mapped[str | None] = mapped_column(Text)  # access, refresh, expiry: one ciphertext
    token_version: Mapped[int] = mapped_column(default=1)
    scopes: Mapped[list[str]] = mapped_column(default=list)
    currency: Mapped[str | None] = mapped_column(String(3))
    url: Mapped[str | None] = mapped_column(String(500))
    watermark_s: Mapped[int] = mapped_column(default=0)  # on the channel's clock
    next_sync_at: Mapped[datetime]
    last_success_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)
    last_error_at: Mapped[datetime | None]
    webhook_token: Mapped[str | None] = mapped_column(String(64), unique=True)  # ends its URL
    webhook_secret: Mapped[str | None] = mapped_column(Text)  # encrypted
    updated_at: Mapped[datetime]
    # Offer at the channel what lies finished on the shelf, whenever that changes.
    is_stock_pushed: Mapped[bool] = mapped_column(default=False, server_default=text("false"))


class ConsentRequest(TenantModel):
    """A person was sent to the channel to give consent; works once and for ten minutes."""

    __tablename__ = "channel_consent_requests"

    channel: Mapped[str] = mapped_column(String(40))
    state_hash: Mapped[str] = mapped_column(String(64), unique=True)
    browser_hash: Mapped[str] = mapped_column(String(64))  # of the cookie given to whoever asked
    verifier: Mapped[str] = mapped_column(Text)  # encrypted
    redirect_uri: Mapped[str] = mapped_column(String(500))
    scopes: Mapped[list[str]] = mapped_column(default=list)
    asked_by: Mapped[str] = mapped_column(String(120))
    principal: Mapped[str] = mapped_column(String(80))
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class ChannelSync(TenantModel):
    """One run over a connection. The partial unique index is the truth that there is one at a time;
    ``owner`` and ``expires_at`` are the lease of the worker that has it."""

    __tablename__ = "channel_syncs"
    __table_args__ = (
        Index(
            "uq_channel_syncs_open",
            "connection_id",
            unique=True,
            sqlite_where=OPEN_SYNC,
            postgresql_where=OPEN_SYNC,
        ),
        Index("ix_channel_syncs_connection", "connection_id", "id"),
        {"sqlite_autoincrement": True},
    )

    connection_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("channel_connections.id", ondelete="CASCADE")
    )
    status: Mapped[SyncStatus] = mapped_column(EnumText(SyncStatus))
    owner: Mapped[str | None] = mapped_column(String(80))
    expires_at: Mapped[datetime | None]
    requested_at: Mapped[datetime]
    # A person waits for it: its calls go first.
    is_awaited: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    finished_at: Mapped[datetime | None]
    orders_new: Mapped[int] = mapped_column(default=0)
    orders_updated: Mapped[int] = mapped_column(default=0)
    orders_rejected: Mapped[int] = mapped_column(default=0)
    remaining: Mapped[int] = mapped_column(default=0)
    error_kind: Mapped[str | None] = mapped_column(String(40))
    error: Mapped[str | None] = mapped_column(Text)


class CallAllowance(Base):
    """What an app key has used of its calls, for all processes; nobody's row in particular."""

    __tablename__ = "channel_allowances"

    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    calls: Mapped[list[Any]] = mapped_column(default=list)  # seconds on the database's clock
    paused_until: Mapped[float] = mapped_column(Float, default=0.0)
    claims: Mapped[dict[str, Any]] = mapped_column(default=dict)  # until when, by urgency


class ListingSync(TenantModel):
    """One reading of a shop's listings; the partial unique index is the truth that there is one at
    a time."""

    __tablename__ = "listing_syncs"
    __table_args__ = (
        Index(
            "uq_listing_syncs_open",
            "connection_id",
            unique=True,
            sqlite_where=OPEN_SYNC,
            postgresql_where=OPEN_SYNC,
        ),
        Index("ix_listing_syncs_connection", "connection_id", "id"),
        {"sqlite_autoincrement": True},
    )

    connection_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("channel_connections.id", ondelete="CASCADE")
    )
    status: Mapped[SyncStatus] = mapped_column(EnumText(SyncStatus))
    requested_at: Mapped[datetime]
    moved_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    listings_read: Mapped[int] = mapped_column(default=0)
    products_new: Mapped[int] = mapped_column(default=0)
    variants_new: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[list[str]] = mapped_column(default=list)  # sentences
    error_kind: Mapped[str | None] = mapped_column(String(40))
    error: Mapped[str | None] = mapped_column(Text)


class ChannelReject(TenantModel):
    """An order that could not be taken over; asked for again until it can, or a person closes it.

    Its raw text is in the inbound events. ``external_id`` is a content hash where even the id could
    not be read; such a one is never asked for again.
    """

    __tablename__ = "channel_rejects"
    __table_args__ = (
        Index("uq_channel_rejects_order", "connection_id", "external_id", unique=True),
        Index(
            "ix_channel_rejects_open",
            "organization_id",
            "connection_id",
            sqlite_where=OPEN_REJECT,
            postgresql_where=OPEN_REJECT,
        ),
        {"sqlite_autoincrement": True},
    )

    connection_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("channel_connections.id", ondelete="CASCADE")
    )
    external_id: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(Text)
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(String(120))
