"""SQL of harvests: what was counted, and what still lies on a bed."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select, update

from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.print_jobs.models import Attempt, PrintJob
from shopwright.print_jobs.queries import AnySession
from shopwright.print_jobs.states import WAITING, AttemptStatus, JobStatus

TOUCHED_BED = frozenset(
    {AttemptStatus.PRINTING, AttemptStatus.FINISHED, AttemptStatus.FAILED, AttemptStatus.UNKNOWN}
)


async def begin_harvest(
    session: WriteSession, ctx: Actor, job_id: int, now: datetime
) -> PrintJob | None:
    """One harvest per job: None when it was harvested before, or has not completed."""
    job: PrintJob | None = await session.scalar(
        update(PrintJob)
        .where(PrintJob.id == job_id, PrintJob.organization_id == ctx.organization_id)
        .where(PrintJob.status == JobStatus.COMPLETED, PrintJob.harvested_at.is_(None))
        .values(harvested_at=now)
        .returning(PrintJob)
        .execution_options(populate_existing=True)
    )
    return job


async def change_harvest(
    session: WriteSession, ctx: Actor, job_id: int, before: int, good: int
) -> PrintJob | None:
    """Compare-and-set; None when the job counts other than ``before`` by now."""
    job: PrintJob | None = await session.scalar(
        update(PrintJob)
        .where(PrintJob.id == job_id, PrintJob.organization_id == ctx.organization_id)
        .where(PrintJob.harvested_at.is_not(None), PrintJob.good == before)
        .values(good=good, scrap=PrintJob.yields - good)
        .returning(PrintJob)
        .execution_options(populate_existing=True)
    )
    return job


async def list_waiting_among(session: AnySession, ctx: Actor, job_ids: Collection[int]) -> set[int]:
    rows = await session.scalars(
        select(PrintJob.id)
        .where(PrintJob.organization_id == ctx.organization_id, PrintJob.id.in_(job_ids))
        .where(PrintJob.status.in_(WAITING))
    )
    return set(rows)


async def is_last_on_bed(session: AnySession, ctx: Actor, job_id: int, printer_id: int) -> bool:
    """Whether the printer began nothing else after this job."""
    own = (
        select(func.max(Attempt.id))
        .where(Attempt.organization_id == ctx.organization_id, Attempt.print_job_id == job_id)
        .scalar_subquery()
    )
    later = await session.scalar(
        select(Attempt.id)
        .where(Attempt.organization_id == ctx.organization_id, Attempt.printer_id == printer_id)
        .where(Attempt.id > own, Attempt.status.in_(TOUCHED_BED))
        .limit(1)
    )
    return later is None


async def has_unharvested(session: AnySession, ctx: Actor, printer_id: int) -> bool:
    """Whether a finished plate of this printer has not been counted yet."""
    found = await session.scalar(
        select(PrintJob.id)
        .where(PrintJob.organization_id == ctx.organization_id, PrintJob.printer_id == printer_id)
        .where(PrintJob.status == JobStatus.COMPLETED, PrintJob.harvested_at.is_(None))
        .limit(1)
    )
    return found is not None
