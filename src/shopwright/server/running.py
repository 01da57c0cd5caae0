"""A process at work: what ``open_process`` gives, plus files, telemetry and the loops of its
role."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from shopwright.channels import pushing
from shopwright.channels.sync import SyncTools
from shopwright.channels.syncer import ChannelSyncer
from shopwright.files.disk import DiskFileStore
from shopwright.files.storage import FileStore
from shopwright.fleet.link import LinkTools
from shopwright.fleet.port import Timeouts
from shopwright.fleet.runner import FleetRunner
from shopwright.kernel import ids
from shopwright.kernel.durable import DurableWorker
from shopwright.kernel.edge import Process
from shopwright.kernel.listen import hear_other_processes
from shopwright.kernel.settings import Network, Settings
from shopwright.print_jobs.dispatcher import Dispatcher
from shopwright.server.process import lock_data_folder, open_process
from shopwright.telemetry.latest import LatestSnapshots

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Roles:
    """What this process does besides answering requests."""

    fleet: bool = True
    worker: bool = True


@dataclass(slots=True)
class Running:
    process: Process
    files: FileStore
    telemetry: LatestSnapshots


@asynccontextmanager
async def open_running(settings: Settings, roles: Roles) -> AsyncIterator[Running]:
    """Everything a serving process needs; raises DataFolderInUse when another one has the
    folder."""
    lock = lock_data_folder(settings.data_dir) if settings.is_sqlite else None
    try:
        async with open_process(settings) as process:
            running = Running(
                process=process,
                files=DiskFileStore(settings.data_dir / "files"),
                telemetry=LatestSnapshots(),
            )
            async with _loops(running, roles):
                process.is_ready = True
                yield running
    finally:
        if lock is not None:
            lock.close()


@asynccontextmanager
async def _loops(running: Running, roles: Roles) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(_watch(name, loop)) for name, loop in _wanted(running, roles)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _wanted(running: Running, roles: Roles) -> list[tuple[str, Coroutine[None, None, None]]]:
    process = running.process
    context, database = process.context, process.database
    loops: list[tuple[str, Coroutine[None, None, None]]] = [
        ("notifications", hear_other_processes(database, context.hub))
    ]
    if roles.fleet and process.settings.network is Network.LAN:
        loops.append(("fleet", make_runner(running).run()))
    if roles.worker:
        loops.append(("dispatcher", Dispatcher(database, context.hub, process.clock).run()))
        owner = _owner(process)
        tools = SyncTools(database, process.clock, process.settings, owner)
        worker = DurableWorker(database, process.clock, executor_id=owner)
        loops.append(("durable work", worker.run(pushing.handlers(tools))))
        loops.append(("channels", ChannelSyncer(tools, context.hub).run()))
    return loops


def make_runner(running: Running) -> FleetRunner:
    """On SQLite the owner is the data folder, so that a restart takes its printers over at once."""
    process = running.process
    settings = process.settings
    tools = LinkTools(
        database=process.database,
        files=running.files,
        clock=process.clock,
        hub=process.context.hub,
        record=running.telemetry.put,
        timeouts=Timeouts(
            start_s=settings.printer_start_timeout_s, silence_s=settings.printer_silence_s
        ),
    )
    return FleetRunner(tools, process.context.vault, owner=_owner(process))


def _owner(process: Process) -> str:
    return "local" if process.database.is_sqlite else f"serve-{ids.new_uuid()}"


async def _watch(name: str, loop: Coroutine[None, None, None]) -> None:
    """A loop that ends by an error is a bug; say so at once instead of limping on silently."""
    try:
        await loop
    except Exception:
        log.exception("a loop of the server ended", loop=name)
        raise
