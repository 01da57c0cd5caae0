"""Printers that programs outside report on are lost by their silence; ours say so themselves."""

from datetime import timedelta

import pytest

from shopwright.fleet import service
from shopwright.fleet.overdue import SILENT, UNHEARD, OverdueWatch
from shopwright.fleet.states import CommandStatus, ConnectionState, DrivenBy
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.tenancy import CROSS_TENANT
from tests.clock import START, FixedClock
from tests.factories import make_printer


@pytest.mark.parametrize(
    ("driver", "driven_by", "seen_ago", "shown"),
    [
        ("network", DrivenBy.EXTERNAL, SILENT, ConnectionState.OFFLINE),
        ("network", DrivenBy.EXTERNAL, SILENT - timedelta(seconds=1), ConnectionState.ONLINE),
        ("gone", DrivenBy.SERVER, SILENT, ConnectionState.OFFLINE),
        ("moonraker", DrivenBy.SERVER, SILENT * 10, ConnectionState.ONLINE),
        ("moonraker", DrivenBy.AGENT, SILENT * 10, ConnectionState.ONLINE),
    ],
)
async def test_silence_is_a_loss_only_where_nobody_here_listens(
    database: Database,
    owner: Actor,
    clock: FixedClock,
    driver: str,
    driven_by: DrivenBy,
    seen_ago: timedelta,
    shown: ConnectionState,
) -> None:
    async with database.write() as session:
        printer = await make_printer(session, owner)
        printer.driver, printer.driven_by = driver, driven_by
        printer.connection, printer.last_seen_at = ConnectionState.ONLINE, START - seen_ago
    await OverdueWatch(database, clock).look()
    async with database.read() as session:
        found = await service.get_printer(session, owner, printer.id)
    assert found.connection is shown
    assert (found.trouble == UNHEARD) is (shown is ConnectionState.OFFLINE)


async def test_a_command_nobody_fetched_ends_and_one_of_an_agent_is_left_to_it(
    database: Database, owner: Actor, clock: FixedClock
) -> None:
    async with database.write() as session:
        commands = []
        for driven_by in (DrivenBy.SERVER, DrivenBy.AGENT):
            printer = await make_printer(session, owner)
            printer.driven_by = driven_by
            command = await service.send_command(
                session, owner, printer_id=printer.id, kind="light_on", arguments={}, now=START
            )
            commands.append(command)
    clock.advance(seconds=61)
    await OverdueWatch(database, clock).look()
    async with database.read() as session:
        found = [
            await session.get_one(type(one), one.id, execution_options=CROSS_TENANT)
            for one in commands
        ]
    assert [one.status for one in found] == [CommandStatus.TIMEOUT, CommandStatus.PENDING]
