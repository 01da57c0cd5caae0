"""A link at work: what it does beside reporting and sending."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from datetime import timedelta
from types import TracebackType
from typing import ClassVar, Self

from shopwright.files.disk import DiskFileStore
from shopwright.fleet import queries, service
from shopwright.fleet.link import LinkTools, PrinterLink
from shopwright.fleet.models import Printer
from shopwright.fleet.port import (
    Capability,
    DeviceCommand,
    DeviceReport,
    Diagnosis,
    Done,
    DriverError,
    Endpoint,
    RemoteFile,
    Timeouts,
    Unconfirmed,
)
from shopwright.fleet.states import Activity, ConnectionState, Outcome
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.print_jobs import dispatch
from tests.clock import START, FixedClock
from tests.workshop import list_jobs, make_recipe, place, ready_printer


def finished_report(job: str) -> DeviceReport:
    return DeviceReport(
        observed_at=START,
        connection=ConnectionState.ONLINE,
        activity=Activity.IDLE,
        outcome=Outcome.FINISHED,
        device_job_id=job,
        is_full=True,
    )


class FinishedPrinter:
    """Shows a finished job and deletes files, but its storage fails every time."""

    capabilities: ClassVar[Capability] = Capability.UPLOAD
    fingerprint: str | None = None
    shown: ClassVar[str] = ""
    deleted: ClassVar[asyncio.Queue[str]]

    def __init__(self, endpoint: Endpoint, *, timeouts: Timeouts) -> None:
        self._endpoint, self._timeouts = endpoint, timeouts

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return None

    async def reports(self) -> AsyncIterator[DeviceReport]:
        for _ in range(2):
            yield finished_report(self.shown)
        await asyncio.Event().wait()

    async def upload(self, *_: object, **__: object) -> RemoteFile:
        raise DriverError("not asked for")

    async def delete(self, name: str) -> None:
        self.deleted.put_nowait(name)
        raise DriverError("the card is gone")

    async def start(self, *_: object, **__: object) -> Unconfirmed:
        return Unconfirmed("not asked for")

    async def run(self, _command: DeviceCommand) -> Done:
        return Done()

    async def diagnose(self) -> Diagnosis:
        return Diagnosis(())

    async def snapshot(self) -> bytes:
        return b""

    async def pictures(self) -> AsyncGenerator[bytes, None]:
        yield b""


def make_link(
    database: Database, clock: FixedClock, files: DiskFileStore, printer: Printer, epoch: int
) -> PrinterLink:
    tools = LinkTools(
        database=database,
        files=files,
        clock=clock,
        hub=database.context.hub,
        record=lambda _: None,
        forget=lambda _: None,
        timeouts=Timeouts(),
    )
    return PrinterLink(
        tools,
        organization_id=printer.organization_id,
        printer_id=printer.id,
        epoch=epoch,
        endpoint=Endpoint("127.0.0.1", None, "12345678"),
        driver=FinishedPrinter,
    )


async def take_lease(database: Database, printer: Printer, owner: str) -> int:
    async with database.write() as session:
        epoch = await queries.take_lease(session, printer.id, owner, START, 3600)
    assert epoch is not None
    return epoch


async def test_whoever_lost_its_lease_says_nothing_more_of_the_printer(
    database: Database, owner: Actor, clock: FixedClock, files: DiskFileStore
) -> None:
    async with database.write() as session:
        printer = await ready_printer(session, owner)
    epoch = await take_lease(database, printer, "one")
    async with database.write() as session:
        await queries.release_leases(session, "one", START - timedelta(seconds=1))
    assert await take_lease(database, printer, "other") == epoch + 1
    late = make_link(database, clock, files, printer, epoch)
    await late._lose(ConnectionState.OFFLINE, "the machine slept")
    await late._record(finished_report("77"), None)
    async with database.read() as session:
        found = await service.get_printer(session, owner, printer.id)
    assert (found.connection, found.trouble, found.device_job_id) == ("online", None, None)
    now = make_link(database, clock, files, printer, epoch + 1)
    await now._lose(ConnectionState.OFFLINE, "it was switched off")
    async with database.read() as session:
        found = await service.get_printer(session, owner, printer.id)
    assert (found.connection, found.trouble) == ("offline", "it was switched off")


async def test_file_of_an_ended_print_is_deleted_once_and_its_failure_harms_nothing(
    database: Database, owner: Actor, clock: FixedClock, files: DiskFileStore
) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        await place(session, owner, ("GEAR", 1))
        (job,) = await list_jobs(session, owner)
        printer = await ready_printer(session, owner)
        attempt = await dispatch.dispatch_job(
            session, owner, job=job, printer_id=printer.id, now=START
        )
    FinishedPrinter.shown, FinishedPrinter.deleted = attempt.device_job_id, asyncio.Queue()
    epoch = await take_lease(database, printer, "test")
    link = make_link(database, clock, files, printer, epoch)
    running = asyncio.create_task(link.run())
    try:
        async with asyncio.timeout(10):
            name = await FinishedPrinter.deleted.get()
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    number = f"{job.name}".split()[0].removeprefix("#")
    assert name == f"{number}-item-GEAR-{attempt.device_job_id}.gcode.3mf"
    assert FinishedPrinter.deleted.empty()
    async with database.write() as session:
        (job,) = await list_jobs(session, owner)
        assert job.status == "completed"
