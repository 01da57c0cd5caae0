"""What becomes of an attempt: the device's reports move it, a person settles what nothing can
prove.

A job prints when the printer itself reports our job id, never because it acknowledged. After a lost
connection nothing is finished or failed until a fresh report says so.
"""

from datetime import datetime
from enum import StrEnum

from shopwright.accounts import audit
from shopwright.fleet import service as fleet
from shopwright.fleet.states import Activity, ConnectionState, Outcome
from shopwright.inventory import service as inventory
from shopwright.inventory.service import FilamentUse
from shopwright.kernel import events
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Conflict
from shopwright.kernel.live import touch
from shopwright.orders import piece_queries, pieces
from shopwright.print_jobs import harvest, queries, service
from shopwright.print_jobs.events import PrintJobEnded, PrintJobStarted
from shopwright.print_jobs.models import Attempt, PrintJob
from shopwright.print_jobs.states import (
    ACTIVE,
    ATTEMPT_TRANSITIONS,
    OPEN_ATTEMPTS,
    AttemptStatus,
    JobStatus,
)

JOB_STATUS = {
    Activity.PREPARING: JobStatus.PREPARING,
    Activity.PRINTING: JobStatus.PRINTING,
    Activity.PAUSED: JobStatus.PAUSED,
}
PPM_PER_PERCENT = 10_000
FORGOTTEN = (
    "The printer no longer shows this job: it was switched off, or something else was started at "
    "its screen. Look at its bed: did it print?"
)
OUT_OF_REACH = frozenset({ConnectionState.OFFLINE, ConnectionState.AUTH_FAILED})
NOT_BEGUN = frozenset({AttemptStatus.INTENDED, AttemptStatus.UPLOADING, AttemptStatus.STARTING})


class Answer(StrEnum):
    """What a person saw when the printer could not prove what it did."""

    PRINTED = "printed"
    FAILED = "failed"
    DID_NOT_PRINT = "did_not_print"


class AttemptNotUnknown(Conflict):
    code = "attempt-not-unknown"
    title = "There is nothing to decide"


class AttemptWasPrinting(Conflict):
    code = "attempt-was-printing"
    title = "This job had begun to print"


async def move_on(
    session: WriteSession, ctx: Actor, *, device_job_id: str, status: AttemptStatus
) -> None:
    """The link owner uploads now, or is about to send the start."""
    attempt = await queries.find_attempt(session, ctx, device_job_id)
    if attempt is None:
        return
    # Never back: an owner that lost its lease may still be uploading while another one starts.
    sources = [source for source, targets in ATTEMPT_TRANSITIONS.items() if status in targets]
    await queries.move_attempt(session, ctx, attempt.id, sources, status)
    touch(session, ctx.organization_id, "queue", attempt.print_job_id)


async def record_progress(
    session: WriteSession,
    ctx: Actor,
    *,
    device_job_id: str,
    activity: Activity,
    outcome: Outcome,
    percent: int,
    used_ppm: int | None = None,
    reason: str | None,
    now: datetime,
    broken_off_as: JobStatus = JobStatus.FAILED,
) -> bool:
    """A fresh report shows our job id: this is the proof of a start, and of an end.

    ``broken_off_as`` is what the job becomes when it did not finish. False when no such attempt is
    open.
    """
    attempt = await queries.find_attempt(session, ctx, device_job_id)
    if attempt is None or attempt.status not in OPEN_ATTEMPTS:
        return False
    if attempt.status is AttemptStatus.UNKNOWN and (
        activity in JOB_STATUS or outcome is not Outcome.NONE
    ):
        await fleet.settle_start(
            session, ctx, device_job_id=device_job_id, was_started=True, now=now
        )
    if activity in JOB_STATUS:
        await _printing(session, ctx, attempt, JOB_STATUS[activity], percent, now)
    elif outcome is Outcome.FINISHED:
        await _finish(session, ctx, attempt, now)
    elif outcome in {Outcome.FAILED, Outcome.CANCELLED}:
        words = reason or (
            "it was cancelled at the printer"
            if outcome is Outcome.CANCELLED
            else "the print failed"
        )
        reached = max(percent, attempt.percent)
        used = reached * PPM_PER_PERCENT if used_ppm is None else used_ppm
        await _fail(session, ctx, attempt, reached, used, words, now, target=broken_off_as)
    return True


