"""The durable work that reads a shop's listings: in bundles, each one transaction.

A rerun after a crash reads from the beginning; what was taken over already changes nothing.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from shopwright.catalog import listing_queries as shelf
from shopwright.catalog import listings as catalog
from shopwright.catalog.listings import ListingSpec, OfferSpec, Taken
from shopwright.channels import listing_queries, queries
from shopwright.channels.listings import LISTING_TOPIC
from shopwright.channels.models import Connection, ListingSync
from shopwright.channels.port import (
    ChannelAdapter,
    ChannelError,
    ChannelListing,
    ChannelOffer,
    Urgency,
)
from shopwright.channels.states import OPEN_SYNCS, ConnectionStatus, SyncStatus
from shopwright.channels.sync import SyncTools, kind_of
from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import ShopError
from shopwright.kernel.live import touch
from shopwright.kernel.money import Money

BUNDLE = 25
MAX_SKIPPED = 50  # sentences that are kept


class ListingSyncLost(Exception):
    """The reading was ended by somebody else."""


@dataclass(frozen=True, slots=True)
class ListingReader:
    tools: SyncTools

    async def sync_listings(self, organization_id: int, sync_id: int) -> None:
        """Arguments are ids; everything else is read anew."""
        ctx = system_actor(organization_id, "channels")
        async with self.tools.database.read() as session:
            sync = await listing_queries.find_sync(session, ctx, sync_id)
            if sync is None or sync.status not in OPEN_SYNCS:
                return
            wanted = Ref(sync.connection_id, None)
            connection = await queries.find_connection(session, ctx, wanted)
        if connection is None:
            return
        try:
            await _Reading(self.tools, ctx, sync, connection).run()
        except ListingSyncLost:
            return


@dataclass(slots=True)
class _Reading:
    tools: SyncTools
    ctx: Actor
    sync: ListingSync
    connection: Connection
    read: int = 0
    products: int = 0
    variants: int = 0
    skipped: list[str] = field(default_factory=list)

    async def run(self) -> None:
        """To its end, or to the channel's error, which is told in words."""
        if self.connection.status is not ConnectionStatus.CONNECTED:
            await self._end(SyncStatus.FAILED, error=f"{self.connection.name} is not connected.")
            return
        try:
            async with self._open_adapter() as adapter:
                async for bundle in _bundles(adapter):
                    await self._take(bundle)
        except ChannelError as err:
            await self._end(SyncStatus.FAILED, error=err.sentence, error_kind=kind_of(err))
        else:
            await self._end(SyncStatus.COMPLETED)

    def _open_adapter(self) -> ChannelAdapter:
        return self.tools.open_adapter(self.ctx, self.connection, Urgency.LISTINGS)

    async def _take(self, bundle: list[ChannelListing]) -> None:
        async with self.tools.database.write() as session:
            for listing in bundle:
                self._count(await self._take_one(session, listing))
            await self._move(session, status=SyncStatus.RUNNING)

    async def _take_one(self, session: WriteSession, listing: ChannelListing) -> Taken:
        """One that cannot be taken over is told and does not stop the others."""
        try:
            async with session.begin_nested():
                return await catalog.take_over(
                    session,
                    self.ctx,
                    connection_id=self.connection.id,
                    spec=_spec(listing),
                    now=self.tools.clock.now(),
                )
        except ShopError as err:
            return Taken(False, 0, [f"{listing.title!r}: {err.detail}"])

    def _count(self, taken: Taken) -> None:
        self.read += 1
        self.products += taken.is_new_product
        self.variants += taken.new_variants
        self.skipped += taken.skipped

    async def _end(self, status: SyncStatus, **facts: str) -> None:
        now = self.tools.clock.now()
        async with self.tools.database.write() as session:
            await self._move(session, status=status, finished_at=now, **facts)
            if status is SyncStatus.COMPLETED:
                await shelf.hide_unseen(
                    session, self.ctx, self.connection.id, self.sync.requested_at
                )

    async def _move(self, session: WriteSession, **values: object) -> None:
        moved = await listing_queries.change_open(
            session,
            self.ctx,
            self.sync.id,
            moved_at=self.tools.clock.now(),
            listings_read=self.read,
            products_new=self.products,
            variants_new=self.variants,
            skipped=self.skipped[:MAX_SKIPPED],
            **values,
        )
        if not moved:
            raise ListingSyncLost(f"listing sync {self.sync.id}")
        touch(session, self.ctx.organization_id, LISTING_TOPIC, self.connection.id)


async def _bundles(adapter: ChannelAdapter) -> AsyncIterator[list[ChannelListing]]:
    bundle: list[ChannelListing] = []
    async for listing in adapter.fetch_listings():
        bundle.append(listing)
        if len(bundle) == BUNDLE:
            yield bundle
            bundle = []
    if bundle:
        yield bundle


def _spec(listing: ChannelListing) -> ListingSpec:
    return ListingSpec(
        external_id=listing.external_id,
        title=listing.title,
        offers=[_offer(offer) for offer in listing.offers],
        description=listing.description,
        url=listing.url,
    )


def _offer(offer: ChannelOffer) -> OfferSpec:
    has_price = offer.price_minor is not None and offer.currency is not None
    price = Money(offer.price_minor or 0, offer.currency or "") if has_price else None
    return OfferSpec(offer.sku, offer.options, offer.quantity, price)
