"""Bounded child processes: each has limits for memory, CPU, time and the files it writes, sees
nothing of our environment, and goes with us."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from shopwright.kernel.child import NEAR, OUT_OF_MEMORY, peak_mb

LOOK_S = 0.1
LINE_BYTES = 1 << 20
MAX_SAID = 20_000  # characters kept of what a child wrote to stderr
MEMORY_LIMIT, TIME_LIMIT = "memory limit", "time limit"

Progress = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Limits:
    memory_mb: int
    cpu_s: int
    wall_s: float
    file_mb: int


class ChildFailed(Exception):
    """``str()`` is a short reason for people: a limit, or what the child said."""


async def run_child(
    module: str, work: dict[str, Any], *, limits: Limits, progress: Progress
) -> dict[str, Any]:
    """The result of ``module``'s work; raises ChildFailed. Killed when cancelled."""
    request = {"work": work, "limits": _told(limits), "parent": os.getpid()}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-m",
        module,
        json.dumps(request),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=_environment(),
        start_new_session=True,
        limit=LINE_BYTES,
    )
    child = _Child(process, limits, progress)
    try:
        async with asyncio.timeout(limits.wall_s):
            return await child.finish()
    except TimeoutError as err:
        raise ChildFailed(TIME_LIMIT) from err
    finally:
        await child.end()


class _Child:
    def __init__(
        self, process: asyncio.subprocess.Process, limits: Limits, progress: Progress
    ) -> None:
        self._process = process
        self._limits = limits
        self._progress = progress
        self._peak_mb = 0.0
        self._said = ""

    async def finish(self) -> dict[str, Any]:
        watch = asyncio.create_task(self._watch())
        listen = asyncio.create_task(self._listen())
        try:
            last = await self._read()
            await self._process.wait()
            await listen
        finally:
            watch.cancel()
            listen.cancel()
        return self._result(last)

    async def end(self) -> None:
        """Whatever became of it, nothing of its session is left."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        self._process._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001  else its pipes warn later

    async def _read(self) -> dict[str, Any]:
        """Every line but the last is progress."""
        assert self._process.stdout is not None  # noqa: S101  a pipe was asked for
        last: dict[str, Any] = {}
        async for line in self._process.stdout:
            with suppress(ValueError):
                last = json.loads(line)
                if "result" not in last and "error" not in last:
                    self._progress(last)
        return last

    async def _listen(self) -> None:
        assert self._process.stderr is not None  # noqa: S101  a pipe was asked for
        while chunk := await self._process.stderr.read(65_536):
            self._said = (self._said + chunk.decode("utf-8", "replace"))[-MAX_SAID:]

    async def _watch(self) -> None:
        """A child that is killed cannot say why, so its memory is looked at meanwhile."""
        while True:
            self._peak_mb = max(self._peak_mb, peak_mb(self._process.pid))
            await asyncio.sleep(LOOK_S)

    def _result(self, last: dict[str, Any]) -> dict[str, Any]:
        if "result" in last and self._process.returncode == 0:
            found: dict[str, Any] = last["result"]
            return found
        if self._ran_out_of_memory(str(last.get("error", ""))):
            raise ChildFailed(MEMORY_LIMIT)
        if self._process.returncode == -signal.SIGXCPU:
            raise ChildFailed(TIME_LIMIT)
        if self._process.returncode == -signal.SIGXFSZ:
            raise ChildFailed("size limit of what is made of it")
        raise ChildFailed(str(last.get("error") or "the reader crashed on this file"))

    def _ran_out_of_memory(self, error: str) -> bool:
        is_killed = self._process.returncode == -signal.SIGKILL  # by the system: not by us so far
        return (
            is_killed
            or error == MEMORY_LIMIT
            or any(words in self._said for words in OUT_OF_MEMORY)
            or (self._process.returncode != 0 and self._peak_mb >= NEAR * self._limits.memory_mb)
        )


def _told(limits: Limits) -> dict[str, Any]:
    return asdict(limits)


def _environment() -> dict[str, str]:
    """No secret of ours. Few arenas, as each thread's would count as 64 MB against the limit."""
    return {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "2",
            "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # fmt: skip
