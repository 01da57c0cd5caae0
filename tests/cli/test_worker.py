"""The worker: a process of its own that works until it is told to end."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from shopwright.server.process import lock_data_folder

START_S = 60


async def start(folder: Path) -> asyncio.subprocess.Process:
    program = Path(sys.executable).with_name("shopwright")
    return await asyncio.create_subprocess_exec(
        str(program),
        "worker",
        "--data-dir",
        str(folder),
        cwd=folder,
        stderr=asyncio.subprocess.PIPE,
    )


@pytest.mark.system
async def test_worker_works_until_it_is_told_to_end(tmp_path: Path) -> None:
    process = await start(tmp_path)
    assert process.stderr is not None
    async with asyncio.timeout(START_S):
        while b"working" not in await process.stderr.readline():
            assert process.returncode is None
    process.send_signal(signal.SIGTERM)
    _, rest = await asyncio.wait_for(process.communicate(), START_S)
    assert (process.returncode, b"Traceback" in rest) == (0, False)


@pytest.mark.system
async def test_worker_leaves_a_served_data_folder_alone(tmp_path: Path) -> None:
    with lock_data_folder(tmp_path):
        process = await start(tmp_path)
        _, said = await asyncio.wait_for(process.communicate(), START_S)
    assert process.returncode == 4
    assert b"already works on" in said
