"""Carries conversions out, in child processes, a few at a time; and waits for them.

The request that brought a file begins its conversion at once; the durable work behind it only
waits, and takes over when that request's process is gone.
"""

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from shopwright.files.access import files_of
from shopwright.files.storage import StoredObject
from shopwright.kernel.actor import Actor
from shopwright.kernel.children import ChildFailed, Limits, run_child
from shopwright.kernel.durable import HEAVY_CONCURRENCY, Handler
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import ShopError, Unavailable
from shopwright.kernel.signals import Signal
from shopwright.parts import conversions
from shopwright.parts.file_checks import CONTENT_TYPES
from shopwright.parts.models import CadConversion, CadExport
from shopwright.parts.queries import TOPIC
from shopwright.parts.states import ConversionStatus, FileKind

CHILD = "shopwright.parts.cad_child"
BEAT_S = 5.0
LEFTOVER_AFTER_S = 86_400  # no conversion takes a day
LOOK_S = 1.0  # how often a row in another process's hands is looked at
WORK_FOLDER = "cad-work"
MAX_MODEL_BYTES = 1_000_000_000

log = structlog.get_logger()

Condition = Callable[[CadConversion], bool]


class ModelNotReady(Unavailable):
    code = "model-not-ready"
    title = "The model is still being made"


def has_model(row: CadConversion) -> bool:
    """There is something to look at, or never will be."""
    return row.glb_sha256 is not None or is_settled(row)


def is_settled(row: CadConversion) -> bool:
    return row.status in {ConversionStatus.DONE, ConversionStatus.FAILED}


def handlers(process: Process) -> dict[str, Handler]:
    """Durable work of this slice, by name."""

    async def convert(organization_id: int, conversion_id: int) -> None:
        while not await carry_out(process, organization_id, conversion_id):  # noqa: ASYNC110
            await asyncio.sleep(LOOK_S)  # another process has it, and may die

    return {conversions.CONVERT: convert}


class Workplaces:
    """Kept in the process: how many children work at once, and who waits for them."""

    def __init__(self) -> None:
        self.places = asyncio.Semaphore(HEAVY_CONCURRENCY)
        self.tasks: dict[int, asyncio.Task[bool]] = {}


async def wait_for_conversion(
    process: Process, row: CadConversion, until: Condition, *, timeout_s: float
) -> CadConversion:
    """The row once ``until`` holds of it, or as it is when the time is over; the work goes on."""
    if until(row):
        return row
    _begin(process, row)
    changed = asyncio.Event()

    def hear(signal: Signal) -> None:
        if signal.topic == TOPIC:
            changed.set()

    leave = process.context.hub.listen(row.organization_id, hear)
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while not until(row := await _read(process, row)):
                    await _hear(changed)
        return row
    finally:
        leave()


async def stop_conversions(process: Process) -> None:
    """Before the database closes: what is in work here is given back, and another process or the
    next start goes on with it."""
    tasks = list(process.context.keep(Workplaces).tasks.values())
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def carry_out(process: Process, organization_id: int, conversion_id: int) -> bool:
    """Convert it here unless somebody else does; True once it is settled."""
    async with process.context.keep(Workplaces).places:
        async with process.database.write() as session:
            held = await conversions.claim_conversion(
                session, organization_id, conversion_id, process.clock.now()
            )
        if held is not None:
            await _Work(process, held).run()
    async with process.database.read() as session:
        row = await conversions.find_conversion(session, organization_id, conversion_id)
    return row is None or is_settled(row)


async def export_model(
    process: Process, ctx: Actor, row: CadConversion, wanted: FileKind
) -> CadExport | None:
    """The model in another format, made once; raises ChildFailed."""
    async with process.database.read() as session:
        made = await conversions.find_export(session, ctx, row.id, wanted)
    if made is not None:
        return made
    async with process.context.keep(Workplaces).places:
        stored = await _export(process, str(row.glb_sha256), wanted)
    async with process.database.write() as session:
        await conversions.add_export(
            session,
            ctx,
            conversion_id=row.id,
            wanted=wanted,
            stored=stored,
            content_type=CONTENT_TYPES[wanted],
        )
        return await conversions.find_export(session, ctx, row.id, wanted)


