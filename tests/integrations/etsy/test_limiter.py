"""Our own allowance of calls."""

import asyncio

import pytest

from shopwright.channels.port import RateLimited
from shopwright.integrations.etsy.limiter import WINDOW_S, LimiterBook, RateLimiter
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


def test_one_app_key_has_one_allowance() -> None:
    book = LimiterBook()
    assert book.limiter_for("a", 10) is book.limiter_for("a", 10)
    assert book.limiter_for("a", 10) is not book.limiter_for("b", 10)
