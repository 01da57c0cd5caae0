"""One statement, one row, one round trip: for the lists and ETags that are asked for all the time.

On SQLite a session on an asynchronous driver hops between threads for every step of a statement,
which costs more than the statement. Here the whole of it runs in one reader thread with its own
connection; more threads make SQLite's reads slower. On PostgreSQL it is one statement in
autocommit.
"""

import asyncio
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import Connection, Row, Select, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import NullPool

READER_THREADS = 1


class SqliteHotReader:
    """Opens its connections at the first use of each thread."""

    def __init__(self, url: URL, prepare: Any) -> None:
        self._engine = create_engine(url.set(drivername="sqlite"), poolclass=NullPool)
        event.listen(self._engine, "connect", prepare)
        self._threads = ThreadPoolExecutor(READER_THREADS, thread_name_prefix="sqlite-reader")
        self._local = threading.local()
        self._opened: list[Connection] = []

    async def fetch_row(
        self, statement: Select[Any], parameters: Mapping[str, Any]
    ) -> Row[Any] | None:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._fetch, statement, parameters)

    async def peek_row(
        self, statement: Select[Any], parameters: Mapping[str, Any]
    ) -> Row[Any] | None:
        """On the loop's own thread: a look-up by primary key costs less than going to another."""
        return self._fetch(statement, parameters)

    async def close(self) -> None:
        await asyncio.to_thread(self._close)

    def _fetch(self, statement: Select[Any], parameters: Mapping[str, Any]) -> Row[Any] | None:
        row: Row[Any] | None = self._connection().execute(statement, dict(parameters)).one_or_none()
        return row

    def _connection(self) -> Connection:
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            self._local.connection = connection
            self._opened.append(connection)
        return connection

    def _close(self) -> None:
        self._threads.shutdown()
        for connection in self._opened:
            connection.close()
        self._engine.dispose()


class PooledHotReader:
    """On the read engine, which is in autocommit."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def fetch_row(
        self, statement: Select[Any], parameters: Mapping[str, Any]
    ) -> Row[Any] | None:
        async with self._engine.connect() as connection:
            result = await connection.execute(statement, dict(parameters))
            row: Row[Any] | None = result.one_or_none()
            return row

    async def peek_row(
        self, statement: Select[Any], parameters: Mapping[str, Any]
    ) -> Row[Any] | None:
        return await self.fetch_row(statement, parameters)

    async def close(self) -> None:
        """The engine is the database's."""
