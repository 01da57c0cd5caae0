"""The worker's loop over webhooks: a task per endpoint, so that a slow receiver delays nobody else.

It is no durable work of the engine: everything it must remember is in the rows, and a try that a
crash cut short is found by its lease and made again with the same id.
"""

import time
from datetime import datetime, timedelta

import httpx
import structlog

from shopwright.kernel.clock import Clock
from shopwright.kernel.collisions import write_again
from shopwright.kernel.db import Database, WriteSession
from shopwright.kernel.egress import EgressPolicy, guarded_client
from shopwright.kernel.live import Hub
from shopwright.kernel.rounds import Rounds, until
from shopwright.kernel.settings import Settings
from shopwright.notifications import webhook_lanes, webhook_queries, webhook_rules
from shopwright.notifications.models import WebhookEndpoint
from shopwright.notifications.webhook_events import DUE
from shopwright.notifications.webhook_lanes import Lane, Try
from shopwright.notifications.webhook_post import TIMEOUT_S, post
from shopwright.notifications.webhook_queries import Post

log = structlog.get_logger()

ROUND_S = 10.0  # a safety net; new events, ended lanes and the next due time wake it sooner
LANES = 256  # endpoints served at once; a slow one holds one of them
SWEEP_EVERY = timedelta(hours=1)


class WebhookSender:
    """One per worker. Events of an endpoint go one after the other, endpoints beside each other."""

    def __init__(self, database: Database, clock: Clock, settings: Settings, hub: Hub) -> None:
        self._database = database
        self._clock = clock
        self._policy = EgressPolicy.for_webhooks(settings)
        self._rounds = Rounds[int](hub, "webhooks", topic=DUE, every_s=ROUND_S)
        self._swept_at: datetime | None = None

    async def run(self) -> None:
        """Until cancelled; what is under way then is found by its lease."""
        try:
            await self._take_up()
            await self._rounds.run(self.round, self._until_due)
        finally:
            await self._rounds.stop()

    async def round(self) -> None:
        """Start every lane that is due; returns without waiting for them."""
        now = self._clock.now()
        await self._recover(now)
        await self._sweep(now)
        async with self._database.read() as session:
            busy = await webhook_queries.list_busy(session, now)
        for organization_id, endpoint_id in busy:
            if endpoint_id not in self._rounds.tasks and len(self._rounds.tasks) < LANES:
                self._rounds.start(endpoint_id, self._serve(organization_id, endpoint_id))

    async def finish(self) -> None:
        """Wait for the lanes under way."""
        await self._rounds.finish()

    async def _until_due(self) -> float | None:
        now = self._clock.now()
        async with self._database.read() as session:
            return until(await webhook_queries.next_due_at(session, after=now), now)

    async def _take_up(self) -> None:
        """On SQLite nobody else can be at work, so a crash costs no waiting for leases."""
        if self._database.is_sqlite:
            async with self._database.write() as session:
                await webhook_queries.free_lanes(session)
            await self._recover(self._clock.now() + webhook_lanes.LEASE)

    async def _recover(self, leased_until: datetime) -> None:
        async with self._database.read() as session:
            is_needed = await webhook_queries.has_abandoned(session, leased_until)
        if is_needed:
            async with self._database.write() as session:
                await webhook_queries.recover(session, leased_until, self._clock.now())

    async def _sweep(self, now: datetime) -> None:
        """What is older than a month is forgotten, in pieces that hold nobody up."""
        if self._swept_at is not None and now < self._swept_at + SWEEP_EVERY:
            return
        self._swept_at = now
        while True:
            async with self._database.write() as session:
                if not await webhook_queries.delete_before(session, now - webhook_rules.KEEP):
                    return

    async def _serve(self, organization_id: int, endpoint_id: int) -> None:
        """The edge of one lane; what breaks here is found by its lease."""
        try:
            await self._drain(organization_id, endpoint_id)
        except Exception:
            log.exception("a webhook lane failed", endpoint_id=endpoint_id)

    async def _drain(self, organization_id: int, endpoint_id: int) -> None:
        async def take(session: WriteSession) -> Lane | None:
            return await webhook_lanes.take(
                session, organization_id, endpoint_id, self._clock.now()
            )

        lane = await write_again(self._database, take)
        if lane is None:
            return
        async with guarded_client(self._policy, TIMEOUT_S) as client:
            while lane is not None:
                lane = await self._step(client, lane)

    async def _step(self, client: httpx.AsyncClient, lane: Lane) -> Lane | None:
        tried = await try_once(self._database, self._clock, client, lane.endpoint, lane.post)

        async def go_on(session: WriteSession) -> Lane | None:
            return await webhook_lanes.go_on(session, lane, tried, self._clock.now())

        return await write_again(self._database, go_on)


async def try_once(
    database: Database,
    clock: Clock,
    client: httpx.AsyncClient,
    endpoint: WebhookEndpoint,
    claimed: Post,
) -> Try:
    """The call of a claimed delivery, outside of any transaction."""
    now, vault = clock.now(), database.context.vault
    secrets = [vault.decrypt(one) for one in webhook_rules.signing(endpoint.secrets, now)]
    begun = time.monotonic()
    answered = await post(client, endpoint.url, claimed.delivery.uuid, claimed.body, secrets)
    return Try(answered, now, round((time.monotonic() - begun) * 1000))
