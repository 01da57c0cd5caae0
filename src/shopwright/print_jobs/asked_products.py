"""Jobs that a client asks for by product and sends to a printer (reference (b))."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shopwright.accounts import audit
from shopwright.catalog import products
from shopwright.catalog.models import Product
from shopwright.fleet import service as fleet
from shopwright.fleet.models import Printer
from shopwright.fleet.states import DrivenBy
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Conflict
from shopwright.kernel.live import touch
from shopwright.print_jobs import asked_files, asked_queries, dispatch, matching, queries, service
from shopwright.print_jobs.asked_queries import ProductPlate
from shopwright.print_jobs.dispatch import PrinterUnsuitable
from shopwright.print_jobs.matching import Refusal, Stage
from shopwright.print_jobs.models import PrintJob
from shopwright.print_jobs.scheduled import service as scheduled
from shopwright.print_jobs.service import JobNotWaiting
from shopwright.print_jobs.states import ACTIVE, WAITING, JobStatus

UNSENT = "It waits until it is sent to a printer."
FOR_GOOD = frozenset({Stage.MODEL, Stage.NOZZLE})  # what no waiting mends
EXTERNAL_SLOT = 0


class JobPrinting(Conflict):
    code = "print-job-printing"
    title = "A printer has this job"


@dataclass(frozen=True, slots=True)
class ProductPrint:
    """``plates`` runs of each plate that the product is made of."""

    product: Ref
    printer: Ref | None = None
    plates: int = 1
    priority: int = 0
    ams_configuration: Mapping[str, Any] | None = None
    notes: str = ""


async def create_jobs(session: WriteSession, ctx: Actor, *, wanted: ProductPrint) -> PrintJob:
    """One job per plate and run, all pending; the first one stands for all. Raises NotFound."""
    product = await products.get_product(session, ctx, wanted.product)
    printer = (
        await fleet.get_living_printer(session, ctx, wanted.printer) if wanted.printer else None
    )
    plates = await asked_queries.list_product_plates(session, ctx, product.id)
    per_run: list[ProductPlate | None] = [*plates] or [None]
    runs = [plate for _ in range(wanted.plates) for plate in per_run]
    rows = [_row(ctx, product, printer, plate, wanted) for plate in runs]
    job_ids = await queries.insert_jobs(session, rows)
    await asked_queries.join_batch(session, ctx, job_ids)
    audit.record(session, ctx, "print_job.asked", job_ids[0], product_id=product.id)
    touch(session, ctx.organization_id, "queue", job_ids[0])
    return await service.get_job(session, ctx, Ref(job_ids[0], None))


async def send_job(
    session: WriteSession, ctx: Actor, *, ref: Ref, printer_ref: Ref, now: datetime
) -> tuple[PrintJob, Printer]:
    """Queue a pending job, with the rest of its batch, for this printer; the dispatcher starts it.

    A job for a printer of the backend stays as it is: the backend is asked after the commit.
    Raises JobNotWaiting, or PrinterUnsuitable for what this printer can never print.
    """
    job = await service.get_job(session, ctx, ref)
    printer = await fleet.get_living_printer(session, ctx, printer_ref)
    is_outside = printer.driven_by is DrivenBy.PRINTER_BACKEND
    if job.status is not JobStatus.PENDING and not (is_outside and job.status in WAITING):
        raise JobNotWaiting(f"The job is {job.status}; only a pending one can be sent.")
    await _check_printable(session, ctx, job, printer)
    if not is_outside:
        await queue_jobs(session, ctx, job=job, printer_id=printer.id, now=now)
        audit.record(session, ctx, "print_job.sent", job.id, printer_id=printer.id)
    return job, printer


async def queue_jobs(
    session: WriteSession, ctx: Actor, *, job: PrintJob, printer_id: int | None, now: datetime
) -> None:
    """The job and whatever of its batch is pending."""
    values: dict[str, Any] = {"queued_at": now, "waiting_reason": None, "last_error": None}
    if printer_id is not None:
        values["pinned_printer_id"] = printer_id
    pending = [JobStatus.PENDING]
    job_ids = await asked_queries.list_batch(session, ctx, job, pending)
    await queries.move_jobs(session, ctx, job_ids, pending, JobStatus.QUEUED, **values)
    touch(session, ctx.organization_id, "queue", job.id)


async def cancel_job(
    session: WriteSession, ctx: Actor, *, ref: Ref, reason: str, now: datetime
) -> None:
    """The job, and with the first of a batch whatever of it still waits; raises JobNotWaiting."""
    job = await service.get_job(session, ctx, ref)
    await scheduled.cancel_print(session, ctx, ref=ref, now=now, reason=reason)
    if job.batch_id != job.id:
        return
    for job_id in await asked_queries.list_batch(session, ctx, job, WAITING):
        if job_id != job.id:
            await scheduled.cancel_print(
                session, ctx, ref=Ref(job_id, None), now=now, reason=reason
            )


async def delete_job(session: WriteSession, ctx: Actor, *, ref: Ref, now: datetime) -> None:
    """Hide it; one that waits is cancelled first. Raises JobPrinting."""
    job = await service.get_job(session, ctx, ref)
    if job.status in ACTIVE:
        raise JobPrinting(f"The job is {job.status}. Cancel it first; then it can be deleted.")
    if job.status in WAITING:
        reason = f"deleted by {ctx.name}"
        await scheduled.cancel_print(session, ctx, ref=ref, now=now, reason=reason)
    await asked_queries.hide_job(session, ctx, job.id)
    audit.record(session, ctx, "print_job.deleted", job.id)
    touch(session, ctx.organization_id, "queue", job.id)


async def _check_printable(
    session: WriteSession, ctx: Actor, job: PrintJob, printer: Printer
) -> None:
    needs = (await asked_files.list_job_needs(session, ctx, [job])).get(job.id)
    if needs is None:
        words = asked_files.no_file(job) if job.file_name else _no_plate(job)
        raise PrinterUnsuitable(words, job_id=job.id, printer_id=printer.id)
    facts = {one.id: one for one in await dispatch.list_printer_facts(session, ctx)}
    found = matching.match(needs, facts[printer.id])
    if isinstance(found, Refusal) and found.stage in FOR_GOOD:
        raise PrinterUnsuitable(found.sentence, job_id=job.id, printer_id=printer.id)


def _no_plate(job: PrintJob) -> str:
    return f"Nothing says how {job.name} is printed. Give its recipe a print step with a file."


def _row(
    ctx: Actor,
    product: Product,
    printer: Printer | None,
    plate: ProductPlate | None,
    wanted: ProductPrint,
) -> dict[str, Any]:
    more = f" · {plate.name}" if plate and plate.name else ""
    slot, material = _feed_of(wanted.ams_configuration)
    return {
        "organization_id": ctx.organization_id,
        "name": f"{product.name}{more}"[:300],
        "status": JobStatus.PENDING,
        "priority": wanted.priority,
        "product_id": product.id,
        "recipe_step_id": plate.recipe_step_id if plate else None,
        "print_file_id": plate.print_file_id if plate else None,
        "plate_number": plate.plate_number if plate else None,
        "yields": plate.yields if plate else 1,
        "total_layers": plate.layers if plate else None,
        "estimated_s": plate.time_s if plate else scheduled.DEFAULT_S,
        "estimated_mg": plate.total_mg if plate else 0,
        "pinned_printer_id": printer.id if printer else None,
        "plates_requested": wanted.plates,
        "ams_configuration": dict(wanted.ams_configuration) if wanted.ams_configuration else None,
        "slot": slot,
        "material": material,
        "notes": wanted.notes,
        "waiting_reason": UNSENT if plate else _no_plate_of(product),
        "created_by": ctx.name,
    }


def _no_plate_of(product: Product) -> str:
    return f"Nothing says how {product.name} is printed. Give its recipe a print step with a file."


def _feed_of(told: Mapping[str, Any] | None) -> tuple[int | None, str | None]:
    """One slot is a wish for it; of several the material decides. Without the AMS it is the
    external spool."""
    if not told:
        return None, None
    slots = told.get("slots") or []
    if told.get("enabled") is False:
        return EXTERNAL_SLOT, slots[0].get("filament_type") if slots else None
    if len(slots) != 1:
        return None, None
    return slots[0].get("slot_number"), slots[0].get("filament_type")
