"""All SQL of an organization's Onshape: its account, consents, calls of the year."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession, insert_for
from shopwright.kernel.tenancy import CROSS_TENANT
from shopwright.parts.onshape.models import OnshapeAccount, OnshapeConsent, OnshapeUsage


async def find_account(session: AsyncSession, ctx: Actor) -> OnshapeAccount | None:
    account: OnshapeAccount | None = await session.scalar(
        select(OnshapeAccount)
        .where(OnshapeAccount.organization_id == ctx.organization_id)
        .execution_options(populate_existing=True)
    )
    return account


async def put_account(session: WriteSession, ctx: Actor, values: Mapping[str, Any]) -> None:
    """Instead of the one there was; whoever holds its older seal may write no more."""
    insert = insert_for(session, OnshapeAccount).values(
        organization_id=ctx.organization_id, is_refused=False, **values
    )
    newer = {**values, "is_refused": False, "seal_version": OnshapeAccount.seal_version + 1}
    await session.execute(
        insert.on_conflict_do_update(index_elements=["organization_id"], set_=newer)
    )


async def replace_seal(
    session: WriteSession, ctx: Actor, version: int, sealed: str, now: datetime
) -> bool:
    """False when the account was connected anew or removed since ``version`` was read."""
    changed: int | None = await session.scalar(
        update(OnshapeAccount)
        .where(OnshapeAccount.organization_id == ctx.organization_id)
        .where(OnshapeAccount.seal_version == version)
        .values(sealed=sealed, seal_version=version + 1, updated_at=now)
        .returning(OnshapeAccount.id)
        .execution_options(synchronize_session=False)
    )
    return changed is not None


async def mark_refused(session: WriteSession, ctx: Actor, version: int, now: datetime) -> bool:
    marked: int | None = await session.scalar(
        update(OnshapeAccount)
        .where(OnshapeAccount.organization_id == ctx.organization_id)
        .where(OnshapeAccount.seal_version == version)
        .values(is_refused=True, updated_at=now)
        .returning(OnshapeAccount.id)
        .execution_options(synchronize_session=False)
    )
    return marked is not None


async def delete_account(session: WriteSession, ctx: Actor) -> bool:
    """False when there was none."""
    gone: int | None = await session.scalar(
        delete(OnshapeAccount)
        .where(OnshapeAccount.organization_id == ctx.organization_id)
        .returning(OnshapeAccount.id)
    )
    return gone is not None


async def take_consent(
    session: WriteSession, state_hash: str, now: datetime
) -> OnshapeConsent | None:
    """Use up a pending consent, whoever's: the state names the organization. None when it was used
    before, is over, or never was."""
    consent: OnshapeConsent | None = await session.scalar(
        update(OnshapeConsent)
        .where(OnshapeConsent.state_hash == state_hash, OnshapeConsent.expires_at > now)
        .where(OnshapeConsent.used_at.is_(None))
        .values(used_at=now)
        .returning(OnshapeConsent)
        .execution_options(**CROSS_TENANT)
    )
    return consent


async def drop_old_consents(session: WriteSession, ctx: Actor, before: datetime) -> None:
    await session.execute(
        delete(OnshapeConsent)
        .where(OnshapeConsent.organization_id == ctx.organization_id)
        .where(OnshapeConsent.expires_at < before)
    )


async def find_usage(session: AsyncSession, ctx: Actor, year: int) -> OnshapeUsage | None:
    usage: OnshapeUsage | None = await session.scalar(
        select(OnshapeUsage)
        .where(OnshapeUsage.organization_id == ctx.organization_id, OnshapeUsage.year == year)
        .execution_options(populate_existing=True)
    )
    return usage


async def count_call(session: WriteSession, ctx: Actor, limit: int, now: datetime) -> bool:
    """One call more this year, by compare-and-set; False when none is left, or Onshape asked for a
    pause."""
    new = insert_for(session, OnshapeUsage).values(
        organization_id=ctx.organization_id, year=now.year, calls=0
    )
    await session.execute(new.on_conflict_do_nothing(index_elements=["organization_id", "year"]))
    counted: int | None = await session.scalar(
        update(OnshapeUsage)
        .where(OnshapeUsage.organization_id == ctx.organization_id, OnshapeUsage.year == now.year)
        .where(OnshapeUsage.calls < limit)
        .where(or_(OnshapeUsage.paused_until.is_(None), OnshapeUsage.paused_until <= now))
        .values(calls=OnshapeUsage.calls + 1)
        .returning(OnshapeUsage.calls)
        .execution_options(synchronize_session=False)
    )
    return counted is not None


async def uncount_call(session: WriteSession, ctx: Actor, year: int) -> None:
    await session.execute(
        update(OnshapeUsage)
        .where(OnshapeUsage.organization_id == ctx.organization_id, OnshapeUsage.year == year)
        .where(OnshapeUsage.calls > 0)
        .values(calls=OnshapeUsage.calls - 1)
        .execution_options(synchronize_session=False)
    )


async def pause_calls(
    session: WriteSession, ctx: Actor, year: int, until: datetime, reason: str
) -> None:
    """Never shortens an earlier pause."""
    await session.execute(
        update(OnshapeUsage)
        .where(OnshapeUsage.organization_id == ctx.organization_id, OnshapeUsage.year == year)
        .where(or_(OnshapeUsage.paused_until.is_(None), OnshapeUsage.paused_until < until))
        .values(paused_until=until, pause_reason=reason[:200])
        .execution_options(synchronize_session=False)
    )
