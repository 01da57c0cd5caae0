"""Tells the server what is in the journal, in order, until it has everything."""

import asyncio

import structlog
from sqlalchemy import select

from shopwright.agent.client import Client, CutOff, KeyRevoked, ServerRefused
from shopwright.agent.journal import Batch, Journal
from shopwright.fleet.models import Printer
from shopwright.kernel.db import Database
from shopwright.kernel.tenancy import CROSS_TENANT

log = structlog.get_logger()

RETRY_S = 1.0
REFUSED_RETRY_S = 10.0
LOOK_EVERY_S = 30.0  # a safety net; each commit with something to tell wakes it


class Sender:
    """``wait_idle`` is for whoever may only tell after everything was told."""

    def __init__(self, client: Client, journal: Journal, database: Database) -> None:
        self._client = client
        self._journal = journal
        self._database = database
        self._news = asyncio.Event()
        self._is_idle = asyncio.Event()
        self._restated = 0
        journal.wake = self._wake

    def _wake(self) -> None:
        self._is_idle.clear()
        self._news.set()

    async def wait_idle(self) -> None:
        await self._is_idle.wait()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self._send_all()
            except CutOff:
                await asyncio.sleep(RETRY_S)
                continue
            except KeyRevoked:
                await self._client.contact.wait()
                continue
            except ServerRefused as err:
                log.error("the server refuses the journal", reason=err.detail)  # noqa: TRY400
                await asyncio.sleep(REFUSED_RETRY_S)
                continue
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def _send_all(self) -> None:
        """Events first; after a time without the server, then how every printer is now."""
        self._news.clear()
        await self._client.contact.wait()
        while batch := await self._journal.read_batch():
            await self._send(batch)
        if self._restated != self._client.contact.returns:
            self._restated = self._client.contact.returns
            await self._restate()
            while batch := await self._journal.read_batch():
                await self._send(batch)
        self._is_idle.set()

    async def _send(self, batch: Batch) -> None:
        body = {
            "journal": self._journal.id,
            "is_oldest": batch.is_oldest,
            "events": batch.events,
        }
        try:
            answer = await self._client.send_events(body)
        except ServerRefused as err:
            expected = err.extra.get("expected")
            if expected is None:
                raise
            log.warning("the server lacks earlier events", expected=expected)
            await self._journal.go_back(int(expected))
            return
        for refused in answer["refused"]:
            log.warning("the server refused an event", **refused)
        await self._journal.mark_delivered(int(answer["last_sequence"]))

    async def _restate(self) -> None:
        async with self._database.read() as session:
            found = await session.scalar(
                select(Printer.organization_id).limit(1).execution_options(**CROSS_TENANT)
            )
        if found is not None:
            await self._journal.restate(found)
