"""Asking for syncs, joining the one that runs, and waiting for what they bring."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shopwright.channels import queries, sync_queries
from shopwright.channels.models import ChannelSync, Connection
from shopwright.channels.states import OPEN_SYNCS, ConnectionStatus, SyncStatus
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import Conflict, NotFound
from shopwright.kernel.live import touch
from shopwright.kernel.signals import Signal

SYNC_TOPIC = "channel_sync"  # a sync moved on
REQUEST_TOPIC = "channel_sync_request"  # the worker has something to do
LOOK_AGAIN_S = 1.0  # in case the worker's signal is lost on its way from another process


class NoConnection(NotFound):
    code = "no-connection"
    title = "No shop is connected"


class ReconnectFirst(Conflict):
    code = "reconnect-needed"
    title = "The shop's owner must give consent again"


@dataclass(frozen=True, slots=True)
class Progress:
    """What the syncs brought so far; ``errors`` are sentences."""

    syncs: Sequence[ChannelSync]

    @property
    def is_running(self) -> bool:
        return any(sync.status in OPEN_SYNCS for sync in self.syncs)

    @property
    def new(self) -> int:
        return sum(sync.orders_new for sync in self.syncs)

    @property
    def updated(self) -> int:
        return sum(sync.orders_updated for sync in self.syncs)

    @property
    def rejected(self) -> int:
        return sum(sync.orders_rejected for sync in self.syncs)

    @property
    def errors(self) -> list[str]:
        return [sync.error for sync in self.syncs if sync.error]

    @property
    def has_failed(self) -> bool:
        """Not one of them came to its end."""
        return all(sync.status is SyncStatus.FAILED for sync in self.syncs)


async def request_sync(
    session: WriteSession,
    ctx: Actor,
    *,
    connection_id: int,
    now: datetime,
    is_awaited: bool = False,
) -> ChannelSync:
    """Wake the worker after the commit; an open sync is joined. One that a person waits for goes
    before the others."""
    sync = await sync_queries.open_sync(session, ctx, connection_id, now, is_awaited=is_awaited)
    touch(session, ctx.organization_id, REQUEST_TOPIC, connection_id)
    return sync


async def request_all(session: WriteSession, ctx: Actor, *, now: datetime) -> list[ChannelSync]:
    """One sync per connected shop; raises NoConnection, or ReconnectFirst when none is."""
    connections = [
        connection
        for connection in await queries.list_connections(session, ctx)
        if connection.status is not ConnectionStatus.DISABLED
    ]
    if not connections:
        raise NoConnection("No shop is connected yet. Connect your Etsy shop first.")
    ready = [c for c in connections if c.status is ConnectionStatus.CONNECTED]
    if not ready:
        raise ReconnectFirst(" ".join(_why_not(c) for c in connections))
    return [
        await request_sync(session, ctx, connection_id=c.id, now=now, is_awaited=True)
        for c in ready
    ]


async def wait_for(
    process: Process, ctx: Actor, sync_ids: Sequence[int], timeout_s: float
) -> Progress:
    """Until they are over or the time is; either way what they brought so far."""
    moved = asyncio.Event()

    def hear(signal: Signal) -> None:
        if signal.topic == SYNC_TOPIC:
            moved.set()

    leave = process.context.hub.listen(ctx.organization_id, hear)
    deadline = asyncio.get_running_loop().time() + timeout_s
    try:
        while True:
            moved.clear()
            progress = await read_progress(process, ctx, sync_ids)
            left_s = deadline - asyncio.get_running_loop().time()
            if not progress.is_running or left_s <= 0:
                return progress
            await _first_of(moved, min(left_s, LOOK_AGAIN_S))
    finally:
        leave()


async def read_progress(process: Process, ctx: Actor, sync_ids: Sequence[int]) -> Progress:
    async with process.database.read() as session:
        return Progress(await sync_queries.list_syncs(session, ctx, sync_ids))


async def _first_of(event: asyncio.Event, timeout_s: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), timeout_s)
    except TimeoutError:
        return


def _why_not(connection: Connection) -> str:
    return f"{connection.name}: {connection.last_error or 'connect the shop again.'}"
