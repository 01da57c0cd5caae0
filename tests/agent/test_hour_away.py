"""An hour without the server: nothing is lost, nothing runs twice or late, curves come thinned."""

from typing import Any

import pytest
from sqlalchemy import select

from shopwright.agent.client import CutOff
from shopwright.agent.sender import Sender
from shopwright.agent.worker import CUT_OFF, Worker
from shopwright.fleet import device_state, queries, service
from shopwright.fleet.agents import service as agents
from shopwright.fleet.agents.keeper import AgentKeeper
from shopwright.fleet.device_state import Reached
from shopwright.fleet.events import CommandSettled, DeviceJobReported
from shopwright.fleet.models import AgentEvent, PrinterCommand
from shopwright.fleet.port import DeviceReport, Progress, Slot
from shopwright.fleet.states import Activity, CommandStatus, ConnectionState, Outcome
from shopwright.kernel import events
from shopwright.kernel.db import Database, WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.tenancy import CROSS_TENANT
from tests.agent.conftest import Curves, World
from tests.clock import START

pytestmark = pytest.mark.parametrize("databases", ["sqlite"], indirect=True, scope="session")

Heard = list[tuple[str, int, str]]


class Machine:
    """The printer as it reports to the agent's runner."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._reached = Reached()

    async def report(self, activity: Activity, job: str, percent: int, **facts: Any) -> None:
        now = self._world.clock.now()
        report = DeviceReport(
            observed_at=now,
            connection=ConnectionState.ONLINE,
            activity=activity,
            outcome=facts.get("outcome", Outcome.NONE),
            device_job_id=job,
            is_full=True,
            progress=Progress(percent=percent),
            slots=(Slot(1, False, True, "PETG", "FF0000"),),
        )
        self._reached = self._reached.after(report)
        async with self._world.database.write() as session:
            await device_state.record_report(
                session,
                self._world.owner,
                printer_id=self._world.printer.id,
                report=report,
                reached=self._reached,
                fingerprint="cd" * 32,
            )

    async def print_for(self, minutes: int, job: str) -> Heard:
        """One job from its first report to its last, one every three minutes; what the server
        must hear."""
        told: Heard = []
        for minute in range(0, minutes, 3):
            self._world.clock.advance(minutes=3)
            percent = minute * 100 // minutes
            await self.report(Activity.PRINTING, job, percent)
            told.append((job, percent, "none"))
        self._world.clock.advance(minutes=3)
        await self.report(Activity.IDLE, job, 100, outcome=Outcome.FINISHED)
        return [*told, (job, 100, "finished")]


def listen(world: World) -> Heard:
    heard: Heard = []

    async def hear(_session: WriteSession, event: DeviceJobReported) -> None:
        heard.append((event.device_job_id, event.percent, event.outcome.value))

    world.server.context.subscriptions.subscribe(DeviceJobReported, hear)
    return heard


async def command_statuses(database: Database) -> list[CommandStatus]:
    async with database.read() as session:
        rows = await session.scalars(
            select(PrinterCommand)
            .order_by(PrinterCommand.id)
            .execution_options(populate_existing=True, **CROSS_TENANT)
        )
        return [row.status for row in rows]


async def press(world: World, kind: str) -> None:
    async with world.server.database.write() as session:
        await service.send_command(
            session,
            world.owner,
            printer_id=world.printer.id,
            kind=kind,
            arguments={},
            now=world.clock.now(),
        )


async def test_prints_of_an_hour_away_arrive_complete_once_and_in_order(world: World) -> None:
    worker = Worker(world.client, world.database, world.journal, world.clock)
    sender = Sender(world.client, world.journal, world.database)
    machine, heard = Machine(world), listen(world)
    await worker._ask()
    await machine.report(Activity.PRINTING, "100", 0)
    await sender._send_all()
    assert heard == [("100", 0, "none")]

    world.way.is_cut = True
    with pytest.raises(CutOff):
        await worker._ask()
    told = [*heard, *await machine.print_for(27, "101"), *await machine.print_for(27, "102")]
    assert world.clock.now().hour == START.hour + 1
    assert heard == told[:1]
    assert await world.journal.count_waiting() == 2 * 3 * 10

    world.way.is_cut = False
    await worker._ask()
    await sender._send_all()
    assert heard == told
    assert await world.journal.count_waiting() == 0
    async with world.server.database.read() as session:
        agent = await agents.get_agent(session, world.owner, Ref(world.agent_id, None))
    async with world.database.read() as session:
        sequences = list(await session.scalars(select(AgentEvent.sequence)))
    assert sequences == list(range(1, agent.applied[world.journal.id] + 1))
    await sender._send_all()
    assert heard == told


async def test_no_command_of_an_hour_away_runs_twice_or_late(world: World) -> None:
    """One was carried out before, one arrived and was not, one was asked for meanwhile."""
    worker = Worker(world.client, world.database, world.journal, world.clock)
    sender = Sender(world.client, world.journal, world.database)
    await press(world, "pause_print")
    await press(world, "light_on")
    await worker._ask()
    done, waiting = await open_commands(world)
    world.way.is_cut = True
    await settle(world, done.id)
    await press(world, "light_off")
    world.clock.advance(hours=1)
    assert await worker.permit(done) == CUT_OFF
    async with world.database.write() as session:
        lease = await queries.take_lease(session, world.printer.id, "agent", world.clock.now(), 30)
        late = await queries.send_command(
            session,
            waiting.id,
            waiting.organization_id,
            waiting.printer_id,
            int(lease or 0),
            world.clock.now(),
        )
    assert late is None

    world.way.is_cut = False
    await AgentKeeper(world.server.database, world.clock).look()
    await worker._ask()
    await sender._send_all()
    assert await command_statuses(world.database) == [
        CommandStatus.COMPLETED, CommandStatus.PENDING,
    ]  # fmt: skip
    assert await command_statuses(world.server.database) == [
        CommandStatus.COMPLETED, CommandStatus.SENT, CommandStatus.TIMEOUT,
    ]  # fmt: skip


async def test_curves_of_an_hour_away_come_whole_with_a_sample_every_ten_seconds(
    curves: Curves,
) -> None:
    await curves.samples._flush()
    contact = curves.world.client.contact
    contact.is_up = False
    for second in range(3600):
        curves.report(float(second))
        if second % 60 == 0:
            await curves.samples._recorder.flush()
    contact.found()
    await curves.samples._flush()
    assert await curves.on_server() == [float(second) for second in range(0, 3600, 10)]


async def open_commands(world: World) -> list[PrinterCommand]:
    async with world.database.read() as session:
        return await queries.list_open_commands(session, world.printer.id)


async def settle(world: World, command_id: int) -> None:
    now = world.clock.now()
    async with world.database.write() as session:
        settled = await queries.settle_command(
            session,
            world.owner.organization_id,
            command_id,
            CommandStatus.COMPLETED,
            None,
            now,
        )
        assert settled is not None
        ended = CommandSettled(
            world.owner.organization_id,
            world.printer.id,
            command_id,
            CommandStatus.COMPLETED,
            None,
            now,
        )
        await events.publish(session, ended)
