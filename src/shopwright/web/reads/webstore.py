"""Small counts and choices for the webstore's admin pages."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.catalog.designs.models import AiStyle, Sticker
from shopwright.catalog.models import Product, Variant

MAX_CHOICES = 500


@dataclass(frozen=True, slots=True)
class VariantChoice:
    id: int
    label: str


async def count_styles(session: AsyncSession, organization_id: int) -> dict[int, int]:
    """By template, hidden ones too."""
    rows = await session.execute(
        select(AiStyle.template_id, func.count())
        .where(AiStyle.organization_id == organization_id)
        .group_by(AiStyle.template_id)
    )
    return {row[0]: row[1] for row in rows}


async def count_stickers(session: AsyncSession, organization_id: int) -> dict[int, int]:
    """Those on offer, by category."""
    rows = await session.execute(
        select(Sticker.category_id, func.count())
        .where(Sticker.organization_id == organization_id, Sticker.is_active)
        .group_by(Sticker.category_id)
    )
    return {row[0]: row[1] for row in rows}


async def list_variants(session: AsyncSession, organization_id: int) -> list[VariantChoice]:
    rows = await session.execute(
        select(Variant.id, Product.name, Variant.sku)
        .join(Product, Product.id == Variant.product_id)
        .where(Variant.organization_id == organization_id, Variant.is_active)
        .where(Product.organization_id == organization_id)
        .order_by(Product.name, Variant.sku)
        .limit(MAX_CHOICES)
    )
    return [VariantChoice(row[0], f"{row[1]} · {row[2]}") for row in rows]
