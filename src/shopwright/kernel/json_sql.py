"""JSON built by the database: what makes long lists cheap, written once for both databases.

A big read list is one statement whose one column is the finished answer; no row becomes an object
here. Keys stand in the statement as text, so they must be ours, never a caller's.
"""

from typing import Any

from sqlalchemy import Float, Integer, String, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from shopwright.kernel.money import NO_MINOR_UNIT, THOUSANDTHS

MAX_MEMBERS = 50  # SQLite takes 127 arguments of a function, older ones 100


class JsonObject(FunctionElement[str]):
    """Made by ``json_object``."""

    inherit_cache = True
    type = String()


class JsonList(FunctionElement[str]):
    """The element of every row as one array; select from an ordered sub-select to have an order."""

    inherit_cache = True
    type = String()


class JsonText(FunctionElement[str]):
    """The outermost JSON as text, so that no driver parses it."""

    inherit_cache = True
    type = String()


class JsonBool(FunctionElement[str]):
    """A condition as true or false."""

    inherit_cache = True
    type = String()


class JsonValue(FunctionElement[str]):
    """A column that holds JSON already."""

    inherit_cache = True
    type = String()


class PlainMoment(FunctionElement[str]):
    """``2025-01-01T00:00:00`` in UTC, as the shop manager's routes print it; inside JSON only."""

    inherit_cache = True
    type = String()


class WholeMinutes(FunctionElement[int]):
    """``WholeMinutes(begin, end)``: the whole minutes between two moments; NULL without one."""

    inherit_cache = True
    type = Integer()


class MinorUnits(FunctionElement[float]):
    """``MinorUnits(currency)``: how many minor units make one, 100 for most; once per row."""

    inherit_cache = True
    type = Float()


def json_object(**members: Any) -> JsonObject:
    """One object; the members are columns or expressions."""
    if len(members) > MAX_MEMBERS:
        raise ValueError(f"at most {MAX_MEMBERS} members fit into one object")
    pairs: list[Any] = []
    for key, value in members.items():
        pairs += [literal_column(f"'{key}'"), value]
    return JsonObject(*pairs)


def _arguments(element: Any, compiler: SQLCompiler, **kw: Any) -> list[str]:
    return [compiler.process(clause, **kw) for clause in element.clauses]


@compiles(JsonObject, "sqlite")
def _object_sqlite(element: JsonObject, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_object({', '.join(_arguments(element, compiler, **kw))})"


@compiles(JsonObject, "postgresql")
def _object_postgresql(element: JsonObject, compiler: SQLCompiler, **kw: Any) -> str:
    """A row with named columns: half the time of ``json_build_object``, which looks up the type of
    every argument of every row anew."""
    key_values = _arguments(element, compiler, **kw)
    columns = ", ".join(
        f'{value} AS "{key[1:-1]}"'
        for key, value in zip(key_values[::2], key_values[1::2], strict=True)
    )
    return f"row_to_json((SELECT r FROM (SELECT {columns}) AS r))"  # noqa: S608  keys are ours


@compiles(JsonList, "sqlite")
def _list_sqlite(element: JsonList, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_group_array({_arguments(element, compiler, **kw)[0]})"


@compiles(JsonList, "postgresql")
def _list_postgresql(element: JsonList, compiler: SQLCompiler, **kw: Any) -> str:
    return f"coalesce(json_agg({_arguments(element, compiler, **kw)[0]}), '[]'::json)"


@compiles(JsonText, "sqlite")
def _text_sqlite(element: JsonText, compiler: SQLCompiler, **kw: Any) -> str:
    return _arguments(element, compiler, **kw)[0]


@compiles(JsonText, "postgresql")
def _text_postgresql(element: JsonText, compiler: SQLCompiler, **kw: Any) -> str:
    return f"({_arguments(element, compiler, **kw)[0]})::text"


@compiles(JsonBool, "sqlite")
def _bool_sqlite(element: JsonBool, compiler: SQLCompiler, **kw: Any) -> str:
    """SQLite has no booleans: its 1 would be a number in the answer."""
    condition = _arguments(element, compiler, **kw)[0]
    return f"json(CASE WHEN {condition} THEN 'true' ELSE 'false' END)"


@compiles(JsonBool, "postgresql")
def _bool_postgresql(element: JsonBool, compiler: SQLCompiler, **kw: Any) -> str:
    return f"({_arguments(element, compiler, **kw)[0]})"


@compiles(JsonValue, "sqlite")
def _value_sqlite(element: JsonValue, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json({_arguments(element, compiler, **kw)[0]})"


@compiles(JsonValue, "postgresql")
def _value_postgresql(element: JsonValue, compiler: SQLCompiler, **kw: Any) -> str:
    return _arguments(element, compiler, **kw)[0]


@compiles(PlainMoment, "sqlite")
def _moment_sqlite(element: PlainMoment, compiler: SQLCompiler, **kw: Any) -> str:
    """Stored as ``2025-01-01 00:00:00.000000``."""
    return f"replace(substr({_arguments(element, compiler, **kw)[0]}, 1, 19), ' ', 'T')"


@compiles(PlainMoment, "postgresql")
def _moment_postgresql(element: PlainMoment, compiler: SQLCompiler, **kw: Any) -> str:
    moment = _arguments(element, compiler, **kw)[0]
    return f"date_trunc('second', {moment} AT TIME ZONE 'UTC')"


@compiles(WholeMinutes, "sqlite")
def _minutes_sqlite(element: WholeMinutes, compiler: SQLCompiler, **kw: Any) -> str:
    begin, end = _arguments(element, compiler, **kw)
    return f"((strftime('%s', {end}) - strftime('%s', {begin})) / 60)"


@compiles(WholeMinutes, "postgresql")
def _minutes_postgresql(element: WholeMinutes, compiler: SQLCompiler, **kw: Any) -> str:
    begin, end = _arguments(element, compiler, **kw)
    return f"floor(extract(epoch from {end} - {begin}) / 60)::bigint"


@compiles(MinorUnits, "sqlite")
def _minor_units_sqlite(element: MinorUnits, compiler: SQLCompiler, **kw: Any) -> str:
    return _divisor(_arguments(element, compiler, **kw)[0])


@compiles(MinorUnits, "postgresql")
def _minor_units_postgresql(element: MinorUnits, compiler: SQLCompiler, **kw: Any) -> str:
    return f"({_divisor(_arguments(element, compiler, **kw)[0])})::float8"


def _divisor(currency: str) -> str:
    whole, thousandths = (
        ", ".join(f"'{code}'" for code in sorted(codes)) for codes in (NO_MINOR_UNIT, THOUSANDTHS)
    )
    return (
        f"CASE WHEN {currency} IN ({whole}) THEN 1.0"
        f" WHEN {currency} IN ({thousandths}) THEN 1000.0 ELSE 100.0 END"
    )
