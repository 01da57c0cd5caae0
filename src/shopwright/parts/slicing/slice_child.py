"""The child process around the slicer: ``python -m shopwright.parts.slicing.slice_child REQUEST``.

The slicer inherits the child's limits and goes with it. What it prints goes to stderr, where the
parent looks for signs of a memory limit.
"""

import ctypes
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shopwright.kernel import child
from shopwright.kernel.child import PR_SET_PDEATHSIG, ChildRefusal, Tell

STEP = re.compile(r"(\d{1,3}) => (.+)")
KEPT_LINES = 40
MAX_SAID = 200
# What PrusaSlicer says, and what that means; integrations 8.3.
REASONS = (
    ("Loading of a model file failed", "the slicer cannot read the model"),
    ("Unknown file format", "the slicer cannot read the model"),
    ("could not fit on the bed", "the part does not fit on the bed"),
    ("outside of the print volume", "the part does not fit on the bed"),
    ("No layers were detected", "the part is thinner than one layer"),
    ("empty layers", "the part has layers with nothing in them; turn or repair the model"),
)


def main() -> None:
    child.run(_slice)


def _slice(request: dict[str, Any], tell: Tell) -> dict[str, Any]:
    target = Path(request["target"])
    said: list[str] = []
    with _started(request) as slicer:
        for line in _lines(slicer):
            said = [*said[-KEPT_LINES:], line]
            step = STEP.fullmatch(line)
            if step:
                tell({"phase": step[2][:60], "progress": min(int(step[1]), 99)})
    if slicer.returncode == -signal.SIGXCPU:
        raise ChildRefusal("time limit")
    if slicer.returncode != 0 or not target.is_file() or target.stat().st_size == 0:
        raise ChildRefusal(_reason(said))
    return {}


def _started(request: dict[str, Any]) -> "subprocess.Popen[str]":
    folder = Path(request["model"]).parent
    turned = ["--rotate", "90"] if request["is_turned"] else []
    # Never --center with --dont-arrange: then a part that is too large is sliced silently.
    return subprocess.Popen(  # noqa: S603  the program that the server found
        [
            request["program"],
            "--load",
            request["profile"],
            "--export-gcode",
            "--output",
            request["target"],
            "--datadir",
            str(folder),
            *turned,
            request["model"],
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=folder,
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "HOME": str(folder)},
        preexec_fn=_die_with_us,  # noqa: PLW1509  this process has one thread
        text=True,
        errors="replace",
    )


def _die_with_us() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _lines(slicer: "subprocess.Popen[str]") -> Iterator[str]:
    assert slicer.stdout is not None  # noqa: S101  a pipe was asked for
    for line in slicer.stdout:
        sys.stderr.write(line)
        yield line.strip()


def _reason(said: list[str]) -> str:
    everything = "\n".join(said)
    for words, reason in REASONS:
        if words.casefold() in everything.casefold():
            return reason
    last = next((line for line in reversed(said) if line and not STEP.fullmatch(line)), "")
    return f"the slicer gave up: {last[:MAX_SAID]}" if last else "the slicer gave up"


if __name__ == "__main__":
    main()
