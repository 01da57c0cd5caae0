"""The loop that dispatches: wakes when the queue, a printer or stock changed, and once in a
while."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import partial

import structlog
from sqlalchemy import select

from shopwright.accounts.models import Organization
from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.clock import Clock
from shopwright.kernel.collisions import write_again
from shopwright.kernel.db import Database, Installation, WriteSession
from shopwright.kernel.live import Hub, touch
from shopwright.kernel.signals import Signal
from shopwright.print_jobs import dispatch, queries

log = structlog.get_logger()

TOPICS = frozenset({"queue", "dispatch", "printer", "inventory", "order"})
IDLE_ROUND_S = 30.0  # a safety net; every change of interest wakes the loop at once
HELD = (
    "Nothing is started since a restore: the owner lets it go on with `shopwright effects release`."
)
GATHER_S = 0.02  # changes come in bursts: one round for all of them


class Dispatcher:
    def __init__(self, database: Database, hub: Hub, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._stale: set[int] = set()
        self._wake = asyncio.Event()
        self._leave: Callable[[], None] = hub.listen_to_all(self._hear)

    async def run(self) -> None:
        """Until cancelled. A failed round is logged and tried again; it never ends the loop."""
        try:
            await self._mark_all()
            while True:
                await self._round()
                await self._wait()
        finally:
            self._leave()

    def _hear(self, signal: Signal) -> None:
        if signal.topic in TOPICS:
            self._stale.add(signal.organization_id)
            self._wake.set()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(IDLE_ROUND_S):
                await self._wake.wait()
            await asyncio.sleep(GATHER_S)
        except TimeoutError:
            await self._mark_all()
        self._wake.clear()

    async def _mark_all(self) -> None:
        try:
            async with self._database.read() as session:
                self._stale.update(await session.scalars(select(Organization.id)))
        except Exception:
            log.exception("the organizations could not be read; it is tried again")

    async def _round(self) -> None:
        while self._stale:
            organization_id = self._stale.pop()
            ctx = system_actor(organization_id, "dispatcher")
            try:
                await write_again(self._database, partial(self._dispatch, ctx=ctx))
            except Exception:
                log.exception("dispatch round failed", organization_id=organization_id)

    async def _dispatch(self, session: WriteSession, ctx: Actor) -> None:
        if await session.scalar(select(Installation.are_effects_held)):
            await _keep_waiting(session, ctx, self._clock.now())
        else:
            await dispatch.dispatch_waiting(session, ctx, now=self._clock.now())


async def _keep_waiting(session: WriteSession, ctx: Actor, now: datetime) -> None:
    """Start nothing; every queued job says why."""
    jobs = await queries.list_queued(session, ctx, dispatch.MAX_JOBS_LOOKED_AT, now)
    changed = {job.id: HELD for job in jobs if job.waiting_reason != HELD}
    if changed:
        await queries.set_waiting_reasons(session, ctx, changed)
        touch(session, ctx.organization_id, "queue_reasons")
