"""A living connection with its merged snapshot, and everybody who listens to it."""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from shopwright.drivers.bambu.client import LanClient
from shopwright.drivers.bambu.codec import Ack, Message, Request
from shopwright.drivers.bambu.errors import LinkFailed
from shopwright.drivers.bambu.reports import Mirror
from shopwright.fleet.port import DeviceReport, Endpoint, Timeouts

MOST_WAITING = 256  # events for a listener that does not keep up; the oldest go first

Event = DeviceReport | Ack


class Feed:
    """What one listener has not yet seen."""

    def __init__(self) -> None:
        self._events: deque[Event] = deque(maxlen=MOST_WAITING)
        self._changed = asyncio.Event()
        self._lost: LinkFailed | None = None

    def push(self, event: Event) -> None:
        self._events.append(event)
        self._changed.set()

    def end(self, error: LinkFailed) -> None:
        self._lost = error
        self._changed.set()

    async def next(self) -> Event:
        """The next event, in order; raises LinkFailed once the link is lost and all are seen."""
        while not self._events:
            if self._lost:
                raise LinkFailed(str(self._lost), self._lost.finding)
            self._changed.clear()
            await self._changed.wait()
        return self._events.popleft()

    async def next_report(self) -> DeviceReport:
        while True:
            event = await self.next()
            if isinstance(event, DeviceReport):
                return event


class Session:
    """One connection: the client, the mirror of the device, the feeds."""

    def __init__(
        self, endpoint: Endpoint, timeouts: Timeouts, client: type[LanClient] = LanClient
    ) -> None:
        self.endpoint = endpoint
        self.client = client(
            endpoint, timeouts=timeouts, on_message=self._take_in, on_lost=self._end
        )
        self.mirror = Mirror(endpoint.serial)
        self.report: DeviceReport | None = None
        self._lost: LinkFailed | None = None
        self._feeds: set[Feed] = set()

    async def open(self) -> None:
        """Raises LinkFailed or CredentialRejected."""
        await self.client.connect()
        self.mirror.name(self.client.serial)

    def close(self) -> None:
        self.client.close()
        self._end(LinkFailed("The connection to the printer was closed."))

    @contextmanager
    def listen(self) -> Iterator[Feed]:
        feed = Feed()
        self._feeds.add(feed)
        if self._lost:
            feed.end(self._lost)
        try:
            yield feed
        finally:
            self._feeds.discard(feed)

    def send(self, request: Request) -> str:
        """Publish once; the sequence id of its ack. Raises LinkFailed when the link is gone."""
        return self.client.publish(request)

    async def full_report(self) -> DeviceReport:
        """The newest report, once a complete one has arrived on this connection."""
        with self.listen() as feed:
            report = self.report
            while report is None or not report.is_full:
                report = await feed.next_report()
        return report

    def _take_in(self, message: Message) -> None:
        self.mirror.apply(message)
        if isinstance(message, Ack):
            self._tell(message)
        self.report = self.mirror.report(datetime.now(UTC))
        self._tell(self.report)

    def _tell(self, event: Event) -> None:
        for feed in self._feeds:
            feed.push(event)

    def _end(self, error: LinkFailed) -> None:
        self._lost = self._lost or error
        for feed in self._feeds:
            feed.end(self._lost)
