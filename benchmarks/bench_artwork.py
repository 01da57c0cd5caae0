"""How long a print and a preview of a design take, and what the shop feels of twenty at once.

    python benchmarks/bench_artwork.py

A design of six layers on 1390 × 2800 pixels: a photo of 12 million pixels over everything, a second
one turned, two stickers, and two texts, one with emoji and one in Arabic. It is drawn by the
program's own children inside a running server: decoded, composed and encoded as PNG, with its way
to the child and back. ``cold`` is the first time, when the photos are decoded. Then a list is asked
for by another process, alone and beside twenty prints at once. Bounds: 400 ms for a print, 80 ms
for a preview (medians), and twice the list's median. CPU time is printed, too: on a machine that
does nothing else it is what bounds the two.
"""

import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from PIL import Image, ImageDraw

from shopwright.artwork import pictures, plans, studio
from shopwright.artwork.canvas import Box, Canvas
from shopwright.kernel.edge import Process
from shopwright.kernel.settings import Settings
from shopwright.server.running import Roles, Running
from shopwright.server.serve import serve

MAX_PRINT_MS, MAX_PREVIEW_MS, MAX_SLOWDOWN = 400.0, 80.0, 2.0
RUNS, AT_ONCE, ASKED, PREVIEW_PX = 9, 20, 150, 400
CANVAS = Canvas(1390, 2800, 70_600, Box(8, 0, 85, 100), 0, None, (Box(),))
ASK = """
import json, statistics, sys, time, urllib.request
url, count = sys.argv[1], int(sys.argv[2])
def ask():
    begun = time.perf_counter()
    urllib.request.urlopen(url, timeout=30).read()
    return (time.perf_counter() - begun) * 1000
for _ in range(10):
    ask()
print(json.dumps(statistics.median(ask() for _ in range(count))))
"""


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="bench-artwork-") as folder:
        settings = Settings(
            _env_file=None,  # type: ignore[call-arg]
            data_dir=Path(folder),
            port=_free_port(),
            rate_limit_public_per_minute=0,
            log_level="WARNING",
        )
        found: dict[str, float] = {}

        @asynccontextmanager
        async def beside(running: Running) -> AsyncIterator[None]:
            task = asyncio.create_task(_measure(running.process, settings, found))
            yield
            await task

        serve(settings, Roles(fleet=False), beside)
    _report(found)


async def _measure(process: Process, settings: Settings, found: dict[str, float]) -> None:
    try:
        plan = await _design(process)
        found["cold"] = await _timed(lambda: studio.draw_print(process, plan))
        found["print"], found["print_cpu"] = await _measured(
            lambda: studio.draw_print(process, plan)
        )
        await studio.draw_preview(process, plan, PREVIEW_PX)
        found["preview"], found["preview_cpu"] = await _measured(
            lambda: studio.draw_preview(process, plan, PREVIEW_PX)
        )
        url = f"http://127.0.0.1:{settings.port}/api/designs/fonts"
        found["quiet"] = await _ask(url)
        found["busy"] = await _beside(process, plan, url)
    finally:
        os.kill(os.getpid(), 15)


async def _beside(process: Process, plan: dict[str, Any], url: str) -> float:
    """Twenty prints wait or are drawn as long as the list is asked for."""

    async def draw() -> None:
        while True:
            await studio.draw_print(process, plan)

    drawing = [asyncio.create_task(draw()) for _ in range(AT_ONCE)]
    try:
        return await _ask(url)
    finally:
        for task in drawing:
            task.cancel()
        await asyncio.gather(*drawing, return_exceptions=True)


async def _ask(url: str) -> float:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ASK, url, str(ASKED), stdout=subprocess.PIPE
    )
    told, _ = await process.communicate()
    median: float = json.loads(told)
    return median


async def _measured(draw: Callable[[], Awaitable[Any]]) -> tuple[float, float]:
    """The median from asking to having it, and the CPU time of the child for one; both in ms."""
    begun_ms = _children_cpu_ms()
    median = statistics.median([await _timed(draw) for _ in range(RUNS)])
    return median, (_children_cpu_ms() - begun_ms) / RUNS


