"""Listings: read from the shops, and how many of each they offer."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field, model_validator

from shopwright.accounts.access import AdminCtx, MemberCtx, SyncLimited, ViewerCtx
from shopwright.catalog import listing_queries as catalog_queries
from shopwright.catalog import listings as catalog
from shopwright.catalog import products
from shopwright.catalog.models import Listing
from shopwright.channels import listings, quantities, service
from shopwright.channels.listings import NoShopLinked, Progress
from shopwright.channels.quantities import MAX_QUANTITY, NothingOnShelf, NotOffered
from shopwright.channels.runs import ReconnectFirst
from shopwright.channels.schemas import Body, ConnectionRead
from shopwright.kernel.edge import (
    Now,
    ProcessDep,
    Read,
    Ref,
    Write,
    parse_ref,
    path_ref,
    problems,
    writing,
)
from shopwright.kernel.effects import Effect, EffectStatus
from shopwright.kernel.errors import BrokenUpstream, Conflict, Invalid, NotFound, Unavailable
from shopwright.kernel.money import Money
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.kernel.times import PlainTime, ZuluTime

router = APIRouter(prefix="/api", tags=["channels"], route_class=RepeatableRoute)

WAIT_S = 20.0  # as for orders (reference decision 24)
ListingRef = Annotated[Ref, path_ref("listing")]
ConnectionRef = Annotated[Ref, path_ref("connection")]


class ListingSyncRefused(Conflict):
    code = "listing-sync-refused"
    title = "The channel refuses the reading"


FAILURES: dict[str | None, type[Any]] = {
    "unavailable": Unavailable,
    "rate_limited": Unavailable,
    "bad_answer": BrokenUpstream,
    "reconnect_needed": ReconnectFirst,
}


class ListingSyncRead(BaseModel):
    """``synced_count`` counts listings; while ``running`` all counts are those so far."""

    message: str
    success: bool
    synced_count: int
    total_listings: int
    new_products: int
    new_variants: int
    skipped: list[str]
    errors: list[str]
    running: bool
    sync_id: str | None
    read_at: PlainTime | None

    @classmethod
    def of(cls, progress: Progress) -> "ListingSyncRead":
        syncs = progress.syncs
        read = sum(sync.listings_read for sync in syncs)
        return cls(
            message=message_of(progress),
            success=not progress.errors,
            synced_count=read,
            total_listings=read,
            new_products=sum(sync.products_new for sync in syncs),
            new_variants=sum(sync.variants_new for sync in syncs),
            skipped=[sentence for sync in syncs for sentence in sync.skipped],
            errors=progress.errors,
            running=progress.is_running,
            sync_id=syncs[0].uuid if progress.is_running else None,
            read_at=max((s.finished_at for s in syncs if s.finished_at), default=None),
        )


class OfferRead(BaseModel):
    sku: str
    variant_id: int
    quantity: int | None
    price: float | None
    currency: str | None


class QuantityPushRead(BaseModel):
    """What became of the last wish: ``done`` when the channel's own answer showed it."""

    id: int
    uuid: str
    status: EffectStatus
    quantities: dict[str, int]
    detail: str | None
    asked_at: ZuluTime
    settled_at: ZuluTime | None

    @classmethod
    def of(cls, effect: Effect) -> "QuantityPushRead":
        return cls(
            id=effect.id,
            uuid=effect.uuid,
            status=effect.status,
            quantities=effect.request["quantities"],
            detail=effect.detail,
            asked_at=effect.created_at,
            settled_at=effect.settled_at,
        )


class ListingRead(BaseModel):
    id: int
    uuid: str
    connection_id: int
    product_id: int
    external_id: str
    title: str
    url: str | None
    is_offered: bool
    seen_at: ZuluTime
    offers: list[OfferRead]
    last_push: QuantityPushRead | None

    @classmethod
    def of(cls, listing: Listing, push: Effect | None) -> "ListingRead":
        return cls(
            id=listing.id,
            uuid=listing.uuid,
            connection_id=listing.connection_id,
            product_id=listing.product_id,
            external_id=listing.external_id,
            title=listing.title,
            url=listing.url,
            is_offered=listing.is_offered,
            seen_at=listing.seen_at,
            offers=[
                OfferRead(
                    sku=offer.sku,
                    variant_id=offer.variant_id,
                    quantity=offer.quantity,
                    price=_units(offer.price_minor, offer.currency),
                    currency=offer.currency,
                )
                for offer in listing.offers
            ],
            last_push=QuantityPushRead.of(push) if push else None,
        )


