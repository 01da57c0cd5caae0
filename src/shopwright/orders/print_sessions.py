"""Print sessions: orders that somebody means to print in one go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Paging, Ref
from shopwright.kernel.errors import NotFound
from shopwright.kernel.live import touch
from shopwright.orders import service
from shopwright.orders.models import PrintSession
from shopwright.orders.states import SessionStatus


@dataclass(frozen=True, slots=True)
class SessionSpec:
    """Only what is not None changes."""

    name: str | None = None
    order_ids: Sequence[Ref] | None = None
    notes: str | None = None
    status: SessionStatus | None = None


async def list_sessions(
    session: AsyncSession, ctx: Actor, status: SessionStatus | None, paging: Paging
) -> tuple[list[PrintSession], int]:
    """One page, the latest first."""
    statement = select(PrintSession).where(PrintSession.organization_id == ctx.organization_id)
    if status is not None:
        statement = statement.where(PrintSession.status == status)
    total = await session.scalar(statement.with_only_columns(func.count()))
    rows = await session.scalars(
        statement.order_by(PrintSession.id.desc()).limit(paging.limit).offset(paging.offset)
    )
    return list(rows), total or 0


async def get_session(session: AsyncSession, ctx: Actor, ref: Ref) -> PrintSession:
    """Raises NotFound."""
    found: PrintSession | None = await session.scalar(
        select(PrintSession).where(
            PrintSession.organization_id == ctx.organization_id, ref.where(PrintSession)
        )
    )
    if found is None:
        raise NotFound(f"There is no print session {ref}.")
    return found


async def create_session(
    session: WriteSession, ctx: Actor, *, spec: SessionSpec, now: datetime
) -> PrintSession:
    """Raises NotFound when one of its orders is not there."""
    made = PrintSession(
        organization_id=ctx.organization_id,
        name="",
        order_ids=[],
        notes="",
        status=SessionStatus.PLANNED,
        created_at=now,
    )
    return await _describe(session, ctx, made, spec, "print_session.created", now)


async def update_session(
    session: WriteSession, ctx: Actor, *, ref: Ref, spec: SessionSpec, now: datetime
) -> PrintSession:
    found = await get_session(session, ctx, ref)
    return await _describe(session, ctx, found, spec, "print_session.updated", now)


async def remove_session(session: WriteSession, ctx: Actor, *, ref: Ref) -> None:
    """Its orders stay as they are."""
    found = await get_session(session, ctx, ref)
    audit.record(session, ctx, "print_session.removed", found.id, name=found.name)
    await session.delete(found)
    touch(session, ctx.organization_id, "print_session", found.id)


async def _describe(
    session: WriteSession,
    ctx: Actor,
    found: PrintSession,
    spec: SessionSpec,
    action: str,
    now: datetime,
) -> PrintSession:
    if spec.name is not None:
        found.name = spec.name.strip()
    if spec.notes is not None:
        found.notes = spec.notes
    if spec.order_ids is not None:
        found.order_ids = [
            await service.get_order_id(session, ctx, ref) for ref in dict.fromkeys(spec.order_ids)
        ]
    if spec.status is not None:
        _follow(found, spec.status, now)
    found.updated_at = now
    session.add(found)
    await session.flush()
    audit.record(session, ctx, action, found.id, status=found.status)
    touch(session, ctx.organization_id, "print_session", found.id)
    return found


def _follow(found: PrintSession, status: SessionStatus, now: datetime) -> None:
    """Begun once; completed the last time, and not completed while it goes on."""
    found.status = status
    if status is SessionStatus.IN_PROGRESS and found.started_at is None:
        found.started_at = now
    if status is SessionStatus.COMPLETED:
        found.completed_at = found.completed_at or now
    else:
        found.completed_at = None
