"""A worker's loop: woken by its signals and the ends of its tasks, and ended by no failed round."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from shopwright.kernel.live import Hub
from shopwright.kernel.rounds import MIN_PAUSE_S, Rounds, until
from shopwright.kernel.signals import Signal
from tests.clock import START

PATIENCE_S = 30.0


@dataclass(slots=True)
class Desk:
    hub: Hub
    rounds: Rounds[str]
    looked: asyncio.Queue[int] = field(default_factory=asyncio.Queue)
    fails: bool = False
    count: int = 0

    async def look(self) -> None:
        self.count += 1
        self.looked.put_nowait(self.count)
        if self.fails:
            raise RuntimeError("the database is away")

    async def next_look(self) -> int:
        async with asyncio.timeout(PATIENCE_S):
            return await self.looked.get()


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    hub = Hub()
    found = Desk(hub, Rounds(hub, "test", topic="news", every_s=3600))
    running = asyncio.create_task(found.rounds.run(found.look))
    assert await found.next_look() == 1
    yield found
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    await found.rounds.stop()


async def test_its_own_signal_begins_a_round_and_no_other(desk: Desk) -> None:
    desk.hub.publish(Signal(1, "weather", 1))
    await asyncio.sleep(0)
    assert desk.looked.empty()
    desk.hub.publish(Signal(1, "news", 1))
    assert await desk.next_look() == 2
    assert desk.looked.empty()


async def test_a_failed_round_ends_neither_the_loop_nor_its_tasks(desk: Desk) -> None:
    gate = asyncio.Event()

    async def work() -> None:
        await gate.wait()

    desk.rounds.start("lane", work())
    desk.fails = True
    desk.hub.publish(Signal(1, "news", 1))
    assert await desk.next_look() == 2
    desk.fails = False
    assert list(desk.rounds.tasks) == ["lane"]
    gate.set()
    assert await desk.next_look() == 3  # the end of the task
    assert desk.rounds.tasks == {}


async def test_stopping_breaks_off_what_runs_and_hears_no_more(desk: Desk) -> None:
    desk.rounds.start("lane", asyncio.Event().wait())  # type: ignore[arg-type]  # waits for ever
    await desk.rounds.stop()
    assert desk.rounds.tasks == {}
    while not desk.looked.empty():
        desk.looked.get_nowait()
    desk.hub.publish(Signal(1, "news", 1))
    await asyncio.sleep(0)
    assert desk.looked.empty()


def test_the_pause_ends_when_something_is_due_and_is_never_nothing() -> None:
    assert until(None, START) is None
    assert until(START + timedelta(seconds=7), START) == 7
    assert until(START - timedelta(hours=1), START) == MIN_PAUSE_S
