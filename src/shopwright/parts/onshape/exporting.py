"""Carries exports out: asks Onshape to translate, waits with growing pauses, fetches, checks.

Whoever asked may wait for it; the durable work behind it takes over when that process is gone, and
goes on with the translation that Onshape has begun.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import structlog

from shopwright.files.access import files_of, incoming_folder
from shopwright.files.storage import StoredObject
from shopwright.files.uploads import MEGABYTE
from shopwright.kernel.actor import system_actor
from shopwright.kernel.durable import Handler
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import BrokenUpstream, ShopError, Unavailable
from shopwright.kernel.signals import Signal
from shopwright.parts.onshape import exports, pulls, received
from shopwright.parts.onshape.access import open_onshape
from shopwright.parts.onshape.exports import is_settled, source_of
from shopwright.parts.onshape.models import OnshapeExport
from shopwright.parts.onshape.port import OnshapeMissing, OnshapePort, Source, Translation
from shopwright.parts.onshape.received import NOTHING, OnshapeExportFailed
from shopwright.parts.onshape.sources import is_direct
from shopwright.parts.onshape.tools import OnshapeTools
from shopwright.parts.queries import TOPIC

BEAT_S = 5.0
LOOK_S = 1.0  # how often a row in another process's hands is looked at
FIRST_PAUSE_S, LONGEST_PAUSE_S = 2.0, 60.0
MAX_POLLS = 15  # each is a call of the year; together about ten minutes
MAX_TRIES = 5
MAX_TRIES_BROKEN = 2
LONGEST_WAIT_S = 600.0  # for which Onshape may ask before we give up for now
TRANSLATING, DOWNLOADING = "Onshape translates", "downloading"

log = structlog.get_logger()

T = TypeVar("T")


class StillTranslating(OnshapeExportFailed):
    """Onshape's translation has not ended; another try goes on with it."""


def handlers(process: Process) -> dict[str, Handler]:
    """Durable work, by name."""

    async def export(organization_id: int, export_id: int) -> None:
        while not await carry_out(process, organization_id, export_id):  # noqa: ASYNC110
            await asyncio.sleep(LOOK_S)  # another process has it, and may die

    return {exports.EXPORT: export}


async def wait_for_export(
    process: Process, row: OnshapeExport, *, timeout_s: float
) -> OnshapeExport:
    """The row once it is settled, or as it is when the time is over; the work goes on."""
    if is_settled(row):
        return row
    begin(process, row)
    changed = asyncio.Event()

    def hear(signal: Signal) -> None:
        if signal.topic == TOPIC:
            changed.set()

    leave = process.context.hub.listen(row.organization_id, hear)
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while not is_settled(row := await _read(process, row)):
                    await _hear(changed)
        return row
    finally:
        leave()


def begin(process: Process, row: OnshapeExport) -> None:
    """Once per process; it goes on when whoever asked for it is gone."""
    tasks = process.context.keep(OnshapeTools).tasks
    if row.id not in tasks and not is_settled(row):
        task = asyncio.create_task(carry_out(process, row.organization_id, row.id))
        tasks[row.id] = task
        task.add_done_callback(lambda _: tasks.pop(row.id, None))


async def stop_exports(process: Process) -> None:
    """Before the database closes: what is in work here is given back, fresh tokens are kept."""
    tools = process.context.keep(OnshapeTools)
    tasks = list(tools.tasks.values())
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, *tools.refreshes, return_exceptions=True)


async def carry_out(process: Process, organization_id: int, export_id: int) -> bool:
    """Export it here unless somebody else does; True once it is settled."""
    async with process.database.write() as session:
        held = await exports.claim_export(session, organization_id, export_id, process.clock.now())
    if held is not None:
        await _Work(process, held).run()
    async with process.database.read() as session:
        row = await exports.find_export(session, organization_id, export_id)
    return row is None or is_settled(row)


