"""All SQL of designs, their pictures and generations."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.artwork.models import Design, DesignImage
from shopwright.artwork.states import SHOWN_KINDS, DesignStatus, ImageKind
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref

TOPIC = "designs"


async def find_design(session: AsyncSession, ctx: Actor, ref: Ref) -> Design | None:
    found: Design | None = await session.scalar(
        select(Design)
        .where(Design.organization_id == ctx.organization_id, ref.where(Design))
        .execution_options(populate_existing=True)
    )
    return found


async def save_design(
    session: WriteSession, ctx: Actor, design_id: int, version: int, values: dict[str, Any]
) -> Design | None:
    """The saved draft; None when another tab had saved, or it was ordered."""
    saved: Design | None = await session.scalar(
        update(Design)
        .where(Design.id == design_id, Design.organization_id == ctx.organization_id)
        .where(Design.version == version, Design.status == DesignStatus.DRAFT)
        .values(version=version + 1, **values)
        .returning(Design)
        .execution_options(populate_existing=True)
    )
    return saved


async def freeze(session: WriteSession, ctx: Actor, design_id: int, now: datetime) -> Design | None:
    """The design, frozen now; None when it was no draft."""
    frozen: Design | None = await session.scalar(
        update(Design)
        .where(Design.id == design_id, Design.organization_id == ctx.organization_id)
        .where(Design.status == DesignStatus.DRAFT)
        .values(status=DesignStatus.FROZEN, frozen_at=now, expires_at=None)
        .returning(Design)
        .execution_options(populate_existing=True)
    )
    return frozen


async def set_print(
    session: WriteSession, ctx: Actor, design_id: int, values: dict[str, Any]
) -> bool:
    """Of a frozen design, once; False when it has its print already."""
    done = await session.scalar(
        update(Design)
        .where(Design.id == design_id, Design.organization_id == ctx.organization_id)
        .where(Design.status == DesignStatus.FROZEN, Design.print_sha256.is_(None))
        .values(**values)
        .returning(Design.id)
    )
    return done is not None


async def find_images(
    session: AsyncSession, ctx: Actor, design_id: int, kinds: Collection[ImageKind] = SHOWN_KINDS
) -> list[DesignImage]:
    """Of a design, oldest first."""
    rows = await session.scalars(
        select(DesignImage)
        .where(DesignImage.organization_id == ctx.organization_id)
        .where(DesignImage.design_id == design_id, DesignImage.kind.in_(kinds))
        .order_by(DesignImage.id)
    )
    return list(rows)


async def find_image(session: AsyncSession, ctx: Actor, filename: str) -> DesignImage | None:
    found: DesignImage | None = await session.scalar(
        select(DesignImage).where(
            DesignImage.organization_id == ctx.organization_id, DesignImage.filename == filename
        )
    )
    return found


async def list_images(
    session: AsyncSession, ctx: Actor, *, kind: ImageKind | None, limit: int, offset: int
) -> list[DesignImage]:
    """For the shop's gallery: newest first, of one documented kind or of all of them."""
    rows = await session.scalars(
        select(DesignImage)
        .where(DesignImage.organization_id == ctx.organization_id)
        .where(DesignImage.kind.in_([kind] if kind else SHOWN_KINDS))
        .order_by(DesignImage.created_at.desc(), DesignImage.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return list(rows)


async def count_images(session: AsyncSession, ctx: Actor) -> dict[ImageKind, int]:
    rows = await session.execute(
        select(DesignImage.kind, func.count())
        .where(DesignImage.organization_id == ctx.organization_id)
        .where(DesignImage.kind.in_(SHOWN_KINDS))
        .group_by(DesignImage.kind)
    )
    return {row[0]: row[1] for row in rows}
