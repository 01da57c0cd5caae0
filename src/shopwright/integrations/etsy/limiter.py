"""The queue before our allowance of calls: the most urgent goes next, equals in their order."""

import asyncio
import heapq
import itertools
import time
from collections.abc import Awaitable, Callable

from shopwright.channels import allowance
from shopwright.channels.allowance import WINDOW_S, Standing
from shopwright.channels.port import CallLedger, RateLimited, Urgency

MAX_WAIT_S = 90.0  # longer than a full minute's allowance; beyond it the caller should come back

Turn = tuple[Urgency, int]  # compared as they stand


class MemoryLedger:
    """The allowance of a process that has the app key for itself."""

    def __init__(
        self, calls_per_minute: int, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._calls_per_minute = max(1, calls_per_minute)
        self._monotonic = monotonic
        self._standing = Standing()

    async def book(self, urgency: Urgency) -> float:
        self._standing, wait_s = allowance.book(
            self._standing, urgency, self._monotonic(), self._calls_per_minute
        )
        return wait_s

    async def pause(self, seconds: float) -> None:
        self._standing = allowance.pause(self._standing, seconds, self._monotonic())


class RateLimiter:
    """Share one among all clients of the same app key: Etsy counts per key, not per shop."""

    def __init__(
        self,
        calls_per_minute: int,
        *,
        ledger: CallLedger | None = None,
        max_wait_s: float = MAX_WAIT_S,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._calls_per_minute = max(1, calls_per_minute)
        self._ledger = ledger or MemoryLedger(calls_per_minute, monotonic)
        self._max_wait_s = max_wait_s
        self._monotonic = monotonic
        self._sleep = sleep
        self._numbers = itertools.count()
        self._queue: list[Turn] = []
        self._moved = asyncio.Condition()

    async def acquire(self, urgency: Urgency = Urgency.SYNC) -> None:
        """Wait for our turn; RateLimited when it is further off than ``max_wait_s``."""
        turn = (urgency, next(self._numbers))
        self._refuse_hopeless(turn)
        heapq.heappush(self._queue, turn)
        try:
            await self._wait(turn, self._monotonic() + self._max_wait_s)
        finally:
            self._queue.remove(turn)
            heapq.heapify(self._queue)
            async with self._moved:
                self._moved.notify_all()

    async def pause(self, seconds: float) -> None:
        """Nobody calls for so long; never shortens an earlier pause."""
        await self._ledger.pause(seconds)

    async def _wait(self, turn: Turn, latest: float) -> None:
        """The first in the queue asks for a call; the others wait until they are the first."""
        while True:
            async with self._moved:
                await self._moved.wait_for(lambda: self._queue[0] == turn)
            wait_s = await self._ledger.book(turn[0])
            if wait_s <= 0:
                return
            if self._monotonic() + wait_s > latest:
                raise _used_up(wait_s)
            await self._sleep(wait_s)

    def _refuse_hopeless(self, turn: Turn) -> None:
        """So many stand before us that their calls alone take too long."""
        before = sum(other < turn for other in self._queue)
        wait_s = before // self._calls_per_minute * WINDOW_S
        if wait_s > self._max_wait_s:
            raise _used_up(wait_s)


class LimiterBook:
    """One limiter per app key and ledger in this process."""

    def __init__(self) -> None:
        self._limiters: dict[tuple[str, CallLedger | None], RateLimiter] = {}

    def limiter_for(
        self, client_id: str, calls_per_minute: int, ledger: CallLedger | None = None
    ) -> RateLimiter:
        """The key's limiter; its allowance is the one of the first caller."""
        key = (client_id, ledger)
        if key not in self._limiters:
            self._limiters[key] = RateLimiter(calls_per_minute, ledger=ledger)
        return self._limiters[key]


def _used_up(wait_s: float) -> RateLimited:
    text = f"The allowance of Etsy calls is used up for {wait_s:.0f} s."
    return RateLimited(text, retry_after_s=wait_s)
