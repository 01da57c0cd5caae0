"""Harvest: the pieces are off the bed and judged. Only this makes piece steps good."""

from datetime import datetime

from shopwright.accounts import audit
from shopwright.fleet import service as fleet
from shopwright.fleet.models import HarvestPolicy
from shopwright.inventory import service as inventory
from shopwright.inventory.states import MovementReason
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Conflict, Invalid
from shopwright.kernel.live import touch
from shopwright.orders import piece_queries, pieces
from shopwright.print_jobs import harvest_queries, service
from shopwright.print_jobs.models import PrintJob


class NothingToHarvest(Conflict):
    code = "nothing-to-harvest"
    title = "This job has nothing to harvest"


async def after_print(
    session: WriteSession, ctx: Actor, *, job: PrintJob, printer_id: int, now: datetime
) -> None:
    """A print finished: by the printer's policy ask a person, or count the full yield at once."""
    printer = await fleet.get_printer(session, ctx, printer_id)
    if printer.harvest_policy is HarvestPolicy.AUTOMATIC:
        await harvest_job(session, ctx, job_id=job.id, good=job.yields, now=now)
        return
    await fleet.require_clearing(
        session, ctx, printer_id=printer_id, reason="take the finished plate off"
    )


async def harvest_job(
    session: WriteSession, ctx: Actor, *, job_id: int, good: int, now: datetime
) -> PrintJob:
    """Count ``good`` copies of what the plate made; the printer may print again.

    Raises NothingToHarvest when the job did not complete or was harvested before, Invalid when
    ``good`` is more than the plate makes. Missing copies are owed again, surplus goes to stock.
    """
    job = await service.get_job(session, ctx, Ref(job_id, None))
    if not 0 <= good <= job.yields:
        raise Invalid(f"This plate makes {job.yields}; {good} good copies are not possible.")
    harvested = await harvest_queries.begin_harvest(session, ctx, job_id, now)
    if harvested is None:
        raise NothingToHarvest("The job was harvested before, or its print has not completed.")
    settled = await pieces.settle(
        session, ctx, work=piece_queries.print_of(job_id), good=good, now=now
    )
    harvested.good, harvested.scrap = good, harvested.yields - good
    await session.flush()
    if settled.surplus and harvested.recipe_step_id:
        await inventory.add_to_stock(
            session,
            ctx,
            recipe_step_id=harvested.recipe_step_id,
            quantity=settled.surplus,
            reason=MovementReason.SURPLUS,
            key=f"harvest:{job_id}",
        )
    if harvested.printer_id and await harvest_queries.is_last_on_bed(
        session, ctx, job_id, harvested.printer_id
    ):
        await fleet.clear_plate(session, ctx, printer_id=harvested.printer_id)
    audit.record(session, ctx, "print_job.harvested", job_id, good=good, scrap=harvested.scrap)
    touch(session, ctx.organization_id, "queue", job_id)
    return harvested
