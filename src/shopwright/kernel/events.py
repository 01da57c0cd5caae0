"""Events of the slices, told to higher slices inside the same transaction.

A subscriber writes rows or enqueues durable work, nothing else: state and consequences commit
together.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from shopwright.kernel.db import WriteSession

E = TypeVar("E")
Subscriber = Callable[[WriteSession, Any], Awaitable[None]]


class Subscriptions:
    """Which functions hear which event; filled once by ``server`` at start."""

    def __init__(self) -> None:
        self._subscribers: dict[type[object], list[Subscriber]] = defaultdict(list)

    def subscribe(
        self, event: type[E], subscriber: Callable[[WriteSession, E], Awaitable[None]]
    ) -> None:
        self._subscribers[event].append(subscriber)

    async def publish(self, session: WriteSession, event: object) -> None:
        for subscriber in self._subscribers[type(event)]:
            await subscriber(session, event)


async def publish(session: WriteSession, event: object) -> None:
    """Tell every subscriber of this event, in the order they were wired, in this transaction."""
    subscriptions: Subscriptions = session.context.subscriptions
    await subscriptions.publish(session, event)
