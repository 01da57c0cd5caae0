"""Printers that nothing here drives: what a client says of a job there is the report."""

from datetime import datetime

from sqlalchemy.exc import IntegrityError

from shopwright.accounts import audit
from shopwright.fleet.models import Printer
from shopwright.fleet.states import Activity, Outcome
from shopwright.kernel import ids
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.print_jobs import attempts, queries
from shopwright.print_jobs.dispatch import AlreadyClaimed
from shopwright.print_jobs.models import Attempt, PrintJob
from shopwright.print_jobs.states import AttemptStatus, JobStatus


async def begin(
    session: WriteSession, ctx: Actor, *, job: PrintJob, printer: Printer, now: datetime
) -> None:
    """Somebody says that it prints; nothing is sent. Raises AlreadyClaimed."""
    attempt = await claim(session, ctx, job=job, printer=printer, now=now)
    audit.record(session, ctx, "print_job.said_started", job.id, printer_id=printer.id)
    await tell(session, ctx, attempt=attempt, activity=Activity.PRINTING, percent=0, now=now)


async def claim(
    session: WriteSession, ctx: Actor, *, job: PrintJob, printer: Printer, now: datetime
) -> Attempt:
    """Somebody says that they took it; nothing is sent. Raises AlreadyClaimed."""
    try:
        async with session.begin_nested():
            claimed = await queries.claim_job(session, ctx, job.id, printer.id, now)
    except IntegrityError as err:  # the partial unique index: a printer does one job
        raise AlreadyClaimed(f"{printer.name} has another job.", job_id=job.id) from err
    if claimed is None:
        raise AlreadyClaimed("This job was taken, is held, or its order was stopped.")
    claimed.claimed_by = ctx.name[:120]
    return await queries.add_attempt(
        session,
        ctx,
        print_job_id=job.id,
        printer_id=printer.id,
        device_job_id=ids.new_device_job_id(),
        slots=[],
        status=AttemptStatus.STARTING,
    )


async def tell(
    session: WriteSession,
    ctx: Actor,
    *,
    attempt: Attempt,
    activity: Activity,
    percent: int,
    now: datetime,
) -> None:
    """Somebody says how far it is."""
    await attempts.record_progress(
        session,
        ctx,
        device_job_id=attempt.device_job_id,
        activity=activity,
        outcome=Outcome.NONE,
        percent=percent,
        reason=None,
        now=now,
    )


async def end(
    session: WriteSession,
    ctx: Actor,
    *,
    job_id: int,
    outcome: Outcome,
    reason: str | None,
    now: datetime,
) -> None:
    """Somebody says how it ended."""
    attempt = await queries.find_open_attempt(session, ctx, job_id)
    if attempt is None:
        return
    audit.record(session, ctx, f"print_job.said_{outcome}", job_id, reason=reason)
    await attempts.record_progress(
        session,
        ctx,
        device_job_id=attempt.device_job_id,
        activity=Activity.IDLE,
        outcome=outcome,
        percent=attempt.percent,
        reason=reason,
        now=now,
        broken_off_as=(JobStatus.CANCELLED if outcome is Outcome.CANCELLED else JobStatus.FAILED),
    )
