"""Asking for work, also when what the server tells cannot be written down."""

import asyncio
from contextlib import suppress

import pytest
from sqlalchemy import update

from shopwright.agent.worker import Worker, WorkUnusable
from shopwright.fleet import service
from shopwright.fleet.models import Printer
from shopwright.fleet.service import PrinterChange
from shopwright.kernel.edge import Ref
from shopwright.kernel.tenancy import CROSS_TENANT
from tests.agent.conftest import World
from tests.clock import START

WORK = "/api/agents/me/work"
on_sqlite = pytest.mark.parametrize("databases", ["sqlite"], indirect=True, scope="session")


@on_sqlite
async def test_work_that_cannot_be_written_down_is_not_asked_for_without_a_pause(
    world: World,
) -> None:
    worker = Worker(world.client, world.database, world.journal, world.clock)
    await worker._ask()
    async with world.database.write() as session:
        await session.execute(
            update(Printer)
            .values(access_code="of another key file")
            .execution_options(**CROSS_TENANT)
        )
    async with world.server.database.write() as session:
        change = PrinterChange(name="Renamed")
        ref = Ref(world.printer.id, None)
        await service.update_printer(session, world.owner, ref=ref, change=change, now=START)
    with pytest.raises(WorkUnusable):
        await worker._ask()
    world.way.asked.clear()
    running = asyncio.create_task(worker.run())
    try:
        async with asyncio.timeout(30):
            while WORK not in world.way.asked:  # noqa: ASYNC110  a list says when
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    assert world.way.asked.count(WORK) == 1
