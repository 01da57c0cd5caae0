"""The queue put in order by hand: a waiting job goes between two others, as somebody saw them.

Priority comes first, then rank, then arrival. A job keeps its priority where the place allows it,
else it takes the one of its new neighbour; among equal ones the rank decides.
"""

from dataclasses import dataclass

from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Conflict, Invalid
from shopwright.print_jobs import order_queries, service
from shopwright.print_jobs.models import PrintJob


class QueueChanged(Conflict):
    code = "queue-changed"
    title = "The queue is no longer as you saw it"


@dataclass(frozen=True, slots=True)
class Place:
    """Right behind ``after`` and right before ``before``; None is an end of the queue, or not
    told. ``revision`` is the job's own as it was seen, where it was told."""

    after: Ref | None = None
    before: Ref | None = None
    revision: str | None = None


def revision_of(job: PrintJob) -> str:
    """Another one whenever somebody moved the job."""
    return revision_of_place(job.priority, job.rank)


def revision_of_place(priority: int, rank: int) -> str:
    return f"{priority}.{rank}"


async def move_job(session: WriteSession, ctx: Actor, *, ref: Ref, place: Place) -> PrintJob:
    """Raises QueueChanged when one of the three is elsewhere by now, so that of two people who
    move at once the second one looks again; JobNotWaiting once a printer has one of them."""
    if place.after is None and place.before is None:
        raise Invalid("Say after which job it comes, or before which.")
    await order_queries.lock_queue(session, ctx)
    job = await service.get_waiting_job(session, ctx, ref)
    if place.revision not in {None, "", revision_of(job)}:
        raise QueueChanged(f"Somebody else moved {job.name} meanwhile. Look again.")
    above = await service.get_waiting_job(session, ctx, place.after) if place.after else None
    below = await order_queries.find_next(session, ctx, above, but=job.id)
    await _check(session, ctx, job, above, below, place)
    return await _put(session, ctx, job, above, below)


async def move_to_top(session: WriteSession, ctx: Actor, *, ref: Ref) -> PrintJob:
    """Before everything else that waits."""
    await order_queries.lock_queue(session, ctx)
    job = await service.get_waiting_job(session, ctx, ref)
    first = await order_queries.find_next(session, ctx, None, but=job.id)
    return job if first is None else await _put(session, ctx, job, None, first)


async def _check(
    session: WriteSession,
    ctx: Actor,
    job: PrintJob,
    above: PrintJob | None,
    below: PrintJob | None,
    place: Place,
) -> None:
    """That the gap is where it was seen, and nothing came into it."""
    wanted = await service.get_waiting_job(session, ctx, place.before) if place.before else None
    if job in (above, wanted):
        raise Invalid("A job cannot be put beside itself.")
    if wanted is not None and (below is None or below.id != wanted.id):
        raise QueueChanged(f"Something else stands before {wanted.name} by now. Look again.")


async def _put(
    session: WriteSession,
    ctx: Actor,
    job: PrintJob,
    above: PrintJob | None,
    below: PrintJob | None,
) -> PrintJob:
    priority, rank = await _make_room(session, ctx, job, above, below)
    job.priority, job.rank = priority, rank
    await session.flush()
    behind = f"behind {above.name}" if above else "to the top"
    return await service.record_change(session, ctx, job, job.id, "print_job.moved", behind[:300])


async def _make_room(
    session: WriteSession,
    ctx: Actor,
    job: PrintJob,
    above: PrintJob | None,
    below: PrintJob | None,
) -> tuple[int, int]:
    """The priority and rank that stand between the two."""
    most = above.priority if above else max(job.priority, below.priority if below else 0)
    least = below.priority if below else min(job.priority, most)
    priority = min(max(job.priority, least), most)
    is_with_above = above is not None and above.priority == priority
    is_with_below = below is not None and below.priority == priority
    if above is not None and is_with_above and below is not None and is_with_below:
        if above.rank - below.rank > 1:
            return priority, below.rank + 1
        rank = above.rank + 1
        await order_queries.raise_until(session, ctx, above, but=job.id)
        return priority, rank
    if above is not None and is_with_above:
        return priority, above.rank - 1
    return priority, below.rank + 1 if below is not None and is_with_below else 0
