"""Our own allowance of calls."""

import asyncio

import pytest

from shopwright.channels.allowance import WINDOW_S
from shopwright.channels.port import RateLimited, Urgency
from shopwright.integrations.etsy.limiter import LimiterBook, RateLimiter
from tests.integrations.etsy.conftest import FakeTime


def limiter(pace: FakeTime, calls: int = 3, max_wait_s: float = 90) -> RateLimiter:
    return RateLimiter(calls, max_wait_s=max_wait_s, monotonic=pace.monotonic, sleep=pace.sleep)


async def test_the_allowance_is_spent_at_once_and_then_waited_for(pace: FakeTime) -> None:
    ours = limiter(pace)
    for _ in range(7):
        await ours.acquire()
    assert pace.sleeps == [WINDOW_S, WINDOW_S]


async def test_the_window_slides(pace: FakeTime) -> None:
    ours = limiter(pace)
    for _ in range(3):
        await ours.acquire()
        pace.now += 20
    await ours.acquire()
    assert pace.sleeps == [WINDOW_S - 60]


async def test_a_turn_too_far_off_is_refused_and_not_counted(pace: FakeTime) -> None:
    ours = limiter(pace, calls=1, max_wait_s=30)
    await ours.acquire()
    for _ in range(3):
        with pytest.raises(RateLimited) as caught:
            await ours.acquire()
        assert caught.value.retry_after_s == WINDOW_S
    pace.now += WINDOW_S
    await ours.acquire()
    assert pace.sleeps == []


async def test_a_pause_holds_everybody_and_never_shrinks(pace: FakeTime) -> None:
    ours = limiter(pace)
    await ours.pause(50)
    await ours.pause(5)
    await ours.acquire()
    assert pace.sleeps == [50]


async def test_callers_at_the_same_time_share_the_allowance(pace: FakeTime) -> None:
    ours = limiter(pace)
    await asyncio.gather(*(ours.acquire() for _ in range(3)))
    assert pace.sleeps == []
    await ours.acquire()
    assert pace.sleeps == [WINDOW_S]


class HeldTime(FakeTime):
    """Stands still until everybody is there."""

    def __init__(self) -> None:
        super().__init__()
        self.go = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        until = self.now + seconds
        await self.go.wait()
        await super().sleep(max(0.0, until - self.now))


async def test_the_most_urgent_goes_next_and_equals_in_their_order() -> None:
    pace = HeldTime()
    ours = limiter(pace, calls=1, max_wait_s=1000)
    await ours.acquire()
    went: list[str] = []

    async def call(name: str, urgency: Urgency) -> None:
        if urgency is Urgency.PERSON:  # the last to come
            asyncio.get_running_loop().call_soon(pace.go.set)
        await ours.acquire(urgency)
        went.append(name)

    await asyncio.gather(
        call("listing", Urgency.LISTINGS),
        call("sync 1", Urgency.SYNC),
        call("tracking", Urgency.TRACKING),
        call("sync 2", Urgency.SYNC),
        call("person", Urgency.PERSON),
    )
    assert went == ["person", "tracking", "sync 1", "sync 2", "listing"]


async def test_who_gives_up_waiting_holds_nobody(pace: FakeTime) -> None:
    ours = limiter(pace, calls=1)
    await ours.acquire()
    person = asyncio.create_task(ours.acquire(Urgency.PERSON))
    sync = asyncio.create_task(ours.acquire(Urgency.SYNC))
    await asyncio.sleep(0)
    person.cancel()
    await sync
    assert person.cancelled()


async def test_too_many_before_us_are_refused_at_once(pace: FakeTime) -> None:
    ours = limiter(pace, calls=1, max_wait_s=100)
    await ours.acquire()
    waiting = [asyncio.create_task(ours.acquire()) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(RateLimited):
        await ours.acquire()
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


def test_one_app_key_has_one_allowance() -> None:
    book = LimiterBook()
    assert book.limiter_for("a", 10) is book.limiter_for("a", 10)
    assert book.limiter_for("a", 10) is not book.limiter_for("b", 10)
