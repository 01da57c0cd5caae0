"""The worker's loop over deliveries: sends what is due, folds digests, looks for what waits.

It is no durable work of the engine: everything it must remember is in the rows themselves, and a
try that a crash cut short is found by its lease.
"""

import asyncio
from datetime import datetime, timedelta

import structlog

from shopwright.kernel.live import Hub
from shopwright.kernel.rounds import Rounds, until
from shopwright.notifications import deliveries, delivery_queries, digests, sweeps
from shopwright.notifications.sending import NoticeTools
from shopwright.notifications.telling import TOPIC

log = structlog.get_logger()

ROUND_S = 10.0
AT_ONCE = 16  # tries under way; a slow receiver holds one of them, and its own lane
TRY_S = 120.0  # below the lease; senders have shorter limits of their own
SWEEP_EVERY = timedelta(minutes=5)
KEEP = timedelta(days=90)


class Deliverer:
    """One per worker. Messages of a lane go one after the other, lanes beside each other."""

    def __init__(self, tools: NoticeTools, hub: Hub) -> None:
        self._tools = tools
        self._rounds = Rounds[str](hub, "messages", topic=TOPIC, every_s=ROUND_S)
        self._swept_at: datetime | None = None

    async def run(self) -> None:
        """Until cancelled; what is under way then is found by its lease."""
        try:
            await self._take_up()
            await self._rounds.run(self.round, self._until_due)
        finally:
            await self._rounds.stop()

    async def round(self) -> None:
        """Start what is due; returns without waiting for it."""
        now = self._tools.clock.now()
        await self._recover(now)
        await digests.fold_held(self._tools.database, now)
        await self._sweep(now)
        await self._start_due(now)

    async def finish(self) -> None:
        """Wait for the tries under way."""
        await self._rounds.finish()

    async def _until_due(self) -> float | None:
        """What is due by now waits for a lane whose end wakes us, or for held effects."""
        now = self._tools.clock.now()
        async with self._tools.database.read() as session:
            return until(await delivery_queries.next_due_at(session, after=now), now)

    async def _take_up(self) -> None:
        """On SQLite nobody else can be at work, so a crash costs no waiting for leases."""
        if self._tools.database.is_sqlite:
            await self._recover(self._tools.clock.now() + deliveries.LEASE)

    async def _recover(self, leased_until: datetime) -> None:
        async with self._tools.database.read() as session:
            abandoned = await delivery_queries.list_abandoned(session, leased_until)
        for delivery in abandoned:
            async with self._tools.database.write() as session:
                await deliveries.recover(session, delivery, self._tools.clock.now())

    async def _sweep(self, now: datetime) -> None:
        if self._swept_at is not None and now < self._swept_at + SWEEP_EVERY:
            return
        self._swept_at = now
        await sweeps.tell_waiting_jobs(self._tools.database, now)
        await sweeps.tell_maintenance_due(self._tools.database, now)
        async with self._tools.database.write() as session:
            await delivery_queries.delete_before(session, now - KEEP)

    async def _start_due(self, now: datetime) -> None:
        async with self._tools.database.read() as session:
            due = await delivery_queries.list_due(session, now)
        for organization_id, delivery_id, lane_name in due:
            lane = f"{organization_id}:{lane_name}"
            if lane not in self._rounds.tasks and len(self._rounds.tasks) < AT_ONCE:
                self._rounds.start(lane, self._try(organization_id, delivery_id))

    async def _try(self, organization_id: int, delivery_id: int) -> None:
        """The edge of one try; what breaks here is found by its lease and settled then."""
        try:
            async with asyncio.timeout(TRY_S):
                await self._tools.try_once(organization_id, delivery_id)
        except TimeoutError:
            log.warning("a notification took too long", delivery_id=delivery_id)
        except Exception:
            log.exception("a notification failed", delivery_id=delivery_id)
