"""Many rows in one statement, and many values in one condition.

SQLAlchemy's own way writes every value as a placeholder; for a page of an import that is a
statement of thousands of them, written, split and parsed anew each time. Here the text of a
statement does not depend on how many rows there are, so the driver prepares it once: on PostgreSQL
the rows travel as one JSON document, on SQLite they are one ``executemany``.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    ColumnElement,
    Dialect,
    String,
    Table,
    any_,
    bindparam,
    cast,
    func,
    select,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeEngine

from shopwright.kernel.db import TenantModel, WriteSession, refuse_unstorable

Row = Mapping[str, Any]
Model = type[TenantModel]
Names = tuple[str, ...]
Processor = Callable[[Any], Any]


async def insert_rows(session: WriteSession, model: Model, rows: Sequence[Row]) -> list[int]:
    """Insert rows of the same members; their ids in the same order. The table's defaults are filled
    in; what the session holds is written before."""
    made = await _insert(session, model, rows, ())
    return [row_id for row_id in made if row_id is not None]


async def insert_new_rows(
    session: WriteSession, model: Model, rows: Sequence[Row], unique: Sequence[str]
) -> list[int | None]:
    """The same, but a row whose columns ``unique`` are there already is left out: its id is
    None."""
    return await _insert(session, model, rows, tuple(unique))


def among(session: AsyncSession, column: Any, values: Collection[Any]) -> ColumnElement[bool]:
    """``column IN values`` with one parameter, however many there are: integers, or texts."""
    kept = list(values)
    if _is_sqlite(session):
        each = func.json_each(bindparam(None, json.dumps(kept), String)).table_valued("value")
        is_in: ColumnElement[bool] = column.in_(select(each.c.value))
        return is_in
    kind = BigInteger if column.type.python_type is int else String
    is_any: ColumnElement[bool] = column == any_(cast(bindparam(None, kept), ARRAY(kind)))
    return is_any


@dataclass(frozen=True, slots=True)
class Pairs:
    """Two columns of a table that is nowhere stored."""

    key: ColumnElement[int]
    value: ColumnElement[int]


def pairs(session: AsyncSession, numbers: Mapping[int, int]) -> Pairs:
    """For ``UPDATE … FROM``: a value per key, in one parameter as well."""
    document = bindparam(None, json.dumps(numbers), String)
    each = func.json_each if _is_sqlite(session) else func.json_each_text
    source = document if _is_sqlite(session) else cast(document, JSON)
    table = each(source).table_valued("key", "value", name="pairs")
    return Pairs(cast(table.c.key, BigInteger), cast(table.c.value, BigInteger))


async def _insert(
    session: WriteSession, model: Model, rows: Sequence[Row], unique: Names
) -> list[int | None]:
    if not rows:
        return []
    await session.flush()
    table: Table = model.__table__  # type: ignore[assignment]  # a mapped class has a real table
    insert = _insert_on_sqlite if session.is_sqlite else _insert_on_postgresql
    return await insert(session, table, _with_defaults(table, rows), unique)


async def _insert_on_postgresql(
    session: WriteSession, table: Table, rows: Sequence[dict[str, Any]], unique: Names
) -> list[int | None]:
    """Ids are told apart by uuid: the order of RETURNING is promised nowhere."""
    connection = await session.connection()
    names = tuple(rows[0])
    for name, process in _processors(table, names, connection.dialect):
        for row in rows:
            row[name] = process(row[name])
    refuse_unstorable([value for row in rows for value in row.values()])
    statement = _postgresql_insert(table, names, unique)
    document = msgspec.json.encode(rows).decode()
    found: Any = await connection.exec_driver_sql(statement, {"rows": document})
    ids: dict[str, int] = {uuid: row_id for uuid, row_id in found.all()}  # noqa: C416
    return [ids.get(row["uuid"]) for row in rows]


async def _insert_on_sqlite(
    session: WriteSession, table: Table, rows: Sequence[dict[str, Any]], unique: Names
) -> list[int | None]:
    """Nobody else writes until we commit, so the next ids are ours to give."""
    connection = await session.connection()
    names = tuple(rows[0])
    next_id, insert = _sqlite_statements(table, names, unique)
    first = int((await connection.exec_driver_sql(next_id)).scalar_one())
    for name, process in _processors(table, names, connection.dialect):
        for row in rows:
            row[name] = process(row[name])
    values: list[Any] = [(row_id, *row.values()) for row_id, row in enumerate(rows, first)]
    await connection.exec_driver_sql(insert, values)
    made = range(first, first + len(rows))
    if not unique:
        return list(made)
    stored = {
        row[0] for row in await connection.execute(select(table.c.id).where(table.c.id >= first))
    }
    return [row_id if row_id in stored else None for row_id in made]


def _with_defaults(table: Table, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """All rows have the members of the first one, and what the table fills in by itself."""
    complete = [dict(row) for row in rows]
    for column in table.columns:
        if column.name in rows[0] or column.default is None:
            continue
        default: Any = column.default
        for row in complete:
            row[column.name] = default.arg(None) if default.is_callable else default.arg
    return complete


def _processors(table: Table, names: Names, dialect: Dialect) -> list[tuple[str, Processor]]:
    """What a value needs to be the database's own; most need nothing."""
    found: list[tuple[str, Processor]] = []
    for name in names:
        kind = table.c[name].type
        process: Processor | None = kind.dialect_impl(dialect).bind_processor(dialect)
        if isinstance(kind, JSON) and dialect.name != "sqlite":
            process = json.dumps
        if process is not None:
            found.append((name, process))
    return found


@lru_cache(maxsize=200)
def _postgresql_insert(table: Table, names: Names, unique: Names) -> str:
    conflict = f" ON CONFLICT ({', '.join(unique)}) DO NOTHING" if unique else ""
    kinds = {name: table.c[name].type for name in names}
    values = ", ".join(f"{n}::json" if isinstance(kinds[n], JSON) else n for n in names)
    read_as = ", ".join(f"{name} {_read_as(kind)}" for name, kind in kinds.items())
    return (
        f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {values} "  # noqa: S608  our own names
        f"FROM json_to_recordset(%(rows)s::json) AS r({read_as}){conflict} RETURNING uuid, id"
    )


def _read_as(kind: TypeEngine[Any]) -> str:
    """JSON travels as text: read as JSON, its \\u0000 would be refused."""
    dialect: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    return "text" if isinstance(kind, JSON) else kind.compile(dialect)


@lru_cache(maxsize=200)
def _sqlite_statements(table: Table, names: Names, unique: Names) -> tuple[str, str]:
    marks = ", ".join("?" * (len(names) + 1))
    conflict = f" ON CONFLICT ({', '.join(unique)}) DO NOTHING" if unique else ""
    next_id = (
        f"SELECT 1 + max(coalesce((SELECT max(id) FROM {table.name}), 0), "  # noqa: S608
        f"coalesce((SELECT max(seq) FROM sqlite_sequence WHERE name = '{table.name}'), 0))"
    )
    insert = f"INSERT INTO {table.name} (id, {', '.join(names)}) VALUES ({marks}){conflict}"  # noqa: S608
    return next_id, insert


def _is_sqlite(session: AsyncSession) -> bool:
    return session.get_bind().dialect.name == "sqlite"
