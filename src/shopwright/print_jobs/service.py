"""The queue: make jobs for owed steps, order them, hold them, drop them."""

from collections.abc import Sequence

from sqlalchemy import select

from shopwright.accounts import audit
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import ReadSession, WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Conflict, NotFound
from shopwright.kernel.live import touch
from shopwright.orders import pieces
from shopwright.orders import queries as order_queries
from shopwright.orders.models import PieceStep
from shopwright.orders.states import WorkKind
from shopwright.print_files.models import Plate, PrintFile
from shopwright.print_jobs import queries
from shopwright.print_jobs.models import PrintJob
from shopwright.print_jobs.states import JobStatus

PRIORITY_OF_ORDER = {1: 10, 2: 5, 3: 0, 4: -5, 5: -10}  # reference decision 17
AT_WORK = frozenset({JobStatus.PREPARING, JobStatus.PRINTING, JobStatus.PAUSED})
MAX_FAILURES = 3  # then a person looks before more filament is spent


class JobNotWaiting(Conflict):
    code = "print-job-not-waiting"
    title = "This job is no longer waiting"


async def create_jobs(
    session: WriteSession, ctx: Actor, *, batches: Sequence[Sequence[PieceStep]]
) -> None:
    """One job per batch of steps that one run of a plate makes. The steps become allocated."""
    if not batches:
        return
    facts = await _plate_facts(session, ctx, batches)
    items = {
        item.id: item
        for item in await order_queries.list_items(
            session, ctx, {step.order_item_id for batch in batches for step in batch}
        )
    }
    orders = await order_queries.list_orders_by_id(
        session, ctx, {i.order_id for i in items.values()}
    )
    rows = []
    for batch in batches:
        first = batch[0]
        item = items[first.order_item_id]
        order = orders[item.order_id]
        plate_name, time_s, total_mg = facts[(first.print_file_id or 0, first.plate_number or 0)]
        rows.append(
            {
                "organization_id": ctx.organization_id,
                "name": f"#{order.number} {item.title}"[:240]
                + (f" · {plate_name}" if plate_name else ""),
                "print_file_id": first.print_file_id,
                "plate_number": first.plate_number,
                "yields": first.yields,
                "recipe_step_id": first.recipe_step_id,
                "order_id": order.id,
                "priority": PRIORITY_OF_ORDER[order.priority],
                "estimated_s": time_s,
                "estimated_mg": total_mg,
                "created_by": ctx.name,
                **_first_state(batch),
            }
        )
    job_ids = await queries.insert_jobs(session, rows)
    jobs_of = {
        step.id: job_id for job_id, batch in zip(job_ids, batches, strict=True) for step in batch
    }
    await pieces.allocate(session, ctx, kind=WorkKind.PRINT_JOB, work_ids=jobs_of)
    touch(session, ctx.organization_id, "queue")


async def get_job(session: ReadSession | WriteSession, ctx: Actor, ref: Ref) -> PrintJob:
    """Raises NotFound."""
    job = await queries.find_job(session, ctx, ref)
    if job is None:
        raise NotFound(f"There is no print job {ref}.")
    return job


async def get_waiting_job(session: WriteSession, ctx: Actor, ref: Ref) -> PrintJob:
    """Locked against a dispatch; raises NotFound, or JobNotWaiting with the reason."""
    job = await queries.lock_waiting(session, ctx, ref)
    if job is None:
        raise JobNotWaiting(_why_not((await get_job(session, ctx, ref)).status))
    return job


async def hold_job(session: WriteSession, ctx: Actor, *, job_id: int, reason: str) -> PrintJob:
    """Keep a queued job back until a person releases it; raises JobNotWaiting."""
    if (await get_job(session, ctx, Ref(job_id, None))).outside_at is not None:
        raise JobNotWaiting("The printer backend has this job already. Cancel it instead.")
    job = await queries.move_job(
        session, ctx, job_id, [JobStatus.QUEUED], JobStatus.PENDING, waiting_reason=reason
    )
    return await record_change(session, ctx, job, job_id, "print_job.held", reason)


async def release_job(session: WriteSession, ctx: Actor, *, job_id: int) -> PrintJob:
    """Let a held job be printed; raises JobNotWaiting."""
    job = await queries.move_job(
        session, ctx, job_id, [JobStatus.PENDING], JobStatus.QUEUED, waiting_reason=None
    )
    return await record_change(session, ctx, job, job_id, "print_job.released", None)


async def prioritise_job(
    session: WriteSession, ctx: Actor, *, job_id: int, priority: int
) -> PrintJob:
    """Higher is sooner; raises JobNotWaiting once a printer has it."""
    job = await queries.lock_waiting(session, ctx, Ref(job_id, None))
    if job is not None:
        job.priority, job.rank = priority, 0
        await session.flush()
    return await record_change(session, ctx, job, job_id, "print_job.prioritised", str(priority))


async def record_change(
    session: WriteSession,
    ctx: Actor,
    job: PrintJob | None,
    job_id: int,
    action: str,
    reason: str | None,
) -> PrintJob:
    """What a person did to a waiting job; raises JobNotWaiting when ``job`` is None."""
    if job is None:
        found = await get_job(session, ctx, Ref(job_id, None))
        raise JobNotWaiting(_why_not(found.status))
    audit.record(session, ctx, action, job.id, reason=reason)
    touch(session, ctx.organization_id, "queue", job.id)
    return job


def _why_not(status: JobStatus) -> str:
    if status is JobStatus.CLAIMED:
        return (
            "Its start is being sent to the printer. Wait until the printer shows it, then stop it."
        )
    sentence = f"The job is {status}; only a waiting job can be changed."
    return f"{sentence} Stop it first." if status in AT_WORK else sentence


def _first_state(batch: Sequence[PieceStep]) -> dict[str, object]:
    failures = max(step.failures for step in batch)
    if failures < MAX_FAILURES:
        return {"status": JobStatus.QUEUED, "waiting_reason": None}
    reason = f"This plate failed {failures} times in a row. Look at it, then release the job."
    return {"status": JobStatus.PENDING, "waiting_reason": reason}


async def _plate_facts(
    session: WriteSession, ctx: Actor, batches: Sequence[Sequence[PieceStep]]
) -> dict[tuple[int, int], tuple[str, int, int]]:
    file_ids = {batch[0].print_file_id for batch in batches}
    rows = await session.execute(
        select(PrintFile.id, Plate.number, Plate.name, Plate.time_s, Plate.total_mg)
        .join(
            Plate,
            (Plate.print_file_id == PrintFile.id) & (Plate.organization_id == ctx.organization_id),
        )
        .where(PrintFile.organization_id == ctx.organization_id, PrintFile.id.in_(file_ids))
    )
    return {(file_id, number): (name, time_s, mg) for file_id, number, name, time_s, mg in rows}
