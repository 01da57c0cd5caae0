"""The drawing children of a process: one for prints and strangers' files, one for previews, kept
warm. Each does one thing at a time, so that drawing takes at most its own core from the answers.
"""

import asyncio
import json
import os
import signal
import sys
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from shopwright.files.access import files_of
from shopwright.kernel.child import NICENESS
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import Invalid, Unavailable

CHILD = "shopwright.artwork.drawing.child"
CPU_S = 30
PREVIEW_CPU_S = 10  # others wait behind it; a plain one takes less than a tenth of a second
WALL_S = 60.0
LINE_BYTES = 1 << 20
MAX_ANSWER_BYTES = 80_000_000
MAX_WAITING = 200
PREVIEW_SIDE_PX = 1600  # of the pictures a preview is made of
PRINT_CACHE_MB, PREVIEW_CACHE_MB = 192, 64
PREVIEW_MEMORY_MB = 1024  # address space; NumPy and the fonts take half of it

log = structlog.get_logger()


class PictureRefused(Invalid):
    code = "picture-refused"
    title = "This picture is not taken"


class DrawingFailed(Unavailable):
    code = "drawing-failed"
    title = "The drawing did not come about"


class DrawingBusy(Unavailable):
    code = "drawing-busy"
    title = "Too many drawings are waiting"


@dataclass(frozen=True, slots=True)
class Drawn:
    content: bytes
    content_type: str
    width: int
    height: int


class Studio:
    """Kept in the process; its children start when they are first needed."""

    def __init__(self) -> None:
        self.prints = Worker(max_side_px=None, cache_mb=PRINT_CACHE_MB, niceness=NICENESS)
        # Somebody waits for it with a finger on the picture.
        self.previews = Worker(
            max_side_px=PREVIEW_SIDE_PX,
            cache_mb=PREVIEW_CACHE_MB,
            niceness=0,
            cpu_s=PREVIEW_CPU_S,
        )


class Worker:
    """One child, its turn, and what it has in its memory."""

    def __init__(
        self,
        *,
        max_side_px: int | None,
        cache_mb: int,
        niceness: int,
        cpu_s: int = CPU_S,
        wall_s: float = WALL_S,
        max_waiting: int = MAX_WAITING,
    ) -> None:
        self.wall_s = wall_s
        self.max_waiting = max_waiting
        self.held: frozenset[str] = frozenset()
        self._settings = {
            "max_side_px": max_side_px,
            "cache_mb": cache_mb,
            "cpu_s": cpu_s,
            "niceness": niceness,
        }
        self._child: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._waiting = 0

    @property
    def child_pid(self) -> int | None:
        """None while there is none."""
        return None if self._child is None else self._child.pid

    async def ask(self, request: dict[str, Any], *, memory_mb: int) -> tuple[dict[str, Any], bytes]:
        """Its answer; raises DrawingBusy, or DrawingFailed when the child ended over it."""
        if self._waiting >= self.max_waiting:
            raise DrawingBusy("Too many pictures are being drawn. Try again in a moment.")
        self._waiting += 1
        try:
            async with self._turn:
                return await self._ask(request, memory_mb)
        finally:
            self._waiting -= 1

    async def stop(self) -> None:
        child, self._child = self._child, None
        self.held = frozenset()
        if child is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        await child.wait()
        child._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001  else its pipes warn later

    async def _ask(self, request: dict[str, Any], memory_mb: int) -> tuple[dict[str, Any], bytes]:
        is_settled = False
        try:
            async with asyncio.timeout(self.wall_s):
                child = await self._started(memory_mb)
                answer = await _exchange(child, request)
            is_settled = True
        except (EOFError, OSError, TimeoutError, ValueError) as err:
            log.warning("a drawing child ended over its work", task=request["task"], why=repr(err))
            raise DrawingFailed(
                "The picture took too much time or memory, or is broken. Try another one."
            ) from err
        finally:
            if not is_settled:  # also when whoever asked has gone: its answer is nobody's
                await asyncio.shield(self.stop())
        if "held" in answer[0]:
            self.held = frozenset(answer[0]["held"])
        return answer

    async def _started(self, memory_mb: int) -> asyncio.subprocess.Process:
        if self._child is not None and self._child.returncode is None:
            return self._child
        await self.stop()
        self._child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-m",
            CHILD,
            json.dumps(self._settings | {"memory_mb": memory_mb, "parent": os.getpid()}),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "2",
                 "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            start_new_session=True,
            limit=LINE_BYTES,
        )  # fmt: skip
        return self._child


