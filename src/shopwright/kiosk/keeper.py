"""The worker's rounds over machines: sessions whose time is over, orders that were handed on,
machines that fell silent, and old sessions that are cleared away."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial

import structlog

from shopwright.kernel.actor import system_actor
from shopwright.kernel.edge import Process
from shopwright.kiosk import queries, service
from shopwright.kiosk.machines import queries as machine_queries
from shopwright.kiosk.machines import service as machines
from shopwright.kiosk.models import KioskSession, Machine
from shopwright.payments import closing
from shopwright.payments.models import Payment

log = structlog.get_logger()

ROUND_S = 30.0
PURGE_EVERY = timedelta(hours=6)
KEPT = timedelta(days=7)
NOBODY_PAID = "Nobody paid while the session lasted."
# Clients ask every ten seconds and look for the word ``payment_completed``.
SHOWN_AS_PAID = timedelta(minutes=1)


class KioskKeeper:
    """One of any number: whatever it does is decided by compare-and-set."""

    def __init__(self, process: Process) -> None:
        self._database = process.database
        self._clock = process.clock
        self._purged_at: datetime | None = None

    async def run(self) -> None:
        """Until cancelled; a round that failed is tried again."""
        while True:
            try:
                await self.look()
            except Exception:
                log.exception("machines could not be looked at; it is tried again")
            await asyncio.sleep(ROUND_S)

    async def look(self) -> None:
        now = self._clock.now()
        async with self._database.read() as session:
            over = await queries.list_over(session, now)
            handed_on = await queries.list_handed_on(session, now - SHOWN_AS_PAID)
            unheard = await machine_queries.list_unheard(session, now - machines.SILENT_AFTER)
        for row in over:
            await self._try(row.id, partial(self._expire, row, now))
        for row in handed_on:
            await self._try(row.id, partial(self._complete, row, now))
        for machine in unheard:
            await self._try(machine.id, partial(self._lose, machine, now))
        await self._give_up_unpaid(now)
        await self._purge(now)

    async def _try(self, key: int, work: Callable[[], Awaitable[None]]) -> None:
        """One that fails does not keep the others waiting."""
        try:
            await work()
        except Exception:
            log.exception("a session or machine could not be looked at", row=key)

    async def _expire(self, row: KioskSession, now: datetime) -> None:
        ctx = system_actor(row.organization_id, "kiosk")
        async with self._database.write() as session:
            await service.expire_session(session, ctx, row.id, now)

    async def _give_up_unpaid(self, now: datetime) -> None:
        """Nobody waits any more; what was kept for the order is then freed. Money that comes
        nevertheless is still taken."""
        async with self._database.read() as session:
            unpaid = await queries.list_unpaid(session, now)
        for payment in unpaid:
            await self._try(payment.id, partial(self._give_up, payment, now))

    async def _give_up(self, payment: Payment, now: datetime) -> None:
        ctx = system_actor(payment.organization_id, "kiosk")
        async with self._database.write() as session:
            await closing.give_up(session, ctx, payment, NOBODY_PAID, now=now)

    async def _complete(self, row: KioskSession, now: datetime) -> None:
        ctx = system_actor(row.organization_id, "kiosk")
        async with self._database.write() as session:
            await service.complete_session(session, ctx, row.id, now)

    async def _lose(self, machine: Machine, now: datetime) -> None:
        ctx = system_actor(machine.organization_id, "kiosk")
        async with self._database.write() as session:
            if await machines.record_silence(session, ctx, machine.id, now):
                log.warning("a machine is not heard of", machine=machine.code)

    async def _purge(self, now: datetime) -> None:
        if self._purged_at is not None and now - self._purged_at < PURGE_EVERY:
            return
        async with self._database.write() as session:
            gone = await queries.purge(session, now - KEPT)
        self._purged_at = now
        if gone:
            log.info("old sessions of machines were cleared away", sessions=gone)
