"""Every print of some days as lines of CSV, read page by page while they are sent."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from shopwright.analytics.books import Books, Span
from shopwright.analytics.counting import BUSY_S, IS_WORKED, name_materials
from shopwright.analytics.days import start_of
from shopwright.analytics.fleets import Machines
from shopwright.analytics.papers import HOUR_S
from shopwright.analytics.sheets import to_line
from shopwright.inventory.rules import to_grams
from shopwright.kernel.db import Database
from shopwright.print_jobs.models import PrintJob

AT_ONCE = 1000
COLUMNS = (
    "id", "uuid", "name", "printer", "model", "material", "outcome", "reason", "started_at",
    "ended_at", "print_hours", "used_grams",
)  # fmt: skip


async def read_lines(
    database: Database, books: Books, span: Span, machines: Machines
) -> AsyncIterator[str]:
    """Moments in the shop's time zone. Each page is read in a session of its own."""
    yield to_line(COLUMNS)
    last, is_more = 0, True
    while is_more:
        async with database.read() as session:
            rows = list(await session.execute(_page(books, span, machines, last)))
        for row in rows:
            yield to_line(_cells(row, books, machines))
        is_more = len(rows) == AT_ONCE
        last = rows[-1].id if rows else last


def _page(books: Books, span: Span, machines: Machines, after: int) -> Select[Any]:
    owner = books.organization_id
    return (
        select(
            PrintJob.id, PrintJob.uuid, PrintJob.name, PrintJob.printer_id,
            name_materials(owner).label("material"), PrintJob.status, PrintJob.failure_reason,
            PrintJob.started_at, PrintJob.ended_at, BUSY_S.label("busy_s"), PrintJob.used_mg,
        )
        .where(PrintJob.organization_id == owner, PrintJob.id > after, IS_WORKED)
        .where(*_within(books, span), *machines.fleet.holds(PrintJob.printer_id))
        .order_by(PrintJob.id)
        .limit(AT_ONCE)
    )  # fmt: skip


def _within(books: Books, span: Span) -> list[ColumnElement[bool]]:
    found = []
    if span.start is not None:
        found.append(PrintJob.ended_at >= start_of(span.start, books.zone))
    if span.end is not None:
        found.append(PrintJob.ended_at < start_of(span.end + timedelta(days=1), books.zone))
    return found


def _cells(row: Any, books: Books, machines: Machines) -> list[Any]:
    printer = row.printer_id or 0
    return [
        row.id,
        row.uuid,
        row.name,
        machines.name_of(printer) if printer else None,
        machines.model_of(printer) if printer else None,
        row.material,
        row.status.value,
        row.failure_reason,
        _moment(row.started_at, books),
        _moment(row.ended_at, books),
        round(row.busy_s / HOUR_S, 2),
        None if row.used_mg is None else to_grams(row.used_mg),
    ]


def _moment(moment: datetime | None, books: Books) -> str | None:
    return None if moment is None else f"{moment.astimezone(books.zone):%Y-%m-%d %H:%M:%S}"
