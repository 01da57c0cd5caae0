"""Runs Alembic from inside the program: upgrade at start, and the check that models and tables
agree."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, NullPool, create_engine, func, make_url, select

# Tables in our database that are not ours: the durable-work engine keeps its own there.
FOREIGN_TABLES = frozenset(
    {
        "application_versions",
        "datasource_outputs",
        "dbos_migrations",
        "event_dispatch_kv",
        "notifications",
        "operation_outputs",
        "queues",
        "scheduler_state",
        "streams",
        "transaction_completion",
        "workflow_events",
        "workflow_events_history",
        "workflow_input",
        "workflow_output",
        "workflow_queue",
        "workflow_schedules",
        "workflow_status",
    }
)


VERSION_TABLE = "alembic_version"
MAKING = "shopwright.tables"
TRY_EVERY_S = 0.1
# Tables with their own scripts and version table; on PostgreSQL they stand beside ours.
FOREIGN_PREFIXES = ("sqlite_", "telemetry_")


def alembic_config(url: str, scripts: Path, version_table: str = VERSION_TABLE) -> Config:
    config = Config()
    config.set_main_option("version_table", version_table)
    config.set_main_option("script_location", str(scripts))
    config.set_main_option("sqlalchemy.url", sync_url(url).replace("%", "%%"))
    return config


def sync_url(url: str) -> str:
    """The same database through a synchronous driver, as Alembic uses it."""
    parsed = make_url(url)
    driver = "sqlite" if parsed.get_backend_name() == "sqlite" else "postgresql+psycopg"
    return parsed.set(drivername=driver).render_as_string(hide_password=False)


async def upgrade(url: str, scripts: Path) -> None:
    """Bring the database to the newest revision; in a thread, it may take a while."""
    await asyncio.to_thread(upgrade_now, url, scripts)


def upgrade_now(url: str, scripts: Path, version_table: str = VERSION_TABLE) -> None:
    config = alembic_config(url, scripts, version_table)
    head = ScriptDirectory.from_config(config).get_current_head()
    if current_revision(url, version_table) == head:
        return
    with alone(url):
        if current_revision(url, version_table) != head:
            command.upgrade(config, "head")


@contextmanager
def alone(url: str) -> Iterator[None]:
    """One process at a time makes tables: several may start on one new PostgreSQL together."""
    if make_url(url).get_backend_name() == "sqlite":
        yield
        return
    # Indexes that are made concurrently wait for every open transaction and every statement under
    # way, so nobody may wait in the database for the lock: it is tried for.
    engine = create_engine(sync_url(url), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            key = func.hashtextextended(MAKING, 0)
            while not connection.scalar(select(func.pg_try_advisory_lock(key))):
                time.sleep(TRY_EVERY_S)
            yield  # the lock goes with the connection
    finally:
        engine.dispose()


def current_revision(url: str, version_table: str = VERSION_TABLE) -> str | None:
    engine = create_engine(sync_url(url))
    try:
        with engine.connect() as connection:
            options = {"version_table": version_table}
            return MigrationContext.configure(connection, opts=options).get_current_revision()
    finally:
        engine.dispose()


def differences(url: str, metadata: MetaData) -> list[Any]:
    """What autogenerate would still change; empty when models and tables agree."""
    engine = create_engine(sync_url(url))
    try:
        with engine.connect() as connection:
            return _compare(connection, metadata)
    finally:
        engine.dispose()


def is_ours(_object: Any, name: str | None, kind: str, _reflected: bool, _compare_to: Any) -> bool:
    return not (
        kind == "table" and (name in FOREIGN_TABLES or str(name).startswith(FOREIGN_PREFIXES))
    )


def _compare(connection: Connection, metadata: MetaData) -> list[Any]:
    context = MigrationContext.configure(
        connection, opts={"include_object": is_ours, "compare_type": False}
    )
    differences: list[Any] = compare_metadata(context, metadata)
    return differences
