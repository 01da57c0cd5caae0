"""The process that draws: one request after another, each within limits, until its parent goes.

A request is a line of JSON on stdin. An answer is a line of JSON on stdout and after it as many
bytes as the line says. What crashes it ends it: the parent starts another.
"""

import json
import os
import resource
import sys
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image

from shopwright.artwork.drawing import emoji, intake
from shopwright.artwork.drawing.compose import compose
from shopwright.artwork.drawing.png import encode_png
from shopwright.artwork.drawing.sources import Missing, Sources
from shopwright.files.images import UNREADABLE
from shopwright.kernel.child import MB, ChildRefusal, die_with_parent

Answer = tuple[dict[str, Any], bytes]


def main() -> None:
    settings = json.loads(sys.argv[1])
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print goes to stderr
    die_with_parent(settings["parent"])
    _set_limits(settings)
    Image.MAX_IMAGE_PIXELS = None  # we look at the header ourselves, and say what is too much
    sources = Sources(settings["cache_mb"] * MB, settings["max_side_px"])
    for line in sys.stdin:
        _limit_time(settings["cpu_s"])
        _send(answers, _answer(json.loads(line), sources))


def _answer(request: dict[str, Any], sources: Sources) -> Answer:
    try:
        return TASKS[request["task"]](request, sources)
    except Missing:
        return {"missing": True, "held": sources.held()}, b""
    except ChildRefusal as refusal:
        return {"error": str(refusal)}, b""
    except MemoryError:  # what is kept for others must not be the reason the next time
        sources.forget()
        emoji.forget_drawn()
        return {"error": "The picture needs more memory than there is for it.", "held": []}, b""


def _compose(request: dict[str, Any], sources: Sources) -> Answer:
    plan = request["plan"]
    try:
        picture = compose(plan, sources, request["paths"])
    except UNREADABLE as err:
        raise ChildRefusal("A picture or font of this design cannot be read.") from err
    content = encode_png(picture, dpi=plan.get("dpi"))
    return {"width": picture.width, "height": picture.height, "held": sources.held()}, content


def _redraw(request: dict[str, Any], _sources: Sources) -> Answer:
    drawn = intake.redraw(
        Path(request["path"]),
        is_lossless=request["is_lossless"],
        max_side_px=request["max_side_px"],
    )
    facts = {"width": drawn.width, "height": drawn.height, "content_type": drawn.content_type}
    return facts, drawn.content


TASKS = {"compose": _compose, "redraw": _redraw}


def _send(answers: BinaryIO, answer: Answer) -> None:
    facts, content = answer
    answers.write(json.dumps(facts | {"bytes": len(content)}).encode() + b"\n")
    answers.write(content)
    answers.flush()


def _set_limits(settings: dict[str, Any]) -> None:
    """No file is written here, so none may grow."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (settings["memory_mb"] * MB,) * 2)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    os.nice(settings["niceness"])


def _limit_time(cpu_s: int) -> None:
    """From now on: the limit counts all that this process ever used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + cpu_s, hard))


if __name__ == "__main__":
    main()