async def stop_studio(process: Process) -> None:
    """Before the process ends: its children end with it."""
    studio = process.context.keep(Studio)
    await studio.prints.stop()
    await studio.previews.stop()


async def redraw(
    process: Process, path: Path, *, is_lossless: bool = False, max_side_px: int = 4096
) -> Drawn:
    """A stranger's file as nothing but pixels; raises PictureRefused with a sentence."""
    request = redraw_request(path, is_lossless, max_side_px)
    worker = process.context.keep(Studio).prints
    facts, content = await worker.ask(request, memory_mb=process.settings.artwork_memory_mb)
    _check(facts)
    return Drawn(content, facts["content_type"], facts["width"], facts["height"])


def redraw_request(path: Path, is_lossless: bool, max_side_px: int) -> dict[str, Any]:
    """As the child reads it."""
    return {
        "task": "redraw",
        "path": str(path.absolute()),
        "is_lossless": is_lossless,
        "max_side_px": max_side_px,
    }


async def draw_print(process: Process, plan: dict[str, Any]) -> Drawn:
    """The whole canvas. Raises PictureRefused or DrawingFailed."""
    worker = process.context.keep(Studio).prints
    return await _compose(process, worker, plan, process.settings.artwork_memory_mb)


async def draw_preview(process: Process, plan: dict[str, Any], width_px: int) -> Drawn:
    worker = process.context.keep(Studio).previews
    return await _compose(process, worker, plan | {"out_width": width_px}, PREVIEW_MEMORY_MB)


async def _compose(process: Process, worker: Worker, plan: dict[str, Any], memory_mb: int) -> Drawn:
    """Only what the child does not hold already is fetched for it; it may have lost it when its
    turn comes."""
    wanted = sources_of(plan)
    facts, content = await _send(process, worker, plan, wanted - worker.held, memory_mb)
    if facts.get("missing"):
        facts, content = await _send(process, worker, plan, wanted, memory_mb)
    _check(facts)
    return Drawn(content, "image/png", facts["width"], facts["height"])


async def _send(
    process: Process, worker: Worker, plan: dict[str, Any], hashes: set[str], memory_mb: int
) -> tuple[dict[str, Any], bytes]:
    files = files_of(process)
    async with AsyncExitStack() as stack:
        paths = {
            sha256: str((await stack.enter_async_context(files.local_copy(sha256))).resolve())
            for sha256 in sorted(hashes)
        }
        request = {"task": "compose", "plan": plan, "paths": paths}
        return await worker.ask(request, memory_mb=memory_mb)


def sources_of(plan: dict[str, Any]) -> set[str]:
    """The stored objects a plan is made of: pictures, and fonts of the shop's own, which are read
    anew each time."""
    pictures = {layer["source"] for layer in plan["layers"] if "source" in layer}
    return pictures | set(plan["fonts"])


def _check(facts: dict[str, Any]) -> None:
    if "error" in facts:
        raise PictureRefused(facts["error"])
    if facts.get("missing"):
        raise DrawingFailed("The drawing lost its pictures meanwhile. Try again.")


async def _exchange(
    child: asyncio.subprocess.Process, request: dict[str, Any]
) -> tuple[dict[str, Any], bytes]:
    assert child.stdin is not None  # noqa: S101  pipes were asked for
    assert child.stdout is not None  # noqa: S101
    child.stdin.write(json.dumps(request).encode() + b"\n")
    await child.stdin.drain()
    line = await child.stdout.readline()
    if not line:
        raise EOFError("no answer")
    facts: dict[str, Any] = json.loads(line)
    size = facts.pop("bytes")
    if not 0 <= size <= MAX_ANSWER_BYTES:
        raise ValueError("too long an answer")
    return facts, await child.stdout.readexactly(size)
