"""Hears the other processes' signals: LISTEN on PostgreSQL; alone on SQLite there is nobody to
hear."""

import asyncio

import psycopg
import structlog

from shopwright.kernel.db import Database
from shopwright.kernel.live import Hub
from shopwright.kernel.signals import CHANNEL, decode

log = structlog.get_logger()

RETRY_S = 2.0


async def hear_other_processes(database: Database, hub: Hub) -> None:
    """Until cancelled: publish what other processes committed to this process's hub."""
    if database.is_sqlite:
        return
    dsn = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
                await connection.execute(f"LISTEN {CHANNEL}")
                async for notify in connection.notifies():
                    _publish(database, hub, notify.payload)
        except psycopg.OperationalError as err:
            log.warning("lost the database's notifications; connecting again", error=str(err))
            await asyncio.sleep(RETRY_S)


def _publish(database: Database, hub: Hub, payload: str) -> None:
    origin, signals = decode(payload)
    if origin == database.origin:
        return
    for signal in signals:
        hub.publish(signal)
