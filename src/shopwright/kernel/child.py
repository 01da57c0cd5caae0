"""The inner side of a bounded child process: work on strangers' files that may take it down.

Imports nothing but the standard library's lightest parts, as every child pays for them.
"""

import ctypes
import errno
import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from typing import Any

MB = 1 << 20
NICENESS = 10  # the shop's answers come first
PR_SET_PDEATHSIG = 1
OUT_OF_MEMORY = (
    "malloc failed", "bad_alloc", "OutOfMemory", "out of memory", "MemoryError",
    "failed to map segment", "Cannot allocate memory",
)  # fmt: skip
NEAR = 0.97  # of the limit: libraries often hide why they failed

Tell = Callable[[dict[str, Any]], None]
Work = Callable[[dict[str, Any], Tell], dict[str, Any]]


class ChildRefusal(Exception):
    """The work cannot be done, and the sentence says why."""


def run(work: Work) -> None:
    """Read the request from the first argument, obey its limits, tell progress and the end as
    lines of JSON. What libraries print goes to stderr."""
    request = json.loads(sys.argv[1])
    tell = _open_protocol()
    die_with_parent(request["parent"])
    _set_limits(request["limits"])
    try:
        tell({"result": work(request["work"], tell)})
    except ChildRefusal as refusal:
        tell({"error": _memory_error(request["limits"]) or str(refusal)})
    except MemoryError:
        tell({"error": "memory limit"})
    except OSError as err:
        if err.errno != errno.EFBIG:  # Python ignores the signal that would kill us
            raise
        tell({"error": "size limit of what is made of it"})


def _open_protocol() -> Tell:
    """Our lines keep the pipe for themselves."""
    pipe = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def tell(line: dict[str, Any]) -> None:
        pipe.write(json.dumps(line) + "\n")
        pipe.flush()

    return tell


def _set_limits(limits: dict[str, int]) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (limits["memory_mb"] * MB,) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (limits["cpu_s"], limits["cpu_s"] + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits["file_mb"] * MB,) * 2)
    os.nice(NICENESS)


def die_with_parent(parent: int) -> None:
    """Nobody waits for a child whose server was killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


def _memory_error(limits: dict[str, int]) -> str | None:
    return "memory limit" if peak_mb(os.getpid()) >= NEAR * limits["memory_mb"] else None


def peak_mb(pid: int) -> float:
    """The most address space a process had, as its limit counts it; 0 where nobody tells."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:  # noqa: PTH123
            for line in status:
                if line.startswith("VmPeak:"):
                    return int(line.split()[1]) / 1024
    except (OSError, ValueError, IndexError):
        pass
    return 0.0
