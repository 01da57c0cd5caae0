"""What maintenance was done, and what it took and cost per printer; as rows and as CSV."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from shopwright.fleet.maintenance import queries
from shopwright.fleet.maintenance.models import MaintenanceTask
from shopwright.fleet.maintenance.schemas import HistoryLine, PrinterCostRead, TaskRead, amount
from shopwright.fleet.maintenance.states import TaskStatus
from shopwright.fleet.queries import AnySession
from shopwright.kernel import sheets
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Paging


async def list_tasks(
    session: AnySession, ctx: Actor, *conditions: Any, paging: Paging
) -> tuple[list[TaskRead], int]:
    """The latest first, each with its printer's name and the parts it used."""
    tasks, total = await queries.list_rows(
        session, ctx, MaintenanceTask, *conditions, paging=paging
    )
    return await read_tasks(session, ctx, tasks), total


async def read_tasks(
    session: AnySession, ctx: Actor, tasks: Sequence[MaintenanceTask]
) -> list[TaskRead]:
    names = await queries.list_printer_names(session, ctx, [task.printer_id for task in tasks])
    parts = await queries.list_used_parts(session, ctx, [task.id for task in tasks])
    return [TaskRead.of(task, names, parts.get(task.id, ())) for task in tasks]


async def list_costs(session: AnySession, ctx: Actor, *conditions: Any) -> list[PrinterCostRead]:
    """Of tasks that were done, by printer and currency, the dearest first."""
    task = MaintenanceTask
    rows = await session.execute(
        select(
            task.printer_id,
            task.currency,
            func.count(task.id),
            func.coalesce(func.sum(task.minutes), 0),
            func.sum(task.cost_minor),
            func.sum(task.parts_cost_minor),
        )
        .where(task.organization_id == ctx.organization_id, task.status == TaskStatus.DONE)
        .where(*conditions)
        .group_by(task.printer_id, task.currency)
    )
    found = rows.all()
    names = await queries.list_printer_names(session, ctx, [row[0] for row in found])
    costs = [
        PrinterCostRead(
            printer_id=printer_id,
            printer=names.get(printer_id, ""),
            currency=currency,
            tasks=count,
            minutes=int(minutes or 0),
            cost=amount(int(cost), currency),
            parts_cost=amount(int(parts), currency),
            total_cost=amount(int(cost) + int(parts), currency),
        )
        for printer_id, currency, count, minutes, cost, parts in found
    ]
    return sorted(costs, key=lambda one: (-one.total_cost, one.printer, one.currency))


def to_csv(tasks: Sequence[TaskRead]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HistoryLine.model_fields)
    for task in tasks:
        writer.writerow(_cell(value) for value in HistoryLine.of(task).model_dump().values())
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str):
        return sheets.escape(value)
    return "" if value is None else value
