"""All SQL of generations and of the pictures' bookkeeping."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.artwork.models import DesignImage, ImageGeneration
from shopwright.artwork.states import GenerationStatus
from shopwright.catalog.designs.models import AiStyle, Template
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.effects import Effect, EffectStatus
from shopwright.kernel.tenancy import CROSS_TENANT

KIND = "image.generate"  # of the effect
COUNTED = (GenerationStatus.PENDING, GenerationStatus.DONE, GenerationStatus.UNKNOWN)


async def find_generation(
    session: AsyncSession, organization_id: int, key: str
) -> ImageGeneration | None:
    found: ImageGeneration | None = await session.scalar(
        select(ImageGeneration)
        .where(ImageGeneration.organization_id == organization_id, ImageGeneration.uuid == key)
        .execution_options(populate_existing=True)
    )
    return found


async def find_image_of(session: AsyncSession, generation: ImageGeneration) -> DesignImage | None:
    found: DesignImage | None = await session.scalar(
        select(DesignImage)
        .where(DesignImage.organization_id == generation.organization_id)
        .where(DesignImage.id == generation.image_id)
    )
    return found


async def count_since(
    session: AsyncSession, ctx: Actor, since: datetime, customer: str | None = None
) -> int:
    """Generations that count against a budget, of one customer or of all: also those that were
    paid and came to nothing."""
    is_counted = or_(ImageGeneration.status.in_(COUNTED), ImageGeneration.cost_millionths > 0)
    statement = (
        select(func.count())
        .select_from(ImageGeneration)
        .where(ImageGeneration.organization_id == ctx.organization_id)
        .where(ImageGeneration.created_at >= since, is_counted)
    )
    if customer is not None:
        statement = statement.where(ImageGeneration.customer == customer)
    return await session.scalar(statement) or 0


async def settle_generation(
    session: WriteSession, generation: ImageGeneration, values: dict[str, Any]
) -> bool:
    """False when it was settled before."""
    done = await session.scalar(
        update(ImageGeneration)
        .where(ImageGeneration.organization_id == generation.organization_id)
        .where(ImageGeneration.id == generation.id)
        .where(ImageGeneration.status == GenerationStatus.PENDING)
        .values(**values)
        .returning(ImageGeneration.id)
    )
    return done is not None


async def list_orphans(session: AsyncSession, begun_before: datetime) -> list[Effect]:
    """Calls that nobody waits for any more, of all shops."""
    rows = await session.scalars(
        select(Effect)
        .where(Effect.kind == KIND, Effect.status == EffectStatus.SENDING)
        .where(Effect.sending_at <= begun_before)
        .execution_options(**CROSS_TENANT)
    )
    return list(rows)


async def find_styles(
    session: AsyncSession, ctx: Actor, name: str, template_id: int | None
) -> list[tuple[Template, AiStyle]]:
    """Offered styles of this name or code in any case, of one template or of all."""
    word = name.strip().lower()
    statement = (
        select(Template, AiStyle)
        .join(AiStyle, AiStyle.template_id == Template.id)
        .where(Template.organization_id == ctx.organization_id, Template.is_active)
        .where(AiStyle.organization_id == ctx.organization_id, AiStyle.is_active)
        .where(or_(AiStyle.code == word, func.lower(AiStyle.name) == word))
        .order_by(Template.display_order, Template.id, AiStyle.display_order, AiStyle.id)
    )
    if template_id is not None:
        statement = statement.where(Template.id == template_id)
    return [(row[0], row[1]) for row in await session.execute(statement)]


async def costs(session: AsyncSession, ctx: Actor, since: datetime) -> list[tuple[str, int, int]]:
    """Currency, millionths and pictures that were paid since then; nothing is added across
    currencies."""
    rows = await session.execute(
        select(ImageGeneration.currency, func.sum(ImageGeneration.cost_millionths), func.count())
        .where(ImageGeneration.organization_id == ctx.organization_id)
        .where(ImageGeneration.created_at >= since, ImageGeneration.currency.is_not(None))
        .group_by(ImageGeneration.currency)
        .order_by(ImageGeneration.currency)
    )
    return [(str(row[0]), int(row[1]), row[2]) for row in rows]
