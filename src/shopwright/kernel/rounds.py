"""The skeleton of a worker's loop: rounds that signals wake, and beside them tasks, one per key."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from datetime import datetime
from functools import partial
from typing import Any, Generic, TypeVar

import structlog

from shopwright.kernel.live import Hub
from shopwright.kernel.signals import Signal

log = structlog.get_logger()

MIN_PAUSE_S = 0.05

K = TypeVar("K", bound=Hashable)


class Rounds(Generic[K]):
    """``every_s`` is a safety net: a signal of the topic and the end of a task begin a round at
    once."""

    def __init__(self, hub: Hub, name: str, *, topic: str, every_s: float) -> None:
        self.tasks: dict[K, asyncio.Task[None]] = {}
        self._name = name
        self._topic = topic
        self._every_s = every_s
        self._wake = asyncio.Event()
        self._leave = hub.listen_to_all(self._hear)

    async def run(
        self,
        look: Callable[[], Awaitable[None]],
        pause: Callable[[], Awaitable[float | None]] | None = None,
    ) -> None:
        """``look`` again and again until cancelled. A round that failed is logged and tried again;
        it ends neither the loop nor its tasks. ``pause`` may ask for a shorter wait than usual."""
        while True:
            self._wake.clear()
            seconds = None
            try:
                await look()
                seconds = await pause() if pause else None
            except Exception:
                log.exception("a round failed; it is tried again", loop=self._name)
            await self._rest(self._every_s if seconds is None else min(seconds, self._every_s))

    def start(self, key: K, work: Coroutine[Any, Any, None]) -> None:
        """One task per key: whoever starts a second one looked into ``tasks`` before."""
        task = asyncio.create_task(work, name=f"{self._name}-{key}")
        self.tasks[key] = task
        task.add_done_callback(partial(self._ended, key))

    async def finish(self) -> None:
        """Wait for the tasks under way."""
        await asyncio.gather(*list(self.tasks.values()), return_exceptions=True)

    async def stop(self) -> None:
        """Break off the tasks under way, and hear no more."""
        self._leave()
        for task in list(self.tasks.values()):
            task.cancel()
        await self.finish()

    def _hear(self, signal: Signal) -> None:
        if signal.topic == self._topic:
            self._wake.set()

    def _ended(self, key: K, _task: asyncio.Task[None]) -> None:
        self.tasks.pop(key, None)
        self._wake.set()

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):  # wait_for of 3.11 may lose a cancellation
                await self._wake.wait()
        except TimeoutError:
            return


def until(due: datetime | None, now: datetime) -> float | None:
    """Seconds to what is due next; a moment at least, so that a clock which jumps spins nothing."""
    return None if due is None else max(MIN_PAUSE_S, (due - now).total_seconds())
