"""Our own allowance of calls per app key: a sliding minute, plus the pauses Etsy asks for."""

import asyncio
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable

from shopwright.channels.port import RateLimited

WINDOW_S = 60.5  # a little over a minute: we count departures, Etsy counts arrivals
MAX_WAIT_S = 90.0  # longer than a full minute's allowance; beyond it the caller should come back


class RateLimiter:
    """Share one among all clients of the same app key: Etsy counts per key, not per shop."""

    def __init__(
        self,
        calls_per_minute: int,
        *,
        max_wait_s: float = MAX_WAIT_S,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._calls_per_minute = max(1, calls_per_minute)
        self._max_wait_s = max_wait_s
        self._monotonic = monotonic
        self._sleep = sleep
        self._starts: deque[float] = deque()
        self._paused_until = -math.inf

    async def acquire(self) -> None:
        """Wait for our turn; RateLimited at once when the turn is further off than ``max_wait_s``.

        The turn is booked before the wait, so waiting callers keep their order.
        """
        start = self._next_start(self._monotonic())
        self._starts.append(start)
        while (wait_s := max(start, self._paused_until) - self._monotonic()) > 0:
            if wait_s > self._max_wait_s:
                self._starts.remove(start)
                text = f"The allowance of Etsy calls is used up for {wait_s:.0f} s."
                raise RateLimited(text, retry_after_s=wait_s)
            await self._sleep(wait_s)

    def pause(self, seconds: float) -> None:
        """Nobody calls for so long; never shortens an earlier pause."""
        self._paused_until = max(self._paused_until, self._monotonic() + seconds)

    def _next_start(self, now: float) -> float:
        while self._starts and self._starts[0] <= now - WINDOW_S:
            self._starts.popleft()
        start = max(now, self._paused_until)
        if len(self._starts) >= self._calls_per_minute:
            start = max(start, self._starts[-self._calls_per_minute] + WINDOW_S)
        return start


class LimiterBook:
    """One limiter per app key in this process."""

    def __init__(self) -> None:
        self._limiters: dict[str, RateLimiter] = {}

    def limiter_for(self, client_id: str, calls_per_minute: int) -> RateLimiter:
        """The key's limiter; its allowance is the one of the first caller."""
        if client_id not in self._limiters:
            self._limiters[client_id] = RateLimiter(calls_per_minute)
        return self._limiters[client_id]
