"""Hears the other processes' signals: LISTEN on PostgreSQL; alone on SQLite there is nobody to
hear."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial

import psycopg
import structlog
from psycopg.sql import SQL, Identifier

from shopwright.kernel.db import Database
from shopwright.kernel.live import Hub
from shopwright.kernel.signals import CHANNEL, decode

log = structlog.get_logger()

RETRY_S = 2.0


async def hear_other_processes(
    database: Database, hub: Hub, also: Mapping[str, Callable[[str], None]] | None = None
) -> None:
    """Until cancelled: publish what other processes committed to this process's hub; ``also`` says
    who hears which other channel."""
    if database.is_sqlite:
        return
    own = partial(_publish, database, hub)
    dsn = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
                hearers: dict[str, Callable[[str], None]] = {CHANNEL: own, **(also or {})}
                for channel in hearers:
                    await connection.execute(SQL("LISTEN {}").format(Identifier(channel)))
                async for notify in connection.notifies():
                    hearers[notify.channel](notify.payload)
        except psycopg.OperationalError as err:
            log.warning("lost the database's notifications; connecting again", error=str(err))
            await asyncio.sleep(RETRY_S)


def _publish(database: Database, hub: Hub, payload: str) -> None:
    origin, signals = decode(payload)
    if origin == database.origin:
        return
    for signal in signals:
        hub.publish(signal)
