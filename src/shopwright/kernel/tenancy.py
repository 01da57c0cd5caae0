"""The guard that refuses a statement on a tenant table which does not name the organization.

It runs in tests and in production. Statements of the program's own loops, which serve every
organization, say so with ``execution_options(cross_tenant=True)``.
"""

from typing import Any, TypeVar

from sqlalchemy import Column, Executable, Table, event
from sqlalchemy.orm import ORMExecuteState, Session
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import BinaryExpression

TENANT_COLUMN = "organization_id"
CROSS_TENANT: dict[str, Any] = {"cross_tenant": True}

S = TypeVar("S", bound=Executable)


class TenantUnnamed(Exception):
    """A bug: a statement reads or writes a tenant table without saying whose rows it means."""


def checked(statement: S) -> S:
    """For a statement built once and run often: looked at here, and not again at every run."""
    missing = _unnamed_tables(statement)
    if missing:
        raise TenantUnnamed(f"organization_id is not named for: {', '.join(sorted(missing))}")
    return statement.execution_options(**CROSS_TENANT)


def guard(session_class: type[Session]) -> None:
    """Check every statement executed through sessions of this class."""
    event.listen(session_class, "do_orm_execute", _check)


def _check(state: ORMExecuteState) -> None:
    if state.is_insert or state.is_column_load or state.is_relationship_load:
        return
    if state.execution_options.get("cross_tenant"):
        return
    missing = _unnamed_tables(state.statement)
    if missing:
        raise TenantUnnamed(f"organization_id is not named for: {', '.join(sorted(missing))}")


def _unnamed_tables(statement: Any) -> set[str]:
    tables: set[str] = set()
    named: set[str] = set()
    for element in visitors.iterate(statement):
        if isinstance(element, Table):
            if TENANT_COLUMN in element.c:
                tables.add(element.name)
        elif isinstance(element, BinaryExpression):
            named.update(_tenant_sides(element))
    return tables - named


def _tenant_sides(expression: "BinaryExpression[Any]") -> set[str]:
    sides = (expression.left, expression.right)
    return {_table_name(s) for s in sides if isinstance(s, Column) and s.name == TENANT_COLUMN}


def _table_name(column: "Column[Any]") -> str:
    selectable: Any = column.table
    while not isinstance(selectable, Table) and hasattr(selectable, "element"):
        selectable = selectable.element
    return str(getattr(selectable, "name", ""))
