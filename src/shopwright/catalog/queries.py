"""SQL of products, variants and the codes that mean them."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, or_, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from shopwright.catalog.models import Product, SkuAlias, Variant
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession, insert_for
from shopwright.kernel.edge import Paging, Ref


@dataclass(frozen=True, slots=True)
class ProductFilter:
    text: str | None = None  # in the name, the category or a SKU
    is_active: bool | None = True


async def list_products(
    session: AsyncSession, ctx: Actor, wanted: ProductFilter, paging: Paging
) -> tuple[list[Product], int]:
    """One page with its variants, and how many there are in all."""
    statement = select(Product).where(Product.organization_id == ctx.organization_id)
    if wanted.is_active is not None:
        statement = statement.where(Product.is_active.is_(wanted.is_active))
    if wanted.text:
        statement = statement.where(_mentions(ctx, wanted.text))
    total = await session.scalar(statement.with_only_columns(func.count()))
    rows = await session.scalars(
        statement.options(selectinload(Product.variants))
        .order_by(Product.id)
        .limit(paging.limit)
        .offset(paging.offset)
    )
    return list(rows), total or 0


def _mentions(ctx: Actor, text: str) -> ColumnElement[bool]:
    by_sku = (
        select(Variant.product_id)
        .where(Variant.organization_id == ctx.organization_id)
        .where(Variant.sku.icontains(text, autoescape=True))
    )
    return or_(
        Product.name.icontains(text, autoescape=True),
        Product.category.icontains(text, autoescape=True),
        Product.id.in_(by_sku),
    )


async def find_product(session: AsyncSession, ctx: Actor, ref: Ref) -> Product | None:
    product: Product | None = await session.scalar(
        select(Product)
        .where(Product.organization_id == ctx.organization_id, ref.where(Product))
        .options(selectinload(Product.variants))
        .execution_options(populate_existing=True)
    )
    return product


async def find_variant(session: AsyncSession, ctx: Actor, ref: Ref) -> Variant | None:
    variant: Variant | None = await session.scalar(_variants(ctx).where(ref.where(Variant)))
    return variant


async def lock_variants(
    session: WriteSession, ctx: Actor, variant_ids: Collection[int]
) -> list[Variant]:
    """Hold these until the commit: two changes of one recipe come one after the other."""
    rows = await session.scalars(
        _variants(ctx).where(Variant.id.in_(variant_ids)).order_by(Variant.id).with_for_update()
    )
    return list(rows)


def _variants(ctx: Actor) -> Select[Variant]:
    return select(Variant).where(Variant.organization_id == ctx.organization_id)


async def find_variants_by_code(
    session: AsyncSession, ctx: Actor, codes: Collection[str]
) -> dict[str, Variant]:
    """Active variants by SKU, else by alias; two indexed look-ups in one statement."""
    by_sku = (
        select(Variant.sku.label("code"), Variant.id.label("variant_id"), literal(0).label("rank"))
        .where(Variant.organization_id == ctx.organization_id)
        .where(Variant.sku.in_(codes))
    )
    by_alias = (
        select(SkuAlias.code, SkuAlias.variant_id, literal(1))
        .where(SkuAlias.organization_id == ctx.organization_id)
        .where(SkuAlias.code.in_(codes))
    )
    matches = union_all(by_sku, by_alias).subquery()
    rows = await session.execute(
        select(matches.c.code, Variant)
        .join(Variant, Variant.id == matches.c.variant_id)
        .where(Variant.organization_id == ctx.organization_id, Variant.is_active)
        .order_by(matches.c.rank.desc())
    )
    return {row.code: row.Variant for row in rows}


async def find_code_owner(session: AsyncSession, ctx: Actor, code: str) -> Variant | None:
    """The variant, active or hidden, whose own SKU this is."""
    variant: Variant | None = await session.scalar(_variants(ctx).where(Variant.sku == code))
    return variant


async def show_variants(
    session: WriteSession, ctx: Actor, product_id: int, *, is_active: bool
) -> list[Variant]:
    """Hide or show all variants of a product; returns those that changed."""
    rows = await session.scalars(
        update(Variant)
        .where(Variant.organization_id == ctx.organization_id, Variant.product_id == product_id)
        .where(Variant.is_active.is_not(is_active))
        .values(is_active=is_active)
        .returning(Variant)
        .execution_options(populate_existing=True)
    )
    return list(rows)


async def add_alias(
    session: WriteSession, ctx: Actor, code: str, variant_id: int
) -> SkuAlias | None:
    """None when the code is taken already."""
    alias: SkuAlias | None = await session.scalar(
        insert_for(session, SkuAlias)
        .values(organization_id=ctx.organization_id, code=code, variant_id=variant_id)
        .on_conflict_do_nothing(index_elements=["organization_id", "code"])
        .returning(SkuAlias)
    )
    return alias


async def find_alias(session: AsyncSession, ctx: Actor, condition: Any) -> SkuAlias | None:
    alias: SkuAlias | None = await session.scalar(
        select(SkuAlias).where(SkuAlias.organization_id == ctx.organization_id, condition)
    )
    return alias


async def list_aliases(
    session: AsyncSession, ctx: Actor, paging: Paging
) -> tuple[list[tuple[SkuAlias, str]], int]:
    """One page of aliases, each with the SKU it means, by code."""
    statement = (
        select(SkuAlias, Variant.sku)
        .join(Variant, Variant.id == SkuAlias.variant_id)
        .where(SkuAlias.organization_id == ctx.organization_id)
        .where(Variant.organization_id == ctx.organization_id)
    )
    total = await session.scalar(statement.with_only_columns(func.count()))
    rows = await session.execute(
        statement.order_by(SkuAlias.code).limit(paging.limit).offset(paging.offset)
    )
    return [(alias, sku) for alias, sku in rows], total or 0
