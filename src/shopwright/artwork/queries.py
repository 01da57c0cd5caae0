"""All SQL of designs, their pictures and generations."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.artwork.models import Design, DesignImage
from shopwright.artwork.states import SHOWN_KINDS, DesignStatus, ImageKind
from shopwright.catalog.designs.models import Font, Sticker, Template
from shopwright.catalog.devices.models import DeviceModel
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.tenancy import CROSS_TENANT

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


async def find_image_of_any(session: AsyncSession, filename: str) -> DesignImage | None:
    """Of whatever shop: for links, whose signature names the shop."""
    found: DesignImage | None = await session.scalar(
        select(DesignImage)
        .where(DesignImage.filename == filename)
        .order_by(DesignImage.id)
        .limit(1)
        .execution_options(**CROSS_TENANT)
    )
    return found


async def count_images_of(session: AsyncSession, ctx: Actor, design_id: int) -> int:
    count = await session.scalar(
        select(func.count())
        .select_from(DesignImage)
        .where(DesignImage.organization_id == ctx.organization_id)
        .where(DesignImage.design_id == design_id, DesignImage.kind != ImageKind.ASSET)
    )
    return count or 0


async def hashes_of_design(session: AsyncSession, ctx: Actor, design_id: int) -> set[str]:
    images = await session.scalars(
        select(DesignImage.sha256).where(
            DesignImage.organization_id == ctx.organization_id, DesignImage.design_id == design_id
        )
    )
    own = await session.execute(
        select(Design.preview_sha256, Design.final_sha256, Design.print_sha256).where(
            Design.organization_id == ctx.organization_id, Design.id == design_id
        )
    )
    return {*images, *(sha256 for row in own for sha256 in row if sha256 is not None)}


async def delete_design(session: WriteSession, ctx: Actor, design_id: int) -> None:
    await session.execute(
        delete(DesignImage).where(
            DesignImage.organization_id == ctx.organization_id, DesignImage.design_id == design_id
        )
    )
    await session.execute(
        delete(Design).where(Design.organization_id == ctx.organization_id, Design.id == design_id)
    )


async def delete_images(session: WriteSession, ctx: Actor, ids: Collection[int]) -> None:
    await session.execute(
        delete(DesignImage).where(
            DesignImage.organization_id == ctx.organization_id, DesignImage.id.in_(ids)
        )
    )


async def find_stickers(
    session: AsyncSession, ctx: Actor, names: Collection[str]
) -> dict[str, Sticker]:
    """By the id, number or file name that layers use."""
    numbers = [int(name) for name in names if name.isascii() and name.isdigit() and len(name) < 19]  # noqa: PLR2004
    rows = await session.scalars(
        select(Sticker)
        .where(Sticker.organization_id == ctx.organization_id, Sticker.is_active)
        .where(or_(Sticker.uuid.in_(names), Sticker.id.in_(numbers)))
    )
    found: dict[str, Sticker] = {}
    for row in rows:
        found |= {row.uuid: row, str(row.id): row}
    return found


async def find_fonts(session: AsyncSession, ctx: Actor, names: Collection[str]) -> dict[str, Font]:
    """By name, in lower case."""
    rows = await session.scalars(
        select(Font).where(Font.organization_id == ctx.organization_id, Font.is_active)
    )
    return {row.name.casefold(): row for row in rows if row.name.casefold() in names}


async def list_expired(session: AsyncSession, now: datetime, limit: int) -> list[tuple[int, int]]:
    """Organization and id of drafts that nobody ordered in time."""
    rows = await session.execute(
        select(Design.organization_id, Design.id)
        .where(Design.status == DesignStatus.DRAFT, Design.expires_at <= now)
        .order_by(Design.expires_at)
        .limit(limit)
        .execution_options(**CROSS_TENANT)
    )
    return [(row[0], row[1]) for row in rows]


async def list_expired_images(
    session: AsyncSession, now: datetime, limit: int
) -> list[DesignImage]:
    """Pictures of no design whose time is over, of all shops."""
    rows = await session.scalars(
        select(DesignImage)
        .where(DesignImage.expires_at <= now)
        .order_by(DesignImage.expires_at)
        .limit(limit)
        .execution_options(**CROSS_TENANT)
    )
    return list(rows)


async def lock_expired(
    session: WriteSession, ctx: Actor, design_id: int, now: datetime
) -> Design | None:
    """None when somebody saved or ordered it meanwhile."""
    found: Design | None = await session.scalar(
        select(Design)
        .where(Design.organization_id == ctx.organization_id, Design.id == design_id)
        .where(Design.status == DesignStatus.DRAFT, Design.expires_at <= now)
        .with_for_update()
    )
    return found


async def lock_draft(session: WriteSession, ctx: Actor, design_id: int) -> bool:
    """False when it was ordered, or is gone."""
    found = await session.scalar(
        select(Design.id)
        .where(Design.organization_id == ctx.organization_id, Design.id == design_id)
        .where(Design.status == DesignStatus.DRAFT)
        .with_for_update()
    )
    return found is not None


async def find_print(session: AsyncSession, ctx: Actor, design_id: int) -> DesignImage | None:
    """The picture that is the design's print."""
    found: DesignImage | None = await session.scalar(
        select(DesignImage)
        .join(Design, Design.id == DesignImage.design_id)
        .where(Design.organization_id == ctx.organization_id, Design.id == design_id)
        .where(DesignImage.organization_id == ctx.organization_id)
        .where(DesignImage.sha256 == Design.print_sha256)
        .where(DesignImage.kind.in_([ImageKind.FINAL, ImageKind.FINAL_COMPOSED]))
        .order_by(DesignImage.id)
        .limit(1)
    )
    return found


async def find_codes(session: AsyncSession, ctx: Actor, design: Design) -> tuple[str, str]:
    """Of its template and its device model; empty for what the catalogue has no more."""
    template = await session.scalar(
        select(Template.code).where(
            Template.organization_id == ctx.organization_id, Template.id == design.template_id
        )
    )
    model = await session.scalar(
        select(DeviceModel.code).where(
            DeviceModel.organization_id == ctx.organization_id,
            DeviceModel.id == design.device_model_id,
        )
    )
    return template or "", model or ""
