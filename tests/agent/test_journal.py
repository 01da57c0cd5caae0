"""What is told is written with what it tells of, in order, without gaps."""

from typing import Any

import pytest
from sqlalchemy import select

from shopwright.agent import mirror
from shopwright.agent.client import CutOff, KeyRevoked
from shopwright.agent.sender import Sender
from shopwright.agent.worker import CUT_OFF, Worker
from shopwright.fleet import device_state, queries, service
from shopwright.fleet.agents import service as agents
from shopwright.fleet.device_state import Reached
from shopwright.fleet.models import AgentEvent, Printer, PrinterCommand
from shopwright.fleet.port import DeviceReport, Slot
from shopwright.fleet.states import Activity, CommandStatus, ConnectionState, Outcome
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Ref
from shopwright.kernel.tenancy import CROSS_TENANT
from tests.agent.conftest import World

pytestmark = pytest.mark.parametrize("databases", ["sqlite"], indirect=True, scope="session")


def worker_of(world: World) -> Worker:
    return Worker(world.client, world.database, world.journal, world.clock)


def report(world: World, activity: Activity, **facts: Any) -> DeviceReport:
    return DeviceReport(
        observed_at=world.clock.now(),
        connection=ConnectionState.ONLINE,
        activity=activity,
        outcome=facts.pop("outcome", Outcome.NONE),
        device_job_id=facts.pop("job", None),
        is_full=True,
        slots=(Slot(1, False, True, "PETG", "FF0000"),),
        firmware="01.08",
    )


async def record(world: World, activity: Activity, **facts: Any) -> None:
    async with world.database.write() as session:
        await device_state.record_report(
            session,
            world.owner,
            printer_id=world.printer.id,
            report=report(world, activity, **facts),
            reached=Reached(),
            fingerprint="cd" * 32,
        )


async def record_and_fail(world: World) -> None:
    async with world.database.write() as session:
        await device_state.await_report(session, world.owner, printer_id=world.printer.id)
        raise RuntimeError


async def kinds(database: Database) -> list[tuple[int, str]]:
    async with database.read() as session:
        rows = await session.scalars(select(AgentEvent).order_by(AgentEvent.sequence))
        return [(row.sequence, row.kind) for row in rows]


async def on_server(world: World) -> Printer:
    async with world.server.database.read() as session:
        return await service.get_printer(session, world.owner, world.printer.id)


async def test_events_have_no_gaps_and_vanish_with_their_transaction(world: World) -> None:
    await worker_of(world)._ask()
    await record(world, Activity.IDLE)
    with pytest.raises(RuntimeError):
        await record_and_fail(world)
    await record(world, Activity.PRINTING, job="123")
    assert await kinds(world.database) == [
        (1, "printer.state"), (2, "job.shown"),
        (3, "printer.state"), (4, "job.reported"), (5, "job.shown"),
    ]  # fmt: skip


async def test_the_server_hears_everything_once_and_sees_the_printer_as_it_is(
    world: World,
) -> None:
    await worker_of(world)._ask()
    sender = Sender(world.client, world.journal, world.database)
    await record(world, Activity.PRINTING)
    await sender._send_all()
    printer = await on_server(world)
    assert (printer.activity, printer.firmware, printer.fingerprint) == (
        Activity.PRINTING, "01.08", "cd" * 32,
    )  # fmt: skip
    async with world.server.database.read() as session:
        slots = await service.list_slots(session, world.owner, [printer.id])
    assert [(s.number, s.material) for s in slots[printer.id]] == [(1, "PETG")]
    assert await world.journal.count_waiting() == 0


async def test_cut_off_it_starts_nothing_keeps_everything_and_tells_it_afterwards(
    world: World,
) -> None:
    worker = worker_of(world)
    await worker._ask()
    sender = Sender(world.client, world.journal, world.database)
    await sender._send_all()
    world.way.is_cut = True
    command = PrinterCommand(id=1, printer_id=world.printer.id)
    assert await worker.permit(command) == CUT_OFF
    with pytest.raises(CutOff):
        await worker._ask()
    await record(world, Activity.PRINTING)
    world.clock.advance(minutes=30)
    await record(world, Activity.IDLE, outcome=Outcome.FINISHED)
    assert await world.journal.count_waiting() == 4
    assert world.client.contact.is_up is False
    world.way.is_cut = False
    await worker._ask()
    await sender._send_all()
    printer = await on_server(world)
    assert (printer.activity, printer.outcome) == (Activity.IDLE, Outcome.FINISHED)
    restated = await kinds(world.database)
    assert restated[-1][1] == "printer.state"  # after everything that happened, how it is now
    assert await world.journal.count_waiting() == 0


