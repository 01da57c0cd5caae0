"""Use cases of listings: what a channel shows becomes products and variants, and stays theirs.

What people wrote here is never overwritten by a channel: a known product keeps its name and a known
variant its name and price; only the listing's own facts follow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.catalog import listing_queries, products, profile_queries, queries, service
from shopwright.catalog.models import Listing, ListingOffer, Product, Variant
from shopwright.catalog.products import MAX_SKU, ProductSpec, VariantSpec
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import NotFound
from shopwright.kernel.live import touch
from shopwright.kernel.money import Money

MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class OfferSpec:
    """One choice as the channel sells it; ``options`` are what tells it from the others."""

    sku: str
    options: tuple[tuple[str, str], ...] = ()
    quantity: int | None = None
    price: Money | None = None


@dataclass(frozen=True, slots=True)
class ListingSpec:
    external_id: str
    title: str
    offers: Sequence[OfferSpec]
    description: str = ""
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What one listing brought; ``skipped`` are sentences."""

    is_new_product: bool
    new_variants: int
    skipped: list[str] = field(default_factory=list)


async def get_listing(session: AsyncSession, ctx: Actor, ref: Ref) -> Listing:
    listing = await listing_queries.find_listing(session, ctx, ref)
    if listing is None:
        raise NotFound(f"There is no listing {ref}.")
    return listing


async def take_over(
    session: WriteSession, ctx: Actor, *, connection_id: int, spec: ListingSpec, now: datetime
) -> Taken:
    """Bring the catalogue in step with one listing; the same again changes nothing.

    Its product is the one it had, else that of a known SKU, else one of the same name, else new.
    """
    usable = {offer.sku.strip(): offer for offer in spec.offers if _is_usable(offer.sku)}
    skipped = _skipped(spec, usable)
    known = await _known_variants(session, ctx, list(usable))
    listing = await listing_queries.find_by_external(session, ctx, connection_id, spec.external_id)
    product, is_new = await _product_of(session, ctx, listing, known, spec)
    missing = [offer for sku, offer in usable.items() if sku not in known]
    for offer in missing:
        known[offer.sku.strip()] = await _create_variant(session, ctx, product, offer)
    if listing is None:
        listing = Listing(
            organization_id=ctx.organization_id,
            connection_id=connection_id,
            external_id=spec.external_id,
            product_id=product.id,
            offers=[],
        )
    _describe(listing, spec, now)
    session.add(listing)
    await _offer(session, ctx, listing, usable, known)
    touch(session, ctx.organization_id, "product", product.id)
    return Taken(is_new, len(missing), skipped)


def _is_usable(sku: str) -> bool:
    return 0 < len(sku.strip()) <= MAX_SKU and sku.strip().isprintable()


def _skipped(spec: ListingSpec, usable: Mapping[str, OfferSpec]) -> list[str]:
    if not usable:
        return [f"{spec.title!r} has no SKU. Give its choices one at the channel."]
    bare = sum(not _is_usable(offer.sku) for offer in spec.offers)
    return [f"{bare} choices of {spec.title!r} have no SKU."] if bare else []


async def _known_variants(
    session: WriteSession, ctx: Actor, skus: Sequence[str]
) -> dict[str, Variant]:
    """By SKU or alias; hidden ones too, and they stay hidden."""
    known = await service.find_variants_by_code(session, ctx, skus)
    for sku in skus:
        owner = None if sku in known else await queries.find_code_owner(session, ctx, sku)
        if owner is not None:
            known[sku] = owner
    return known


async def _product_of(
    session: WriteSession,
    ctx: Actor,
    listing: Listing | None,
    known: Mapping[str, Variant],
    spec: ListingSpec,
) -> tuple[Product, bool]:
    """The listing's product, and whether it was made for it."""
    product_id = listing.product_id if listing else None
    if product_id is None and known:
        product_id = next(iter(known.values())).product_id
    if product_id is None:
        product_id = await profile_queries.find_id_by_name(session, ctx, spec.title[:MAX_NAME])
    if product_id is not None:
        return await products.get_product(session, ctx, Ref(product_id, None)), False
    made = ProductSpec(name=spec.title[:MAX_NAME], description=spec.description)
    return await products.create_product(session, ctx, spec=made), True


async def _create_variant(
    session: WriteSession, ctx: Actor, product: Product, offer: OfferSpec
) -> Variant:
    spec = VariantSpec(
        sku=offer.sku,
        name=", ".join(value for _, value in offer.options)[:MAX_NAME],
        options={name[:MAX_NAME]: value[:MAX_NAME] for name, value in offer.options},
        price=offer.price.decimal if offer.price else None,
        currency=offer.price.currency if offer.price else None,
    )
    ref = Ref(product.id, None)
    return await products.create_variant(session, ctx, product=ref, spec=spec)


def _describe(listing: Listing, spec: ListingSpec, now: datetime) -> None:
    listing.title = spec.title[:300]
    listing.url = spec.url[:500] if spec.url else None
    listing.is_offered = True
    listing.seen_at = now


async def _offer(
    session: WriteSession,
    ctx: Actor,
    listing: Listing,
    offers: Mapping[str, OfferSpec],
    variants: Mapping[str, Variant],
) -> None:
    present = {offer.sku: offer for offer in listing.offers}
    await session.flush()
    gone = [offer.id for sku, offer in present.items() if sku not in offers]
    if gone:
        await listing_queries.drop_offers(session, ctx, gone)
    for sku, spec in offers.items():
        row = present.get(sku) or ListingOffer(
            organization_id=ctx.organization_id, listing_id=listing.id, sku=sku
        )
        row.variant_id, row.quantity = variants[sku].id, spec.quantity
        row.price_minor = spec.price.minor if spec.price else None
        row.currency = spec.price.currency if spec.price else None
        session.add(row)
    await session.flush()


async def set_offered_quantities(
    session: WriteSession, ctx: Actor, *, listing_id: int, quantities: Mapping[str, int]
) -> None:
    """The channel took these; by SKU."""
    for sku, quantity in quantities.items():
        await listing_queries.set_offered_quantity(session, ctx, listing_id, sku, quantity)
    audit.record(session, ctx, "listing.quantity_set", listing_id, quantities=dict(quantities))
