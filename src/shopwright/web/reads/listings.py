"""How channels offer a product, and how the last reading of their listings went."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.catalog.models import Listing, ListingOffer
from shopwright.channels.models import Connection, ListingSync
from shopwright.channels.quantities import SET_QUANTITIES
from shopwright.channels.states import OPEN_SYNCS, ConnectionStatus, SyncStatus
from shopwright.kernel.effects import Effect, EffectStatus

TONES = {
    EffectStatus.INTENDED: "blue",
    EffectStatus.SENDING: "blue",
    EffectStatus.DONE: "green",
    EffectStatus.FAILED: "red",
    EffectStatus.UNKNOWN: "amber",
}
WORDS = {
    EffectStatus.INTENDED: "waits to be told",
    EffectStatus.SENDING: "is being told",
    EffectStatus.DONE: "told",
    EffectStatus.FAILED: "refused",
    EffectStatus.UNKNOWN: "unknown",
}


@dataclass(frozen=True, slots=True)
class OfferRow:
    sku: str
    variant_id: int
    quantity: int | None
    price_minor: int | None
    currency: str | None


@dataclass(slots=True)
class ListingView:
    id: int
    title: str
    url: str | None
    is_offered: bool
    seen_at: datetime
    connection_id: int
    shop_name: str
    is_stock_pushed: bool
    offers: list[OfferRow] = field(default_factory=list)
    push_status: EffectStatus | None = None
    push_detail: str | None = None

    @property
    def tone(self) -> str:
        return TONES[self.push_status] if self.push_status else "grey"

    @property
    def word(self) -> str:
        return WORDS[self.push_status] if self.push_status else ""


@dataclass(frozen=True, slots=True)
class Reading:
    """The last reading of listings of any shop."""

    status: SyncStatus
    requested_at: datetime
    finished_at: datetime | None
    listings_read: int
    products_new: int
    variants_new: int
    skipped: list[str]
    error: str | None

    @property
    def is_running(self) -> bool:
        return self.status in OPEN_SYNCS

    @property
    def has_failed(self) -> bool:
        return self.status is SyncStatus.FAILED


async def list_listings(
    session: AsyncSession, organization_id: int, product_id: int
) -> list[ListingView]:
    """With their offers and what became of the last wish about each."""
    rows = await session.execute(
        select(
            Listing.id, Listing.title, Listing.url, Listing.is_offered, Listing.seen_at,
            Listing.connection_id, Connection.name, Connection.is_stock_pushed,
        )
        .join(
            Connection,
            and_(
                Connection.id == Listing.connection_id,
                Connection.organization_id == organization_id,
            ),
        )
        .where(Listing.organization_id == organization_id, Listing.product_id == product_id)
        .order_by(Listing.is_offered.desc(), Listing.id)
    )  # fmt: skip
    views = {row[0]: ListingView(*row) for row in rows}
    await _add_offers(session, organization_id, views)
    await _add_pushes(session, organization_id, views)
    return list(views.values())


async def find_reading(session: AsyncSession, organization_id: int) -> Reading | None:
    rows = await session.execute(
        select(
            ListingSync.status, ListingSync.requested_at, ListingSync.finished_at,
            ListingSync.listings_read, ListingSync.products_new, ListingSync.variants_new,
            ListingSync.skipped, ListingSync.error,
        )
        .where(ListingSync.organization_id == organization_id)
        .order_by(ListingSync.id.desc())
        .limit(1)
    )  # fmt: skip
    row = rows.first()
    return Reading(*row) if row else None


async def has_shop(session: AsyncSession, organization_id: int) -> bool:
    """Whether a shop is linked whose listings can be read."""
    count = await session.scalar(
        select(func.count(Connection.id))
        .where(Connection.organization_id == organization_id)
        .where(Connection.status == ConnectionStatus.CONNECTED)
    )
    return bool(count)


async def _add_offers(
    session: AsyncSession, organization_id: int, views: dict[int, ListingView]
) -> None:
    rows = await session.execute(
        select(
            ListingOffer.listing_id, ListingOffer.sku, ListingOffer.variant_id,
            ListingOffer.quantity, ListingOffer.price_minor, ListingOffer.currency,
        )
        .where(ListingOffer.organization_id == organization_id)
        .where(ListingOffer.listing_id.in_(list(views)))
        .order_by(ListingOffer.id)
    )  # fmt: skip
    for row in rows:
        views[row[0]].offers.append(OfferRow(*row[1:]))


async def _add_pushes(
    session: AsyncSession, organization_id: int, views: dict[int, ListingView]
) -> None:
    latest = (
        select(func.max(Effect.id))
        .where(Effect.organization_id == organization_id, Effect.kind == SET_QUANTITIES)
        .where(Effect.subject_id.in_(list(views)))
        .group_by(Effect.subject_id)
    )
    rows = await session.execute(
        select(Effect.subject_id, Effect.status, Effect.detail)
        .where(Effect.organization_id == organization_id, Effect.id.in_(latest))
    )  # fmt: skip
    for listing_id, status, detail in rows:
        views[listing_id].push_status, views[listing_id].push_detail = status, detail
