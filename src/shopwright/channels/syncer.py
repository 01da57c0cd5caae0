"""The worker's loop over connections: syncs what is due or asked for, and looks after pushes.

It runs the syncs itself instead of enqueueing durable work: a sync is repeated every few minutes
anyway, and all it must remember (watermark, run, lease) is in our own tables, so the engine would
add a row per poll and no safety. What is intended once, a push, is durable work.
"""

import structlog

from shopwright.channels import push, quantities, queries, runs, sync_queries
from shopwright.channels.models import ChannelSync
from shopwright.channels.port import ChannelUnavailable
from shopwright.channels.sync import SyncLost, SyncRun, SyncTools
from shopwright.kernel.actor import system_actor
from shopwright.kernel.edge import Ref
from shopwright.kernel.live import Hub
from shopwright.kernel.rounds import Rounds

log = structlog.get_logger()

ROUND_S = 10.0
LEASE_S = 45.0  # four rounds; with the next one, what a dead worker had goes on within a minute
OUR_FAULT = "Our program made a mistake here; it is in the log. The next sync tries again."


class ChannelSyncer:
    """One per worker. Runs one sync per connection at a time, however many workers there are."""

    def __init__(self, tools: SyncTools, hub: Hub) -> None:
        self._tools = tools
        every_s = min(ROUND_S, tools.interval.total_seconds())
        self._rounds = Rounds[int](hub, "channels", topic=runs.REQUEST_TOPIC, every_s=every_s)

    async def run(self) -> None:
        """Until cancelled; syncs under way stop where they are, and the next start goes on."""
        try:
            await self._take_up()
            await self._rounds.run(self.round)
        finally:
            await self.stop()

    async def round(self) -> None:
        """Start what is due; returns without waiting for it."""
        await self._renew()
        await self._ask_for_due()
        await self._start_claimable()
        await push.enqueue_due(self._tools.database, self._tools.clock.now())
        await quantities.enqueue_due(self._tools.database, self._tools.clock.now())

    async def finish(self) -> None:
        """Wait for the syncs under way."""
        await self._rounds.finish()

    async def _take_up(self) -> None:
        """On SQLite nobody else can be at work, so a crash costs no waiting for leases."""
        if self._tools.database.is_sqlite:
            async with self._tools.database.write() as session:
                await sync_queries.expire_leases(session, self._tools.clock.now())

    async def _renew(self) -> None:
        if not self._rounds.tasks:
            return
        async with self._tools.database.write() as session:
            await sync_queries.renew_leases(
                session,
                self._tools.owner,
                list(self._rounds.tasks),
                self._tools.clock.now(),
                LEASE_S,
            )

    async def _ask_for_due(self) -> None:
        now = self._tools.clock.now()
        async with self._tools.database.read() as session:
            due = await queries.list_due(session, now)
        for connection in due:
            ctx = system_actor(connection.organization_id, connection.channel)
            async with self._tools.database.write() as session:
                await sync_queries.open_sync(session, ctx, connection.id, now)

    async def _start_claimable(self) -> None:
        now = self._tools.clock.now()
        async with self._tools.database.read() as session:
            claimable = await sync_queries.list_claimable(session, now)
        for sync in claimable:
            if sync.id in self._rounds.tasks:
                continue
            async with self._tools.database.write() as session:
                claimed = await sync_queries.claim_sync(
                    session, sync, self._tools.owner, now, LEASE_S
                )
            if claimed:
                self._rounds.start(sync.id, self._run(sync))

    async def _run(self, sync: ChannelSync) -> None:
        """The edge of one sync: whatever happens is written down once."""
        ctx = system_actor(sync.organization_id, "channels")
        async with self._tools.database.read() as session:
            connection = await queries.find_connection(session, ctx, Ref(sync.connection_id, None))
        if connection is None:
            return
        run = SyncRun(self._tools, connection, sync)
        try:
            await run.run()
        except SyncLost as err:
            log.info("sync given up", sync=str(err))
        except Exception:
            log.exception("sync failed", connection_id=connection.id)
            await self._give_up(run)

    async def _give_up(self, run: SyncRun) -> None:
        try:
            await run.fail(ChannelUnavailable(OUR_FAULT, retry_after_s=LEASE_S))
        except SyncLost as err:
            log.info("sync given up", sync=str(err))

    async def stop(self) -> None:
        """Break off what runs, and leave it free for the next worker."""
        started = list(self._rounds.tasks)
        await self._rounds.stop()
        if started:
            async with self._tools.database.write() as session:
                await sync_queries.renew_leases(
                    session, self._tools.owner, started, self._tools.clock.now(), lease_s=0
                )
