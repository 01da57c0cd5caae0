"""All SQL of the order of the queue."""

from sqlalchemy import and_, or_, select, update

from shopwright.accounts.models import Organization
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.print_jobs.models import PrintJob
from shopwright.print_jobs.queries import IN_TURN
from shopwright.print_jobs.states import WAITING

STEP = 2  # raised by this much there is one place free


async def lock_queue(session: WriteSession, ctx: Actor) -> None:
    """One person at a time moves jobs of an organization; the dispatcher is not held up."""
    locked = select(Organization.id).where(Organization.id == ctx.organization_id)
    await session.execute(locked.with_for_update(key_share=True))


async def find_next(
    session: WriteSession, ctx: Actor, above: PrintJob | None, *, but: int
) -> PrintJob | None:
    """What comes right behind ``above``, or first of all, when one job is left out."""
    statement = (
        select(PrintJob)
        .where(PrintJob.organization_id == ctx.organization_id, PrintJob.id != but)
        .where(PrintJob.status.in_(WAITING), PrintJob.is_hidden.is_(False))
        .order_by(*IN_TURN)
        .limit(1)
    )
    if above is not None:
        statement = statement.where(
            or_(
                PrintJob.priority < above.priority,
                and_(PrintJob.priority == above.priority, PrintJob.rank < above.rank),
                and_(
                    PrintJob.priority == above.priority,
                    PrintJob.rank == above.rank,
                    PrintJob.id > above.id,
                ),
            )
        )
    job: PrintJob | None = await session.scalar(statement)
    return job


async def raise_until(session: WriteSession, ctx: Actor, last: PrintJob, *, but: int) -> None:
    """``last`` and what comes before it with the same priority move up, as one block."""
    await session.execute(
        update(PrintJob)
        .where(PrintJob.organization_id == ctx.organization_id, PrintJob.id != but)
        .where(PrintJob.status.in_(WAITING), PrintJob.priority == last.priority)
        .where(
            or_(
                PrintJob.rank > last.rank,
                and_(PrintJob.rank == last.rank, PrintJob.id <= last.id),
            )
        )
        .values(rank=PrintJob.rank + STEP)
        .execution_options(synchronize_session=False)
    )
