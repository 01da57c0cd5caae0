"""All SQL of machines."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update

from shopwright.accounts.models import ApiKey
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import ReadSession, WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.tenancy import CROSS_TENANT
from shopwright.kiosk.models import KioskSession, Machine
from shopwright.kiosk.states import OPEN

AnySession = ReadSession | WriteSession
FRESH: dict[str, Any] = {"populate_existing": True}


async def list_machines(session: AnySession, ctx: Actor) -> list[Machine]:
    rows = await session.scalars(
        select(Machine)
        .where(Machine.organization_id == ctx.organization_id)
        .order_by(Machine.is_active.desc(), Machine.code)
    )
    return list(rows)


async def find_machine(session: AnySession, ctx: Actor, ref: Ref) -> Machine | None:
    found: Machine | None = await session.scalar(
        select(Machine)
        .where(Machine.organization_id == ctx.organization_id, ref.where(Machine))
        .execution_options(**FRESH)
    )
    return found


async def find_by_code(session: AnySession, ctx: Actor, code: str) -> Machine | None:
    found: Machine | None = await session.scalar(
        select(Machine)
        .where(Machine.organization_id == ctx.organization_id, Machine.code == code)
        .execution_options(**FRESH)
    )
    return found


async def find_by_key(session: AnySession, ctx: Actor) -> Machine | None:
    """The one that the caller's key speaks for."""
    found: Machine | None = await session.scalar(
        select(Machine)
        .where(Machine.organization_id == ctx.organization_id, Machine.key_id == ctx.key_id)
        .execution_options(**FRESH)
    )
    return found


async def lock_machine(session: WriteSession, ctx: Actor, machine_id: int) -> Machine:
    """The row, which nobody else changes until the commit: sessions are counted one by one."""
    found: Machine = (
        await session.scalars(
            select(Machine)
            .where(Machine.organization_id == ctx.organization_id, Machine.id == machine_id)
            .with_for_update()
            .execution_options(**FRESH)
        )
    ).one()
    return found


async def set_heard(
    session: WriteSession, ctx: Actor, machine_id: int, now: datetime
) -> Machine | None:
    """Note the heartbeat; the machine when it was thought silent until now, else None."""
    await session.execute(
        update(Machine)
        .where(Machine.organization_id == ctx.organization_id, Machine.id == machine_id)
        .values(last_heartbeat_at=now)
    )
    back: Machine | None = await session.scalar(
        update(Machine)
        .where(Machine.organization_id == ctx.organization_id, Machine.id == machine_id)
        .where(Machine.is_silent)
        .values(is_silent=False)
        .returning(Machine)
        .execution_options(**FRESH)
    )
    return back


async def list_unheard(session: ReadSession, since: datetime) -> list[Machine]:
    """Of every organization: those that were heard once, and not since."""
    rows = await session.scalars(
        select(Machine)
        .where(Machine.is_active, ~Machine.is_silent, Machine.last_heartbeat_at < since)
        .execution_options(**CROSS_TENANT)
    )
    return list(rows)


async def set_silent(
    session: WriteSession, ctx: Actor, machine_id: int, since: datetime
) -> Machine | None:
    """None when it was heard after all, or somebody has said it already."""
    silent: Machine | None = await session.scalar(
        update(Machine)
        .where(Machine.organization_id == ctx.organization_id, Machine.id == machine_id)
        .where(Machine.is_active, ~Machine.is_silent, Machine.last_heartbeat_at < since)
        .values(is_silent=True)
        .returning(Machine)
        .execution_options(**FRESH)
    )
    return silent


async def count_live(
    session: AnySession, ctx: Actor, machine_ids: Sequence[int], now: datetime
) -> dict[int, int]:
    """How many sessions of each are open, by machine."""
    rows = await session.execute(
        select(KioskSession.machine_id, func.count().label("live"))
        .where(KioskSession.organization_id == ctx.organization_id)
        .where(KioskSession.machine_id.in_(machine_ids))
        .where(KioskSession.status.in_(OPEN), KioskSession.expires_at > now)
        .group_by(KioskSession.machine_id)
    )
    return {row.machine_id: row.live for row in rows}


async def find_keys(session: AnySession, ctx: Actor, key_ids: Sequence[int]) -> dict[int, ApiKey]:
    """Those in use, by id."""
    rows = await session.scalars(
        select(ApiKey)
        .where(ApiKey.organization_id == ctx.organization_id, ApiKey.id.in_(key_ids))
        .where(ApiKey.revoked_at.is_(None))
        .execution_options(**FRESH)
    )
    return {key.id: key for key in rows}