async def give_back(
    session: WriteSession,
    ctx: Actor,
    *,
    device_job_id: str,
    reason: str,
    now: datetime,
    is_held: bool = False,
) -> None:
    """Nothing was started: the job waits in the queue again, held when only a person can help."""
    attempt = await queries.find_attempt(session, ctx, device_job_id)
    if attempt is None:
        return
    moved = await queries.move_attempt(
        session,
        ctx,
        attempt.id,
        [*NOT_BEGUN, AttemptStatus.UNKNOWN],
        AttemptStatus.CANCELLED,
        reason=reason,
        ended_at=now,
    )
    if moved is None:
        return
    await inventory.release_reservations(session, ctx, attempt.id)
    job = await queries.move_job(
        session,
        ctx,
        attempt.print_job_id,
        [JobStatus.CLAIMED],
        JobStatus.PENDING if is_held else JobStatus.QUEUED,
        printer_id=None,
        claimed_at=None,
        waiting_reason=f"Not started: {reason}"[:500],
    )
    audit.record(session, ctx, "print_job.returned", attempt.print_job_id, reason=reason[:500])
    touch(session, ctx.organization_id, "queue", attempt.print_job_id)
    if job is not None:
        await _drop_if_unwanted(session, ctx, job)


async def doubt(session: WriteSession, ctx: Actor, *, device_job_id: str, reason: str) -> None:
    """Nothing proves whether it started: a person decides, or a late report does."""
    attempt = await queries.find_attempt(session, ctx, device_job_id)
    if attempt is None:
        return
    moved = await queries.move_attempt(
        session,
        ctx,
        attempt.id,
        [AttemptStatus.STARTING, AttemptStatus.PRINTING],
        AttemptStatus.UNKNOWN,
        reason=reason,
    )
    if moved:
        audit.record(session, ctx, "print_job.unknown", attempt.print_job_id, reason=reason[:500])
        touch(session, ctx.organization_id, "queue", attempt.print_job_id)


async def resolve_attempt(
    session: WriteSession,
    ctx: Actor,
    *,
    job_id: int,
    answer: Answer,
    percent: int = 0,
    reason: str | None = None,
    now: datetime,
) -> PrintJob:
    """A person looked at the bed; raises AttemptNotUnknown when nothing is in doubt."""
    attempt = await queries.find_open_attempt(session, ctx, job_id)
    if attempt is None or not await _is_in_doubt(session, ctx, attempt):
        raise AttemptNotUnknown("It is known what became of this job.", job_id=job_id)
    if answer is Answer.DID_NOT_PRINT and attempt.started_at is not None:
        raise AttemptWasPrinting(
            "The printer was seen printing this job: say that it printed, or that it failed.",
            job_id=job_id,
        )
    await fleet.settle_start(
        session,
        ctx,
        device_job_id=attempt.device_job_id,
        was_started=answer is not Answer.DID_NOT_PRINT,
        now=now,
    )
    audit.record(session, ctx, "print_job.resolved", job_id, reason=str(answer))
    if answer is Answer.PRINTED:
        await _finish(session, ctx, attempt, now)
    elif answer is Answer.FAILED:
        reached = max(percent, attempt.percent)
        used = reached * PPM_PER_PERCENT
        words = reason or f"{ctx.name} found it failed"
        await _fail(session, ctx, attempt, reached, used, words, now)
    else:
        await fleet.take_out_of_work(
            session,
            ctx,
            printer_id=attempt.printer_id,
            reason="it took a job and did not print it; look at it, then put it back to work",
        )
        await give_back(
            session,
            ctx,
            device_job_id=attempt.device_job_id,
            reason=f"{ctx.name} saw that it did not print",
            now=now,
        )
    return await service.get_job(session, ctx, Ref(job_id, None))


async def _is_in_doubt(session: WriteSession, ctx: Actor, attempt: Attempt) -> bool:
    """Nothing proves it, or the printer that could is out of reach and may stay so."""
    if attempt.status in {AttemptStatus.STARTING, AttemptStatus.PRINTING}:
        printer = await fleet.get_printer(session, ctx, attempt.printer_id)
        return not printer.is_active or printer.connection in OUT_OF_REACH
    return attempt.status is AttemptStatus.UNKNOWN


