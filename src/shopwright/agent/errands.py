"""What the server wants to know of this network right now: nothing of it is kept, and what cannot
be told in time is not told."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import msgspec
import structlog

from shopwright.agent.client import Client
from shopwright.fleet.discovery import service as discovery
from shopwright.fleet.discovery.port import Nearby
from shopwright.fleet.discovery.service import Hearing
from shopwright.fleet.setup import connection_tests
from shopwright.fleet.setup.connection_tests import Trial
from shopwright.kernel.errors import ShopError

log = structlog.get_logger()

TELL_EVERY_S = 0.5
BATCH = 200  # printers, as many as the server takes at once
REMEMBERED = 1000  # numbers of tests that were taken

Errand = Callable[[], Coroutine[Any, Any, None]]


class Errands:
    """``take`` is called with every answer of the server; it never waits."""

    def __init__(self, client: Client, nearby: Nearby) -> None:
        self._client = client
        self._nearby = nearby
        self._wanted: asyncio.Queue[Errand] = asyncio.Queue()
        self._search = 0  # the number of the last one
        self._tests: dict[int, None] = {}  # taken already

    def take(self, work: dict[str, Any]) -> None:
        search = work.get("search")
        if search is not None and search["number"] != self._search:
            self._search = search["number"]
            errand = partial(self._look_around, search["number"], search["seconds"])
            self._wanted.put_nowait(errand)
        for test in work.get("tests", ()):
            if test["id"] not in self._tests:
                self._remember(test["id"])
                trial = msgspec.convert(test["trial"], Trial)
                self._wanted.put_nowait(partial(self._try_out, test["id"], trial))

    async def run(self) -> None:
        """Until cancelled; several errands at a time."""
        running: set[asyncio.Task[None]] = set()
        try:
            while True:
                task = asyncio.create_task(_told(await self._wanted.get()))
                running.add(task)
                task.add_done_callback(running.discard)
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    def _remember(self, test_id: int) -> None:
        self._tests[test_id] = None
        if len(self._tests) > REMEMBERED:
            del self._tests[next(iter(self._tests))]

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
        printers = [_fitting(msgspec.to_builtins(one)) for one in news.printers.values()]
        troubles = [sentence[: discovery.LONGEST_TROUBLE] for sentence in news.troubles]
        for start in range(0, len(printers) or len(troubles), BATCH):
            await self._client.tell_found(printers[start : start + BATCH], troubles)

    async def _try_out(self, test_id: int, trial: Trial) -> None:
        found = await connection_tests.try_out(trial.driver, trial.endpoint())
        told = {
            "test": test_id,
            "steps": [msgspec.to_builtins(step) for step in found.steps],
            "serial": found.serial,
            "fingerprint": found.fingerprint,
        }
        await self._client.tell_tested(told)


def _fitting(printer: dict[str, Any]) -> dict[str, Any]:
    """One odd device with endless words does not lose what the others said."""
    short = {name: (printer[name] or "")[:length] for name, length in discovery.LENGTHS.items()}
    return printer | {name: text or printer[name] for name, text in short.items()}


async def _told(errand: Errand) -> None:
    try:
        await errand()
    except ShopError as err:
        log.info("an errand for the server came to nothing", reason=err.detail)
