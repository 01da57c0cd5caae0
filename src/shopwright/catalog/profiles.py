"""Use cases of product profiles: how a product is usually printed, and what it should cost.

A profile is a product without its variants, recipe and listings; both are the same row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.catalog import products, profile_queries, profile_rules
from shopwright.catalog.models import PricingSettings, Product
from shopwright.catalog.products import ProductSpec
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import NotFound
from shopwright.kernel.live import touch
from shopwright.kernel.money import Money


@dataclass(frozen=True, slots=True)
class ItemName:
    """What an order's item is called by: the variant it was matched to, else its title."""

    title: str
    variant_id: int | None = None


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """What was sent: columns by name, and costs by name in units of the profile's currency."""

    columns: Mapping[str, str | int | None] = field(default_factory=dict)
    costs: Mapping[str, Decimal | None] = field(default_factory=dict)


async def get_profile(session: AsyncSession, ctx: Actor, ref: Ref) -> Product:
    """Raises NotFound, for a hidden product too."""
    product = await profile_queries.find_profile(session, ctx, ref)
    if product is None:
        raise NotFound(f"There is no product profile {ref}.")
    return product


async def create_profile(
    session: WriteSession, ctx: Actor, *, name: str, change: ProfileChange, now: datetime
) -> Product:
    """A product without variants yet."""
    product = await products.create_product(session, ctx, spec=ProductSpec(name=name))
    await _apply(session, ctx, product, change)
    product.updated_at = now
    await session.flush()
    return product


async def update_profile(
    session: WriteSession, ctx: Actor, *, ref: Ref, change: ProfileChange, now: datetime
) -> Product:
    """Only what was sent changes."""
    product = await get_profile(session, ctx, ref)
    await _apply(session, ctx, product, change)
    product.updated_at = now
    await session.flush()
    members = sorted({*change.columns, *change.costs})
    audit.record(session, ctx, "product.profile_updated", product.id, members=members)
    touch(session, ctx.organization_id, "product", product.id)
    return product


async def find_profile(session: AsyncSession, ctx: Actor, item: ItemName) -> Product | None:
    """The profile of one item, or None; see ``match_profiles``."""
    return (await match_profiles(session, ctx, [item])).get(item)


async def match_profiles(
    session: AsyncSession, ctx: Actor, items: Sequence[ItemName]
) -> dict[ItemName, Product]:
    """Profiles by item: the variant's product, else the product whose name the title means.

    Items without a profile are left out. Three statements, however many items there are.
    """
    by_variant = await profile_queries.list_products_of(
        session, ctx, {item.variant_id for item in items if item.variant_id is not None}
    )
    names: list[tuple[int, str]] = []
    if any(item.variant_id not in by_variant for item in items):
        names = await profile_queries.list_names(session, ctx)
    meant = {item: _product_of(item, by_variant, names) for item in items}
    wanted = {product_id for product_id in meant.values() if product_id is not None}
    found = await profile_queries.get_profiles(session, ctx, wanted)
    return {item: found[id_] for item, id_ in meant.items() if id_ is not None and id_ in found}


async def get_labor_rate(session: AsyncSession, ctx: Actor) -> Money | None:
    """What an hour of work costs the shop; None when nobody has said."""
    found = await profile_queries.find_pricing(session, ctx)
    return Money(found.labor_per_hour_minor, found.currency) if found else None


async def set_labor_rate(session: WriteSession, ctx: Actor, per_hour: Decimal) -> Money:
    """In the organization's currency."""
    currency = await profile_queries.get_currency(session, ctx)
    rate = Money.from_decimal(per_hour, currency)
    found = await profile_queries.find_pricing(session, ctx)
    settings = found or PricingSettings(organization_id=ctx.organization_id)
    settings.labor_per_hour_minor, settings.currency = rate.minor, rate.currency
    session.add(settings)
    await session.flush()
    audit.record(session, ctx, "pricing.updated", settings.id, labor_per_hour=str(per_hour))
    touch(session, ctx.organization_id, "product")
    return rate


async def _apply(
    session: WriteSession, ctx: Actor, product: Product, change: ProfileChange
) -> None:
    for column, value in change.columns.items():
        setattr(product, column, value)
    if not change.costs:
        return
    if product.cost_currency is None:
        product.cost_currency = await profile_queries.get_currency(session, ctx)
    for name, cost in change.costs.items():
        money = None if cost is None else Money.from_decimal(cost, product.cost_currency)
        setattr(product, f"{name}_minor", money.minor if money else None)


def _product_of(
    item: ItemName, by_variant: Mapping[int, int], names: Sequence[tuple[int, str]]
) -> int | None:
    if item.variant_id is not None and item.variant_id in by_variant:
        return by_variant[item.variant_id]
    return profile_rules.match_title(item.title, names)
