"""Database access: the base of all tables, and the two kinds of session.

``ReadSession`` runs in autocommit, each statement its own snapshot. ``WriteSession`` is one
transaction: opened after parsing and authentication, nothing awaited in it but SQL, committed
before the answer. SQLite has one writer per process (a pool of one connection is the queue) and
``BEGIN IMMEDIATE``; a deferred transaction that reads and then writes fails at once under WAL,
whatever the busy time-out.
"""

import math
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    Dialect,
    ForeignKey,
    Integer,
    MetaData,
    Select,
    String,
    event,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, declared_attr, mapped_column
from sqlalchemy.types import DateTime, TypeDecorator

from shopwright.kernel import ids, tenancy
from shopwright.kernel.context import ProcessContext
from shopwright.kernel.errors import Invalid
from shopwright.kernel.hot_read import PostgresHotReader, SqliteHotReader
from shopwright.kernel.metrics import QUERY_SECONDS
from shopwright.kernel.signals import CHANNEL, Signal, TransactionEnding, encode

BUSY_TIMEOUT_MS = 30_000  # the durable work's own connections write to the same SQLite file
MAX_INTEGER = 2**63 - 1
READ_CONNECTIONS_SQLITE = 2  # sqlite3 releases the GIL per row; more threads make reads slower

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in Python on both databases; SQLite keeps no zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime: every moment is stored in UTC")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


