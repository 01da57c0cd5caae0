"""Carries slicing out in child processes, as durable work."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from shopwright.files.access import files_of
from shopwright.files.storage import StoredObject
from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.children import ChildFailed, run_child
from shopwright.kernel.durable import Handler
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.errors import ShopError
from shopwright.parts import conversions
from shopwright.parts.converting import (
    BEAT_S,
    LOOK_S,
    Workplaces,
    export_model,
    limits_of,
    work_folder,
)
from shopwright.parts.models import CadConversion
from shopwright.parts.slicing import queries
from shopwright.parts.slicing.models import Slicing
from shopwright.parts.slicing.service import SLICE, find_program
from shopwright.parts.states import ConversionStatus, FileKind
from shopwright.print_files import service as print_files
from shopwright.print_files.models import PrintFile
from shopwright.print_files.service import CheckedFile
from shopwright.print_files.uploads import read_print_file

CHILD = "shopwright.parts.slicing.slice_child"
MAX_GCODE_BYTES = 500_000_000
MAX_ERROR = 500
TURN_S = 0.5  # how often progress is written down at most

log = structlog.get_logger()


def handlers(process: Process) -> dict[str, Handler]:
    """Durable work of slicing, by name."""

    async def slice_part(organization_id: int, slicing_id: int) -> None:
        while not await carry_out(process, organization_id, slicing_id):  # noqa: ASYNC110
            await asyncio.sleep(LOOK_S)  # another process has it, and may die

    return {SLICE: slice_part}


async def carry_out(process: Process, organization_id: int, slicing_id: int) -> bool:
    """Slice it here unless somebody else does; True once it is settled."""
    async with process.database.write() as session:
        held = await queries.claim_slicing(
            session, organization_id, slicing_id, process.clock.now()
        )
    if held is not None:
        await _Work(process, held, system_actor(organization_id, held.asked_by)).run()
    async with process.database.read() as session:
        row = await queries.find_slicing(session, organization_id, Slicing.id == slicing_id)
    return row is None or row.status in {ConversionStatus.DONE, ConversionStatus.FAILED}


@dataclass(frozen=True, slots=True)
class _Work:
    """One attempt at one slicing."""

    process: Process
    held: Slicing
    ctx: Actor

    async def run(self) -> None:
        beating = asyncio.create_task(self._beat())
        try:
            await self._make()
        except ChildFailed as failure:
            await self._fail(str(failure))
        except ShopError as err:
            await self._fail(err.detail)
        except asyncio.CancelledError:
            back = {"status": ConversionStatus.QUEUED, "phase": "waiting", "progress": 0}
            await asyncio.shield(self._set(**back))
            raise
        except Exception:
            log.exception("slicing failed by an error of ours", slicing=self.held.id)
            await self._fail("an error of the program, which its log tells")
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)

    async def _make(self) -> None:
        made = await self._find_made()
        if made is None:
            await self._slice()
        else:
            async with files_of(self.process).local_copy(made) as gcode:
                await self._finish(gcode)

    async def _find_made(self) -> str | None:
        """The G-code that another part with this content got, with the same settings."""
        async with self.process.database.read() as session:
            twin = await queries.find_slicing(
                session,
                self.held.organization_id,
                Slicing.source_sha256 == self.held.source_sha256,
                Slicing.fingerprint == self.held.fingerprint,
                Slicing.status == ConversionStatus.DONE,
            )
            if twin is None or twin.print_file_id is None:
                return None
            return (await self._print_file(session, twin.print_file_id)).sha256

    async def _slice(self) -> None:
        program = find_program()
        if program is None:
            raise ChildFailed("there is no slicer on this machine")
        model = await self._export()
        async with self.process.database.read() as session:
            settings = await queries.find_settings(session, self.held)
        async with (
            self.process.context.keep(Workplaces).places,
            files_of(self.process).local_copy(model) as source,
            work_folder(self.process) as folder,
        ):
            await asyncio.to_thread(_lay_out, source, settings, folder)
            await self._run(program, folder)
            await self._finish(folder / "out.gcode")

    async def _export(self) -> str:
        """The model as STL, written by us: a 3MF of somebody else may bring settings along."""
        async with self.process.database.read() as session:
            row = await conversions.find_conversion(
                session, self.held.organization_id, self.held.conversion_id
            )
        if row is None or row.glb_sha256 is None:
            raise ChildFailed("the model is gone")
        return await self._stl_of(row)

    async def _stl_of(self, row: CadConversion) -> str:
        made = await export_model(self.process, self.ctx, row, FileKind.STL)
        if made is None:
            raise ChildFailed("the model is gone")
        return made.sha256

    async def _run(self, program: str, folder: Path) -> None:
        steps: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        telling = asyncio.create_task(self._tell(steps))
        work = {
            "program": program,
            "profile": str(folder / "profile.ini"),
            "model": str(folder / "model.stl"),
            "target": str(folder / "out.gcode"),
            "is_turned": self.held.is_turned,
        }
        try:
            limits = limits_of(self.process)
            await run_child(CHILD, work, limits=limits, progress=steps.put_nowait)
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)

    async def _tell(self, steps: "asyncio.Queue[dict[str, Any]]") -> None:
        """The latest step, not each one."""
        while True:
            step = await steps.get()
            while not steps.empty():
                step = steps.get_nowait()
            await self._set(phase=step["phase"][:60], progress=step["progress"])
            await asyncio.sleep(TURN_S)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            await self._set()

    async def _finish(self, gcode: Path) -> None:
        sliced = await read_print_file(self.process, gcode, self.held.file_name)
        stored = await files_of(self.process).put(gcode, max_bytes=MAX_GCODE_BYTES)
        checked = CheckedFile(self.held.file_name, sliced, stored, await self._pictures())
        (plate,) = sliced.plates
        async with self.process.database.write() as session:
            now = self.process.clock.now()
            if await queries.set_held(session, self.held, {"heartbeat_at": now}) is None:
                return
            added = await print_files.add_print_file(session, self.ctx, checked)
            await queries.set_held(
                session,
                self.held,
                {
                    "status": ConversionStatus.DONE,
                    "phase": "done",
                    "progress": 100,
                    "error": None,
                    "print_file_id": added.print_file.id,
                    "used_mg": plate.used_mg,
                    "time_s": plate.time_s,
                    **self._ended(),
                },
            )

    async def _pictures(self) -> dict[int, StoredObject]:
        """The model's own picture stands for the plate: the slicer draws none without a display."""
        async with self.process.database.read() as session:
            row = await conversions.find_conversion(
                session, self.held.organization_id, self.held.conversion_id
            )
        if row is None or row.preview_sha256 is None:
            return {}
        size = await files_of(self.process).size(row.preview_sha256)
        return {1: StoredObject(row.preview_sha256, size)}

    async def _fail(self, reason: str) -> None:
        error = f"slicing failed: {reason}"[:MAX_ERROR]
        await self._set(
            status=ConversionStatus.FAILED, phase="failed", error=error, **self._ended()
        )

    async def _set(self, **values: Any) -> None:
        async with self.process.database.write() as session:
            now = self.process.clock.now()
            await queries.set_held(session, self.held, {"heartbeat_at": now} | values)

    async def _print_file(self, session: Any, print_file_id: int) -> PrintFile:
        return await print_files.get_print_file(session, self.ctx, Ref(print_file_id, None))

    def _ended(self) -> dict[str, Any]:
        now = self.process.clock.now()
        begun = self.held.heartbeat_at or now
        return {"finished_at": now, "took_ms": round((now - begun).total_seconds() * 1000)}


def _lay_out(source: Path, settings: str, folder: Path) -> None:
    (folder / "model.stl").symlink_to(source.resolve())
    (folder / "profile.ini").write_text(settings)
