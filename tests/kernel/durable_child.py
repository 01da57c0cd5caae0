"""A worker process for the kill tests: ``durable_child.py URL FOLDER EXECUTOR ORGANIZATION``.

Every piece of work adds one row and then claims one effect; the process kills itself with
SIGKILL at a named moment of the piece that ``KILL_AT`` names, e.g. ``7:after_row``.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from sqlalchemy import select

from shopwright.catalog.models import Product
from shopwright.kernel import effects
from shopwright.kernel.actor import system_actor
from shopwright.kernel.durable import DurableWorker
from shopwright.kernel.edge import Process
from shopwright.kernel.effects import Effect, EffectStatus
from shopwright.server.process import open_process
from tests.conftest import make_settings

KILL_AT = os.environ.get("KILL_AT", "")


def die_at(number: int, moment: str) -> None:
    if f"{number}:{moment}" == KILL_AT:
        os.kill(os.getpid(), signal.SIGKILL)


async def work(process: Process, outside: Path, organization_id: int, number: int) -> None:
    """Look first, then write, then the effect: how every handler of ours is built."""
    ctx = system_actor(organization_id)
    die_at(number, "before_row")
    async with process.database.write() as session:
        name = f"piece {number}"
        known = await session.scalar(
            select(Product.id).where(
                Product.organization_id == organization_id, Product.name == name
            )
        )
        if known is None:
            session.add(Product(organization_id=organization_id, name=name))
            await effects.intend(
                session, organization_id, kind="tell", key=name, subject_id=number, request={}
            )
    die_at(number, "after_row")
    async with process.database.write() as session:
        effect = await effects.find_effect(session, ctx.organization_id, "tell", name)
        assert effect is not None
        claimed = await effects.begin_sending(
            session, organization_id, effect.id, process.clock.now()
        )
    die_at(number, "before_call")
    if claimed is not None:
        await asyncio.to_thread(call_outside, outside, number)
    die_at(number, "after_call")
    await settle(process, organization_id, effect, number, outside)


def call_outside(outside: Path, number: int) -> None:
    with outside.open("a") as file:
        file.write(f"{number}\n")


def was_told(outside: Path, number: int) -> bool:
    return outside.exists() and str(number) in outside.read_text().split()


async def settle(
    process: Process, organization_id: int, effect: Effect, number: int, outside: Path
) -> None:
    """Ask the outside by our own key; never call again."""
    told = await asyncio.to_thread(was_told, outside, number)
    status = EffectStatus.DONE if told else EffectStatus.UNKNOWN
    async with process.database.write() as session:
        await effects.settle(session, organization_id, effect.id, status, None, process.clock.now())


async def main(url: str, folder: Path, executor_id: str, organization_id: int) -> None:
    async with open_process(make_settings(url, folder)) as process:
        worker = DurableWorker(process.database, process.clock, executor_id=executor_id)

        async def handler(number: int) -> None:
            await work(process, folder / "outside.txt", organization_id, number)

        await worker.run({"piece": handler})


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])))
