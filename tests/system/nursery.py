"""A process that has imported the whole program once and forks it on request.

Importing is most of what a start costs, and a house of many processes starts a dozen of them. What
runs is the program's own ``main``; its processes end with the nursery.
"""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.system.harness import ROOT, Child, NotInTime, clean_environment, until

READY = "ready"
GONE_S = 60.0
IMPORTS_S = 240.0  # on a machine that has other things to do


class Nursling(Child):
    """A forked process; how it ended is not known."""

    def __init__(self, pid: int, log: Path) -> None:
        self._log = log
        self._pid = pid

    @property
    def pid(self) -> int:
        return self._pid

    @property
    def exit_code(self) -> int | None:
        """-1 once it is gone."""
        try:
            os.kill(self._pid, 0)
        except ProcessLookupError:
            return -1
        return None

    def kill(self) -> None:
        self._signal(signal.SIGKILL)
        deadline = time.monotonic() + GONE_S
        while self.exit_code is None:
            if time.monotonic() > deadline:
                raise NotInTime(f"The process {self._pid} does not die.")
            time.sleep(0.005)  # another process cannot be awaited

    async def stop(self, timeout_s: float = GONE_S) -> int:
        self._signal(signal.SIGTERM)
        return await self.wait(timeout_s)

    async def wait(self, timeout_s: float) -> int:
        async def is_gone() -> bool:
            return self.exit_code is not None

        await until("the process ends", is_gone, timeout_s)
        return -1

    def _signal(self, number: int) -> None:
        if self.exit_code is None:
            os.kill(self._pid, number)


class Nursery:
    """Speaks with the nursery's process: a line of JSON in, a line with the pid out."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    async def ready(self) -> None:
        line = await asyncio.wait_for(asyncio.to_thread(self._read), IMPORTS_S)
        assert line == READY, line

    def start(self, words: tuple[str, ...], log: Path, env: dict[str, str]) -> Nursling:
        request = {"words": words, "log": str(log), "env": env}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return Nursling(int(self._read()), log)

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@contextmanager
def nursery() -> Iterator[Nursery]:
    """Its imports are under way; await ``ready`` before the first start."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.system.nursery"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=clean_environment(),
    ) as process:
        try:
            yield Nursery(process)
        finally:
            process.terminate()


def keep() -> None:
    """The nursery's process."""
    from shopwright.agent import run  # noqa: F401, PLC0415  loaded here, so that forks need not
    from shopwright.server import serve, work  # noqa: F401, PLC0415

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    print(READY, flush=True)
    children: list[int] = []
    signal.signal(signal.SIGTERM, lambda *_: _end(children))
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _become(json.loads(line))
        children.append(pid)
        print(pid, flush=True)
    _end(children)


def _become(request: dict[str, Any]) -> None:
    from shopwright.cli.main import main  # noqa: PLC0415

    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    random.seed()
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for stream, target in ((0, os.open(os.devnull, os.O_RDONLY)), (1, log), (2, log)):
        os.dup2(target, stream)
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(Path(request["log"]).parent)
    sys.argv = ["shopwright", *request["words"]]
    code = 1
    try:
        main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _end(children: list[int]) -> None:
    for pid in children:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    os._exit(0)


if __name__ == "__main__":
    keep()