@dataclass(frozen=True, slots=True)
class _Work:
    """One attempt at one conversion."""

    process: Process
    held: CadConversion

    async def run(self) -> None:
        try:
            await self._convert()
        except ChildFailed as failure:
            await self._fail(str(failure))
        except ShopError as err:  # the storage is full, or has lost the upload
            await self._fail(err.detail)
        except asyncio.CancelledError:
            await asyncio.shield(self._give_back())
            raise
        except Exception:
            log.exception("a conversion failed by an error of ours", conversion=self.held.id)
            await self._fail("an error of the program, which its log tells")

    async def _convert(self) -> None:
        steps: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        files = files_of(self.process)
        async with (
            files.local_copy(self.held.source_sha256) as source,
            work_folder(self.process) as folder,
        ):
            work = self._request(source.resolve(), folder)
            telling = asyncio.create_task(self._tell(steps, folder))
            try:
                facts = await run_child(
                    CHILD, work, limits=limits_of(self.process), progress=steps.put_nowait
                )
                await _all_told(steps, telling)
            finally:
                telling.cancel()
                await asyncio.gather(telling, return_exceptions=True)
            await self._finish(facts, folder)

    def _request(self, source: Path, folder: Path) -> dict[str, Any]:
        return {
            "task": "convert",
            "source": str(source),
            "kind": self.held.kind.value,
            "model": str(folder / "model.glb"),
            "picture": str(folder / "picture.png"),
            "linear_mm": self.held.linear_um / 1000,
            "angular_rad": self.held.angular_mrad / 1000,
        }

    async def _tell(self, steps: "asyncio.Queue[dict[str, Any]]", folder: Path) -> None:
        """Steps as the child tells them, and a heartbeat between."""
        while True:
            try:
                async with asyncio.timeout(BEAT_S):
                    step = await steps.get()
            except TimeoutError:
                await self._beat()
                continue
            try:
                if step.get("has_model"):
                    await self._record_model(folder)
                else:
                    await self._beat(phase=step["phase"], progress=step["progress"])
            finally:
                steps.task_done()

    async def _beat(self, **values: Any) -> None:
        async with self.process.database.write() as session:
            now = self.process.clock.now()
            await conversions.tell_progress(session, self.held, now, **values)

    async def _record_model(self, folder: Path) -> None:
        stored = await files_of(self.process).put(folder / "model.glb", max_bytes=MAX_MODEL_BYTES)
        async with self.process.database.write() as session:
            now = self.process.clock.now()
            await conversions.record_model(session, self.held, stored, now)

    async def _finish(self, facts: dict[str, Any], folder: Path) -> None:
        path, picture = folder / "picture.png", None
        if path.is_file():
            picture = await files_of(self.process).put(path, max_bytes=MAX_MODEL_BYTES)
        async with self.process.database.write() as session:
            now = self.process.clock.now()
            await conversions.settle_done(session, self.held, facts, picture, now)

    async def _fail(self, reason: str) -> None:
        async with self.process.database.write() as session:
            now = self.process.clock.now()
            await conversions.settle_failed(session, self.held, reason, now)

    async def _give_back(self) -> None:
        async with self.process.database.write() as session:
            await conversions.give_back(session, self.held)


async def _all_told(steps: "asyncio.Queue[dict[str, Any]]", telling: "asyncio.Task[None]") -> None:
    """Raises what kept a step from being told."""
    joined = asyncio.ensure_future(steps.join())
    await asyncio.wait({joined, telling}, return_when=asyncio.FIRST_COMPLETED)
    if telling.done():
        joined.cancel()
        telling.result()


@asynccontextmanager
async def work_folder(process: Process) -> AsyncIterator[Path]:
    """A folder of one's own, gone afterwards."""
    folder = await asyncio.to_thread(_make_folder, process.settings.data_dir / WORK_FOLDER)
    try:
        yield folder
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _make_folder(root: Path) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    for left in root.iterdir():  # of a process that was killed
        if left.stat().st_mtime < time.time() - LEFTOVER_AFTER_S:
            shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(dir=root)).resolve()


def limits_of(process: Process) -> Limits:
    settings = process.settings
    return Limits(
        memory_mb=settings.cad_memory_mb,
        cpu_s=settings.cad_cpu_s,
        wall_s=settings.cad_wall_s,
        file_mb=MAX_MODEL_BYTES // 1_000_000,
    )


async def _export(process: Process, glb_sha256: str, wanted: FileKind) -> StoredObject:
    files = files_of(process)
    async with files.local_copy(glb_sha256) as source, work_folder(process) as folder:
        target = folder / "export"
        work = {"task": "export", "source": str(source.resolve()), "format": wanted.value,
                "target": str(target)}  # fmt: skip
        await run_child(CHILD, work, limits=limits_of(process), progress=lambda _: None)
        return await files.put(target, max_bytes=MAX_MODEL_BYTES)


def _begin(process: Process, row: CadConversion) -> None:
    """Once per process; it goes on when whoever asked for it is gone."""
    tasks = process.context.keep(Workplaces).tasks
    if row.id not in tasks:
        task = asyncio.create_task(carry_out(process, row.organization_id, row.id))
        tasks[row.id] = task
        task.add_done_callback(lambda _: tasks.pop(row.id, None))


async def _read(process: Process, row: CadConversion) -> CadConversion:
    async with process.database.read() as session:
        found = await conversions.find_conversion(session, row.organization_id, row.id)
    return found or row


async def _hear(changed: asyncio.Event) -> None:
    """Or look again after a while: another process may have told nobody."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LOOK_S):
            await changed.wait()
    changed.clear()
