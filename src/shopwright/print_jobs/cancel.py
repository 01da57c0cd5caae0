"""A person cancels a job: it stays away, and whoever still wants its pieces is asked."""

from datetime import datetime

from shopwright.accounts import audit
from shopwright.fleet import service as fleet
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.orders import holds, piece_queries, pieces
from shopwright.print_jobs import late, queries, service
from shopwright.print_jobs.models import PrintJob
from shopwright.print_jobs.states import WAITING, JobStatus


async def cancel_job(
    session: WriteSession, ctx: Actor, *, job_id: int, reason: str, now: datetime
) -> PrintJob:
    """Drop a job nobody has sent to a printer yet; raises JobNotWaiting.

    Its pieces are owed again. Planned at once they would come back as an equal job, so the orders
    they belong to are held: releasing the hold plans them anew.
    """
    await piece_queries.lock_pieces(session, ctx)
    await late.withdraw(session, ctx, job_id=job_id, reason=reason, now=now)
    job = await queries.move_job(
        session,
        ctx,
        job_id,
        WAITING,
        JobStatus.CANCELLED,
        failure_reason=reason,
        waiting_reason=None,
    )
    cancelled = await service.record_change(
        session, ctx, job, job_id, "print_job.cancelled", reason
    )
    await _ask(session, ctx, cancelled, "cancelled", reason)
    await pieces.give_back(session, ctx, work=piece_queries.print_of(job_id))
    return cancelled


async def stop_job(
    session: WriteSession, ctx: Actor, *, ref: Ref, reason: str, now: datetime
) -> None:
    """Cancel it: a waiting job at once, a printing one through the printer, whose report ends it.

    Raises JobNotWaiting for a job that ended, and while its start is being sent.
    """
    job = await service.get_job(session, ctx, ref)
    if job.status not in service.AT_WORK or job.printer_id is None:
        await cancel_job(session, ctx, job_id=job.id, reason=reason, now=now)
        return
    await piece_queries.lock_pieces(session, ctx)
    await fleet.send_command(
        session, ctx, printer_id=job.printer_id, kind="stop_print", arguments={}, now=now
    )
    audit.record(session, ctx, "print_job.stop_asked", job.id, reason=reason)
    await _ask(session, ctx, job, "stopped", reason)


async def _ask(session: WriteSession, ctx: Actor, job: PrintJob, what: str, reason: str) -> None:
    words = (
        f"The print {job.name!r} was {what} ({reason}). "
        "Release this hold to have it made anew, or cancel the order."
    )
    for order_id in await queries.list_orders_of(session, ctx, job.id):
        await holds.hold_order(session, ctx, order_id=order_id, reason=words[-500:])
