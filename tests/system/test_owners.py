"""Starting a print: whoever loses a race or a link leaves nothing half done."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from shopwright.agent.client import Client, Contact
from shopwright.agent.files import AgentFiles
from shopwright.drivers.bambu.driver import BambuDriver
from shopwright.files.disk import DiskFileStore
from shopwright.fleet import queries
from shopwright.fleet.link import LinkTools, PrinterLink
from shopwright.fleet.models import Printer, PrinterCommand
from shopwright.fleet.port import (
    Confirmed,
    DeviceReport,
    DriverError,
    Endpoint,
    RemoteFile,
    Timeouts,
)
from shopwright.fleet.service import START_LIFE_S
from shopwright.fleet.starting import Starter, load_effect
from shopwright.fleet.states import Activity, CommandStatus, ConnectionState, Gate, Outcome
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database, Installation
from shopwright.kernel.effects import Effect, EffectStatus
from shopwright.print_jobs import dispatch
from shopwright.print_jobs.dispatcher import HELD, Dispatcher
from shopwright.print_jobs.models import Attempt, PrintJob
from shopwright.print_jobs.states import AttemptStatus, JobStatus
from tests.agent.test_files import CONTENT, Server
from tests.clock import START, FixedClock
from tests.workshop import list_jobs, make_recipe, place, ready_printer

LEASE_S = 30.0


class Driver:
    """A printer that does what it is told; ``error`` is what its link says to a start."""

    def __init__(self, error: Exception | None = None) -> None:
        self.starts: list[str] = []
        self.uploads: list[str] = []
        self.is_reached = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self._error = error

    async def upload(self, file: Path, **facts: Any) -> RemoteFile:
        self.uploads.append(facts["name"])
        return RemoteFile(f"/{facts['name']}", len(await asyncio.to_thread(file.read_bytes)))

    async def start(self, _file: RemoteFile, **facts: Any) -> Confirmed:
        if self._error:
            raise self._error
        self.starts.append(facts["device_job_id"])
        self.is_reached.set()
        await self.may_answer.wait()
        return Confirmed(report(Activity.PRINTING, facts["device_job_id"]))


@dataclass(slots=True)
class Claimed:
    """A job that was just dispatched, and what a link owner needs to start it."""

    database: Database
    files: DiskFileStore | AgentFiles
    ctx: Actor
    printer_id: int
    command: PrinterCommand
    latest: DeviceReport = field(default_factory=lambda: report(Activity.IDLE))

    async def take_over(self, owner: str, now: datetime) -> Starter:
        """Become the owner once the earlier one's lease is over."""
        async with self.database.write() as session:
            epoch = await queries.take_lease(session, self.printer_id, owner, now, LEASE_S)
        assert epoch is not None
        return Starter(
            self.database,
            self.files,
            FixedClock(now),
            self.ctx,
            self.printer_id,
            epoch,
            lambda: self.latest,
        )

    async def start(self, starter: Starter, driver: Driver) -> None:
        await starter.start(driver, self.command, await self.effect())  # type: ignore[arg-type]  # the part of a driver that starting uses

    async def effect(self) -> Effect:
        async with self.database.write() as session:
            return await load_effect(session, self.ctx, int(self.command.effect_id or 0))

    async def state(self) -> tuple[JobStatus, AttemptStatus, EffectStatus, CommandStatus, Gate]:
        scope: dict[str, Any] = {
            "execution_options": {"cross_tenant": True, "populate_existing": True}
        }
        async with self.database.read() as session:
            command = await session.get_one(PrinterCommand, self.command.id, **scope)
            effect = await session.get_one(Effect, command.effect_id, **scope)
            attempt = await session.get_one(Attempt, effect.subject_id, **scope)
            job = await session.get_one(PrintJob, attempt.print_job_id, **scope)
            printer = await session.get_one(Printer, self.printer_id, **scope)
        return job.status, attempt.status, effect.status, command.status, printer.gate


GIVEN_BACK = (
    JobStatus.QUEUED,
    AttemptStatus.CANCELLED,
    EffectStatus.FAILED,
    CommandStatus.TIMEOUT,
    Gate.READY,
)


@pytest.fixture
async def claimed(database: Database, owner: Actor, tmp_path: Path) -> Claimed:
    files = DiskFileStore(tmp_path / "files")
    content = tmp_path / "plate"
    content.write_bytes(b"plate")
    stored = await files.put(content, max_bytes=100)
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        printer = await ready_printer(session, owner)
        await place(session, owner, ("GEAR", 1))
        (job,) = await list_jobs(session, owner)
        await dispatch.dispatch_job(
            session, owner, job=job, printer_id=printer.id, now=datetime.now(UTC)
        )
    async with database.read() as session:
        (command,) = await queries.list_open_commands(session, printer.id)
    command.arguments = {**command.arguments, "sha256": stored.sha256}
    return Claimed(database, files, owner, printer.id, command)


