"""Alembic's environment for the telemetry tables alone."""

from typing import Any

from alembic import context
from sqlalchemy import create_engine

from shopwright.telemetry.models import TelemetryBase

url = context.config.get_main_option("sqlalchemy.url")
version_table = context.config.get_main_option("version_table")
if url is None or version_table is None:
    raise RuntimeError("alembic runs through the program, which names database and version table")


def is_ours(_object: Any, name: str | None, kind: str, _reflected: bool, _compare_to: Any) -> bool:
    return kind != "table" or str(name) in TelemetryBase.metadata.tables


engine = create_engine(url)
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=TelemetryBase.metadata,
        version_table=version_table,
        include_object=is_ours,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
