"""Cameras: one connection per printer and process, shared by everybody who looks.

A feed keeps nothing but its newest picture: whoever is slower than the camera misses pictures, and
no number of viewers makes us keep more.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from typing import Self

import structlog

from shopwright.fleet.port import AuthenticationFailed, CameraMissing, DriverError
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import NotFound, ShopError, TooMany, Unavailable
from shopwright.kernel.live import Hub
from shopwright.kernel.signals import Signal

log = structlog.get_logger()

FRESH_S = 1.0  # a snapshot may be this old
LINGER_S = 5.0  # a feed outlives its last viewer, who may only be turning the page
PAUSE_S = 2.0  # a camera that failed is left alone
FIRST_PICTURE_S = 15.0
MAX_OF_PRINTER, MAX_OF_ORGANIZATION = 12, 48  # viewers at a time, in each process


class NoCamera(NotFound):
    code = "printer-without-camera"
    title = "This printer shows no pictures"


class CameraUnavailable(Unavailable):
    code = "camera-unavailable"
    title = "The camera gives no picture right now"


class TooManyViewers(TooMany):
    code = "too-many-viewers"
    title = "Too many people look already"


@dataclass(frozen=True, slots=True)
class Camera:
    """Calling ``pictures`` opens the one connection; closing what it gives ends it."""

    organization_id: int
    printer_id: int
    pictures: Callable[[], AsyncGenerator[bytes, None]]


@dataclass(frozen=True, slots=True)
class Picture:
    """``number`` counts a feed's pictures from 1; ``taken_at`` is of the loop's clock."""

    number: int
    taken_at: float
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class _End:
    kind: type[ShopError]
    sentence: str


class Feed:
    """The connection to one camera, and its newest picture."""

    def __init__(self, camera: Camera) -> None:
        self.camera = camera
        self.viewers = 0
        self.newest: Picture | None = None
        self.ended_at: float | None = None
        self.unwatched_at: float = 0.0
        self._end: _End | None = None
        self._changed = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(self._run(), name=f"camera-{camera.printer_id}")

    async def after(self, number: int) -> Picture:
        """The newest picture, once it is later than ``number``; raises what ended the feed."""
        while True:
            if self._end is not None:
                raise self._end.kind(self._end.sentence)
            if self.newest is not None and self.newest.number > number:
                return self.newest
            await self._changed.wait()

    def end(self, sentence: str, kind: type[ShopError] = CameraUnavailable) -> asyncio.Task[None]:
        """Hang up, and tell the viewers why; somebody must hold the task until it has ended."""
        if self._end is None:
            self._end, self.ended_at, self.newest = _End(kind, sentence), self._loop.time(), None
            self._wake()
        self._task.cancel()
        return self._task

    async def _run(self) -> None:
        try:
            async with aclosing(self.camera.pictures()) as pictures:
                async for jpeg in pictures:
                    self._show(jpeg)
            self.end("The camera sends no more pictures.")
        except CameraMissing as err:
            self.end(str(err), NoCamera)
        except (DriverError, AuthenticationFailed, OSError, TimeoutError) as err:
            self.end(str(err) or "The camera does not answer.")
        except Exception:
            log.exception("a camera failed", printer_id=self.camera.printer_id)
            self.end("The camera's pictures cannot be read.")

    def _show(self, jpeg: bytes) -> None:
        number = self.newest.number + 1 if self.newest else 1
        self.newest = Picture(number, self._loop.time(), jpeg)
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


class Cameras:
    """The feeds of this process."""

    def __init__(self) -> None:
        self._feeds: dict[int, Feed] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._is_attached = False

    @classmethod
    def of(cls, process: Process) -> Self:
        cameras = process.context.keep(cls)
        cameras.attach(process.context.hub)
        return cameras

    def attach(self, hub: Hub) -> None:
        """Hear of printers that are set up anew; again changes nothing."""
        if not self._is_attached:
            self._is_attached = True
            hub.listen_to_all(self._hear)

    async def take_picture(self, camera: Camera) -> Picture:
        """At most a second old. Raises NoCamera, CameraUnavailable or TooManyViewers."""
        with self.watch(camera) as feed:
            newest = feed.newest
            now = asyncio.get_running_loop().time()
            if newest is not None and now - newest.taken_at < FRESH_S:
                return newest
            try:
                async with asyncio.timeout(FIRST_PICTURE_S):
                    return await feed.after(newest.number if newest else 0)
            except TimeoutError as err:
                raise CameraUnavailable("The camera gave no picture in time.") from err

    @contextmanager
    def watch(self, camera: Camera) -> Iterator[Feed]:
        """A place among the viewers; the first one opens the connection. Raises TooManyViewers."""
        self._check_room(camera)
        feed = self._find_feed(camera)
        feed.viewers += 1
        try:
            yield feed
        finally:
            feed.viewers -= 1
            if feed.viewers == 0:
                loop = asyncio.get_running_loop()
                feed.unwatched_at = loop.time()
                loop.call_later(LINGER_S, self._tidy)

    def count_viewers(self, organization_id: int) -> int:
        feeds = self._feeds.values()
        return sum(f.viewers for f in feeds if f.camera.organization_id == organization_id)

    def end_all(self) -> None:
        """Before the server stops: it would wait for open streams."""
        for printer_id in list(self._feeds):
            self._end(printer_id, "The server is stopping.")

    def _check_room(self, camera: Camera) -> None:
        feed = self._feeds.get(camera.printer_id)
        if feed is not None and feed.viewers >= MAX_OF_PRINTER:
            raise TooManyViewers(
                f"{MAX_OF_PRINTER} people look through this camera already.", retry_after_s=10
            )
        if self.count_viewers(camera.organization_id) >= MAX_OF_ORGANIZATION:
            raise TooManyViewers(
                f"{MAX_OF_ORGANIZATION} camera pictures are open already.", retry_after_s=10
            )

    def _find_feed(self, camera: Camera) -> Feed:
        self._tidy()
        feed = self._feeds.get(camera.printer_id)
        if feed is None:
            feed = self._feeds[camera.printer_id] = Feed(camera)
        return feed

    def _tidy(self) -> None:
        now = asyncio.get_running_loop().time()
        for printer_id, feed in list(self._feeds.items()):
            is_over = feed.ended_at is not None and now >= feed.ended_at + PAUSE_S
            is_left = feed.viewers == 0 and now >= feed.unwatched_at + LINGER_S
            if is_over or is_left:
                self._end(printer_id, "Nobody looked any more.")

    def _hear(self, signal: Signal) -> None:
        if signal.topic == "printer_setup" and signal.key in self._feeds:
            self._end(signal.key, "The way to this printer was changed.")

    def _end(self, printer_id: int, sentence: str) -> None:
        ending = self._feeds.pop(printer_id).end(sentence)
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)