async def test_an_owner_that_lost_its_lease_sends_nothing_and_takes_nothing_back(
    claimed: Claimed,
) -> None:
    early = datetime.now(UTC)
    slow = await claimed.take_over("slow", early.replace(year=early.year - 1))
    quick = await claimed.take_over("quick", early)
    one, two = Driver(), Driver()
    two.may_answer.clear()
    sending = asyncio.create_task(claimed.start(quick, two))
    await two.is_reached.wait()
    await claimed.start(slow, one)
    assert (await claimed.state())[:4] == (
        JobStatus.CLAIMED,
        AttemptStatus.STARTING,
        EffectStatus.SENDING,
        CommandStatus.PENDING,
    )
    two.may_answer.set()
    await sending
    assert (one.starts, two.starts) == ([], [claimed.command.device_job_id])
    assert (await claimed.effect()).status is EffectStatus.DONE


async def test_a_start_that_never_left_goes_back_into_the_queue(claimed: Claimed) -> None:
    starter = await claimed.take_over("local", datetime.now(UTC))
    await claimed.start(starter, Driver(DriverError("The printer is not connected.")))
    assert await claimed.state() == GIVEN_BACK


async def test_a_printer_that_became_busy_gets_no_start_and_stays_in_work(claimed: Claimed) -> None:
    claimed.latest = report(Activity.PRINTING)
    driver = Driver()
    await claimed.start(await claimed.take_over("local", datetime.now(UTC)), driver)
    assert driver.starts == []
    assert await claimed.state() == GIVEN_BACK


async def test_a_job_whose_file_is_gone_waits_for_a_person(claimed: Claimed) -> None:
    await claimed.files.delete(claimed.command.arguments["sha256"])
    await claimed.start(await claimed.take_over("local", datetime.now(UTC)), Driver())
    assert await claimed.state() == (
        JobStatus.PENDING,
        AttemptStatus.CANCELLED,
        EffectStatus.FAILED,
        CommandStatus.FAILED,
        Gate.READY,
    )


async def test_a_file_whose_hash_is_wrong_reaches_no_printer_and_its_job_waits_for_a_person(
    claimed: Claimed, tmp_path: Path
) -> None:
    way = Server(b"x" * len(CONTENT), chunk=len(CONTENT))
    claimed.files = AgentFiles(tmp_path / "agent", Client("http://shop.test", "", Contact(), way))
    driver = Driver()
    await claimed.start(await claimed.take_over("agent", datetime.now(UTC)), driver)
    assert (driver.uploads, driver.starts) == ([], [])
    assert await claimed.state() == (
        JobStatus.PENDING,
        AttemptStatus.CANCELLED,
        EffectStatus.FAILED,
        CommandStatus.FAILED,
        Gate.READY,
    )
    assert "other content than its hash" in str((await claimed.effect()).detail)


async def test_what_is_being_sent_cannot_be_given_up(claimed: Claimed) -> None:
    starter = await claimed.take_over("local", datetime.now(UTC))
    driver = Driver()
    driver.may_answer.clear()
    sending = asyncio.create_task(claimed.start(starter, driver))
    await driver.is_reached.wait()
    assert await starter.give_up(claimed.command, "too late") is False
    driver.may_answer.set()
    await sending
    assert (await claimed.effect()).status is EffectStatus.DONE


async def test_a_start_too_late_is_given_back_while_the_printer_is_out_of_reach(
    claimed: Claimed, database: Database
) -> None:
    now = datetime.now(UTC)
    clock = FixedClock(now)
    tools = LinkTools(
        database=database,
        files=claimed.files,
        clock=clock,
        hub=database.context.hub,
        record=lambda _: None,
        forget=lambda _: None,
        timeouts=Timeouts(),
    )
    link = PrinterLink(
        tools,
        organization_id=claimed.ctx.organization_id,
        printer_id=claimed.printer_id,
        epoch=1,
        endpoint=Endpoint("127.0.0.1", None, "12345678"),
        driver=BambuDriver,
    )
    clock.advance(seconds=START_LIFE_S - 60)  # the claim may be some seconds old
    async with database.read() as session:
        (command,) = await queries.list_unsettled(session, [claimed.printer_id])
    await link.look_after(command)
    assert (await claimed.state())[0] is JobStatus.CLAIMED
    clock.advance(seconds=60)
    await link.look_after(command)
    assert await claimed.state() == GIVEN_BACK


async def test_nothing_is_dispatched_while_effects_are_held(
    database: Database, owner: Actor, clock: FixedClock
) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        await ready_printer(session, owner)
        await place(session, owner, ("GEAR", 1))
        installation = (await session.scalars(select(Installation))).one()
        installation.are_effects_held = True
    dispatcher = Dispatcher(database, database.context.hub, clock)
    dispatcher._stale.add(owner.organization_id)
    await dispatcher._round()
    async with database.write() as session:
        (job,) = await list_jobs(session, owner)
        assert (job.status, job.waiting_reason) == (JobStatus.QUEUED, HELD)
        installation = (await session.scalars(select(Installation))).one()
        installation.are_effects_held = False
    dispatcher._stale.add(owner.organization_id)
    await dispatcher._round()
    async with database.write() as session:
        (job,) = await list_jobs(session, owner)
        assert job.status is JobStatus.CLAIMED


def report(activity: Activity, device_job_id: str | None = None) -> DeviceReport:
    return DeviceReport(
        observed_at=START,
        connection=ConnectionState.ONLINE,
        activity=activity,
        outcome=Outcome.NONE,
        device_job_id=device_job_id,
        is_full=True,
    )
