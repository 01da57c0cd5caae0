"""A printer that is asked again and again, or tells by itself, and everybody who listens to what it
says."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from shopwright.drivers.errors import CredentialRejected, LinkFailed, NoAnswer
from shopwright.fleet.port import DeviceReport

MOST_WAITING = 64  # reports for a listener that does not keep up; the oldest go first

FRESH_S = 3.0  # a printer that told something so lately is not asked
ASK_ANYWAY_S = 15.0  # however much it tells
FIRST_RETRY_S, LAST_RETRY_S = 1.0, 60.0  # of the way on which it tells

Tell = Callable[[DeviceReport], None]
Follow = Callable[[Tell], Awaitable[None]]
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
    are. ``follow`` passes on what the printer tells by itself, as long as it does."""

    def __init__(
        self, read: Read, *, every_s: float, silence_s: float, follow: Follow | None = None
    ) -> None:
        self._read = read
        self._follow = follow
        self._every_s = every_s
        self._silence_s = silence_s
        self.report: DeviceReport | None = None
        self._feeds: set[Feed] = set()
        self._lost: Loss | None = None
        self._wake = asyncio.Event()
        self._reading = asyncio.Lock()  # answers of two rounds must not mix
        self._tasks: list[asyncio.Task[None]] = []
        self._heard_at = self._asked_at = self._shown_at = 0.0
        self._pushed_at: float | None = None

    async def open(self) -> None:
        """Raises what the first question raises."""
        await self.refresh()
        self._tasks = [asyncio.create_task(self._ask_on(), name="printer-poll")]
        if self._follow:
            following = self._follow_on(self._follow)
            self._tasks.append(asyncio.create_task(following, name="printer-push"))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._end(LinkFailed("The connection to the printer was closed."))

    async def refresh(self) -> DeviceReport:
        """Ask at once; raises what the question raises."""
        async with self._reading:
            report = await self._read()
            self._heard_at = self._asked_at = asyncio.get_running_loop().time()
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
        try:
            while True:
                is_wanted = await self._pause()
                if not is_wanted and self._is_told(loop.time()):
                    continue
                try:
                    await self.refresh()
                except NoAnswer:
                    silent_s = loop.time() - self._heard_at
                    if silent_s >= self._silence_s:
                        raise LinkFailed(
                            f"The printer said nothing for {silent_s:.0f} s."
                        ) from None
        except (LinkFailed, CredentialRejected) as err:
            self._end(err)
        except Exception:
            self._end(LinkFailed("The printer's answers cannot be read; see the server's log."))
            raise

    async def _follow_on(self, follow: Follow) -> None:
        """Where nothing is told, asking goes on as ever."""
        delay = FIRST_RETRY_S
        while True:
            self._pushed_at = None
            with contextlib.suppress(LinkFailed, CredentialRejected):
                await follow(self._hear)
            delay = min(delay * 2, LAST_RETRY_S) if self._pushed_at is None else FIRST_RETRY_S
            self._pushed_at = None
            self._wake.set()
            await asyncio.sleep(delay)

    def _hear(self, report: DeviceReport) -> None:
        """What matters is passed on at once, the rest as often as asking would tell it."""
        now = asyncio.get_running_loop().time()
        self._heard_at = self._pushed_at = now
        is_news = self.report is None or _gist(report) != _gist(self.report)
        if is_news or now - self._shown_at >= self._every_s:
            self._tell(report)

    def _is_told(self, now: float) -> bool:
        fresh_s = min(FRESH_S, self._silence_s)
        is_fresh = self._pushed_at is not None and now - self._pushed_at < fresh_s
        return is_fresh and now - self._asked_at < ASK_ANYWAY_S

    async def _pause(self) -> bool:
        """Whether somebody wants to know."""
        try:
            async with asyncio.timeout(self._every_s):
                await self._wake.wait()
        except TimeoutError:
            pass
        is_wanted = self._wake.is_set()
        self._wake.clear()
        return is_wanted

    def _tell(self, report: DeviceReport) -> None:
        self.report = report
        self._shown_at = asyncio.get_running_loop().time()
        for feed in self._feeds:
            feed.push(report)

    def _end(self, error: Loss) -> None:
        self._lost = self._lost or error
        for feed in self._feeds:
            feed.end(self._lost)


def _gist(report: DeviceReport) -> tuple[object, ...]:
    return (
        report.activity,
        report.outcome,
        report.device_job_id,
        report.job_name,
        report.native,
        report.faults,
    )