def _children_cpu_ms() -> float:
    """Of the drawing children so far; the database and the rest are threads of ours."""
    children = Path("/proc/self/task", str(os.getpid()), "children").read_text().split()
    ticks = [Path("/proc", child, "stat").read_text().split()[13:15] for child in children]
    return sum(int(tick) for pair in ticks for tick in pair) * 1000 / os.sysconf("SC_CLK_TCK")


async def _timed(draw: Callable[[], Awaitable[Any]]) -> float:
    begun = time.perf_counter()
    await draw()
    return (time.perf_counter() - begun) * 1000


async def _design(process: Process) -> dict[str, Any]:
    """The pictures are stored as uploads are."""
    photo, sticker = await _stored(process, _photo()), await _stored(process, _sticker())
    image = {"kind": "image", "x": 50, "y": 50, "rotation": 0, "opacity": 1, "source": photo}
    stuck = {"kind": "sticker", "y": 40, "rotation": 0, "opacity": 1, "source": sticker}
    text = {"kind": "text", "x": 50, "rotation": 0, "opacity": 1, "scale": 1, "weight": 700,
            "face": "NotoSans-Bold.ttf", "size": 9, "color": "#102030", "align": "center",
            "spacing": 1, "width": 80, "outline": 0.4, "outline_color": "#ffffff"}  # fmt: skip
    layers = [
        image | {"scale": 1, "frame": _box(0, 0, 100, 100)},
        image | {"scale": 1.1, "frame": _box(20, 5, 60, 25), "rotation": 12},
        stuck | {"x": 20, "scale": 1},
        stuck | {"x": 80, "scale": 1.5, "rotation": 33, "opacity": 0.5},
        text | {"y": 60, "text": "Hello Żółć \U0001f600\U0001f468\u200d\U0001f469\u200d\U0001f467"},
        text | {"y": 80, "text": "مرحبا بالعالم 2026"},
    ]
    return plans.plan_of(CANVAS, "#ffffff", layers)


def _box(x: float, y: float, width: float, height: float) -> dict[str, float]:
    return {"x": x, "y": y, "width": width, "height": height}


async def _stored(process: Process, picture: Image.Image) -> str:
    path = process.settings.data_dir / "upload"
    await asyncio.to_thread(picture.save, path, "PNG", compress_level=1)
    return (await pictures.take_in(process, path)).stored.sha256


def _photo() -> Image.Image:
    """3000 × 4000 with the noise of a camera."""
    across = Image.linear_gradient("L").resize((3000, 4000))
    bands = [across, across.transpose(Image.Transpose.FLIP_TOP_BOTTOM)]
    noise = Image.effect_noise((3000, 4000), 40)
    return Image.merge("RGB", [*bands, noise])


def _sticker() -> Image.Image:
    picture = Image.new("RGBA", (800, 800))
    ImageDraw.Draw(picture).ellipse((20, 20, 780, 780), fill=(255, 30, 90, 255))
    return picture


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _report(found: dict[str, float]) -> None:
    slowdown = found["busy"] / found["quiet"]
    print(
        f"print, photos decoded  {found['print']:6.0f} ms  ({found['print_cpu']:.0f} ms of CPU)"
        f"  bound {MAX_PRINT_MS:.0f}"
    )
    print(f"print, cold            {found['cold']:6.0f} ms")
    print(
        f"preview                {found['preview']:6.0f} ms  ({found['preview_cpu']:.0f} ms of CPU)"
        f"  bound {MAX_PREVIEW_MS:.0f}"
    )
    print(
        f"a list                 {found['quiet']:6.1f} ms, beside {AT_ONCE} prints "
        f"{found['busy']:.1f} ms: {slowdown:.2f} times, bound {MAX_SLOWDOWN}"
    )
    print(f"load of this machine   {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    sys.exit(
        found["print"] > MAX_PRINT_MS
        or found["preview"] > MAX_PREVIEW_MS
        or slowdown > MAX_SLOWDOWN
    )


if __name__ == "__main__":
    main()
