"""A printer that is asked again and again, and everybody who listens to what it says."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from shopwright.drivers.errors import CredentialRejected, LinkFailed, NoAnswer
from shopwright.fleet.port import DeviceReport

MOST_WAITING = 64  # reports for a listener that does not keep up; the oldest go first

Read = Callable[[], Awaitable[DeviceReport]]
Loss = LinkFailed | CredentialRejected


class Feed:
    """What one listener has not yet seen."""

    def __init__(self) -> None:
        self._reports: deque[DeviceReport] = deque(maxlen=MOST_WAITING)
        self._changed = asyncio.Event()
        self._lost: Loss | None = None

    def push(self, report: DeviceReport) -> None:
        self._reports.append(report)
        self._changed.set()

    def end(self, error: Loss) -> None:
        self._lost = error
        self._changed.set()

    async def next_report(self) -> DeviceReport:
        """In order; raises LinkFailed or CredentialRejected once the link is lost and all are
        seen."""
        while not self._reports:
            if self._lost:
                raise type(self._lost)(str(self._lost), self._lost.finding)
            self._changed.clear()
            await self._changed.wait()
        return self._reports.popleft()


class Session:
    """``read`` asks the printer once. One unanswered question is no loss, ``silence_s`` of them
    are."""

    def __init__(self, read: Read, *, every_s: float, silence_s: float) -> None:
        self._read = read
        self._every_s = every_s
        self._silence_s = silence_s
        self.report: DeviceReport | None = None
        self._feeds: set[Feed] = set()
        self._lost: Loss | None = None
        self._wake = asyncio.Event()
        self._reading = asyncio.Lock()  # answers of two rounds must not mix
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Raises what the first question raises."""
        await self.refresh()
        self._task = asyncio.create_task(self._ask_on(), name="printer-poll")

    async def close(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._end(LinkFailed("The connection to the printer was closed."))

    async def refresh(self) -> DeviceReport:
        """Ask at once; raises what the question raises."""
        async with self._reading:
            report = await self._read()
            self._tell(report)
        return report

    def ask_now(self) -> None:
        """Something was done that the next report will show."""
        self._wake.set()

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

    async def _ask_on(self) -> None:
        loop = asyncio.get_running_loop()
        heard_at = loop.time()
        try:
            while True:
                await self._pause()
                try:
                    await self.refresh()
                    heard_at = loop.time()
                except NoAnswer:
                    silent_s = loop.time() - heard_at
                    if silent_s >= self._silence_s:
                        raise LinkFailed(
                            f"The printer said nothing for {silent_s:.0f} s."
                        ) from None
        except (LinkFailed, CredentialRejected) as err:
            self._end(err)
        except Exception:
            self._end(LinkFailed("The printer's answers cannot be read; see the server's log."))
            raise

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(self._every_s):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()

    def _tell(self, report: DeviceReport) -> None:
        self.report = report
        for feed in self._feeds:
            feed.push(report)

    def _end(self, error: Loss) -> None:
        self._lost = self._lost or error
        for feed in self._feeds:
            feed.end(self._lost)
