"""Problems that people report of printers; one that stops the printer holds it until it is
resolved."""

from dataclasses import dataclass
from datetime import datetime

from shopwright.accounts import audit
from shopwright.fleet import service
from shopwright.fleet.events import PrinterReported
from shopwright.fleet.maintenance import queries
from shopwright.fleet.maintenance import service as maintenance
from shopwright.fleet.maintenance.models import PrinterReport
from shopwright.fleet.maintenance.states import Severity
from shopwright.fleet.queries import AnySession
from shopwright.kernel import events
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Conflict, NotFound
from shopwright.kernel.live import touch


class ReportResolved(Conflict):
    code = "printer-report-resolved"
    title = "This problem is resolved already"


@dataclass(frozen=True, slots=True)
class ReportSpec:
    printer: Ref
    severity: Severity
    description: str
    stops_printer: bool | None = None  # None: a critical one does


async def get_report(session: AnySession, ctx: Actor, ref: Ref) -> PrinterReport:
    """Raises NotFound, also for another organization's."""
    report = await queries.find_row(session, ctx, PrinterReport, ref)
    if report is None:
        raise NotFound(f"There is no report {ref}.")
    return report


async def create_report(
    session: WriteSession, ctx: Actor, *, spec: ReportSpec, now: datetime
) -> PrinterReport:
    """Of a printer that has it; no print that runs is stopped."""
    printer = await service.get_living_printer(session, ctx, spec.printer)
    stops = spec.stops_printer
    report = PrinterReport(
        organization_id=ctx.organization_id,
        printer_id=printer.id,
        severity=spec.severity,
        description=spec.description,
        stops_printer=spec.severity is Severity.CRITICAL if stops is None else stops,
        reported_by=ctx.name,
        created_at=now,
    )
    session.add(report)
    await session.flush()
    await events.publish(
        session,
        PrinterReported(
            ctx.organization_id, printer.id, report.id, ctx.name, report.description,
            report.stops_printer,
        ),
    )  # fmt: skip
    await _changed(session, ctx, report, "printer_report.created", now)
    return report


async def resolve_report(
    session: WriteSession, ctx: Actor, *, ref: Ref, resolution: str, now: datetime
) -> PrinterReport:
    """The printer is let go unless something else holds it. Raises ReportResolved."""
    report = await get_report(session, ctx, ref)
    values = {"resolution": resolution, "resolved_by": ctx.name, "resolved_at": now}
    resolved = await queries.resolve_report(session, ctx, report.id, values)
    if resolved is None:
        raise ReportResolved(f"{report.resolved_by or 'Somebody'} resolved this problem already.")
    await _changed(session, ctx, resolved, "printer_report.resolved", now)
    return resolved


async def _changed(
    session: WriteSession, ctx: Actor, report: PrinterReport, action: str, now: datetime
) -> None:
    audit.record(session, ctx, action, report.id, printer_id=report.printer_id)
    touch(session, ctx.organization_id, maintenance.LIVE_TOPIC)
    await maintenance.judge(session, ctx, now=now, printer_ids=[report.printer_id])
