"""What comes late or unasked: starts taken back, prints nobody expected, printers that left."""

from collections.abc import Collection
from datetime import datetime

from shopwright.accounts import audit
from shopwright.fleet import service as fleet
from shopwright.fleet.states import BUSY, Activity, Gate
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.live import touch
from shopwright.print_jobs import attempts, harvest_queries, queries, service
from shopwright.print_jobs.states import WAITING, AttemptStatus, JobStatus

UNSENT = frozenset({AttemptStatus.INTENDED, AttemptStatus.UPLOADING})
NOT_OURS = "it prints something that was not sent from here; take it off when it is done"
PRINTED_UNSEEN = "it printed something by itself while nobody watched; see that its bed is clear"
AFTER_ALL = "the printer prints another job after all"
REMOVED = "The printer was removed while it had this job. Look at its bed: did it print?"


async def withdraw(
    session: WriteSession, ctx: Actor, *, job_id: int, reason: str, now: datetime
) -> bool:
    """Back into the queue, while nobody has sent the start; False when it is too late for that."""
    attempt = await queries.find_open_attempt(session, ctx, job_id)
    if attempt is None or attempt.status not in UNSENT:
        return False
    device_job_id = attempt.device_job_id
    if not await fleet.withdraw_start(
        session, ctx, device_job_id=device_job_id, reason=reason, now=now
    ):
        return False
    await attempts.give_back(session, ctx, device_job_id=device_job_id, reason=reason, now=now)
    return True


async def drop_jobs(
    session: WriteSession, ctx: Actor, *, job_ids: Collection[int], reason: str, now: datetime
) -> int:
    """Cancel those that make nothing for anybody any more; returns how many of these run on."""
    for job_id in await queries.drop_unwanted(session, ctx, job_ids, reason):
        audit.record(session, ctx, "print_job.cancelled", job_id, reason=reason)
    running = 0
    for job_id in await queries.list_active_unwanted(session, ctx, job_ids):
        running += not await withdraw(session, ctx, job_id=job_id, reason=reason, now=now)
    return running


async def take_up_again(
    session: WriteSession, ctx: Actor, *, device_job_id: str, now: datetime
) -> bool:
    """A job that was given back is printed after all: it must not be printed a second time.

    False when it is no such job, or when its job went on elsewhere meanwhile.
    """
    attempt = await queries.find_attempt(session, ctx, device_job_id)
    if attempt is None or attempt.status is not AttemptStatus.CANCELLED:
        return False
    job = await service.get_job(session, ctx, Ref(attempt.print_job_id, None))
    in_the_way = await queries.list_open_attempts(session, ctx, attempt.printer_id)
    unsent = {other.print_job_id for other in in_the_way}
    if job.status is JobStatus.CLAIMED:
        unsent.add(job.id)
    elif job.status not in WAITING:
        return False
    for job_id in sorted(unsent):
        if not await withdraw(session, ctx, job_id=job_id, reason=AFTER_ALL, now=now):
            return False
    claimed = await queries.move_job(
        session,
        ctx,
        job.id,
        WAITING,
        JobStatus.CLAIMED,
        printer_id=attempt.printer_id,
        claimed_at=now,
        waiting_reason=None,
    )
    if claimed is None:
        return False
    await queries.move_attempt(
        session,
        ctx,
        attempt.id,
        [AttemptStatus.CANCELLED],
        AttemptStatus.PRINTING,
        reason=None,
        ended_at=None,
    )
    audit.record(session, ctx, "print_job.taken_up_again", job.id, printer_id=attempt.printer_id)
    return True


async def watch_bed(
    session: WriteSession,
    ctx: Actor,
    *,
    printer_id: int,
    device_job_id: str | None,
    activity: Activity,
    has_ended_unseen: bool,
) -> None:
    """The printer shows another job than ours, or none: what became of ours nobody can say, and
    what lies on its bed must be taken off before it gets the next job."""
    own = await queries.list_open_attempts(session, ctx, printer_id)
    for attempt in own:
        if attempt.status is AttemptStatus.PRINTING and attempt.device_job_id != device_job_id:
            await attempts.doubt(
                session, ctx, device_job_id=attempt.device_job_id, reason=attempts.FORGOTTEN
            )
    if own or not (activity in BUSY or has_ended_unseen):
        return
    if has_ended_unseen and await _is_known(session, ctx, device_job_id):
        return
    if (await fleet.get_printer(session, ctx, printer_id)).gate is Gate.READY:
        reason = PRINTED_UNSEEN if has_ended_unseen else NOT_OURS
        await fleet.require_clearing(session, ctx, printer_id=printer_id, reason=reason)


async def _is_known(session: WriteSession, ctx: Actor, device_job_id: str | None) -> bool:
    """Ours, and settled by what was reported of it."""
    if device_job_id is None:
        return False
    attempt = await queries.find_attempt(session, ctx, device_job_id)
    return attempt is not None and attempt.status is not AttemptStatus.CANCELLED


async def keep_plate(session: WriteSession, ctx: Actor, *, printer_id: int) -> None:
    """Back from maintenance with a finished plate that nobody has counted: it is still there."""
    if await harvest_queries.has_unharvested(session, ctx, printer_id):
        await fleet.require_clearing(
            session, ctx, printer_id=printer_id, reason="take the finished plate off"
        )


async def lose_printer(
    session: WriteSession, ctx: Actor, *, printer_id: int, now: datetime
) -> None:
    """It was removed: an unsent start goes to another printer, what was sent is a person's to
    decide."""
    for attempt in await queries.list_open_attempts(session, ctx, printer_id):
        reason = "its printer was removed"
        if not await withdraw(session, ctx, job_id=attempt.print_job_id, reason=reason, now=now):
            await attempts.doubt(session, ctx, device_job_id=attempt.device_job_id, reason=REMOVED)
    touch(session, ctx.organization_id, "queue")
