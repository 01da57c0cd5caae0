"""Alembic's environment: our metadata, batch mode on SQLite, the engine's own tables left alone."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import create_engine

from shopwright.kernel.db import Base, EnumText, UtcDateTime
from shopwright.kernel.migrations import is_ours
from shopwright.server.tables import import_all_models

import_all_models()
url = context.config.get_main_option("sqlalchemy.url")
if url is None:
    raise RuntimeError("alembic runs through `shopwright db …`, which names the database")


def render_type(kind: str, value: Any, _context: AutogenContext) -> str | Literal[False]:
    """Revisions name plain SQL types, so that they never depend on our code of a later day."""
    if kind != "type":
        return False
    if isinstance(value, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(value, EnumText):
        return "sa.String(length=32)"
    return False


engine = create_engine(url)
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_object=is_ours,
        render_item=render_type,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
