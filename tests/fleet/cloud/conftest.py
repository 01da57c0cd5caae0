"""Bambu's cloud as a stand-in, a virtual printer in it, and a shop that is told to use both."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest

from shopwright.files.access import files_of
from shopwright.fleet.cloud.port import Clouds
from shopwright.fleet.link import LinkTools
from shopwright.fleet.models import Printer
from shopwright.fleet.port import Timeouts
from shopwright.fleet.runner import FleetRunner
from shopwright.fleet.service import get_printer
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process
from shopwright.kernel.settings import Settings
from shopwright.sandbox.bambu import Knobs, PrinterConfig, VirtualPrinter
from shopwright.sandbox.bambu_cloud import Account, BambuCloudSandbox, SecondStep
from tests.conftest import make_settings

SERIAL = "01P00A000000042"
PASSWORD = "a good password"
PATIENCE_S = 15.0

PrinterUntil = Callable[[int, Callable[[Printer], bool]], Awaitable[Printer]]


@pytest.fixture
async def printer() -> AsyncIterator[VirtualPrinter]:
    knobs = Knobs(speed=2000, report_interval_s=0.05)
    async with VirtualPrinter(PrinterConfig(SERIAL, name="Attic", knobs=knobs)) as virtual:
        yield virtual


@pytest.fixture
def accounts() -> dict[SecondStep, Account]:
    """One per kind of second step; they all have the printer."""
    return {step: Account(f"{step}@shop.test", PASSWORD, (SERIAL,), step) for step in SecondStep}


@pytest.fixture
async def cloud(
    printer: VirtualPrinter, accounts: dict[SecondStep, Account]
) -> AsyncIterator[BambuCloudSandbox]:
    async with BambuCloudSandbox(accounts.values(), [printer]) as sandbox:
        yield sandbox


@pytest.fixture
def settings(migrated_url: str, tmp_path: Path, cloud: BambuCloudSandbox) -> Settings:
    return make_settings(migrated_url, tmp_path).model_copy(
        update={
            "bambu_cloud_api_url": cloud.url,
            "bambu_cloud_site_url": cloud.url,
            "bambu_cloud_mqtt": cloud.mqtt,
            "bambu_cloud_ca_file": cloud.ca_file,
            "rate_limit_print_per_minute": 0,  # no limit
        }
    )


@asynccontextmanager
async def running_fleet(process: Process) -> AsyncIterator[None]:
    """The real runner, as a server has it."""
    tools = LinkTools(
        database=process.database,
        files=files_of(process),
        clock=process.clock,
        hub=process.context.hub,
        record=lambda _: None,
        forget=lambda _: None,
        timeouts=Timeouts(connect_s=3, command_s=3),
        clouds=Clouds.of(process.settings),
    )
    running = asyncio.create_task(FleetRunner(tools, process.context.vault, owner="test").run())
    async with AsyncExitStack() as stack:
        stack.push_async_callback(_end, running)
        yield


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@pytest.fixture
def printer_until(process: Process, owner: Actor) -> PrinterUntil:
    """`await printer_until(id, holds)`: the printer's row, once it is as wished."""

    async def wait(printer_id: int, holds: Callable[[Printer], bool]) -> Printer:
        changed = asyncio.Event()
        leave = process.context.hub.listen_to_all(lambda _: changed.set())
        try:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    changed.clear()
                    async with process.database.read() as session:
                        row = await get_printer(session, owner, printer_id)
                    if holds(row):
                        return row
                    await changed.wait()
        finally:
            leave()

    return wait