async def test_a_server_restored_from_a_backup_is_told_again_what_it_lost(world: World) -> None:
    await worker_of(world)._ask()
    sender = Sender(world.client, world.journal, world.database)
    await record(world, Activity.PRINTING)
    await sender._send_all()
    told = len(await kinds(world.database))
    async with world.server.database.write() as session:
        agent = await agents.get_agent(session, world.owner, Ref(world.agent_id, None))
        agent.applied = {world.journal.id: 1}
    await record(world, Activity.PAUSED)
    await sender._send_all()
    async with world.server.database.read() as session:
        agent = await agents.get_agent(session, world.owner, Ref(world.agent_id, None))
    assert agent.applied[world.journal.id] == told + 2
    assert (await on_server(world)).activity is Activity.PAUSED


async def test_an_old_copy_of_the_journal_goes_on_under_another_name(world: World) -> None:
    await worker_of(world)._ask()
    sender = Sender(world.client, world.journal, world.database)
    await record(world, Activity.PRINTING)
    await sender._send_all()
    async with world.server.database.write() as session:
        agent = await agents.get_agent(session, world.owner, Ref(world.agent_id, None))
        before = world.journal.id
        agent.applied = {before: agent.applied[before] + 50}  # told before it was put back
    await record(world, Activity.PAUSED)
    await sender._send_all()
    assert (await on_server(world)).activity is Activity.PAUSED
    assert world.journal.id != before
    assert await world.journal.count_waiting() == 0


async def test_a_revoked_agent_says_so_starts_nothing_and_keeps_its_journal(world: World) -> None:
    worker = worker_of(world)
    await worker._ask()
    await record(world, Activity.PRINTING)
    async with world.server.database.write() as session:
        await agents.revoke_agent(
            session, world.owner, ref=Ref(world.agent_id, None), now=world.clock.now()
        )
    with pytest.raises(KeyRevoked):
        await worker._ask()
    contact = world.client.contact
    assert (contact.is_up, contact.is_revoked) == (False, True)
    assert await worker.permit(PrinterCommand(id=1, printer_id=world.printer.id)) == CUT_OFF
    assert await world.journal.count_waiting() == 2


async def test_a_command_seen_once_is_never_run_again(world: World) -> None:
    async with world.server.database.write() as session:
        await service.send_command(
            session,
            world.owner,
            printer_id=world.printer.id,
            kind="pause_print",
            arguments={},
            now=world.clock.now(),
        )
    await worker_of(world)._ask()
    command = await find_command(world.database, world.owner, world.printer.id)
    assert command.status is CommandStatus.PENDING
    async with world.database.write() as session:
        await queries.settle_command(
            session,
            world.owner.organization_id,
            command.id,
            CommandStatus.COMPLETED,
            None,
            world.clock.now(),
        )
    again = worker_of(world)  # started anew: it asks for everything
    await again._ask()
    command = await find_command(world.database, world.owner, world.printer.id)
    assert command.status is CommandStatus.COMPLETED


async def test_a_start_that_was_being_sent_before_this_journal_began_is_only_asked_after(
    world: World,
) -> None:
    told = {
        "id": 41,
        "uuid": "0198c5b0-0000-7000-8000-000000000041",
        "printer_id": world.printer.id,
        "kind": "start_print",
        "arguments": {"sha256": "ab"},
        "device_job_id": "77",
        "by": "queue",
        "expires_in_s": -5.0,
        "effect": {
            "id": 9,
            "uuid": "0198c5b0-0000-7000-8000-000000000009",
            "key": "77",
            "subject_id": 1,
            "status": "sending",
        },
    }
    body = {
        "run": "a-run-of-it",
        "journal": world.journal.id,
        "sent_at": world.clock.now().isoformat(),
    }
    work = await world.client.fetch_work(body)
    await mirror.keep_work(world.database, {**work, "commands": [told]}, world.clock.now())
    command = await find_command(world.database, world.owner, world.printer.id)
    assert (command.status, command.effect_id) == (CommandStatus.SENT, 9)


async def test_a_printer_given_to_another_is_let_go(world: World) -> None:
    worker = worker_of(world)
    await worker._ask()
    async with world.server.database.write() as session:
        await agents.release_printer(
            session,
            world.owner,
            ref=Ref(world.agent_id, None),
            printer_ref=Ref(world.printer.id, None),
            now=world.clock.now(),
        )
    await worker._ask()
    async with world.database.read() as session:
        assert await queries.list_driven_printers(session) == []


async def test_a_changed_access_code_reaches_the_journal_encrypted(world: World) -> None:
    worker = worker_of(world)
    await worker._ask()
    async with world.server.database.write() as session:
        change = service.PrinterChange(access_code="87654321")
        await service.update_printer(
            session,
            world.owner,
            ref=Ref(world.printer.id, None),
            change=change,
            now=world.clock.now(),
        )
    await worker._ask()
    async with world.database.read() as session:
        (printer,) = await queries.list_driven_printers(session)
    assert "87654321" not in printer.access_code
    assert world.database.context.vault.decrypt(printer.access_code) == "87654321"


async def find_command(database: Database, ctx: Actor, printer_id: int) -> PrinterCommand:
    async with database.read() as session:
        rows = await session.scalars(
            select(PrinterCommand)
            .where(PrinterCommand.printer_id == printer_id)
            .execution_options(populate_existing=True, **CROSS_TENANT)
        )
        (found,) = rows
        return found
