"""What the printer backend says of a job that it has: the report, as nobody here drives its
printers."""

from collections.abc import Mapping
from datetime import datetime

from shopwright.fleet.states import Outcome
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.live import touch
from shopwright.print_jobs import cancel, external, said, service
from shopwright.print_jobs.backend import queries
from shopwright.print_jobs.models import PrintJob
from shopwright.print_jobs.port import RemoteJob
from shopwright.print_jobs.said import JobWord
from shopwright.print_jobs.states import TERMINAL, WAITING, JobStatus

# Its own words for what it does; whatever is not here (queued, uploaded …) moves nothing.
WORDS: Mapping[str, JobStatus] = {
    "claimed": JobStatus.CLAIMED,
    "preparing": JobStatus.PREPARING,
    "printing": JobStatus.PRINTING,
    "in_progress": JobStatus.PRINTING,
    "in-progress": JobStatus.PRINTING,
    "paused": JobStatus.PAUSED,
    "completed": JobStatus.COMPLETED,
    "finished": JobStatus.COMPLETED,
    "failed": JobStatus.FAILED,
    "error": JobStatus.FAILED,
    "cancelled": JobStatus.CANCELLED,
    "canceled": JobStatus.CANCELLED,
}
CANCELLED_THERE = "it was cancelled at the printer backend"
FAILED_THERE = "it failed at the printer backend"


async def hear(
    session: WriteSession, ctx: Actor, *, job_id: int, remote: RemoteJob, now: datetime
) -> None:
    """Move the job as far as the backend says; raises AlreadyClaimed while its printer shows
    another job here."""
    await queries.note_word(session, ctx, job_id, asked_at=now, remote_status=remote.status[:40])
    job = await service.get_job(session, ctx, Ref(job_id, None))
    status = WORDS.get(remote.status.lower())
    if status is None or job.status in TERMINAL:
        return
    if status is JobStatus.CANCELLED:
        await _cancel(session, ctx, job, remote.reason or CANCELLED_THERE, now)
    elif status is not job.status or status is JobStatus.PRINTING:
        await said.say_status(
            session, ctx, ref=Ref(job.id, None), word=_word(status, remote), now=now
        )
    touch(session, ctx.organization_id, "queue", job.id)


async def _cancel(
    session: WriteSession, ctx: Actor, job: PrintJob, reason: str, now: datetime
) -> None:
    if job.status in WAITING:
        await cancel.cancel_job(session, ctx, job_id=job.id, reason=reason, now=now)
        return
    await external.end(
        session, ctx, job_id=job.id, outcome=Outcome.CANCELLED, reason=reason, now=now
    )


def _word(status: JobStatus, remote: RemoteJob) -> JobWord:
    reason = (remote.reason or FAILED_THERE) if status is JobStatus.FAILED else None
    return JobWord(status=status, percent=remote.percent, failure_reason=reason)
