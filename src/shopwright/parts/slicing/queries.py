"""SQL of slicing."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession, insert_for
from shopwright.kernel.edge import Ref
from shopwright.kernel.live import touch
from shopwright.parts.queries import TOPIC
from shopwright.parts.slicing.models import SliceProfile, Slicing
from shopwright.parts.states import ConversionStatus

DEAD_AFTER = timedelta(seconds=30)  # six missed heartbeats


async def list_profiles(session: AsyncSession, ctx: Actor) -> Sequence[SliceProfile]:
    rows = await session.scalars(
        select(SliceProfile)
        .where(SliceProfile.organization_id == ctx.organization_id)
        .where(SliceProfile.deleted_at.is_(None))
        .order_by(SliceProfile.name)
    )
    return rows.all()


async def find_profile(session: AsyncSession, ctx: Actor, ref: Ref) -> SliceProfile | None:
    found: SliceProfile | None = await session.scalar(
        select(SliceProfile)
        .where(SliceProfile.organization_id == ctx.organization_id)
        .where(SliceProfile.deleted_at.is_(None), ref.where(SliceProfile))
    )
    return found


async def hide_profiles(session: WriteSession, ctx: Actor, *, name: str, now: datetime) -> None:
    await session.execute(
        update(SliceProfile)
        .where(SliceProfile.organization_id == ctx.organization_id)
        .where(SliceProfile.name == name, SliceProfile.deleted_at.is_(None))
        .values(deleted_at=now)
    )


async def add_slicing(session: WriteSession, values: Mapping[str, Any]) -> tuple[Slicing, bool]:
    """The row of this part, content and settings; True when it is new."""
    insert = insert_for(session, Slicing).values(**values)
    unique = ["part_id", "source_sha256", "fingerprint"]
    made: int | None = await session.scalar(
        insert.on_conflict_do_nothing(index_elements=unique).returning(Slicing.id)
    )
    rows = await session.scalars(
        select(Slicing)
        .where(Slicing.organization_id == values["organization_id"])
        .where(*(getattr(Slicing, name) == values[name] for name in unique))
    )
    return rows.one(), made is not None


async def find_slicing(
    session: AsyncSession, organization_id: int, *conditions: ColumnElement[bool]
) -> Slicing | None:
    row: Slicing | None = await session.scalar(
        select(Slicing)
        .where(Slicing.organization_id == organization_id, *conditions)
        .order_by(Slicing.id)
        .limit(1)
        .execution_options(populate_existing=True)
    )
    return row


async def find_settings(session: AsyncSession, held: Slicing) -> str:
    """The profile's, whether it was taken away since or not."""
    rows = await session.scalars(
        select(SliceProfile.settings)
        .where(SliceProfile.organization_id == held.organization_id)
        .where(SliceProfile.id == held.profile_id)
    )
    return rows.one()


async def list_slicings(
    session: AsyncSession, ctx: Actor, part_id: int
) -> list[tuple[Slicing, SliceProfile]]:
    """Newest first."""
    rows = await session.execute(
        select(Slicing, SliceProfile)
        .join(SliceProfile, SliceProfile.id == Slicing.profile_id)
        .where(Slicing.organization_id == ctx.organization_id)
        .where(SliceProfile.organization_id == ctx.organization_id)
        .where(Slicing.part_id == part_id)
        .order_by(Slicing.id.desc())
        .execution_options(populate_existing=True)
    )
    return [(slicing, profile) for slicing, profile in rows]


async def claim_slicing(
    session: WriteSession, organization_id: int, slicing_id: int, now: datetime
) -> Slicing | None:
    """None when it is settled, or a living process has it."""
    is_dead = Slicing.heartbeat_at < now - DEAD_AFTER
    return await _set(
        session,
        Slicing.organization_id == organization_id,
        Slicing.id == slicing_id,
        or_(
            Slicing.status == ConversionStatus.QUEUED,
            (Slicing.status == ConversionStatus.RUNNING) & is_dead,
        ),
        values={
            "status": ConversionStatus.RUNNING,
            "phase": "starting",
            "progress": 1,
            "heartbeat_at": now,
            "attempts": Slicing.attempts + 1,
        },
    )


async def requeue_slicing(session: WriteSession, row: Slicing) -> Slicing | None:
    """Once more what failed; None when it did not."""
    return await _set(
        session,
        Slicing.organization_id == row.organization_id,
        Slicing.id == row.id,
        Slicing.status == ConversionStatus.FAILED,
        values={"status": ConversionStatus.QUEUED, "phase": "waiting", "progress": 0,
                "error": None},
    )  # fmt: skip


async def set_held(
    session: WriteSession, held: Slicing, values: Mapping[str, Any]
) -> Slicing | None:
    """None when another process has taken over."""
    return await _set(
        session,
        Slicing.organization_id == held.organization_id,
        Slicing.id == held.id,
        Slicing.status == ConversionStatus.RUNNING,
        Slicing.attempts == held.attempts,
        values=values,
    )


async def _set(
    session: WriteSession, *conditions: ColumnElement[bool], values: Mapping[str, Any]
) -> Slicing | None:
    row: Slicing | None = await session.scalar(
        update(Slicing)
        .where(*conditions)
        .values(**values)
        .returning(Slicing)
        .execution_options(populate_existing=True, synchronize_session=False)
    )
    if row is not None and values.keys() != {"heartbeat_at"}:
        touch(session, row.organization_id, TOPIC, row.part_id)
    return row
