"""One agent at work: its journal opened, its loops running, until it is told to end."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from shopwright.agent.client import Client
from shopwright.agent.errands import Errands
from shopwright.agent.files import AgentFiles
from shopwright.agent.identity import AgentIdentity
from shopwright.agent.journal import Journal
from shopwright.agent.pictures import Pictures
from shopwright.agent.pruning import Pruner
from shopwright.agent.samples import Samples
from shopwright.agent.sender import Sender
from shopwright.agent.worker import Worker
from shopwright.fleet.discovery.service import nearby_of
from shopwright.fleet.link import LinkTools
from shopwright.fleet.port import Timeouts
from shopwright.fleet.runner import FleetRunner
from shopwright.kernel import migrations
from shopwright.kernel.clock import SystemClock
from shopwright.kernel.context import ProcessContext
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Process
from shopwright.kernel.events import Subscriptions
from shopwright.kernel.live import Hub
from shopwright.kernel.secrets import Vault
from shopwright.kernel.settings import Settings
from shopwright.telemetry.access import open_recorder, storage_of

log = structlog.get_logger()

RESTART_S = 5.0  # a loop that failed is a bug; the printers go on while somebody reads the log
JOURNAL = "journal.db"
OWNER = "agent"

Loop = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Agent:
    """What an opened agent consists of."""

    client: Client
    process: Process
    journal: Journal
    loops: dict[str, Loop]


async def run_agent(
    settings: Settings, identity: AgentIdentity, vault: Vault, scripts: Path
) -> None:
    """Until SIGTERM or SIGINT. ``scripts`` make the journal's tables."""
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with open_agent(settings, identity, vault, scripts) as agent:
        log.info("agent at work", name=identity.name, server=identity.server_url)
        tasks = [asyncio.create_task(_keep(name, loop)) for name, loop in agent.loops.items()]
        try:
            await ended.wait()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    log.info("agent ended", name=identity.name)


@asynccontextmanager
async def open_agent(
    settings: Settings, identity: AgentIdentity, vault: Vault, scripts: Path
) -> AsyncIterator[Agent]:
    """The journal and all parts around it; no loop runs yet."""
    client = Client.of(identity)
    process = await _open_process(settings, vault, scripts)
    try:
        async with open_recorder(process) as recorder:
            journal = Journal(process.database, process.clock)
            journal.subscribe(process.context.subscriptions)
            await journal.open()
            errands = Errands(client, nearby_of(settings))
            worker = Worker(client, process.database, journal, process.clock, errands)
            sender = Sender(client, journal, process.database)
            database, clock, storage = process.database, process.clock, storage_of(process)
            samples = Samples(client, sender, recorder, storage, database, clock)
            files = AgentFiles(settings.data_dir / "files", client)
            tools = _tools(process, files, samples, worker)
            loops: dict[str, Loop] = {
                "work": worker.run,
                "errands": errands.run,
                "events": sender.run,
                "samples": samples.run,
                "telemetry": recorder.run,
                "pictures": Pictures(client, process).run,
                "pruning": Pruner(database, journal, files, storage, clock).run,
                "fleet": lambda: FleetRunner(tools, vault, owner=OWNER).run(),
            }
            yield Agent(client, process, journal, loops)
    finally:
        await client.close()
        await process.database.close()


def _tools(process: Process, files: AgentFiles, samples: Samples, worker: Worker) -> LinkTools:
    settings = process.settings
    return LinkTools(
        database=process.database,
        files=files,
        clock=process.clock,
        hub=process.context.hub,
        record=samples.record,
        forget=samples.forget,
        timeouts=Timeouts(
            start_s=settings.printer_start_timeout_s, silence_s=settings.printer_silence_s
        ),
        permit=worker.permit,
    )


async def _open_process(settings: Settings, vault: Vault, scripts: Path) -> Process:
    url = f"sqlite+aiosqlite:///{settings.data_dir.resolve() / JOURNAL}"
    await migrations.upgrade(url, scripts)
    clock = SystemClock()
    context = ProcessContext(subscriptions=Subscriptions(), hub=Hub(), vault=vault, clock=clock)
    return Process(settings=settings, clock=clock, context=context, database=Database(url, context))


async def _keep(name: str, loop: Loop) -> None:
    """Run a loop until cancelled; when it fails, say so and start it anew."""
    while True:
        try:
            await loop()
        except Exception:
            log.exception("a loop of the agent failed; it starts again", loop=name)
        await asyncio.sleep(RESTART_S)
