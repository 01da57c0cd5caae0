"""A job goes through the link to printers of other brands: file, start, end, and the file gone."""

import asyncio
import io
from contextlib import suppress

import pytest

from shopwright.files.disk import DiskFileStore
from shopwright.fleet import drivers, queries
from shopwright.fleet.link import LinkTools, PrinterLink
from shopwright.fleet.port import Endpoint, Timeouts
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.print_files.models import PrintFile
from shopwright.print_jobs import dispatch
from shopwright.print_jobs.models import PrintJob
from shopwright.sandbox.moonraker import MoonrakerSandbox
from shopwright.sandbox.octoprint import OctoPrintSandbox
from shopwright.sandbox.plain.knobs import Knobs
from shopwright.sandbox.plain.server import StandIn, StandInConfig, make_gcode
from shopwright.sandbox.prusalink import PrusaLinkSandbox
from tests.clock import START, FixedClock
from tests.workshop import list_jobs, make_recipe, place, ready_printer

PRINT_S = 1.0  # real seconds of the ten-minute print
PATIENCE_S = 30.0


@pytest.mark.parametrize("stand_in", [OctoPrintSandbox, MoonrakerSandbox, PrusaLinkSandbox])
async def test_a_job_is_printed_and_its_file_deleted(
    database: Database,
    owner: Actor,
    clock: FixedClock,
    files: DiskFileStore,
    stand_in: type[StandIn],
) -> None:
    job_id, printer_id, device_job_id = await _dispatch(database, owner, files, stand_in.kind)
    async with database.write() as session:
        epoch = await queries.take_lease(session, printer_id, "test", START, 3600)
    tools = LinkTools(
        database=database,
        files=files,
        clock=clock,
        hub=database.context.hub,
        record=lambda _: None,
        forget=lambda _: None,
        timeouts=Timeouts(connect_s=5, start_s=20),
    )
    driver = drivers.load_driver(stand_in.kind)
    assert driver is not None
    async with stand_in(StandInConfig(knobs=Knobs(speed=600 / PRINT_S))) as machine:
        link = PrinterLink(
            tools,
            organization_id=owner.organization_id,
            printer_id=printer_id,
            epoch=int(epoch or 0),
            endpoint=_place_of(machine),
            driver=driver,
        )
        running = asyncio.create_task(link.run())
        try:
            await machine.until(lambda m: bool(m.prints) and not m.files, PATIENCE_S)
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
        [record] = machine.machine.prints
    assert record.file.endswith(f"-{device_job_id}.gcode")
    async with database.write() as session:
        job = await session.get_one(PrintJob, job_id, execution_options={"cross_tenant": True})
        assert job.status == "completed"


async def _dispatch(
    database: Database, owner: Actor, files: DiskFileStore, driver: str
) -> tuple[int, int, str]:
    stored = await files.put(io.BytesIO(make_gcode()), max_bytes=10**6)
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        await place(session, owner, ("GEAR", 1))
        [job] = await list_jobs(session, owner)
        file = await session.get_one(
            PrintFile, job.print_file_id, execution_options={"cross_tenant": True}
        )
        file.kind, file.sha256, file.size_bytes = "gcode", stored.sha256, stored.size
        file.printer_model = "MK4"
        printer = await ready_printer(session, owner)
        printer.driver, printer.model = driver, "Prusa MK4"
        await session.flush()
        attempt = await dispatch.dispatch_job(
            session, owner, job=job, printer_id=printer.id, now=START
        )
        return job.id, printer.id, attempt.device_job_id


def _place_of(machine: StandIn) -> Endpoint:
    return Endpoint(
        host=machine.host,
        serial=None,
        access_code=machine.key,
        http_port=machine.port,
        options={"poll_s": "0.05"},
    )
