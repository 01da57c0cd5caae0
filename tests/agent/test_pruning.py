"""An agent that nobody looks at for years fills no disk, and forgets nothing it may be asked."""

import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from shopwright.accounts.models import AuditEntry
from shopwright.agent import journal as journals
from shopwright.agent.files import AgentFiles
from shopwright.agent.pruning import Pruner
from shopwright.agent.worker import Worker
from shopwright.files.disk import INCOMING
from shopwright.fleet import queries, service
from shopwright.fleet.models import AgentEvent, AgentJournal, PrinterCommand
from shopwright.fleet.states import CommandStatus
from shopwright.kernel.effects import Effect, EffectStatus
from shopwright.kernel.tenancy import CROSS_TENANT
from shopwright.telemetry.latest import Snapshot
from shopwright.telemetry.queries import PrinterBatch
from shopwright.telemetry.samples import StateChange
from shopwright.telemetry.storage import TelemetryStorage
from tests.agent.conftest import World
from tests.clock import START

pytestmark = pytest.mark.parametrize("databases", ["sqlite"], indirect=True, scope="session")


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[TelemetryStorage]:
    made = TelemetryStorage(f"sqlite:///{tmp_path / 'agent-telemetry.db'}")
    yield made
    await made.close()


@pytest.fixture
def pruner(world: World, storage: TelemetryStorage, tmp_path: Path) -> Pruner:
    files = AgentFiles(tmp_path / "files", world.client)
    return Pruner(world.database, world.journal, files, storage, world.clock)


async def count(world: World, model: type) -> int:
    async with world.database.read() as session:
        statement = select(func.count()).select_from(model).execution_options(**CROSS_TENANT)
        return int(await session.scalar(statement) or 0)


async def add_command(world: World, number: int, status: CommandStatus) -> None:
    """A start with its effect, settled unless it is open."""
    async with world.database.write() as session:
        own = {"organization_id": world.owner.organization_id}
        is_open = status is CommandStatus.SENT
        effect = Effect(
            **own,
            id=number,
            kind=service.START_EFFECT,
            key=str(number),
            subject_id=number,
            status=EffectStatus.SENDING if is_open else EffectStatus.DONE,
            request={},
            created_at=world.clock.now(),
        )
        session.add(effect)
        await session.flush()
        session.add(
            PrinterCommand(
                **own,
                id=number,
                printer_id=world.printer.id,
                kind=service.START_EFFECT,
                status=status,
                effect_id=number,
                by="Ann",
                expires_at=world.clock.now(),
                completed_at=None if is_open else world.clock.now(),
            )
        )


async def test_what_was_settled_long_ago_goes_and_what_is_open_stays(
    world: World, pruner: Pruner
) -> None:
    await Worker(world.client, world.database, world.journal, world.clock)._ask()
    await add_command(world, 101, CommandStatus.COMPLETED)
    await add_command(world, 102, CommandStatus.SENT)
    world.clock.advance(days=7, seconds=1)
    await add_command(world, 103, CommandStatus.FAILED)
    await pruner.prune()
    async with world.database.read() as session:
        left = list(
            await session.scalars(select(PrinterCommand.id).execution_options(**CROSS_TENANT))
        )
    assert left == [102, 103]
    assert await count(world, Effect) == 2
    assert await count(world, AuditEntry) == 0


async def test_nothing_goes_while_the_server_lacks_something(world: World, pruner: Pruner) -> None:
    await Worker(world.client, world.database, world.journal, world.clock)._ask()
    await add_command(world, 101, CommandStatus.COMPLETED)
    world.clock.advance(days=8)
    async with world.database.write() as session:
        await session.execute(update(AgentJournal).values(last_sequence=1, delivered=0))
    await pruner.prune()
    assert await count(world, PrinterCommand) == 1


async def test_a_command_that_went_is_not_run_when_it_comes_again(
    world: World, pruner: Pruner
) -> None:
    """The server hands out nothing that is over; should it, it is over here as well."""
    worker = Worker(world.client, world.database, world.journal, world.clock)
    async with world.server.database.write() as session:
        await service.send_command(
            session,
            world.owner,
            printer_id=world.printer.id,
            kind="pause_print",
            arguments={},
            now=world.clock.now(),
        )
    await worker._ask()
    (command,) = await open_commands(world)
    async with world.database.write() as session:
        await queries.settle_command(
            session, command.organization_id, command.id, CommandStatus.COMPLETED, None, START
        )
    world.clock.advance(days=8)
    await pruner.prune()
    assert await count(world, PrinterCommand) == 0
    worker._cursor = ""
    await worker._ask()
    assert await count(world, PrinterCommand) == 0


async def test_told_events_are_kept_for_a_restored_server_but_not_more_of_them(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "KEPT", 20)
    async with world.database.write() as session:
        session.add_all(
            AgentEvent(sequence=number, printer_id=1, kind="x", content="{}", at=START)
            for number in range(1, 51)
        )
        await session.execute(update(AgentJournal).values(last_sequence=50))
    await world.journal.mark_delivered(45)
    async with world.database.read() as session:
        left = list(await session.scalars(select(AgentEvent.sequence)))
    assert left == list(range(26, 51))


async def test_states_that_ended_long_ago_go(
    world: World, pruner: Pruner, storage: TelemetryStorage
) -> None:
    changes = [
        StateChange(state, START + timedelta(days=day), is_first=day == 0)
        for day, state in enumerate(["idle", "printing", "idle", "printing"])
    ]
    shot = Snapshot(1, 1, START + timedelta(days=3), "online", "printing")
    await storage.write({1: PrinterBatch(shot, changes=changes)})
    world.clock.advance(days=8, hours=12)
    await pruner.prune()
    left = await storage.list_intervals(
        world.owner, 1, since=START, until=START + timedelta(days=9)
    )
    assert [(one.state, one.started_at) for one in left] == [
        ("printing", START + timedelta(days=1)),
        ("idle", START + timedelta(days=2)),
        ("printing", START + timedelta(days=3)),
    ]


async def test_downloads_that_nobody_took_up_again_go(
    world: World, pruner: Pruner, tmp_path: Path
) -> None:
    old, young = (tmp_path / "files" / INCOMING / name for name in ("old.part", "young.part"))
    for part in (old, young):
        part.write_bytes(b"half")
    os.utime(old, (1, 1))
    await pruner.prune()
    assert (old.exists(), young.exists()) == (False, True)


async def open_commands(world: World) -> list[PrinterCommand]:
    async with world.database.read() as session:
        return await queries.list_open_commands(session, world.printer.id)
