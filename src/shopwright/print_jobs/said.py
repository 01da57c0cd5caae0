"""What clients say of a job's status: the report, where nobody here drives its printer (reference
decision 29)."""

from dataclasses import dataclass
from datetime import datetime

from shopwright.accounts import audit
from shopwright.fleet import service as fleet
from shopwright.fleet.models import Printer
from shopwright.fleet.outside import is_told
from shopwright.fleet.states import Activity, Outcome
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Conflict, IllegalTransition
from shopwright.print_jobs import asked_products, asked_queries, external, queries, service
from shopwright.print_jobs.models import Attempt, PrintJob
from shopwright.print_jobs.states import TERMINAL, WAITING, JobStatus

ACTIVITIES = {
    JobStatus.PREPARING: Activity.PREPARING,
    JobStatus.PRINTING: Activity.PRINTING,
    JobStatus.PAUSED: Activity.PAUSED,
}
OUTCOMES = {JobStatus.COMPLETED: Outcome.FINISHED, JobStatus.FAILED: Outcome.FAILED}


class NoPrinterYet(Conflict):
    code = "print-job-without-printer"
    title = "This job has no printer yet"


@dataclass(frozen=True, slots=True)
class JobWord:
    status: JobStatus
    percent: float | None = None
    current_layer: int | None = None
    failure_reason: str | None = None


async def say_status(
    session: WriteSession, ctx: Actor, *, ref: Ref, word: JobWord, now: datetime
) -> None:
    """Of a printer we drive only its own report counts: what is said is kept in the audit log.

    Raises IllegalTransition, NoPrinterYet, JobNotWaiting or AlreadyClaimed.
    """
    job = await service.get_job(session, ctx, ref)
    if job.status in TERMINAL and word.status is not job.status:
        raise IllegalTransition(f"The job is {job.status}; it cannot become {word.status}.")
    if job.status in TERMINAL:
        return
    if word.status is JobStatus.CANCELLED:
        reason = word.failure_reason or f"cancelled by {ctx.name}"
        await asked_products.cancel_job(session, ctx, ref=ref, reason=reason, now=now)
    elif word.status in WAITING:
        await _wait(session, ctx, job, word.status, now)
    else:
        await _hear(session, ctx, job, word, now)


async def _wait(
    session: WriteSession, ctx: Actor, job: PrintJob, status: JobStatus, now: datetime
) -> None:
    if job.status is status:
        return
    if job.status is not JobStatus.PENDING:
        raise IllegalTransition(f"The job is {job.status}; it cannot become {status}.")
    await asked_products.queue_jobs(session, ctx, job=job, printer_id=None, now=now)


async def _hear(
    session: WriteSession, ctx: Actor, job: PrintJob, word: JobWord, now: datetime
) -> None:
    printer = await _printer_of(session, ctx, job)
    if not is_told(printer):
        audit.record(
            session, ctx, "print_job.reported", job.id, status=word.status, percent=word.percent
        )
        return
    attempt = await _attempt_of(session, ctx, job, printer, now)
    percent = int(word.percent or 0)
    if word.status in OUTCOMES:
        await external.end(
            session, ctx, job_id=job.id, outcome=OUTCOMES[word.status],
            reason=_reason(ctx, word), now=now,
        )  # fmt: skip
    elif word.status in ACTIVITIES:
        activity = ACTIVITIES[word.status]
        await external.tell(
            session, ctx, attempt=attempt, activity=activity, percent=percent, now=now
        )
    await asked_queries.note_layers(session, ctx, job.id, current=word.current_layer, total=None)


async def _attempt_of(
    session: WriteSession, ctx: Actor, job: PrintJob, printer: Printer, now: datetime
) -> Attempt:
    """The try that is under way, begun by this word where there was none."""
    attempt = await queries.find_open_attempt(session, ctx, job.id)
    if attempt is not None:
        return attempt
    if job.status is JobStatus.PENDING:
        await asked_products.queue_jobs(session, ctx, job=job, printer_id=printer.id, now=now)
    return await external.claim(session, ctx, job=job, printer=printer, now=now)


async def _printer_of(session: WriteSession, ctx: Actor, job: PrintJob) -> Printer:
    printer_id = job.printer_id or job.pinned_printer_id
    if printer_id is None:
        raise NoPrinterYet("Send the job to a printer first: POST /api/print-jobs/{job}/send.")
    return await fleet.get_printer(session, ctx, printer_id)


def _reason(ctx: Actor, word: JobWord) -> str | None:
    if word.status is not JobStatus.FAILED:
        return None
    return word.failure_reason or f"{ctx.name} says it failed"
