"""A server in this process, an agent enrolled with it, and a way between them that can be cut."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copyfile

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import make_url

from shopwright.agent.client import Client, Contact
from shopwright.agent.journal import Journal
from shopwright.agent.samples import Samples
from shopwright.agent.sender import Sender
from shopwright.agent.worker import Worker
from shopwright.fleet.agents import service as agents
from shopwright.fleet.models import Printer
from shopwright.kernel.actor import Actor
from shopwright.kernel.context import ProcessContext
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.events import Subscriptions
from shopwright.kernel.live import Hub
from shopwright.telemetry.access import OpenedTelemetry
from shopwright.telemetry.latest import LatestSnapshots, Snapshot
from shopwright.telemetry.recorder import Recorder
from shopwright.telemetry.storage import TelemetryStorage
from tests.clock import FixedClock
from tests.conftest import build_migrated
from tests.databases import SqliteDatabases
from tests.workshop import ready_printer


class Way(httpx.AsyncBaseTransport):
    """To the application; ``cut`` it, and nobody answers."""

    def __init__(self, app: FastAPI) -> None:
        self._inner = httpx.ASGITransport(app)
        self.is_cut = False
        self.asked: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.is_cut:
            raise httpx.ConnectError("All connection attempts failed")
        self.asked.append(request.url.path)
        return await self._inner.handle_async_request(request)


@dataclass(slots=True)
class World:
    """``database`` is the agent's journal, ``server`` the shop's."""

    server: Process
    owner: Actor
    agent_id: int
    printer: Printer
    way: Way
    client: Client
    database: Database
    journal: Journal
    clock: FixedClock
    subscriptions: Subscriptions = field(default_factory=Subscriptions)


@pytest.fixture
async def world(
    app: FastAPI,
    process: Process,
    owner: Actor,
    clock: FixedClock,
    sqlite_databases: SqliteDatabases,
    tmp_path: Path,
) -> AsyncIterator[World]:
    async with process.database.write() as session:
        made = await agents.create_code(session, owner, name="Attic", now=clock.now())
        enrolled = await agents.enrol(
            session, code=made.code, version="1", machine="pi", now=clock.now()
        )
        printer = await ready_printer(session, owner)
        await agents.assign_printer(
            session,
            owner,
            ref=Ref(enrolled.agent.id, None),
            printer_ref=Ref(printer.id, None),
            now=clock.now(),
        )
    way = Way(app)
    client = Client("http://shop.test", enrolled.secret, Contact(), way)
    database = open_journal(process, clock, sqlite_databases, tmp_path)
    journal = Journal(database, clock)
    journal.subscribe(database.context.subscriptions)
    await journal.open()
    yield World(process, owner, enrolled.agent.id, printer, way, client, database, journal, clock)
    await client.close()
    await database.close()


def open_journal(
    process: Process, clock: FixedClock, databases: SqliteDatabases, folder: Path
) -> Database:
    source = make_url(databases.create_from("migrated", build_migrated)).database
    path = folder / "journal.db"
    copyfile(str(source), path)
    context = ProcessContext(
        subscriptions=Subscriptions(), hub=Hub(), vault=process.context.vault, clock=clock
    )
    return Database(f"sqlite+aiosqlite:///{path}", context)


@dataclass(slots=True)
class Curves:
    world: World
    samples: Samples
    served: TelemetryStorage
    server_recorder: Recorder

    def report(self, nozzle: float) -> None:
        at = self.world.clock.advance(seconds=1)
        self.samples.record(
            Snapshot(
                self.world.owner.organization_id,
                self.world.printer.id,
                at,
                "online",
                "printing",
                nozzle=nozzle,
            )
        )

    async def on_server(self) -> list[float | None]:
        """Oldest first."""
        await self.server_recorder.flush()
        rows = await self.served.list_samples(self.world.owner, self.world.printer.id)
        return [row.reading.nozzle for row in reversed(rows)]


@pytest.fixture
async def curves(world: World, tmp_path: Path) -> AsyncIterator[Curves]:
    own = TelemetryStorage(f"sqlite:///{tmp_path / 'agent-telemetry.db'}")
    served = TelemetryStorage(f"sqlite:///{tmp_path / 'server-telemetry.db'}")
    server_recorder = Recorder(served, world.server.context.keep(LatestSnapshots))
    world.server.context.keep(OpenedTelemetry).recorder = server_recorder
    await Worker(world.client, world.database, world.journal, world.clock)._ask()
    sender = Sender(world.client, world.journal, world.database)
    recorder = Recorder(own, LatestSnapshots())
    samples = Samples(world.client, sender, recorder, own, world.database, world.clock)
    yield Curves(world, samples, served, server_recorder)
    await own.close()
    await served.close()