@dataclass(frozen=True, slots=True)
class _Work:
    """One attempt at one export."""

    process: Process
    held: OnshapeExport

    async def run(self) -> None:
        try:
            async with self._beating():
                await self._export()
        except StillTranslating as err:
            await self._fail(err.detail, is_begun=True)
        except (Unavailable, OnshapeExportFailed) as err:
            await self._fail(err.detail, is_begun=isinstance(err, Unavailable))
        except ShopError as err:  # disconnected, no calls left, too large, storage full
            await self._fail(err.detail, is_begun=True)
        except asyncio.CancelledError:
            await asyncio.shield(self._give_back())
            raise
        except Exception:
            log.exception("an export failed by an error of ours", export=self.held.id)
            await self._fail("An error of the program, which its log tells.", is_begun=True)

    async def _export(self) -> None:
        process, source = self.process, source_of(self.held)
        max_bytes = process.settings.max_upload_mb * MEGABYTE
        ctx = system_actor(self.held.organization_id, "onshape")
        async with await open_onshape(process, ctx) as onshape, _scratch(process) as target:
            await self._fetch(onshape, source, target, max_bytes)
            await asyncio.to_thread(
                received.make_fit, target, self.held.format, max_bytes=max_bytes
            )
            stored = await files_of(process).put(target, max_bytes=max_bytes)
        await self._done(stored)

    async def _fetch(
        self, onshape: OnshapePort, source: Source, target: Path, max_bytes: int
    ) -> None:
        if is_direct(source, self.held.format):
            await self._tell(phase=DOWNLOADING, progress=50)
            await self._patiently(
                lambda: onshape.fetch_directly(source, target, max_bytes=max_bytes)
            )
            return
        result = await self._translated(onshape, source)
        if not result.files and not result.elements:
            raise OnshapeExportFailed(NOTHING)
        await self._tell(phase=DOWNLOADING, progress=85)
        await self._patiently(
            lambda: onshape.fetch_result(source.host, result, target, max_bytes=max_bytes)
        )

    async def _translated(self, onshape: OnshapePort, source: Source) -> Translation:
        """The translation once it is over; the one that was begun before, if Onshape knows it."""
        result = await self._resumed(onshape, source) or await self._started(onshape, source)
        pause_s = FIRST_PAUSE_S
        for poll in range(MAX_POLLS):
            if result.is_over:
                return _checked(result)
            await self._tell(phase=TRANSLATING, progress=min(80, 15 + 5 * poll))
            await self._sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            result = await self._patiently(
                lambda: onshape.read_translation(source.host, self._translation_id)
            )
        if result.is_over:
            return _checked(result)
        raise StillTranslating(
            "Onshape has not finished its translation in ten minutes. Ask again later: the same "
            "translation is waited for."
        )

    async def _resumed(self, onshape: OnshapePort, source: Source) -> Translation | None:
        if not self.held.translation_id:
            return None
        try:
            return await self._patiently(
                lambda: onshape.read_translation(source.host, self._translation_id)
            )
        except OnshapeMissing:  # Onshape forgets old ones
            return None

    async def _started(self, onshape: OnshapePort, source: Source) -> Translation:
        started = await self._patiently(lambda: onshape.start_translation(source, self.held.format))
        self.held.translation_id = started.id
        await self._tell(translation_id=started.id, phase=TRANSLATING, progress=10)
        return started

    @property
    def _translation_id(self) -> str:
        return str(self.held.translation_id)

    async def _patiently(self, call: Callable[[], Awaitable[T]]) -> T:
        """Once more when Onshape is busy, as late as it asks for, a few times."""
        pause_s = FIRST_PAUSE_S
        for tries in range(1, MAX_TRIES + 1):
            try:
                return await call()
            except Unavailable as err:
                asked_s = float(err.extra.get("retry_after_s", pause_s))
                most = MAX_TRIES_BROKEN if isinstance(err, BrokenUpstream) else MAX_TRIES
                if tries >= most or asked_s > LONGEST_WAIT_S:
                    raise
                await self._tell(phase="waiting for Onshape")
                await self._sleep(max(pause_s, asked_s))
                pause_s *= 2
        raise AssertionError("unreachable")

    async def _sleep(self, seconds: float) -> None:
        await self.process.context.keep(OnshapeTools).sleep(seconds)

    @asynccontextmanager
    async def _beating(self) -> AsyncIterator[None]:
        beats = asyncio.create_task(self._beat())
        try:
            yield
        finally:
            beats.cancel()
            await asyncio.gather(beats, return_exceptions=True)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            await self._tell()

    async def _tell(self, **values: Any) -> None:
        async with self.process.database.write() as session:
            await exports.tell(session, self.held, self.process.clock.now(), **values)

    async def _done(self, stored: StoredObject) -> None:
        now = self.process.clock.now()
        async with self.process.database.write() as session:
            done = await exports.settle_done(session, self.held, stored, now)
            if done is not None:
                await pulls.take(session, done, now)

    async def _fail(self, reason: str, *, is_begun: bool) -> None:
        now = self.process.clock.now()
        async with self.process.database.write() as session:
            await exports.settle_failed(session, self.held, reason, now, is_begun=is_begun)

    async def _give_back(self) -> None:
        async with self.process.database.write() as session:
            await exports.give_back(session, self.held)


def _checked(result: Translation) -> Translation:
    if result.failure is not None:
        raise OnshapeExportFailed(f"Onshape could not translate it: {result.failure}.")
    return result


@asynccontextmanager
async def _scratch(process: Process) -> AsyncIterator[Path]:
    """A file of one's own, gone afterwards; what a dead process left is swept at a start."""
    folder = incoming_folder(process.settings)
    path = await asyncio.to_thread(_make_file, folder)
    try:
        yield path
    finally:
        await asyncio.to_thread(path.unlink, missing_ok=True)


def _make_file(folder: Path) -> Path:
    with tempfile.NamedTemporaryFile(dir=folder, prefix="onshape-", delete=False) as file:
        return Path(file.name)


async def _read(process: Process, row: OnshapeExport) -> OnshapeExport:
    async with process.database.read() as session:
        found = await exports.find_export(session, row.organization_id, row.id)
    return found or row


async def _hear(changed: asyncio.Event) -> None:
    """Or look again after a while: another process may have told nobody."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LOOK_S):
            await changed.wait()
    changed.clear()
