"""A harvest is judged anew, until what it made has left the shop: by the person who counted wrong,
or finds a bad copy of what counted as good by itself.

The filament stays booked: the printer used it, whatever came of it.
"""

from datetime import datetime

from shopwright.accounts import audit
from shopwright.inventory import service as inventory
from shopwright.inventory.states import MovementReason
from shopwright.kernel import ids
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Conflict, Invalid
from shopwright.kernel.live import touch
from shopwright.orders import piece_queries, piece_revision
from shopwright.print_jobs import harvest_queries, late, service
from shopwright.print_jobs.models import PrintJob

NOTE = "Counted as good when its plate was harvested, and found bad later."


class NotHarvested(Conflict):
    code = "not-harvested"
    title = "This job was not harvested yet"


async def revise_harvest(
    session: WriteSession, ctx: Actor, *, job_id: int, good: int, now: datetime
) -> PrintJob:
    """``good`` copies of the plate are good, not as many as were counted before.

    Missing copies are owed again and planned; copies that are good after all fill what was owed in
    their place, and what is left over goes to stock. Raises NotHarvested, Invalid when ``good`` is
    more than the plate makes, and CopiesGone when too many of them have left the shop.
    """
    await piece_queries.lock_pieces(session, ctx)
    job = await service.get_job(session, ctx, Ref(job_id, None))
    if not 0 <= good <= job.yields:
        raise Invalid(f"This plate makes {job.yields}; {good} good copies are not possible.")
    if job.harvested_at is None:
        raise NotHarvested("Its plate was not harvested yet; count it first.", job_id=job_id)
    before = job.good
    if good == before:
        return job
    revised = await harvest_queries.change_harvest(session, ctx, job_id, before, good)
    if revised is None:
        raise NotHarvested("Somebody else judged this plate just now. Look again.", job_id=job_id)
    if good < before:
        await _lower(session, ctx, revised, before - good, now)
    else:
        await _raise(session, ctx, revised, good - before, now)
    audit.record(session, ctx, "print_job.harvest_revised", job_id, good=good, before=before)
    touch(session, ctx.organization_id, "queue", job_id)
    return await service.get_job(session, ctx, Ref(job_id, None))


async def _lower(
    session: WriteSession, ctx: Actor, job: PrintJob, count: int, now: datetime
) -> None:
    """From stock first, so that as few orders as possible have to wait."""
    if job.recipe_step_id is None:
        return  # nobody's pieces: asked for by name
    made = await piece_revision.list_made(session, ctx, job.id)
    in_stock = job.good + count - len(made)
    removed = await inventory.remove_from_stock(
        session, ctx, recipe_step_id=job.recipe_step_id, most=min(count, in_stock), note=NOTE
    )
    if count > removed:
        await piece_revision.take_back(session, ctx, made=made, count=count - removed, now=now)


async def _raise(
    session: WriteSession, ctx: Actor, job: PrintJob, count: int, now: datetime
) -> None:
    """First into the pieces that wait for a new print of just these copies, then to stock."""
    if job.recipe_step_id is None:
        return
    steps = await piece_revision.list_replacements(session, ctx, job.id)
    job_ids = {step.print_job_id for step in steps if step.print_job_id}
    waiting = await harvest_queries.list_waiting_among(session, ctx, job_ids)
    chosen = [s for s in steps if s.print_job_id is None or s.print_job_id in waiting][:count]
    filled = await piece_revision.make_good(
        session, ctx, print_job_id=job.id, step_ids=[step.id for step in chosen], now=now
    )
    await late.drop_jobs(
        session, ctx, job_ids=waiting, reason="its copies were good after all", now=now
    )
    await inventory.add_to_stock(
        session,
        ctx,
        recipe_step_id=job.recipe_step_id,
        quantity=count - filled,
        reason=MovementReason.SURPLUS,
        key=f"harvest:{job.id}:{ids.new_uuid()}",
    )
