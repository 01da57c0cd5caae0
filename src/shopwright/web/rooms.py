"""Rooms of equal rights that live pages are fed from.

A room is keyed by (organization, role). A signal marks fragments as stale; each is rendered once
for the whole room, at once when it was quiet and then at most once per its pause. Lists are not
pushed: a notice tells the page that they changed, and the page fetches them with its own filters.
"""

import asyncio
import contextlib
import time
from collections.abc import Iterable, Iterator
from typing import Self

import structlog

from shopwright.kernel import ids
from shopwright.kernel.actor import Role
from shopwright.kernel.edge import Process
from shopwright.kernel.signals import Signal
from shopwright.web import fragments
from shopwright.web.fragments import Fragment

log = structlog.get_logger()


def event(name: str, text: str) -> str:
    """One server-sent event; every line of the text is a line of its own."""
    lines = "".join(f"data: {line}\n" for line in text.splitlines())
    return f"event: {name}\n{lines}\n"


class Subscriber:
    """One stream: what it shows, and the newest of each fragment that it has not sent yet."""

    def __init__(self, topics: Iterable[str]) -> None:
        self.topics = frozenset(topics)
        self._fragments: dict[Fragment, str] = {}
        self._notices: set[str] = set()
        self._wake = asyncio.Event()
        self.is_over = False

    def end(self) -> None:
        """The stream says good-bye; the browser comes back to whatever answers next."""
        self.is_over = True
        self._wake.set()

    def wants(self, fragment: Fragment) -> bool:
        return not self.topics.isdisjoint(fragment.topics)

    def push(self, fragment: Fragment, html: str) -> None:
        """A slow browser gets the newest state, not a backlog."""
        if fragment.is_notice:
            self._notices.add(fragment.name)
        else:
            self._fragments[fragment] = html
        self._wake.set()

    async def wait(self, seconds: float) -> str:
        """The events to send; empty when nothing came in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        self._wake.clear()
        text = ""
        if self._fragments:
            text += event("fragments", "".join(self._fragments.values()))
        if self._notices:
            text += event("notice", " ".join(sorted(self._notices)))
        self._fragments.clear()
        self._notices.clear()
        return text


class Room:
    """Everybody of one organization with the same rights."""

    def __init__(self, process: Process, organization_id: int, role: Role) -> None:
        self.subscribers: set[Subscriber] = set()
        self._process, self._organization_id, self._role = process, organization_id, role
        self._due: dict[Fragment, float] = {}
        self._not_before: dict[Fragment, float] = {}
        self._last: dict[Fragment, str] = {}
        self._wake = asyncio.Event()
        self._leave_hub = process.context.hub.listen(organization_id, self._on_signal)
        self._task = asyncio.create_task(self._run())

    def close(self) -> asyncio.Task[None]:
        """Stop; somebody must hold the task until it has ended."""
        self._leave_hub()
        self._task.cancel()
        return self._task

    def _on_signal(self, signal: Signal) -> None:
        now = time.monotonic()
        for fragment in fragments.of_signal(signal):
            if any(subscriber.wants(fragment) for subscriber in self.subscribers):
                self._due.setdefault(fragment, max(now, self._not_before.get(fragment, 0.0)))
        self._wake.set()

    async def _run(self) -> None:
        while True:
            await self._sleep_until_due()
            now = time.monotonic()
            ripe = [fragment for fragment, due in self._due.items() if due <= now]
            for fragment in ripe:
                del self._due[fragment]
                self._not_before[fragment] = now + fragment.pause_s
            if ripe:
                await self._send(ripe)

    async def _sleep_until_due(self) -> None:
        soonest = min(self._due.values(), default=None)
        seconds = None if soonest is None else max(0.0, soonest - time.monotonic())
        if seconds == 0.0:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        self._wake.clear()

    async def _send(self, ripe: list[Fragment]) -> None:
        try:
            rendered = await fragments.render(
                self._process, self._organization_id, self._role, ripe
            )
        except Exception:
            log.exception("live fragments failed")
            return
        for fragment, html in rendered.items():
            if not fragment.is_notice and self._last.get(fragment) == html:
                continue
            self._last[fragment] = html
            for subscriber in self.subscribers:
                if subscriber.wants(fragment):
                    subscriber.push(fragment, html)


class LiveRooms:
    """The rooms of this process, and how often anything changed per organization."""

    def __init__(self) -> None:
        self._start = ids.new_token(6)
        self._process: Process | None = None
        self._changes: dict[int, int] = {}
        self._rooms: dict[tuple[int, Role], Room] = {}
        self._ending: set[asyncio.Task[None]] = set()

    @classmethod
    def of(cls, process: Process) -> Self:
        rooms = process.context.keep(cls)
        rooms.attach(process)
        return rooms

    def attach(self, process: Process) -> None:
        """Begin to count and to serve; again changes nothing."""
        if self._process is None:
            self._process = process
            process.context.hub.listen_to_all(self._count)

    def seen(self, organization_id: int) -> str:
        """Equal at two moments when nothing but telemetry changed between them, in this process."""
        return f"{self._start}.{self._changes.get(organization_id, 0)}"

    def end_all(self) -> None:
        """Before the server stops: it would wait for open streams."""
        for room in self._rooms.values():
            for subscriber in room.subscribers:
                subscriber.end()

    @contextlib.contextmanager
    def join(self, organization_id: int, role: Role, topics: Iterable[str]) -> Iterator[Subscriber]:
        assert self._process is not None  # noqa: S101  set by ``of``
        key = (organization_id, role)
        room = self._rooms.get(key)
        if room is None:
            room = self._rooms[key] = Room(self._process, organization_id, role)
        subscriber = Subscriber(topics)
        room.subscribers.add(subscriber)
        try:
            yield subscriber
        finally:
            room.subscribers.discard(subscriber)
            if not room.subscribers:
                self._rooms.pop(key, None)
                ending = room.close()
                self._ending.add(ending)
                ending.add_done_callback(self._ending.discard)

    def _count(self, signal: Signal) -> None:
        if signal.topic not in fragments.UNSEEN:
            self._changes[signal.organization_id] = self._changes.get(signal.organization_id, 0) + 1
