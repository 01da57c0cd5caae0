"""Durable work under SIGKILL: nothing is lost, rows exist once, the outside is told at most
once."""

import asyncio
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import func, select

from shopwright.catalog.models import Product
from shopwright.kernel.actor import Actor
from shopwright.kernel.durable import DurableClient
from shopwright.kernel.edge import Process
from shopwright.kernel.effects import Effect, EffectStatus

CHILD = Path(__file__).with_name("durable_child.py")
ROOT = CHILD.parents[2]
PIECES = 12
MOMENTS = ("before_row", "after_row", "before_call", "after_call")
DEADLINE_S = 60


def start_child(
    process: Process, folder: Path, ctx: Actor, kill_at: str
) -> subprocess.Popen[bytes]:
    url = process.database.url_text
    return subprocess.Popen(
        [sys.executable, str(CHILD), url, str(folder), "local", str(ctx.organization_id)],
        env={**os.environ, "KILL_AT": kill_at, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.DEVNULL,
    )


async def dead_or_done(process: Process, ctx: Actor, child: subprocess.Popen[bytes]) -> bool:
    return child.poll() is not None or await settled_all(process, ctx)


async def settled_all(process: Process, ctx: Actor) -> bool:
    async with process.database.read() as session:
        count = await session.scalar(
            select(func.count(Effect.id)).where(
                Effect.organization_id == ctx.organization_id, Effect.settled_at.is_not(None)
            )
        )
    return count == PIECES


async def enqueue_all(process: Process) -> None:
    client = DurableClient(process.database.url_text)
    async with process.database.write() as session:
        for number in range(PIECES):
            await client.enqueue(session, "piece", number, workflow_id=f"piece:{number}")
    await asyncio.to_thread(client.close)


@pytest.mark.system
async def test_every_piece_is_done_once_through_four_kills(
    process: Process, owner: Actor, tmp_path: Path
) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    kills = [f"{chance.randrange(PIECES)}:{moment}" for moment in MOMENTS]
    await enqueue_all(process)
    for kill_at in kills:
        child = start_child(process, tmp_path, owner, kill_at)
        try:
            # A piece done before its kill came never kills; the next start goes on.
            await wait_until(partial(dead_or_done, process, owner, child))
        finally:
            child.kill()
            await asyncio.to_thread(child.wait)
    child = start_child(process, tmp_path, owner, "")
    try:
        await wait_until(lambda: settled_all(process, owner))
    finally:
        child.terminate()
        await asyncio.to_thread(child.wait)
    await check(process, owner, tmp_path / "outside.txt")


async def wait_until(is_true: Callable[[], Awaitable[bool]]) -> None:
    """What another process does can only be polled for."""
    async with asyncio.timeout(DEADLINE_S):
        while not await is_true():  # noqa: ASYNC110  there is no event to wait for
            await asyncio.sleep(0.1)


async def check(process: Process, ctx: Actor, outside: Path) -> None:
    async with process.database.read() as session:
        names = list(
            await session.scalars(
                select(Product.name).where(Product.organization_id == ctx.organization_id)
            )
        )
        statuses = list(
            await session.scalars(
                select(Effect.status).where(Effect.organization_id == ctx.organization_id)
            )
        )
    told = Counter((await asyncio.to_thread(outside.read_text)).split())
    assert sorted(names) == sorted(f"piece {number}" for number in range(PIECES))
    assert max(told.values()) == 1
    assert statuses.count(EffectStatus.DONE) == len(told)
    # Killed between the claim and the call: nothing proves it, so nobody calls again.
    assert statuses.count(EffectStatus.UNKNOWN) == PIECES - len(told)
