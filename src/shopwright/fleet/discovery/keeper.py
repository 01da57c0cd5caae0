"""Looks for printers on the server's own networks whenever a shop asks for it."""

import asyncio

from shopwright.fleet.discovery import queries as found_queries
from shopwright.fleet.discovery import service
from shopwright.fleet.discovery.service import Hearing
from shopwright.fleet.setup.models import PrinterSearch
from shopwright.kernel.actor import system_actor
from shopwright.kernel.edge import Process
from shopwright.kernel.signals import Signal

FLUSH_S = 0.5


class SearchKeeper:
    """Listens once for all shops that search at a time."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._nearby = service.nearby_of(process.settings)
        self._asked = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled."""
        leave = self._process.context.hub.listen_to_all(self._hear)
        try:
            while True:
                self._asked.clear()
                if await self._list_running():
                    await self._search()
                else:
                    await self._asked.wait()
        finally:
            leave()

    def _hear(self, signal: Signal) -> None:
        if signal.topic == service.TOPIC:
            self._asked.set()

    async def _search(self) -> None:
        """As long as anybody's search runs. Whoever joins late is told what was heard before."""
        hearings: dict[tuple[int, int], Hearing] = {}
        heard = Hearing()
        async with heard.listening(self._nearby):
            while running := await self._list_running():
                for search in running:
                    key = search.organization_id, search.number
                    await self._tell(search, heard.news_for(hearings.setdefault(key, Hearing())))
                await asyncio.sleep(FLUSH_S)

    async def _list_running(self) -> list[PrinterSearch]:
        async with self._process.database.read() as session:
            return await found_queries.list_running(session, self._process.clock.now())

    async def _tell(self, search: PrinterSearch, news: Hearing) -> None:
        if not (news.printers or news.troubles):
            return
        ctx = system_actor(search.organization_id, "fleet")
        now = self._process.clock.now()
        async with self._process.database.write() as session:
            found = list(news.printers.values())
            await service.record_found(session, search.organization_id, found, None, now)
            await service.record_troubles(session, ctx, service.HERE, news.troubles)