class QuantityWrite(Body):
    """Either ``quantities`` by SKU, or ``from_stock`` for what lies finished on the shelf."""

    quantities: Annotated[
        dict[Annotated[str, Field(max_length=100)], Annotated[int, Field(ge=0, le=MAX_QUANTITY)]],
        Field(max_length=400),
    ] = Field(default_factory=dict)
    from_stock: bool = False

    @model_validator(mode="after")
    def _check_one(self) -> "QuantityWrite":
        if bool(self.quantities) == self.from_stock:
            raise ValueError("Send either quantities by SKU or from_stock: true.")
        return self


class StockPush(Body):
    is_on: bool


@router.post(
    "/products/sync-etsy",
    dependencies=[SyncLimited],
    responses=problems(
        NoShopLinked, ReconnectFirst, ListingSyncRefused, Unavailable, BrokenUpstream
    ),
)
async def sync_listings(
    request: Request, ctx: MemberCtx, process: ProcessDep, fresh: bool = False
) -> ListingSyncRead:
    """Read the shops' listings into products and variants. Waits up to 20 seconds; a reading of the
    last five minutes is the answer unless ``fresh`` is asked for."""
    async with writing(request) as session:
        syncs = await listings.request_all(
            session, ctx, is_fresh_wanted=fresh, now=process.clock.now()
        )
    progress = await listings.wait_for(process, ctx, [sync.id for sync in syncs], WAIT_S)
    if progress.has_failed:
        failed = FAILURES.get(progress.syncs[0].error_kind, ListingSyncRefused)
        raise failed(" ".join(progress.errors))
    return ListingSyncRead.of(progress)


@router.get("/listings", responses=problems(Invalid, NotFound))
async def list_listings(
    ctx: ViewerCtx, session: Read, product_id: Annotated[str, Query(max_length=40)]
) -> dict[str, list[ListingRead]]:
    """How channels present a product, and how many they offer."""
    product = await products.get_product(session, ctx, parse_ref(product_id))
    found = await catalog_queries.list_of_product(session, ctx, product.id)
    return {
        "listings": [
            ListingRead.of(listing, await quantities.find_latest(session, ctx, listing.id))
            for listing in found
        ]
    }


@router.get("/listings/{listing}", responses=problems(NotFound))
async def read_listing(listing: ListingRef, ctx: ViewerCtx, session: Read) -> ListingRead:
    """One listing, with what became of the last change of its quantities."""
    found = await catalog.get_listing(session, ctx, listing)
    return ListingRead.of(found, await quantities.find_latest(session, ctx, found.id))


@router.post(
    "/listings/{listing}/quantity",
    responses=problems(NotFound, Invalid, NotOffered, NothingOnShelf),
)
async def set_quantity(
    listing: ListingRef, body: QuantityWrite, ctx: MemberCtx, session: Write, now: Now
) -> QuantityPushRead:
    """Offer so many at the channel. The channel is told after this answer, under its rate limit."""
    found = await catalog.get_listing(session, ctx, listing)
    if body.from_stock:
        effect = await quantities.ask_shelf(session, ctx, listing=found, now=now)
    else:
        effect = await quantities.ask_quantities(
            session, ctx, listing=found, quantities=body.quantities, now=now
        )
    return QuantityPushRead.of(effect)


@router.put("/connections/{connection}/stock-push", responses=problems(NotFound))
async def push_stock(
    connection: ConnectionRef, body: StockPush, ctx: AdminCtx, session: Write, now: Now
) -> ConnectionRead:
    """Whether the shop offers what lies finished on the shelf, whenever that changes."""
    found = await service.get_connection(session, ctx, connection)
    await listings.push_stock(session, ctx, connection=found, is_on=body.is_on, now=now)
    return ConnectionRead.of(found)


def message_of(progress: Progress) -> str:
    """One sentence for people."""
    read = sum(sync.listings_read for sync in progress.syncs)
    new = sum(sync.products_new for sync in progress.syncs)
    parts = [f"Read {read} listings, {new} of them new products"]
    if progress.is_running:
        parts.append("the reading goes on")
    return "; ".join(parts + progress.errors)


def _units(minor: int | None, currency: str | None) -> float | None:
    return None if minor is None or currency is None else float(Money(minor, currency).decimal)
