"""SQL of product profiles."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts.models import Organization
from shopwright.catalog.models import ManyfoldSettings, PricingSettings, Product, Variant
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Paging, Ref


@dataclass(frozen=True, slots=True)
class ProfileFilter:
    text: str | None = None  # in the name
    category: str | None = None


async def list_profiles(
    session: AsyncSession, ctx: Actor, wanted: ProfileFilter, paging: Paging
) -> tuple[list[Product], int]:
    """One page of what is not hidden, the oldest first, and how many there are in all."""
    statement = select(Product).where(
        Product.organization_id == ctx.organization_id, Product.is_active
    )
    if wanted.text:
        statement = statement.where(Product.name.icontains(wanted.text, autoescape=True))
    if wanted.category:
        statement = statement.where(func.lower(Product.category) == wanted.category.strip().lower())
    total = await session.scalar(statement.with_only_columns(func.count()))
    rows = await session.scalars(
        statement.order_by(Product.id).limit(paging.limit).offset(paging.offset)
    )
    return list(rows), total or 0


async def find_profile(session: AsyncSession, ctx: Actor, ref: Ref) -> Product | None:
    product: Product | None = await session.scalar(
        select(Product)
        .where(Product.organization_id == ctx.organization_id, ref.where(Product))
        .where(Product.is_active)
    )
    return product


async def find_id_by_name(session: AsyncSession, ctx: Actor, name: str) -> int | None:
    """The oldest product of exactly this name, case aside, that is not hidden."""
    product_id: int | None = await session.scalar(
        select(Product.id)
        .where(Product.organization_id == ctx.organization_id, Product.is_active)
        .where(func.lower(Product.name) == name.lower())
        .order_by(Product.id)
        .limit(1)
    )
    return product_id


async def get_currency(session: AsyncSession, ctx: Actor) -> str:
    """The organization's."""
    currency: str | None = await session.scalar(
        select(Organization.currency).where(Organization.id == ctx.organization_id)
    )
    return currency or ""


async def find_pricing(session: AsyncSession, ctx: Actor) -> PricingSettings | None:
    settings: PricingSettings | None = await session.scalar(
        select(PricingSettings).where(PricingSettings.organization_id == ctx.organization_id)
    )
    return settings


async def find_manyfold(session: AsyncSession, ctx: Actor) -> ManyfoldSettings | None:
    settings: ManyfoldSettings | None = await session.scalar(
        select(ManyfoldSettings).where(ManyfoldSettings.organization_id == ctx.organization_id)
    )
    return settings


async def list_names(session: AsyncSession, ctx: Actor) -> list[tuple[int, str]]:
    """Id and name of every product that is not hidden, the oldest first."""
    rows = await session.execute(
        select(Product.id, Product.name)
        .where(Product.organization_id == ctx.organization_id, Product.is_active)
        .order_by(Product.id)
    )
    return [(row.id, row.name) for row in rows]


async def list_products_of(
    session: AsyncSession, ctx: Actor, variant_ids: Collection[int]
) -> dict[int, int]:
    """The product of each variant, hidden ones too."""
    rows = await session.execute(
        select(Variant.id, Variant.product_id)
        .where(Variant.organization_id == ctx.organization_id)
        .where(Variant.id.in_(variant_ids))
    )
    return {row.id: row.product_id for row in rows}


async def get_profiles(
    session: AsyncSession, ctx: Actor, product_ids: Collection[int]
) -> dict[int, Product]:
    rows = await session.scalars(
        select(Product)
        .where(Product.organization_id == ctx.organization_id)
        .where(Product.id.in_(product_ids))
    )
    return {product.id: product for product in rows}