async def _printing(
    session: WriteSession,
    ctx: Actor,
    attempt: Attempt,
    status: JobStatus,
    percent: int,
    now: datetime,
) -> None:
    await queries.move_attempt(
        session,
        ctx,
        attempt.id,
        OPEN_ATTEMPTS,
        AttemptStatus.PRINTING,
        percent=max(percent, attempt.percent),
        started_at=attempt.started_at or now,
        reason=None,
    )
    job = await queries.move_job(session, ctx, attempt.print_job_id, ACTIVE, status)
    if job is not None and job.started_at is None:
        job.started_at = now
        steps = await piece_queries.list_job_steps(session, ctx, job.id)
        await piece_queries.mark_in_progress(session, ctx, {s.order_item_id for s in steps})
        for order_id in {job.order_id} - {None}:
            touch(session, ctx.organization_id, "order", order_id or 0)
        started = PrintJobStarted(ctx.organization_id, job.id, attempt.printer_id)
        await events.publish(session, started)
    touch(session, ctx.organization_id, "queue", attempt.print_job_id)


async def _finish(session: WriteSession, ctx: Actor, attempt: Attempt, now: datetime) -> None:
    ended = await queries.move_attempt(
        session,
        ctx,
        attempt.id,
        OPEN_ATTEMPTS,
        AttemptStatus.FINISHED,
        percent=100,
        ended_at=now,
        reason=None,
    )
    if ended is None:
        return
    job = await queries.move_job(
        session, ctx, attempt.print_job_id, ACTIVE, JobStatus.COMPLETED, ended_at=now
    )
    if job is None:
        return
    await _book(session, ctx, job, attempt, 100 * PPM_PER_PERCENT, now)
    await _tell_end(session, ctx, job, attempt, None)
    await harvest.after_print(session, ctx, job=job, printer_id=attempt.printer_id, now=now)


async def _fail(
    session: WriteSession,
    ctx: Actor,
    attempt: Attempt,
    percent: int,
    used_ppm: int,
    reason: str,
    now: datetime,
    *,
    target: JobStatus = JobStatus.FAILED,
) -> None:
    ended = await queries.move_attempt(
        session,
        ctx,
        attempt.id,
        OPEN_ATTEMPTS,
        AttemptStatus.FAILED,
        percent=percent,
        ended_at=now,
        reason=reason,
    )
    if ended is None:
        return
    job = await queries.move_job(
        session,
        ctx,
        attempt.print_job_id,
        ACTIVE,
        target,
        ended_at=now,
        failure_reason=reason,
    )
    if job is None:
        return
    await _book(session, ctx, job, attempt, used_ppm, now)
    await fleet.require_clearing(
        session, ctx, printer_id=attempt.printer_id, reason=f"the print failed: {reason}"
    )
    await _tell_end(session, ctx, job, attempt, reason)
    await pieces.scrap(session, ctx, work=piece_queries.print_of(job.id))


async def _book(
    session: WriteSession, ctx: Actor, job: PrintJob, attempt: Attempt, used_ppm: int, now: datetime
) -> None:
    """Grams are booked once: all of the plate's, or those of the layers it completed.

    Of a job that never had a file nobody knows them.
    """
    if job.print_file_id is None or job.plate_number is None:
        await inventory.release_reservations(session, ctx, attempt.id)
        return
    key = (job.print_file_id, job.plate_number)
    needs = (await queries.list_needs(session, ctx, [key]))[key]
    uses = [
        FilamentUse(
            need.project_index,
            need.material,
            attempt.spools.get(str(need.project_index)),
            need.used_mg * used_ppm // (100 * PPM_PER_PERCENT),
        )
        for need in needs.filaments
    ]
    job.used_mg = sum(use.amount_mg for use in uses)
    await session.flush()
    await inventory.book_print_use(
        session, ctx, attempt_id=attempt.id, uses=uses, order_id=job.order_id, now=now
    )


async def _tell_end(
    session: WriteSession, ctx: Actor, job: PrintJob, attempt: Attempt, reason: str | None
) -> None:
    audit.record(
        session, ctx, "print_job.failed" if reason else "print_job.completed", job.id, reason=reason
    )
    touch(session, ctx.organization_id, "queue", job.id)
    if job.order_id:
        touch(session, ctx.organization_id, "order", job.order_id)
    await events.publish(
        session,
        PrintJobEnded(ctx.organization_id, job.id, attempt.printer_id, reason is not None, reason),
    )


async def _drop_if_unwanted(session: WriteSession, ctx: Actor, job: PrintJob) -> None:
    """A job that came back while its order was cancelled makes nothing for anybody."""
    reason = "nothing it makes is owed any more"
    if await queries.drop_unwanted(session, ctx, [job.id], reason):
        audit.record(session, ctx, "print_job.cancelled", job.id, reason=reason)
