"""Everything that arrives is stored first: the raw event, unique, before anything is made of it."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, String, Text, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from shopwright.kernel import bulk
from shopwright.kernel.db import EnumText, TenantModel, WriteSession

UNIQUE = ("organization_id", "source", "kind", "key")
IS_FULL = text("emptied_at IS NULL")


class InboundStatus(StrEnum):
    RECEIVED = "received"
    APPLIED = "applied"
    REJECTED = "rejected"  # kept with the reason; a later version of the same thing may be fine


class InboundEvent(TenantModel):
    """``key`` is the vendor's event id, else external id + updated time + content hash."""

    __tablename__ = "inbound_events"
    __table_args__ = (
        Index("uq_inbound_events_source_key", *UNIQUE, unique=True),
        Index(
            "ix_inbound_events_full",
            "kind",
            "received_at",
            "id",
            sqlite_where=IS_FULL,
            postgresql_where=IS_FULL,
        ),
        {"sqlite_autoincrement": True},
    )

    source: Mapped[str] = mapped_column(String(80))  # connection:7, stripe, …
    kind: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(200))
    payload: Mapped[dict[str, Any]]
    status: Mapped[InboundStatus] = mapped_column(
        EnumText(InboundStatus), default=InboundStatus.RECEIVED
    )
    reason: Mapped[str | None] = mapped_column(Text)
    received_at: Mapped[datetime]
    applied_at: Mapped[datetime | None]
    emptied_at: Mapped[datetime | None]  # its body is kept no longer


async def store_events(
    session: WriteSession,
    organization_id: int,
    source: str,
    kind: str,
    events: dict[str, dict[str, Any]],
    now: datetime,
) -> set[str]:
    """Store what is new, at once; returns the keys that had not been seen before."""
    known = await _list_known(session, organization_id, source, kind, events)
    rows = [
        {
            "organization_id": organization_id,
            "source": source,
            "kind": kind,
            "key": key,
            "payload": payload,
            "status": InboundStatus.RECEIVED,
            "received_at": now,
        }
        for key, payload in events.items()
        if key not in known
    ]
    stored = await bulk.insert_new_rows(session, InboundEvent, rows, UNIQUE)
    return {str(row["key"]) for row, row_id in zip(rows, stored, strict=True) if row_id is not None}


async def _list_known(
    session: WriteSession, organization_id: int, source: str, kind: str, keys: Collection[str]
) -> set[str]:
    """Asked first: most of what is read again is known, and need not travel once more."""
    if not keys:
        return set()
    found = await session.scalars(
        select(InboundEvent.key)
        .where(InboundEvent.organization_id == organization_id)
        .where(InboundEvent.source == source, InboundEvent.kind == kind)
        .where(bulk.among(session, InboundEvent.key, keys))
    )
    return set(found)


async def find_received(
    session: AsyncSession, organization_id: int, source: str, kind: str
) -> list[InboundEvent]:
    """What was stored but not applied yet, oldest first."""
    result = await session.scalars(
        select(InboundEvent)
        .where(InboundEvent.organization_id == organization_id)
        .where(InboundEvent.source == source, InboundEvent.kind == kind)
        .where(InboundEvent.status == InboundStatus.RECEIVED)
        .order_by(InboundEvent.id)
    )
    return list(result)


async def settle_event(
    session: WriteSession,
    organization_id: int,
    source: str,
    kind: str,
    key: str,
    *,
    reason: str | None,
    now: datetime,
) -> None:
    """Mark one event applied, or rejected with the reason."""
    status = InboundStatus.REJECTED if reason else InboundStatus.APPLIED
    await session.execute(
        update(InboundEvent)
        .where(InboundEvent.organization_id == organization_id)
        .where(InboundEvent.source == source, InboundEvent.kind == kind, InboundEvent.key == key)
        .values(status=status, reason=reason, applied_at=now)
    )


async def settle_applied(
    session: WriteSession,
    organization_id: int,
    source: str,
    kind: str,
    keys: Collection[str],
    now: datetime,
) -> None:
    """Mark a page's worth of events applied, in one statement."""
    await session.execute(
        update(InboundEvent)
        .where(InboundEvent.organization_id == organization_id)
        .where(InboundEvent.source == source, InboundEvent.kind == kind)
        .where(bulk.among(session, InboundEvent.key, keys))
        .values(status=InboundStatus.APPLIED, reason=None, applied_at=now)
        .execution_options(synchronize_session=False)
    )
