"""SQL of listings and what they offer."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Select, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from shopwright.catalog.models import Listing, ListingOffer, RecipeStep
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref


async def find_listing(session: AsyncSession, ctx: Actor, ref: Ref) -> Listing | None:
    listing: Listing | None = await session.scalar(_listings(ctx).where(ref.where(Listing)))
    return listing


async def find_by_external(
    session: AsyncSession, ctx: Actor, connection_id: int, external_id: str
) -> Listing | None:
    listing: Listing | None = await session.scalar(
        _listings(ctx).where(
            Listing.connection_id == connection_id, Listing.external_id == external_id
        )
    )
    return listing


async def list_of_product(session: AsyncSession, ctx: Actor, product_id: int) -> list[Listing]:
    """With their offers, the oldest first."""
    rows = await session.scalars(
        _listings(ctx).where(Listing.product_id == product_id).order_by(Listing.id)
    )
    return list(rows)


async def list_offering_step(
    session: AsyncSession, ctx: Actor, recipe_step_id: int
) -> list[Listing]:
    """Listings that offer the variant made with this step."""
    offering = (
        select(ListingOffer.listing_id)
        .join(RecipeStep, RecipeStep.variant_id == ListingOffer.variant_id)
        .where(ListingOffer.organization_id == ctx.organization_id)
        .where(RecipeStep.organization_id == ctx.organization_id, RecipeStep.id == recipe_step_id)
    )
    rows = await session.scalars(
        _listings(ctx).where(Listing.id.in_(offering), Listing.is_offered).order_by(Listing.id)
    )
    return list(rows)


async def drop_offers(session: WriteSession, ctx: Actor, offer_ids: Collection[int]) -> None:
    await session.execute(
        delete(ListingOffer)
        .where(ListingOffer.organization_id == ctx.organization_id)
        .where(ListingOffer.id.in_(offer_ids))
    )


async def set_offered_quantity(
    session: WriteSession, ctx: Actor, listing_id: int, sku: str, quantity: int
) -> None:
    """What the channel offers from now on."""
    await session.execute(
        update(ListingOffer)
        .where(ListingOffer.organization_id == ctx.organization_id)
        .where(ListingOffer.listing_id == listing_id, ListingOffer.sku == sku)
        .values(quantity=quantity)
    )


async def hide_unseen(
    session: WriteSession, ctx: Actor, connection_id: int, seen_before: datetime
) -> int:
    """Listings that a whole reading did not show are not offered; returns how many these are."""
    rows = await session.scalars(
        update(Listing)
        .where(Listing.organization_id == ctx.organization_id)
        .where(Listing.connection_id == connection_id, Listing.is_offered)
        .where(Listing.seen_at < seen_before)
        .values(is_offered=False)
        .returning(Listing.id)
    )
    return len(rows.all())


def _listings(ctx: Actor) -> Select[Listing]:
    return (
        select(Listing)
        .where(Listing.organization_id == ctx.organization_id)
        .options(selectinload(Listing.offers))
        .execution_options(populate_existing=True)
    )
