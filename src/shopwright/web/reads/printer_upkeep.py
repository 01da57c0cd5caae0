"""Maintenance of one printer in short: what comes next, what is open, what it printed so far."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from shopwright.fleet.maintenance import queries
from shopwright.fleet.maintenance import service as maintenance
from shopwright.fleet.maintenance.models import MaintenanceTask, PrinterReport
from shopwright.fleet.maintenance.states import ReportStatus
from shopwright.fleet.queries import AnySession
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Paging
from shopwright.web.reads.maintenance import DueRow, due_row

SHOWN = Paging(limit=3, offset=0)


@dataclass(frozen=True, slots=True)
class Upkeep:
    """``printing_s`` and ``prints`` since the shop has it."""

    due: tuple[DueRow, ...]
    tasks: tuple[MaintenanceTask, ...]
    reports: tuple[PrinterReport, ...]
    reports_total: int
    printing_s: int
    prints: int


async def read_upkeep(
    session: AnySession, ctx: Actor, printer_id: int, now: datetime, zone: ZoneInfo
) -> Upkeep:
    plans_at = await maintenance.list_plans_at(session, ctx, now)
    mine = [at for at in plans_at if at.printer.id == printer_id]
    reports, total = await queries.list_rows(
        session,
        ctx,
        PrinterReport,
        PrinterReport.printer_id == printer_id,
        PrinterReport.status == ReportStatus.OPEN,
        paging=SHOWN,
    )
    wear = (await queries.list_wear(session, ctx)).get(printer_id)
    return Upkeep(
        due=tuple(due_row(at, zone) for at in mine[: SHOWN.limit]),
        tasks=tuple(await queries.list_open_tasks(session, ctx, [printer_id])),
        reports=tuple(reports),
        reports_total=total,
        printing_s=wear.printing_s if wear else 0,
        prints=wear.prints if wear else 0,
    )
