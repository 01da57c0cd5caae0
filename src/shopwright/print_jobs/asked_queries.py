"""SQL of jobs that were asked for by product."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from shopwright.catalog.models import RecipeStep, Variant
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.print_files.models import Plate
from shopwright.print_jobs.models import PrintJob
from shopwright.print_jobs.queries import AnySession
from shopwright.print_jobs.states import JobStatus


@dataclass(frozen=True, slots=True)
class ProductPlate:
    recipe_step_id: int
    print_file_id: int
    plate_number: int
    yields: int
    name: str
    time_s: int
    total_mg: int
    layers: int | None


async def list_product_plates(
    session: AnySession, ctx: Actor, product_id: int
) -> list[ProductPlate]:
    """What its first variant with a printed recipe is made of, in the recipe's order."""
    own = ctx.organization_id
    rows: Any = await session.execute(
        select(
            RecipeStep.variant_id, RecipeStep.id, RecipeStep.print_file_id,
            RecipeStep.plate_number, RecipeStep.yields, Plate.name, Plate.time_s, Plate.total_mg,
            Plate.layers,
        )
        .join(Variant, (Variant.id == RecipeStep.variant_id) & (Variant.organization_id == own))
        .join(
            Plate,
            (Plate.print_file_id == RecipeStep.print_file_id)
            & (Plate.number == RecipeStep.plate_number)
            & (Plate.organization_id == own),
        )
        .where(RecipeStep.organization_id == own, RecipeStep.is_retired.is_(False))
        .where(Variant.product_id == product_id, Variant.is_active)
        .order_by(RecipeStep.variant_id, RecipeStep.position, RecipeStep.id)
    )  # fmt: skip
    found = [(variant_id, ProductPlate(*plate)) for variant_id, *plate in rows]
    return [plate for variant_id, plate in found if variant_id == found[0][0]]


async def join_batch(session: WriteSession, ctx: Actor, job_ids: Sequence[int]) -> None:
    """The first one's id is the batch's."""
    await session.execute(
        update(PrintJob)
        .where(PrintJob.organization_id == ctx.organization_id, PrintJob.id.in_(job_ids))
        .values(batch_id=job_ids[0])
        .execution_options(synchronize_session=False)
    )


async def list_batch(
    session: AnySession, ctx: Actor, job: PrintJob, statuses: Collection[JobStatus]
) -> list[int]:
    """The job itself where it is in one of the statuses, and its batch's, the oldest first."""
    is_of_it = PrintJob.id == job.id
    if job.batch_id is not None:
        is_of_it |= PrintJob.batch_id == job.batch_id
    rows = await session.scalars(
        select(PrintJob.id)
        .where(PrintJob.organization_id == ctx.organization_id, is_of_it)
        .where(PrintJob.status.in_(statuses), PrintJob.is_hidden.is_(False))
        .order_by(PrintJob.id)
    )
    return list(rows)


async def hide_job(session: WriteSession, ctx: Actor, job_id: int) -> None:
    await session.execute(
        update(PrintJob)
        .where(PrintJob.organization_id == ctx.organization_id, PrintJob.id == job_id)
        .values(is_hidden=True)
        .execution_options(synchronize_session=False)
    )


async def note_layers(
    session: WriteSession, ctx: Actor, job_id: int, *, current: int | None, total: int | None
) -> None:
    """As a client said; None keeps what is known."""
    told = {"current_layer": current, "total_layers": total}
    values = {name: layers for name, layers in told.items() if layers is not None}
    if values:
        await session.execute(
            update(PrintJob)
            .where(PrintJob.organization_id == ctx.organization_id, PrintJob.id == job_id)
            .values(**values)
            .execution_options(synchronize_session=False)
        )
