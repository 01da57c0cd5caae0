"""What a print that ended means to its printer: one more is counted."""

from sqlalchemy import select

from shopwright.fleet.maintenance import service as maintenance
from shopwright.kernel.actor import system_actor
from shopwright.kernel.db import WriteSession
from shopwright.print_jobs.events import PrintJobEnded
from shopwright.print_jobs.models import PrintJob


async def on_print_job_ended(session: WriteSession, event: PrintJobEnded) -> None:
    """One that never began wears nothing."""
    started_at = await session.scalar(
        select(PrintJob.started_at).where(
            PrintJob.organization_id == event.organization_id, PrintJob.id == event.print_job_id
        )
    )
    if started_at is not None:
        ctx = system_actor(event.organization_id, "maintenance")
        now = session.context.clock.now()
        await maintenance.count_print(session, ctx, printer_id=event.printer_id, now=now)
