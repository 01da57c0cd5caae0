"""Maintenance that came due by a plan, and problems of printers that people reported, in words."""

from shopwright.fleet.events import MaintenanceDue, PrinterReported
from shopwright.fleet.maintenance.queries import list_printer_names
from shopwright.kernel.actor import system_actor
from shopwright.kernel.db import WriteSession
from shopwright.notifications.telling import Notice, tell
from shopwright.notifications.topics import Topic

PAGE = "/maintenance"


async def on_maintenance_due(session: WriteSession, event: MaintenanceDue) -> None:
    printer = await _name(session, event.organization_id, event.printer_id)
    notice = Notice(
        Topic.MAINTENANCE_DUE,
        f"maintenance_due:{event.printer_id}:{event.plan_id}:{event.due_at:%Y-%m-%d}",
        f"{event.plan} is due at {printer}",
        "Say on the maintenance page when it is done.",
        PAGE,
        event.printer_id,
        {"printer_id": event.printer_id, "printer": printer, "plan": event.plan},
    )
    await tell(session, event.organization_id, notice)


async def on_printer_reported(session: WriteSession, event: PrinterReported) -> None:
    printer = await _name(session, event.organization_id, event.printer_id)
    held = (
        "It gets no work until this is resolved." if event.stops_printer else "It goes on working."
    )
    notice = Notice(
        Topic.PRINTER_TROUBLE,
        f"printer_reported:{event.report_id}",
        f"{event.by} reported a problem of {printer}",
        f"{event.description[:300]}\n{held}",
        PAGE,
        event.printer_id,
        {"printer_id": event.printer_id, "printer": printer, "trouble": event.description[:300]},
    )
    await tell(session, event.organization_id, notice)


async def _name(session: WriteSession, organization_id: int, printer_id: int) -> str:
    ctx = system_actor(organization_id, "maintenance")
    names = await list_printer_names(session, ctx, [printer_id])
    return names.get(printer_id, "A printer")
