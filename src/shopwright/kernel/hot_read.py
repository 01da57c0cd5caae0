"""One statement, one row, one round trip: for the lists and ETags that are asked for all the
time.

On SQLite a session on an asynchronous driver hops between threads for every step of a
statement, which costs more than the statement. Here the whole of it runs at once, with a
connection of its own: on the loop's thread while the statement is quick, else in one reader
thread (more threads make SQLite's reads slower). On PostgreSQL it is one statement in
autocommit, on connections kept for these reads: taking one from a pool of SQLAlchemy's and giving
it back costs as much as the driver does.
"""

import asyncio
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
from sqlalchemy import Connection, Dialect, Select, create_engine, event
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import psycopg as postgresql
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

INLINE_S = 0.002  # about what going to another thread and back costs on a small machine
MAX_TIMED = 500
CONNECTIONS_POSTGRES = 8  # per process; whoever finds them all at work waits


class _Compiled:
    """A statement's text with its constants, and how its parameters are written for SQLite."""

    def __init__(self, statement: Select[Any]) -> None:
        dialect = sqlite.dialect(paramstyle="named")
        compiled = statement.compile(dialect=dialect)
        self.text = str(compiled)
        self._constants = compiled.params
        self._writers = {
            name: writer
            for name, bind in compiled.binds.items()
            if (writer := bind.type.dialect_impl(dialect).bind_processor(dialect))
        }

    def bound(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        values = {**self._constants, **parameters}
        for name, write in self._writers.items():
            values[name] = write(values[name])
        return values


class SqliteHotReader:
    """Opens its connections at the first use of each thread."""

    def __init__(self, url: URL, prepare: Any) -> None:
        self._engine = create_engine(url.set(drivername="sqlite"), poolclass=NullPool)
        event.listen(self._engine, "connect", prepare)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite-reader")
        self._local = threading.local()
        self._opened: list[Connection] = []
        self._took_s: dict[Select[Any], float] = {}
        self._texts: dict[Select[Any], _Compiled] = {}

    async def fetch_row(
        self, statement: Select[Any], parameters: Mapping[str, Any]
    ) -> Sequence[Any] | None:
        """A statement that was quick the last time runs right here; any other in the thread."""
        if self._took_s.get(statement, INLINE_S) < INLINE_S:
            return self._fetch(statement, parameters)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._fetch, statement, parameters)

    async def fetch_shared_row(
        self, statement: Select[Any], parameters: Mapping[str, Any]
    ) -> Sequence[Any] | None:
        """Nothing to share: a look-up here costs some microseconds."""
        return await self.fetch_row(statement, parameters)

    async def close(self) -> None:
        await asyncio.to_thread(self._close)

    def _fetch(self, statement: Select[Any], parameters: Mapping[str, Any]) -> Sequence[Any] | None:
        """Past SQLAlchemy's cursor, which costs more than a look-up."""
        started = time.perf_counter()
        compiled = self._texts.get(statement)
        if compiled is None:
            if len(self._texts) >= MAX_TIMED:
                self._texts.clear()
            compiled = self._texts[statement] = _Compiled(statement)
        cursor = self._connection().execute(compiled.text, compiled.bound(parameters))
        row: Sequence[Any] | None = cursor.fetchone()
        if len(self._took_s) >= MAX_TIMED:
            self._took_s.clear()
        self._took_s[statement] = time.perf_counter() - started
        return row

    def _connection(self) -> Any:
        """The driver's own, made and held by the engine."""
        connection: Any = getattr(self._local, "connection", None)
        if connection is None:
            opened = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            self._opened.append(opened)
            connection = self._local.connection = opened.connection.driver_connection
        return connection

    def _close(self) -> None:
        self._thread.shutdown()
        for connection in self._opened:
            connection.close()
        self._engine.dispose()


class PostgresHotReader:
    """Past SQLAlchemy's pool and cursor. Parameters must be plain values."""

    def __init__(self, url: URL) -> None:
        self._dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._dialect: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
        self._free: list[psycopg.AsyncConnection] = []
        self._turns = asyncio.Semaphore(CONNECTIONS_POSTGRES)
        self._next: dict[tuple[Any, ...], asyncio.Task[Sequence[Any] | None]] = {}
        self._running: dict[tuple[Any, ...], asyncio.Lock] = {}
        self._texts: dict[Select[Any], tuple[bytes, Mapping[str, Any]]] = {}

    async def fetch_row(
        self, statement: Select[Any], parameters: Mapping[str, Any]
    ) -> Sequence[Any] | None:
        """Asked once more on a new connection when one fails: after a restart of PostgreSQL all
        that were kept are gone."""
        text, constants = self._compiled(statement)
        values = {**constants, **parameters}
        async with self._turns:
            try:
                return await self._fetch(text, values)
            except psycopg.OperationalError:
                await self._close_free()
            return await self._fetch(text, values)

    async def _fetch(self, text: bytes, values: Mapping[str, Any]) -> Sequence[Any] | None:
        connection = self._free.pop() if self._free else await self._connect()
        is_whole = False
        try:
            cursor = await connection.execute(text, values, prepare=True)
            row: Sequence[Any] | None = await cursor.fetchone()
            is_whole = True
        finally:
            if is_whole:
                self._free.append(connection)
            else:  # whoever asked went away, or it was refused: nothing of it meets the next one
                await connection.close()
        return row

    async def _connect(self) -> psycopg.AsyncConnection:
        return await psycopg.AsyncConnection.connect(self._dsn, autocommit=True)

    async def _close_free(self) -> None:
        while self._free:
            await self._free.pop().close()

    async def fetch_shared_row(
        self, statement: Select[Any], parameters: Mapping[str, Any]
    ) -> Sequence[Any] | None:
        """Everybody who asks while a query runs shares the next one, which starts after they asked:
        as fresh as a query of their own."""
        key = (statement, *sorted(parameters.items()))
        waiting = self._next.get(key)
        if waiting is None:
            waiting = asyncio.get_running_loop().create_task(
                self._fetch_next(key, statement, parameters)
            )
            self._next[key] = waiting
        return await asyncio.shield(waiting)

    async def _fetch_next(
        self, key: tuple[Any, ...], statement: Select[Any], parameters: Mapping[str, Any]
    ) -> Sequence[Any] | None:
        async with self._running.setdefault(key, asyncio.Lock()):
            del self._next[key]  # whoever asks from here on waits for the one after this
            try:
                return await self.fetch_row(statement, parameters)
            finally:
                if key not in self._next:
                    self._running.pop(key, None)

    async def close(self) -> None:
        await self._close_free()

    def _compiled(self, statement: Select[Any]) -> tuple[bytes, Mapping[str, Any]]:
        known = self._texts.get(statement)
        if known is None:
            if len(self._texts) >= MAX_TIMED:
                self._texts.clear()
            compiled = statement.compile(dialect=self._dialect)
            known = self._texts[statement] = (str(compiled).encode(), compiled.params)
        return known
