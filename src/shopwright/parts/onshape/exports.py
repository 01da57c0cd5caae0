"""Exports as rows: wanted, claimed by one process, told, settled. Keyed by what is exported, so the
same state of a tab is asked for once per format, whoever wants it."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.files.storage import StoredObject
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession, insert_for
from shopwright.kernel.durable import SLOW_QUEUE
from shopwright.kernel.live import touch
from shopwright.parts.onshape.models import OnshapeExport
from shopwright.parts.onshape.port import Source, Tab
from shopwright.parts.onshape.states import SETTLED, ExportStatus
from shopwright.parts.queries import TOPIC
from shopwright.parts.states import FileKind

EXPORT = "parts.onshape_export"  # the durable work's name
DEAD_AFTER = timedelta(seconds=30)  # six missed heartbeats
MAX_ERROR = 500
CONTENT = (
    "organization_id", "document_id", "pin_id", "element_id", "configuration_hash", "format",
)  # fmt: skip


async def want_export(
    session: WriteSession, ctx: Actor, source: Source, wanted: FileKind
) -> OnshapeExport:
    """The row of this content. New, or failed before, it is enqueued in this transaction; a
    translation that Onshape has begun is waited for on."""
    insert = insert_for(session, OnshapeExport).values(**_values(ctx, source, wanted))
    made: int | None = await session.scalar(
        insert.on_conflict_do_nothing(index_elements=list(CONTENT)).returning(OnshapeExport.id)
    )
    row = await _get(session, ctx, source, wanted)
    again = await _set(
        session,
        *_is(row),
        OnshapeExport.status == ExportStatus.FAILED,
        values={"status": ExportStatus.QUEUED, "phase": "waiting", "progress": 0, "error": None},
    )
    if made is not None or again is not None:
        await _enqueue(session, again or row)
    return again or row


async def find_export(
    session: AsyncSession, organization_id: int, export_id: int
) -> OnshapeExport | None:
    row: OnshapeExport | None = await session.scalar(
        select(OnshapeExport)
        .where(OnshapeExport.organization_id == organization_id, OnshapeExport.id == export_id)
        .execution_options(populate_existing=True)
    )
    return row


async def find_tab(
    session: AsyncSession, ctx: Actor, document: str, pin_id: str, element: str
) -> Tab | None:
    row = await session.execute(
        select(OnshapeExport.element_name, OnshapeExport.element_type)
        .where(OnshapeExport.organization_id == ctx.organization_id)
        .where(OnshapeExport.document_id == document, OnshapeExport.pin_id == pin_id)
        .where(OnshapeExport.element_id == element)
        .limit(1)
    )
    found = row.first()
    return Tab(element, found.element_name, found.element_type) if found else None


async def claim_export(
    session: WriteSession, organization_id: int, export_id: int, now: datetime
) -> OnshapeExport | None:
    """None when it is settled, or a living process has it."""
    is_dead = OnshapeExport.heartbeat_at < now - DEAD_AFTER
    return await _set(
        session,
        OnshapeExport.organization_id == organization_id,
        OnshapeExport.id == export_id,
        or_(
            OnshapeExport.status == ExportStatus.QUEUED,
            (OnshapeExport.status == ExportStatus.RUNNING) & is_dead,
        ),
        values={
            "status": ExportStatus.RUNNING,
            "phase": "asking Onshape",
            "progress": 5,
            "heartbeat_at": now,
            "attempts": OnshapeExport.attempts + 1,
        },
    )


async def tell(session: WriteSession, held: OnshapeExport, now: datetime, **values: Any) -> bool:
    """A heartbeat, with what is new; False when another process has taken over."""
    return await _set_held(session, held, values | {"heartbeat_at": now}) is not None


async def settle_done(
    session: WriteSession, held: OnshapeExport, stored: StoredObject, now: datetime
) -> OnshapeExport | None:
    """None when another process has taken over."""
    values = {
        "status": ExportStatus.DONE,
        "phase": "done",
        "progress": 100,
        "error": None,
        "sha256": stored.sha256,
        "size_bytes": stored.size,
        "finished_at": now,
    }
    return await _set_held(session, held, values)


async def settle_failed(
    session: WriteSession, held: OnshapeExport, reason: str, now: datetime, *, is_begun: bool
) -> None:
    """``is_begun``: Onshape's translation may still end well, and another try goes on with it."""
    values = {
        "status": ExportStatus.FAILED,
        "phase": "failed",
        "error": reason[:MAX_ERROR],
        "finished_at": now,
    }
    if not is_begun:
        values["translation_id"] = None
    await _set_held(session, held, values)


