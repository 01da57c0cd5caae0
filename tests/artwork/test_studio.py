"""The drawing child: bounded, replaced when it ends, and silent to whoever has gone."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from shopwright.artwork import studio
from shopwright.artwork.studio import DrawingBusy, DrawingFailed, Worker
from tests.artwork.samples import opened, picture, written
from tests.artwork.test_intake import claimed_png

MEMORY_MB = 768
EMPTY = {"width": 100, "height": 200, "background": "#ff0000", "mask": [0, 0, 100, 100],
         "layers": [], "fonts": []}  # fmt: skip


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    worker = Worker(max_side_px=None, cache_mb=8, niceness=0)
    yield worker
    await worker.stop()


async def compose(worker: Worker, **plan: Any) -> tuple[dict[str, Any], bytes]:
    request = {"task": "compose", "plan": EMPTY | plan, "paths": {}}
    return await worker.ask(request, memory_mb=MEMORY_MB)


async def test_a_child_that_crashes_is_replaced_and_the_others_get_their_pictures(
    worker: Worker, tmp_path: Path
) -> None:
    facts, content = await compose(worker)
    assert (facts["width"], opened(content).getpixel((5, 5))) == (100, (255, 0, 0))
    crash = asyncio.create_task(compose(worker, layers=[{"kind": "nonsense"}]))
    fine = asyncio.create_task(compose(worker))
    with pytest.raises(DrawingFailed):
        await crash
    assert (await fine)[1] == content

    for sent, words in (
        (claimed_png(10_000, 10_000), "at most 50 million"),
        (picture((20, 20), kind="GIF"), "GIFs are not printed"),
    ):
        path = written(tmp_path, sent)
        request = studio.redraw_request(path, False, 4096)
        facts, _ = await worker.ask(request, memory_mb=MEMORY_MB)
        assert words in facts["error"]


async def test_a_child_that_hangs_is_ended(worker: Worker) -> None:
    await compose(worker)
    child = worker.child_pid
    assert child is not None
    os.kill(child, signal.SIGSTOP)
    worker.wall_s = 0.2
    with pytest.raises(DrawingFailed, match="too much time or memory"):
        await compose(worker)
    worker.wall_s = studio.WALL_S
    assert worker.child_pid is None
    assert (await compose(worker))[0]["width"] == 100


async def test_a_drawing_that_needs_too_much_of_the_processor_is_ended() -> None:
    worker = Worker(max_side_px=None, cache_mb=8, niceness=0, cpu_s=1)
    slow = {"kind": "text", "face": "NotoSans-Bold.ttf", "weight": 700, "size": 60, "width": 300,
            "text": "Wg@%" * 125, "color": "#0000ff", "align": "center", "spacing": 1,
            "outline": 3, "outline_color": "#ff0000", "x": 50, "y": 50, "scale": 10,
            "rotation": 33, "opacity": 1}  # fmt: skip
    try:
        with pytest.raises(DrawingFailed, match="too much time"):
            await compose(worker, width=1390, height=2800, layers=[slow] * 30)
        assert (await compose(worker))[0]["width"] == 100
    finally:
        await worker.stop()


async def test_whoever_goes_leaves_no_answer_for_the_next(worker: Worker) -> None:
    first = asyncio.create_task(compose(worker, background="#00ff00"))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    _, content = await compose(worker)
    assert opened(content).getpixel((5, 5)) == (255, 0, 0)


async def test_a_line_of_waiting_drawings_has_an_end(worker: Worker) -> None:
    worker.max_waiting = 2
    answers = await asyncio.gather(*(compose(worker) for _ in range(4)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [tuple, tuple, DrawingBusy, DrawingBusy]
