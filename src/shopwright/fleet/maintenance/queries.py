"""All SQL of maintenance."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts.models import Membership, Organization
from shopwright.fleet.maintenance.models import (
    MaintenanceMark,
    MaintenancePlan,
    MaintenanceTask,
    PrinterReport,
    PrinterWear,
    SparePart,
    SparePartMovement,
)
from shopwright.fleet.maintenance.states import ReportStatus, TaskStatus
from shopwright.fleet.models import Printer
from shopwright.fleet.queries import AnySession
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import TenantModel, WriteSession, insert_for
from shopwright.kernel.edge import Paging, Ref
from shopwright.kernel.tenancy import CROSS_TENANT

Row = TypeVar("Row", bound=TenantModel)


async def find_row(session: AnySession, ctx: Actor, model: type[Row], ref: Ref) -> Row | None:
    row: Row | None = await session.scalar(
        select(model)
        .where(model.organization_id == ctx.organization_id, ref.where(model))
        .execution_options(populate_existing=True)
    )
    return row


async def list_rows(
    session: AnySession, ctx: Actor, model: type[Row], *conditions: Any, paging: Paging
) -> tuple[list[Row], int]:
    """The latest first, and how many there are."""
    mine = (model.organization_id == ctx.organization_id, *conditions)
    total = await session.scalar(select(func.count(model.id)).where(*mine))
    rows = await session.scalars(
        select(model)
        .where(*mine)
        .order_by(model.id.desc())
        .limit(paging.limit)
        .offset(paging.offset)
    )
    return list(rows), total or 0


async def list_organizations_with_printers(session: AnySession) -> list[int]:
    rows = await session.scalars(
        select(Printer.organization_id)
        .where(Printer.is_active)
        .distinct()
        .execution_options(**CROSS_TENANT)
    )
    return sorted(rows)


async def get_currency(session: AnySession, ctx: Actor) -> str:
    found: str | None = await session.scalar(
        select(Organization.currency).where(Organization.id == ctx.organization_id)
    )
    return found or "EUR"


async def find_member_user(session: AnySession, ctx: Actor, user_id: int) -> int | None:
    found: int | None = await session.scalar(
        select(Membership.user_id).where(
            Membership.organization_id == ctx.organization_id, Membership.user_id == user_id
        )
    )
    return found


async def list_printers(
    session: AnySession, ctx: Actor, printer_ids: Collection[int] | None = None
) -> list[Printer]:
    """Living ones, by name."""
    statement = select(Printer).where(
        Printer.organization_id == ctx.organization_id, Printer.is_active
    )
    if printer_ids is not None:
        statement = statement.where(Printer.id.in_(printer_ids))
    return list(await session.scalars(statement.order_by(Printer.name, Printer.id)))


async def list_plans(session: AnySession, ctx: Actor) -> list[MaintenancePlan]:
    rows = await session.scalars(
        select(MaintenancePlan)
        .where(MaintenancePlan.organization_id == ctx.organization_id, MaintenancePlan.is_active)
        .order_by(MaintenancePlan.name, MaintenancePlan.id)
    )
    return list(rows)


async def list_wear(
    session: AnySession, ctx: Actor, printer_ids: Collection[int] | None = None
) -> dict[int, PrinterWear]:
    statement = select(PrinterWear).where(PrinterWear.organization_id == ctx.organization_id)
    if printer_ids is not None:
        statement = statement.where(PrinterWear.printer_id.in_(printer_ids))
    return {row.printer_id: row for row in await session.scalars(statement)}


async def lock_wear(
    session: WriteSession, ctx: Actor, printer_ids: Collection[int], now: datetime
) -> dict[int, PrinterWear]:
    """Made where it is missing; whoever judges next waits for this transaction."""
    await _add_missing(
        session,
        PrinterWear,
        ["printer_id"],
        [
            {
                "organization_id": ctx.organization_id,
                "printer_id": printer_id,
                "counted_until": now,
                "created_at": now,
            }
            for printer_id in sorted(printer_ids)
        ],
    )
    rows = await session.scalars(
        select(PrinterWear)
        .where(PrinterWear.organization_id == ctx.organization_id)
        .where(PrinterWear.printer_id.in_(printer_ids))
        .order_by(PrinterWear.printer_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {row.printer_id: row for row in rows}


async def list_holds(session: AsyncSession, ctx: Actor) -> dict[int, str]:
    """Why printers are held back, by printer; those that were removed are not."""
    rows = await session.execute(
        select(PrinterWear.printer_id, PrinterWear.held_because)
        .join(Printer, Printer.id == PrinterWear.printer_id)
        .where(Printer.organization_id == ctx.organization_id, Printer.is_active)
        .where(PrinterWear.organization_id == ctx.organization_id)
        .where(PrinterWear.held_because.is_not(None))
    )
    return {printer_id: str(why) for printer_id, why in rows}


async def list_marks(
    session: AnySession, ctx: Actor, printer_ids: Collection[int]
) -> dict[tuple[int, int], MaintenanceMark]:
    """By plan and printer."""
    rows = await session.scalars(
        select(MaintenanceMark)
        .where(MaintenanceMark.organization_id == ctx.organization_id)
        .where(MaintenanceMark.printer_id.in_(printer_ids))
        .execution_options(populate_existing=True)
    )
    return {(row.plan_id, row.printer_id): row for row in rows}


async def add_marks(session: WriteSession, rows: Sequence[dict[str, Any]]) -> None:
    await _add_missing(session, MaintenanceMark, ["plan_id", "printer_id"], rows)


async def move_mark(
    session: WriteSession, ctx: Actor, plan_id: int, wear: PrinterWear, now: datetime
) -> None:
    """The plan was fulfilled on this printer; its intervals begin anew."""
    await session.execute(
        update(MaintenanceMark)
        .where(MaintenanceMark.organization_id == ctx.organization_id)
        .where(MaintenanceMark.plan_id == plan_id)
        .where(MaintenanceMark.printer_id == wear.printer_id)
        .values(since=now, printing_s=wear.printing_s, prints=wear.prints)
    )


async def list_open_tasks(
    session: AnySession, ctx: Actor, printer_ids: Collection[int]
) -> list[MaintenanceTask]:
    rows = await session.scalars(
        select(MaintenanceTask)
        .where(MaintenanceTask.organization_id == ctx.organization_id)
        .where(MaintenanceTask.status == TaskStatus.OPEN)
        .where(MaintenanceTask.printer_id.in_(printer_ids))
        .order_by(MaintenanceTask.due_at, MaintenanceTask.id)
    )
    return list(rows)


async def add_tasks(session: WriteSession, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        await session.execute(insert(MaintenanceTask), list(rows))


async def end_task(
    session: WriteSession, ctx: Actor, task_id: int, values: dict[str, Any]
) -> MaintenanceTask | None:
    """None when it has ended before."""
    task: MaintenanceTask | None = await session.scalar(
        update(MaintenanceTask)
        .where(MaintenanceTask.organization_id == ctx.organization_id)
        .where(MaintenanceTask.id == task_id, MaintenanceTask.status == TaskStatus.OPEN)
        .values(**values)
        .returning(MaintenanceTask)
        .execution_options(populate_existing=True)
    )
    return task


async def end_tasks_of_plan(
    session: WriteSession, ctx: Actor, plan_id: int, values: dict[str, Any]
) -> None:
    await session.execute(
        update(MaintenanceTask)
        .where(MaintenanceTask.organization_id == ctx.organization_id)
        .where(MaintenanceTask.plan_id == plan_id, MaintenanceTask.status == TaskStatus.OPEN)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


async def list_stopping_reports(
    session: AnySession, ctx: Actor, printer_ids: Collection[int]
) -> list[PrinterReport]:
    rows = await session.scalars(
        select(PrinterReport)
        .where(PrinterReport.organization_id == ctx.organization_id)
        .where(PrinterReport.status == ReportStatus.OPEN, PrinterReport.stops_printer)
        .where(PrinterReport.printer_id.in_(printer_ids))
        .order_by(PrinterReport.id)
    )
    return list(rows)


async def resolve_report(
    session: WriteSession, ctx: Actor, report_id: int, values: dict[str, Any]
) -> PrinterReport | None:
    """None when it was resolved before."""
    report: PrinterReport | None = await session.scalar(
        update(PrinterReport)
        .where(PrinterReport.organization_id == ctx.organization_id)
        .where(PrinterReport.id == report_id, PrinterReport.status == ReportStatus.OPEN)
        .values(status=ReportStatus.RESOLVED, **values)
        .returning(PrinterReport)
        .execution_options(populate_existing=True)
    )
    return report


async def find_part_by_sku(session: AnySession, ctx: Actor, sku: str) -> SparePart | None:
    part: SparePart | None = await session.scalar(
        select(SparePart).where(
            SparePart.organization_id == ctx.organization_id, SparePart.sku == sku
        )
    )
    return part


async def list_parts(session: AnySession, ctx: Actor) -> list[SparePart]:
    rows = await session.scalars(
        select(SparePart)
        .where(SparePart.organization_id == ctx.organization_id, SparePart.is_active)
        .order_by(SparePart.name, SparePart.id)
    )
    return list(rows)


async def move_stock(
    session: WriteSession, ctx: Actor, part_id: int, quantity: int
) -> SparePart | None:
    """None when fewer are there than are taken."""
    part: SparePart | None = await session.scalar(
        update(SparePart)
        .where(SparePart.organization_id == ctx.organization_id, SparePart.id == part_id)
        .where(SparePart.on_hand + quantity >= 0)
        .values(on_hand=SparePart.on_hand + quantity)
        .returning(SparePart)
        .execution_options(populate_existing=True)
    )
    return part


async def list_used_parts(
    session: AnySession, ctx: Actor, task_ids: Collection[int]
) -> dict[int, list[tuple[SparePart, int]]]:
    """Parts and how many, by task."""
    rows = await session.execute(
        select(SparePartMovement.task_id, SparePart, -SparePartMovement.quantity)
        .join(SparePart, SparePart.id == SparePartMovement.part_id)
        .where(SparePartMovement.organization_id == ctx.organization_id)
        .where(SparePart.organization_id == ctx.organization_id)
        .where(SparePartMovement.task_id.in_(task_ids))
        .order_by(SparePartMovement.id)
    )
    found: dict[int, list[tuple[SparePart, int]]] = {}
    for task_id, part, quantity in rows:
        found.setdefault(task_id or 0, []).append((part, quantity))
    return found


async def list_printer_names(
    session: AnySession, ctx: Actor, printer_ids: Iterable[int]
) -> dict[int, str]:
    """Deleted ones, too."""
    rows = await session.execute(
        select(Printer.id, Printer.name)
        .where(Printer.organization_id == ctx.organization_id)
        .where(Printer.id.in_(set(printer_ids)))
    )
    return {row.id: row.name for row in rows}


async def _add_missing(
    session: WriteSession, model: type[TenantModel], key: list[str], rows: Sequence[dict[str, Any]]
) -> None:
    if rows:
        await session.execute(
            insert_for(session, model).on_conflict_do_nothing(index_elements=key), list(rows)
        )
