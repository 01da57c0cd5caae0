"""Asking for a shop's listings, and waiting for what they bring. ``listing_sync`` reads them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shopwright.accounts import audit
from shopwright.channels import listing_queries, queries
from shopwright.channels.models import Connection, ListingSync
from shopwright.channels.runs import ReconnectFirst
from shopwright.channels.states import OPEN_SYNCS, ConnectionStatus, SyncStatus
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.durable import SLOW_QUEUE
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import Conflict
from shopwright.kernel.live import touch
from shopwright.kernel.signals import Signal

SYNC_LISTINGS = "sync_listings"  # the durable work's name
LISTING_TOPIC = "listing_sync"
FRESH_FOR = timedelta(minutes=5)  # the channel is not asked again within
STALE_AFTER = timedelta(minutes=15)
LOOK_AGAIN_S = 1.0  # in case the worker's signal is lost on its way from another process


class NoShopLinked(Conflict):
    code = "no-shop-linked"
    title = "No shop is linked"


@dataclass(frozen=True, slots=True)
class Progress:
    syncs: Sequence[ListingSync]

    @property
    def is_running(self) -> bool:
        return any(sync.status in OPEN_SYNCS for sync in self.syncs)

    @property
    def has_failed(self) -> bool:
        """Not one of them came to its end."""
        return all(sync.status is SyncStatus.FAILED for sync in self.syncs)

    @property
    def errors(self) -> list[str]:
        return [sync.error for sync in self.syncs if sync.error]


async def request_all(
    session: WriteSession, ctx: Actor, *, is_fresh_wanted: bool, now: datetime
) -> list[ListingSync]:
    """One reading per linked shop: one under way is joined, and one of the last five minutes is the
    answer unless a fresh one is wanted. Raises NoShopLinked or ReconnectFirst."""
    linked = [
        connection
        for connection in await queries.list_connections(session, ctx)
        if connection.status is not ConnectionStatus.DISABLED
    ]
    if not linked:
        raise NoShopLinked("No shop is linked yet. Connect your Etsy shop first.")
    ready = [c for c in linked if c.status is ConnectionStatus.CONNECTED]
    if not ready:
        raise ReconnectFirst("The shop's owner must connect the shop again first.")
    return [
        await _request(session, ctx, connection, is_fresh_wanted=is_fresh_wanted, now=now)
        for connection in ready
    ]


async def wait_for(
    process: Process, ctx: Actor, sync_ids: Sequence[int], timeout_s: float
) -> Progress:
    """Until they are over or the time is; either way what they brought so far."""
    moved = asyncio.Event()

    def hear(signal: Signal) -> None:
        if signal.topic == LISTING_TOPIC:
            moved.set()

    leave = process.context.hub.listen(ctx.organization_id, hear)
    deadline = asyncio.get_running_loop().time() + timeout_s
    try:
        while True:
            moved.clear()
            async with process.database.read() as session:
                progress = Progress(await listing_queries.list_syncs(session, ctx, sync_ids))
            left_s = deadline - asyncio.get_running_loop().time()
            if not progress.is_running or left_s <= 0:
                return progress
            await _first_of(moved, min(left_s, LOOK_AGAIN_S))
    finally:
        leave()


async def push_stock(
    session: WriteSession, ctx: Actor, *, connection: Connection, is_on: bool, now: datetime
) -> None:
    """Whether the shop offers what lies on the shelf, whenever that changes."""
    connection.is_stock_pushed, connection.updated_at = is_on, now
    await session.flush()
    audit.record(session, ctx, "connection.stock_push", connection.id, is_on=is_on)
    touch(session, ctx.organization_id, "connection", connection.id)
    touch(session, ctx.organization_id, "product")


async def _request(
    session: WriteSession,
    ctx: Actor,
    connection: Connection,
    *,
    is_fresh_wanted: bool,
    now: datetime,
) -> ListingSync:
    latest = await listing_queries.find_latest(session, ctx, connection.id)
    if latest is not None and not is_fresh_wanted and _is_fresh(latest, now):
        return latest
    await listing_queries.give_up_stale(session, ctx, connection.id, now - STALE_AFTER, now)
    sync, is_new = await listing_queries.open_sync(session, ctx, connection.id, now)
    if is_new:
        await _enqueue(session, sync)
        audit.record(session, ctx, "listings.sync_requested", connection.id)
        touch(session, ctx.organization_id, LISTING_TOPIC, connection.id)
    return sync


def _is_fresh(sync: ListingSync, now: datetime) -> bool:
    finished = sync.finished_at
    return sync.status is SyncStatus.COMPLETED and bool(finished and now - finished < FRESH_FOR)


async def _enqueue(session: WriteSession, sync: ListingSync) -> None:
    durable = session.context.durable
    if durable is None:
        raise RuntimeError("this process was opened without durable work")
    await durable.enqueue(
        session,
        SYNC_LISTINGS,
        sync.organization_id,
        sync.id,
        workflow_id=f"{SYNC_LISTINGS}:{sync.uuid}",
        queue=SLOW_QUEUE,
    )


async def _first_of(event: asyncio.Event, timeout_s: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), timeout_s)
    except TimeoutError:
        return
