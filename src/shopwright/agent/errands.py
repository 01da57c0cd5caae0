"""What the server wants to know of this network right now: nothing of it is kept, and what cannot
be told in time is not told."""

import asyncio
from typing import Any

import msgspec
import structlog

from shopwright.agent.client import Client
from shopwright.fleet import discovery
from shopwright.fleet.discovery import Hearing
from shopwright.fleet.discovery_port import Nearby
from shopwright.kernel.errors import ShopError

log = structlog.get_logger()

TELL_EVERY_S = 0.5
BATCH = 200  # printers, as many as the server takes at once


class Errands:
    """``take`` is called with every answer of the server; it never waits."""

    def __init__(self, client: Client, nearby: Nearby) -> None:
        self._client = client
        self._nearby = nearby
        self._wanted: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._search = 0  # the number of the last one

    def take(self, work: dict[str, Any]) -> None:
        search = work.get("search")
        if search is not None and search["number"] != self._search:
            self._search = search["number"]
            self._wanted.put_nowait(search)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            search = await self._wanted.get()
            try:
                await self._look_around(search["number"], search["seconds"])
            except ShopError as err:
                log.info("the server was not told who is here", reason=err.detail)

    async def _look_around(self, number: int, seconds: float) -> None:
        """Until its time is over, or another search begins."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        heard, told = Hearing(), Hearing()
        async with heard.listening(self._nearby):
            while loop.time() < deadline and number == self._search:
                await asyncio.sleep(TELL_EVERY_S)
                await self._tell(heard.news_for(told))

    async def _tell(self, news: Hearing) -> None:
        printers = [msgspec.to_builtins(one) for one in news.printers.values()]
        troubles = [sentence[: discovery.LONGEST_TROUBLE] for sentence in news.troubles]
        for start in range(0, len(printers) or len(troubles), BATCH):
            await self._client.tell_found(printers[start : start + BATCH], troubles)
