"""Runs the durable work of a shop in a process without HTTP and without printers."""

import asyncio
import signal

import structlog
import uvloop

from shopwright.kernel.settings import Settings
from shopwright.server import logs
from shopwright.server.running import Roles, open_running

log = structlog.get_logger()


def work(settings: Settings) -> None:
    """Until SIGTERM or SIGINT; raises DataFolderInUse when a server has the folder (SQLite)."""
    logs.configure(settings)
    uvloop.run(_work(settings))


async def _work(settings: Settings) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with open_running(settings, Roles(fleet=False, worker=True, pages=False)):
        log.info("working")
        await ended.wait()