async def give_back(session: WriteSession, held: OnshapeExport) -> None:
    """This process ends before the work does: another one may begin at once."""
    await _set_held(session, held, {"status": ExportStatus.QUEUED, "phase": "waiting"})


def is_settled(row: OnshapeExport) -> bool:
    return row.status in SETTLED


def source_of(row: OnshapeExport) -> Source:
    return Source(
        host=row.host,
        document=row.document_id,
        pin=row.pin,
        pin_id=row.pin_id,
        tab=Tab(row.element_id, row.element_name, row.element_type),
        workspace=row.workspace_id,
        configuration=row.configuration,
    )


def _values(ctx: Actor, source: Source, wanted: FileKind) -> dict[str, Any]:
    return {
        "organization_id": ctx.organization_id,
        "host": source.host,
        "document_id": source.document,
        "pin": source.pin,
        "pin_id": source.pin_id,
        "workspace_id": source.workspace,
        "element_id": source.tab.id,
        "element_name": source.tab.name,
        "element_type": source.tab.type,
        "configuration": source.configuration,
        "configuration_hash": _hash(source.configuration),
        "format": wanted,
        "status": ExportStatus.QUEUED,
        "phase": "waiting",
    }


async def _get(
    session: WriteSession, ctx: Actor, source: Source, wanted: FileKind
) -> OnshapeExport:
    rows = await session.scalars(
        select(OnshapeExport)
        .where(OnshapeExport.organization_id == ctx.organization_id)
        .where(OnshapeExport.document_id == source.document)
        .where(OnshapeExport.pin_id == source.pin_id)
        .where(OnshapeExport.element_id == source.tab.id)
        .where(OnshapeExport.configuration_hash == _hash(source.configuration))
        .where(OnshapeExport.format == wanted)
        .execution_options(populate_existing=True)
    )
    return rows.one()


async def _enqueue(session: WriteSession, row: OnshapeExport) -> None:
    durable = session.context.durable
    if durable is not None:
        await durable.enqueue(
            session,
            EXPORT,
            row.organization_id,
            row.id,
            workflow_id=f"{EXPORT}:{row.id}:{row.attempts}",
            queue=SLOW_QUEUE,  # it waits most of the time
        )


async def _set_held(
    session: WriteSession, held: OnshapeExport, values: Mapping[str, Any]
) -> OnshapeExport | None:
    return await _set(
        session,
        *_is(held),
        OnshapeExport.status == ExportStatus.RUNNING,
        OnshapeExport.attempts == held.attempts,
        values=values,
    )


async def _set(
    session: WriteSession, *conditions: ColumnElement[bool], values: Mapping[str, Any]
) -> OnshapeExport | None:
    row: OnshapeExport | None = await session.scalar(
        update(OnshapeExport)
        .where(*conditions)
        .values(**values)
        .returning(OnshapeExport)
        .execution_options(populate_existing=True, synchronize_session=False)
    )
    if row is not None and values.keys() != {"heartbeat_at"}:  # a sign of life shows nowhere
        touch(session, row.organization_id, TOPIC)
    return row


def _is(row: OnshapeExport) -> tuple[ColumnElement[bool], ...]:
    return (
        OnshapeExport.organization_id == row.organization_id,
        OnshapeExport.id == row.id,
    )


def _hash(configuration: str) -> str:
    return hashlib.sha256(configuration.encode()).hexdigest()
