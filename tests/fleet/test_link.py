"""A link at work: what it does beside reporting and sending."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from types import TracebackType
from typing import ClassVar, Self

from shopwright.files.disk import DiskFileStore
from shopwright.fleet.link import LinkTools, PrinterLink
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
            yield DeviceReport(
                observed_at=START,
                connection=ConnectionState.ONLINE,
                activity=Activity.IDLE,
                outcome=Outcome.FINISHED,
                device_job_id=self.shown,
                is_full=True,
            )
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
    tools = LinkTools(
        database=database,
        files=files,
        clock=clock,
        hub=database.context.hub,
        record=lambda _: None,
        forget=lambda _: None,
        timeouts=Timeouts(),
    )
    link = PrinterLink(
        tools,
        organization_id=owner.organization_id,
        printer_id=printer.id,
        epoch=1,
        endpoint=Endpoint("127.0.0.1", None, "12345678"),
        driver=FinishedPrinter,
    )
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
