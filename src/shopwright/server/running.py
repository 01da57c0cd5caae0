"""A process at work: what ``open_process`` gives, plus files, telemetry and the loops of its
role."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from shopwright.analytics.keeper import RollupKeeper
from shopwright.artwork import printing as artwork_printing
from shopwright.artwork.keeper import DraftKeeper
from shopwright.channels import pushing
from shopwright.channels.sync import SyncTools
from shopwright.channels.syncer import ChannelSyncer
from shopwright.files import health as file_health
from shopwright.files.access import files_of, remove_leftovers
from shopwright.fleet.agents.keeper import AgentKeeper
from shopwright.fleet.cloud.keeper import CloudKeeper
from shopwright.fleet.cloud.port import Clouds
from shopwright.fleet.discovery.keeper import SearchKeeper
from shopwright.fleet.link import LinkTools
from shopwright.fleet.maintenance.keeper import MaintenanceKeeper
from shopwright.fleet.overdue import OverdueWatch
from shopwright.fleet.port import Timeouts
from shopwright.fleet.runner import FleetRunner
from shopwright.kernel import ids
from shopwright.kernel.durable import DurableWorker, Handler
from shopwright.kernel.edge import Process
from shopwright.kernel.listen import hear_other_processes
from shopwright.kernel.settings import Network, Settings
from shopwright.kiosk.keeper import KioskKeeper
from shopwright.notifications.deliverer import Deliverer
from shopwright.notifications.sending import NoticeTools
from shopwright.notifications.webhook_sender import WebhookSender
from shopwright.orders.csv_import.runner import ImportRunner
from shopwright.orders.customers import matching as customer_matching
from shopwright.orders.customers.retention import PersonalDataKeeper
from shopwright.parts import converting
from shopwright.parts.onshape import exporting as onshape
from shopwright.parts.slicing import work as slicing
from shopwright.payments.keeper import PaymentKeeper
from shopwright.print_jobs.backend import health as backend_health
from shopwright.print_jobs.backend.files import BackendFetcher
from shopwright.print_jobs.backend.keeper import BackendKeeper
from shopwright.print_jobs.dispatcher import Dispatcher
from shopwright.server.process import lock_data_folder, open_process
from shopwright.suppliers import looking
from shopwright.suppliers.keeper import SupplierKeeper
from shopwright.telemetry.access import open_recorder, others_of, storage_of
from shopwright.telemetry.queries import CHANNEL as TELEMETRY_CHANNEL
from shopwright.telemetry.recorder import Recorder

log = structlog.get_logger()

RESTART_S = 5.0  # a loop that failed is a bug; the shop goes on while somebody reads the log

Loop = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Roles:
    """What this process does besides answering requests."""

    fleet: bool = True
    worker: bool = True
    pages: bool = True


@dataclass(slots=True)
class Running:
    process: Process
    recorder: Recorder


@asynccontextmanager
async def open_running(settings: Settings, roles: Roles) -> AsyncIterator[Running]:
    """Everything a serving process needs; raises DataFolderInUse when another one has the
    folder."""
    lock = lock_data_folder(settings.data_dir) if settings.is_sqlite else None
    try:
        async with open_process(settings) as process, open_recorder(process) as recorder:
            await remove_leftovers(process)
            await file_health.check_at_start(process)
            await customer_matching.key_older(process.database)  # before orders come in
            running = Running(process, recorder)
            async with _loops(running, roles):
                process.is_ready = True
                yield running
    finally:
        if lock is not None:
            lock.close()


@asynccontextmanager
async def _loops(running: Running, roles: Roles) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(_keep(name, loop)) for name, loop in _wanted(running, roles)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _wanted(running: Running, roles: Roles) -> list[tuple[str, Loop]]:
    process = running.process
    context, database = process.context, process.database
    loops: list[tuple[str, Loop]] = [
        *_hearing(process, roles),
        ("telemetry", running.recorder.run),
        ("printer backend health", lambda: backend_health.keep_looking(process)),
        ("file storage", lambda: file_health.keep_looking(process)),
    ]
    if roles.fleet and process.settings.network is Network.LAN:
        loops.append(("fleet", lambda: make_runner(running).run()))
        loops.append(("printer search", lambda: SearchKeeper(process).run()))
    if roles.worker:
        tools = SyncTools(database, process.clock, process.settings, _owner(process))
        notices = NoticeTools(database, process.clock, process.settings)
        loops += [
            ("dispatcher", lambda: Dispatcher(database, context.hub, process.clock).run()),
            ("agents", lambda: AgentKeeper(database, process.clock).run()),
            ("printer clouds", lambda: CloudKeeper(process).run()),
            ("maintenance", lambda: MaintenanceKeeper(process).run()),
            ("machines", lambda: KioskKeeper(process).run()),
            ("durable work", lambda: make_worker(process).run(durable_handlers(process, tools))),
            ("payments", lambda: PaymentKeeper(process).run()),
            ("order imports", lambda: ImportRunner(database, process.clock).run()),
            ("personal data", lambda: make_keeper(process).run()),
            ("drafts", lambda: DraftKeeper(process).run()),
            ("channels", lambda: ChannelSyncer(tools, context.hub).run()),
            ("messages", lambda: Deliverer(notices, context.hub).run()),
            ("webhooks", lambda: make_webhook_sender(process).run()),
            ("suppliers", lambda: SupplierKeeper(process).run()),
            ("overdue commands", lambda: OverdueWatch(database, process.clock).run()),
            ("printer backend", lambda: BackendKeeper(process).run()),
            ("received jobs", lambda: BackendFetcher(process).run()),
            ("roll-ups", lambda: RollupKeeper(database, context.hub, storage_of(process)).run()),
        ]
    return loops


def _hearing(process: Process, roles: Roles) -> list[tuple[str, Loop]]:
    """What other processes of the installation did, and for pages what their printers said."""
    database, hub = process.database, process.context.hub
    if not roles.pages:
        return [("notifications", lambda: hear_other_processes(database, hub))]
    others = others_of(process)
    also = {TELEMETRY_CHANNEL: others.hear}
    return [
        ("notifications", lambda: hear_other_processes(database, hub, also)),
        ("telemetry of others", others.run),
    ]


def make_worker(process: Process) -> DurableWorker:
    return DurableWorker(process.database, process.clock, executor_id=_owner(process))


def durable_handlers(process: Process, tools: SyncTools) -> dict[str, Handler]:
    """All durable work there is, by name."""
    return (
        (pushing.handlers(tools) | converting.handlers(process) | looking.handlers(process))
        | onshape.handlers(process)
        | artwork_printing.handlers(process)
        | slicing.handlers(process)
    )


def make_webhook_sender(process: Process) -> WebhookSender:
    hub = process.context.hub
    return WebhookSender(process.database, process.clock, process.settings, hub)


def make_keeper(process: Process) -> PersonalDataKeeper:
    days = process.settings.channel_event_days
    return PersonalDataKeeper(process.database, process.clock, days)


def make_runner(running: Running) -> FleetRunner:
    """On SQLite the owner is the data folder, so that a restart takes its printers over at once."""
    process = running.process
    settings = process.settings
    tools = LinkTools(
        database=process.database,
        files=files_of(process),
        clock=process.clock,
        hub=process.context.hub,
        record=running.recorder.record,
        forget=running.recorder.forget,
        timeouts=Timeouts(
            start_s=settings.printer_start_timeout_s, silence_s=settings.printer_silence_s
        ),
        clouds=Clouds.of(settings),
    )
    return FleetRunner(tools, process.context.vault, owner=_owner(process))


def _owner(process: Process) -> str:
    return "local" if process.database.is_sqlite else f"serve-{ids.new_uuid()}"


async def _keep(name: str, loop: Loop) -> None:
    """Run a loop until cancelled; when it fails, say so and start it anew."""
    while True:
        try:
            await loop()
        except Exception:
            log.exception("a loop of the server failed; it starts again", loop=name)
        await asyncio.sleep(RESTART_S)