class EnumText(TypeDecorator[StrEnum]):
    """A StrEnum stored as its lower-snake text; an unknown text in the database is an error."""

    impl = String(32)
    cache_ok = True

    def __init__(self, enum: type[StrEnum]) -> None:
        super().__init__()
        self.enum = enum

    def process_bind_param(self, value: StrEnum | str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else self.enum(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:  # noqa: ARG002
        return None if value is None else self.enum(value)


BigId = BigInteger().with_variant(Integer, "sqlite")
Id = Annotated[int, mapped_column(BigId, primary_key=True)]


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime(),
        int: BigInteger(),
        dict[str, Any]: JSON(),
        list[Any]: JSON(),
        list[str]: JSON(),
    }

    @declared_attr.directive
    def __table_args__(cls) -> Any:  # noqa: N805
        return {"sqlite_autoincrement": True}


class TenantModel(Base):
    """A row that belongs to one organization: integer id inside, uuid where shown."""

    __abstract__ = True

    id: Mapped[Id]
    # The sentinel lets one INSERT bring many rows and their new ids back, on SQLite as well.
    uuid: Mapped[str] = mapped_column(
        String(36), unique=True, default=ids.new_uuid, insert_sentinel=True
    )
    organization_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("organizations.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(default=lambda: datetime.now(UTC))


class Revision(Base):
    """Moves whenever something of a topic changed; the base of ETags (right after a restore,
    too)."""

    __tablename__ = "revisions"

    organization_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    topic: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger, default=1)


class Installation(Base):
    """One row: which database this is. A restore starts a new epoch and holds outside effects."""

    __tablename__ = "installation"

    id: Mapped[Id]
    epoch: Mapped[str] = mapped_column(String(36))
    are_effects_held: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class GuardedSession(Session):
    """The synchronous session under both kinds; every statement passes the tenancy guard."""


tenancy.guard(GuardedSession)


class ReadSession(AsyncSession):
    """Autocommit; never writes."""

    sync_session_class = GuardedSession


class WriteSession(AsyncSession):
    """One transaction. ``signals`` and ``after_commit`` leave only once it is committed."""

    sync_session_class = GuardedSession

    def __init__(self, *args: Any, context: ProcessContext, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.context = context
        self.signals: set[Signal] = set()
        self._callbacks: list[Callable[[], None]] = []

    @property
    def is_sqlite(self) -> bool:
        return self.get_bind().dialect.name == "sqlite"

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Run this once the transaction is committed; never when it is rolled back."""
        self._callbacks.append(callback)

    def run_callbacks(self) -> None:
        for signal in self.signals:
            self.context.hub.publish(signal)
        for callback in self._callbacks:
            callback()


class Database:
    """The engines of one process and the sessions on them."""

    def __init__(self, url: str, context: ProcessContext) -> None:
        self.url = make_url(url)
        self.context = context
        self.origin = ids.new_uuid()
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.write_engine = _write_engine(self.url)
        self.read_engine = _read_engine(self.url)
        for engine in {self.write_engine, self.read_engine}:
            _time_queries(engine)
        self._hot: SqliteHotReader | PostgresHotReader = (
            SqliteHotReader(self.url, _prepare_sqlite_reader)
            if self.is_sqlite
            else PostgresHotReader(self.url)
        )
        self._writers = async_sessionmaker(
            self.write_engine, class_=WriteSession, expire_on_commit=False, context=context
        )
        self._readers = async_sessionmaker(
            self.read_engine, class_=ReadSession, expire_on_commit=False, autoflush=False
        )

    @asynccontextmanager
    async def read(self) -> AsyncIterator[ReadSession]:
        async with self._readers() as session:
            yield session

    async def fetch_row(
        self, statement: Select[Any], parameters: Mapping[str, Any]
    ) -> Sequence[Any] | None:
        """One row by one round trip, or None; the statement has passed ``tenancy.checked``."""
        return await self._hot.fetch_row(statement, parameters)

    async def fetch_shared_row(
        self, statement: Select[Any], parameters: Mapping[str, Any]
    ) -> Sequence[Any] | None:
        """The same for what many ask at once, such as a revision: they share the round trip."""
        return await self._hot.fetch_shared_row(statement, parameters)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[WriteSession]:
        """One transaction: committed when the block ends, rolled back when it raises."""
        async with self._writers() as session:
            async with session.begin():
                yield session
                await session.flush()
                await self._tell_ending(session)
                await self._announce(session)
            session.run_callbacks()

    @property
    def url_text(self) -> str:
        """With its password: for engines, never for logs."""
        return self.url.render_as_string(hide_password=False)

    async def close(self) -> None:
        await self._hot.close()
        for engine in {self.write_engine, self.read_engine}:
            await engine.dispose()

    async def _tell_ending(self, session: WriteSession) -> None:
        if session.signals:
            ending = TransactionEnding(frozenset(session.signals))
            await self.context.subscriptions.publish(session, ending)

    async def _announce(self, session: WriteSession) -> None:
        """Last in the transaction, so that the revision rows are locked for the shortest time."""
        if not session.signals:
            return
        for organization_id, topic in sorted(
            {(s.organization_id, s.topic) for s in session.signals}
        ):
            await session.execute(_bump(organization_id, topic, is_sqlite=self.is_sqlite))
        if not self.is_sqlite:
            payload = encode(self.origin, session.signals)
            await session.execute(select(func.pg_notify(CHANNEL, payload)))


async def take_turns(session: WriteSession, name: str) -> None:
    """Whoever comes second with this name waits until the first one's transaction is over."""
    if not session.is_sqlite:  # there, every write transaction waits for the one before
        key = func.hashtextextended(f"shopwright.{name}", 0)
        await session.execute(select(func.pg_advisory_xact_lock(key)))


def insert_for(session: AsyncSession, table: Any) -> Any:
    """The dialect's INSERT, for ``on_conflict_do_nothing`` and ``on_conflict_do_update``."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    return (sqlite_insert if is_sqlite else postgresql_insert)(table)


def _bump(organization_id: int, topic: str, *, is_sqlite: bool) -> Any:
    insert = sqlite_insert(Revision) if is_sqlite else postgresql_insert(Revision)
    return insert.values(
        organization_id=organization_id, topic=topic, value=1
    ).on_conflict_do_update(
        index_elements=["organization_id", "topic"], set_={"value": Revision.value + 1}
    )


class _WriterConnection(sqlite3.Connection):
    """Gives the write lock back when it is closed.

    A cancelled transaction closes its connection. SQLite keeps such a connection, with its
    transaction, as long as a statement of it lives, and a traceback may hold one for long.
    """

    def close(self) -> None:
        with suppress(sqlite3.ProgrammingError):  # closed already
            self.rollback()
        super().close()


def _write_engine(url: URL) -> AsyncEngine:
    if url.get_backend_name() != "sqlite":
        return create_async_engine(url, pool_size=10, max_overflow=10, pool_pre_ping=True)
    engine = create_async_engine(
        url,
        pool_size=1,
        max_overflow=0,
        pool_timeout=60,
        connect_args={"factory": _WriterConnection},
    )
    event.listen(engine.sync_engine, "connect", _prepare_sqlite_writer)
    event.listen(engine.sync_engine, "begin", _begin_immediate)
    return engine


def _read_engine(url: URL) -> AsyncEngine:
    if url.get_backend_name() != "sqlite":
        return create_async_engine(
            url, pool_size=10, max_overflow=10, isolation_level="AUTOCOMMIT", pool_pre_ping=False
        )
    engine = create_async_engine(
        url, pool_size=READ_CONNECTIONS_SQLITE, max_overflow=0, pool_timeout=60
    )
    event.listen(engine.sync_engine, "connect", _prepare_sqlite_reader)
    return engine


def _prepare_sqlite_writer(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    _pragmas(connection, "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")


def _prepare_sqlite_reader(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    _pragmas(connection, "query_only=ON", "cache_size=-16384")


def _pragmas(connection: Any, *pragmas: str) -> None:
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={BUSY_TIMEOUT_MS}", *pragmas):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def refuse_unstorable(parameters: Any) -> None:
    """What one database cannot store and the other would, or would only at a driver's error: NUL
    and half characters in text, integers beyond 64 bits, NaN; both answer the same sentence."""
    values: Any = parameters.values() if isinstance(parameters, dict) else parameters
    for value in values:
        if isinstance(value, str):
            _check_text(value)
        elif isinstance(value, int):
            if not -MAX_INTEGER <= value <= MAX_INTEGER:
                raise Invalid("A number is too large to be stored.")
        elif isinstance(value, float):
            if not math.isfinite(value):
                raise Invalid("A number is not finite.")
        elif isinstance(value, list | tuple | dict):
            refuse_unstorable(value)


def _check_text(value: str) -> None:
    if "\x00" in value:
        raise Invalid("Text may not contain NUL characters.")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as err:
            raise Invalid("Text contains half of a character (a lone surrogate).") from err


def _time_queries(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def _start(*args: Any) -> None:
        refuse_unstorable(args[3])
        args[4]._shopwright_started = time.perf_counter()  # noqa: SLF001

    @event.listens_for(engine.sync_engine, "after_cursor_execute")
    def _stop(*args: Any) -> None:
        QUERY_SECONDS.observe(time.perf_counter() - args[4]._shopwright_started)  # noqa: SLF001
