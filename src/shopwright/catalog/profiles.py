"""Use cases of product profiles: how a product is usually printed, and what it should cost.

A profile is a product without its variants, recipe and listings; both are the same row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.catalog import profile_queries, profile_rules
from shopwright.catalog.models import Product
from shopwright.kernel.actor import Actor


@dataclass(frozen=True, slots=True)
class ItemName:
    """What an order's item is called by: the variant it was matched to, else its title."""

    title: str
    variant_id: int | None = None


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


def _product_of(
    item: ItemName, by_variant: Mapping[int, int], names: Sequence[tuple[int, str]]
) -> int | None:
    if item.variant_id is not None and item.variant_id in by_variant:
        return by_variant[item.variant_id]
    return profile_rules.match_title(item.title, names)
