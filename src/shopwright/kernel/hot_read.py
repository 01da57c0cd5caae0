"""One statement, one row, one round trip: for the lists and ETags that are asked for all the
time.

On SQLite a session on an asynchronous driver hops between threads for every step of a
statement, which costs more than the statement. Here the whole of it runs at once, with a
connection of its own: on the loop's thread while the statement is quick, else in one reader
thread (more threads make SQLite's reads slower). On PostgreSQL it is one statement in
autocommit.
"""

import asyncio
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import Connection, Row, Select, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import NullPool

INLINE_S = 0.002  # about what going to another thread and back costs on a small machine
MAX_TIMED = 500


class SqliteHotReader:
    """Opens its connections at the first use of each thread."""

    def __init__(self, url: URL, prepare: Any) -> None:
        self._engine = create_engine(url.set(drivername="sqlite"), poolclass=NullPool)
        event.listen(self._engine, "connect", prepare)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite-reader")
        self._local = threading.local()
        self._opened: list[Connection] = []
        self._took_s: dict[Select[Any], float] = {}

    async def fetch_row(
        self, statement: Select[Any], parameters: Mapping[str, Any]
    ) -> Row[Any] | None:
        """A statement that was quick the last time runs right here; any other in the thread."""
        if self._took_s.get(statement, INLINE_S) < INLINE_S:
            return self._fetch(statement, parameters)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._fetch, statement, parameters)

    async def close(self) -> None:
        await asyncio.to_thread(self._close)

    def _fetch(self, statement: Select[Any], parameters: Mapping[str, Any]) -> Row[Any] | None:
        started = time.perf_counter()
        row: Row[Any] | None = self._connection().execute(statement, dict(parameters)).one_or_none()
        if len(self._took_s) >= MAX_TIMED:
            self._took_s.clear()
        self._took_s[statement] = time.perf_counter() - started
        return row

    def _connection(self) -> Connection:
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            self._local.connection = connection
            self._opened.append(connection)
        return connection

    def _close(self) -> None:
        self._thread.shutdown()
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

    async def close(self) -> None:
        """The engine is the database's."""
