"""Builds one running process from its settings: keys, database, hub, wiring, loops."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

import structlog
from sqlalchemy import select

from shopwright.accounts.identities import forget_with_others
from shopwright.artwork.generation import stop_generations
from shopwright.artwork.studio import stop_studio
from shopwright.channels.adapters import share_allowances
from shopwright.kernel import durable, ids, migrations
from shopwright.kernel.clock import Clock, SystemClock
from shopwright.kernel.context import ProcessContext
from shopwright.kernel.db import Database, Installation, take_turns
from shopwright.kernel.durable import DurableClient
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import Conflict, Invalid
from shopwright.kernel.events import Subscriptions
from shopwright.kernel.live import Hub
from shopwright.kernel.secrets import Vault, load_or_make_key, parse_key
from shopwright.kernel.settings import Environment, Settings, async_database_url
from shopwright.migrations import SCRIPTS
from shopwright.notifications.mail import ProcessMail
from shopwright.parts.converting import stop_conversions
from shopwright.parts.onshape.exporting import stop_exports
from shopwright.print_jobs.backend import sending as backend_sending
from shopwright.server import wiring
from shopwright.suppliers import connections as suppliers
from shopwright.telemetry.access import close_storage

log = structlog.get_logger()


class DataFolderInUse(Conflict):
    code = "data-folder-in-use"
    title = "Another server works on this data folder"


class SecretsMissing(Invalid):
    code = "secrets-missing"
    title = "Required secrets are not set"


def lock_data_folder(folder: Path) -> IO[str]:
    """Hold the folder for this process; raises DataFolderInUse when another server has it.

    The lock goes with the process, however it ends.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / "server.lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as err:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        file.close()
        raise DataFolderInUse(
            f"Another server (process {holder}) already works on {folder}. "
            "Stop it, or choose another --data-dir."
        ) from err
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def make_vault(settings: Settings) -> Vault:
    """The master key from the environment, or made once in the data folder (0600) outside
    production."""
    if settings.master_key:
        return Vault(
            *(parse_key(part) for part in settings.master_key.get_secret_value().split(","))
        )
    if settings.environment is Environment.PRODUCTION and not settings.is_sqlite:
        raise SecretsMissing(
            "Set SHOPWRIGHT_MASTER_KEY: production on PostgreSQL does not start without it."
        )
    path = settings.data_dir / "master.key"
    if not path.exists():
        log.warning(
            "no SHOPWRIGHT_MASTER_KEY is set; a key was made in the data folder. Back it up.",
            path=str(path),
        )
    return Vault(load_or_make_key(path))


@asynccontextmanager
async def open_process(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Process]:
    """Migrated database and wired slices; no loops. Used by serve, worker, the command line and
    tests."""
    vault = make_vault(settings)
    url = async_database_url(settings)
    await migrations.upgrade(url, SCRIPTS)
    await asyncio.to_thread(durable.prepare, url)
    client = DurableClient(url)
    context = ProcessContext(
        subscriptions=Subscriptions(),
        hub=Hub(),
        vault=vault,
        durable=client,
        clock=clock or SystemClock(),
    )
    context.keep(ProcessMail).learn(settings)
    wiring.subscribe(context.subscriptions)
    forget_with_others(context)
    process = Process(
        settings=settings,
        clock=context.clock,
        context=context,
        database=Database(url, context),
    )
    share_allowances(process)
    suppliers.set_up(process)
    backend_sending.set_up(process)
    try:
        await ensure_installation(process)
        yield process
    finally:
        await stop_exports(process)
        await stop_conversions(process)
        await stop_generations(process)
        await stop_studio(process)
        await suppliers.close(process)
        client.close()
        await close_storage(process)
        await process.database.close()


async def ensure_installation(process: Process) -> None:
    async with process.database.write() as session:
        await take_turns(session, "installation")
        if await session.scalar(select(Installation.id)) is None:
            session.add(Installation(epoch=ids.new_uuid(), created_at=process.clock.now()))
