"""All SQL of print jobs and attempts. Guarded columns are written here only, by compare-and-set."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.fleet.models import Printer
from shopwright.kernel import bulk
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Paging, Ref
from shopwright.orders.models import Order, OrderItem, PieceStep
from shopwright.orders.piece_queries import batched
from shopwright.orders.states import STOPPED, OrderStatus, StepStatus
from shopwright.print_files.models import Plate, PlateFilament, PrintFile
from shopwright.print_jobs.matching import FilamentNeed, Needs
from shopwright.print_jobs.models import Attempt, PrintJob
from shopwright.print_jobs.states import ACTIVE, OPEN_ATTEMPTS, WAITING, AttemptStatus, JobStatus

AnySession = AsyncSession
# As they are tried: priority, then what people put first, then arrival.
IN_TURN = (PrintJob.priority.desc(), PrintJob.rank.desc(), PrintJob.id)
JOBS_AT_ONCE = 400  # in one statement


@dataclass(frozen=True, slots=True)
class JobFilter:
    statuses: tuple[JobStatus, ...] = ()
    printer_id: int | None = None
    order_id: int | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if self.statuses:
            found.append(PrintJob.status.in_(self.statuses))
        if self.printer_id is not None:
            waits = and_(
                PrintJob.printer_id.is_(None), PrintJob.pinned_printer_id == self.printer_id
            )
            found.append(or_(PrintJob.printer_id == self.printer_id, waits))
        if self.order_id is not None:
            found.append(PrintJob.order_id == self.order_id)
        return found


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job with what a reader wants to see beside it."""

    job: PrintJob
    printer_name: str | None
    printer_model: str | None
    printer_host: str | None
    file_name: str | None
    percent: int | None


async def insert_jobs(session: WriteSession, rows: Sequence[dict[str, Any]]) -> list[int]:
    """Bulk insert; the ids come back in the order given."""
    return await bulk.insert_rows(session, PrintJob, rows)


async def find_job(session: AnySession, ctx: Actor, ref: Ref) -> PrintJob | None:
    job: PrintJob | None = await session.scalar(
        select(PrintJob)
        .where(PrintJob.organization_id == ctx.organization_id, ref.where(PrintJob))
        .execution_options(populate_existing=True)
    )
    return job


async def list_jobs(
    session: AnySession, ctx: Actor, wanted: JobFilter, paging: Paging
) -> tuple[list[JobRow], int]:
    """One page, the latest first, and how many there are in all."""
    conditions = [
        PrintJob.organization_id == ctx.organization_id,
        PrintJob.is_hidden.is_(False),
        *wanted.conditions(),
    ]
    total = await session.scalar(select(func.count()).select_from(PrintJob).where(*conditions))
    rows = await session.execute(
        _job_rows(ctx)
        .where(*conditions)
        .order_by(PrintJob.id.desc())
        .limit(paging.limit)
        .offset(paging.offset)
    )
    return [JobRow(*row) for row in rows], total or 0


async def find_job_row(session: AnySession, ctx: Actor, ref: Ref) -> JobRow | None:
    rows = await session.execute(
        _job_rows(ctx).where(ref.where(PrintJob), PrintJob.is_hidden.is_(False))
    )
    row = rows.first()
    return JobRow(*row) if row else None


def _job_rows(ctx: Actor) -> Select[Any]:
    percent = (
        select(Attempt.percent)
        .where(Attempt.organization_id == ctx.organization_id)
        .where(Attempt.print_job_id == PrintJob.id)
        .order_by(Attempt.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    statement: Select[Any] = (
        select(
            PrintJob,
            Printer.name,
            Printer.model,
            Printer.host,
            func.coalesce(PrintFile.name, PrintJob.file_name),
            percent,
        )
        .outerjoin(
            PrintFile,
            (PrintFile.id == PrintJob.print_file_id)
            & (PrintFile.organization_id == PrintJob.organization_id),
        )
        .outerjoin(
            Printer,
            (Printer.id == func.coalesce(PrintJob.printer_id, PrintJob.pinned_printer_id))
            & (Printer.organization_id == PrintJob.organization_id),
        )
        .where(PrintJob.organization_id == ctx.organization_id)
        .execution_options(populate_existing=True)
    )
    return statement


async def list_attempts(session: AnySession, ctx: Actor, job_id: int) -> list[Attempt]:
    rows = await session.scalars(
        select(Attempt)
        .where(Attempt.organization_id == ctx.organization_id, Attempt.print_job_id == job_id)
        .order_by(Attempt.number)
    )
    return list(rows)


async def list_queued(session: AnySession, ctx: Actor, limit: int, now: datetime) -> list[PrintJob]:
    """Most urgent first. Those that somebody wants
    later are left out."""
    rows = await session.scalars(
        select(PrintJob)
        .where(PrintJob.organization_id == ctx.organization_id)
        .where(PrintJob.status == JobStatus.QUEUED, PrintJob.outside_at.is_(None))
        .where(PrintJob.not_before.is_(None) | (PrintJob.not_before <= now))
        .order_by(*IN_TURN)
        .limit(limit)
    )
    return list(rows)


async def lock_waiting(session: WriteSession, ctx: Actor, ref: Ref) -> PrintJob | None:
    """None when it is not there, or a printer has it."""
    job: PrintJob | None = await session.scalar(
        select(PrintJob)
        .where(PrintJob.organization_id == ctx.organization_id, ref.where(PrintJob))
        .where(PrintJob.status.in_(WAITING))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return job


async def list_busy_printers(session: AnySession, ctx: Actor) -> set[int]:
    rows = await session.scalars(
        select(PrintJob.printer_id)
        .where(PrintJob.organization_id == ctx.organization_id)
        .where(PrintJob.status.in_(ACTIVE), PrintJob.printer_id.is_not(None))
    )
    return {printer_id for printer_id in rows if printer_id is not None}


async def list_needs(
    session: AnySession, ctx: Actor, plates: Collection[tuple[int, int]]
) -> dict[tuple[int, int], Needs]:
    """What each (print file, plate number) needs of a printer, in one statement."""
    if not plates:
        return {}
    own = ctx.organization_id
    rows = await session.execute(
        select(
            PrintFile.id,
            Plate.number,
            PrintFile.printer_model,
            PrintFile.nozzle_um,
            PrintFile.project_filament_count,
            PlateFilament.project_index,
            PlateFilament.material,
            PlateFilament.color,
            PlateFilament.used_mg,
        )
        .join(Plate, (Plate.print_file_id == PrintFile.id) & (Plate.organization_id == own))
        .outerjoin(
            PlateFilament,
            (PlateFilament.plate_id == Plate.id) & (PlateFilament.organization_id == own),
        )
        .where(
            PrintFile.organization_id == own, PrintFile.id.in_({file_id for file_id, _ in plates})
        )
        .order_by(PrintFile.id, Plate.number, PlateFilament.project_index)
    )
    found: dict[tuple[int, int], Needs] = {}
    for file_id, number, model, nozzle, count, index, material, color, used in rows:
        key = (file_id, number)
        known = found.get(key) or Needs(model, nozzle, count, ())
        if index is not None:
            need = FilamentNeed(index, material, color, used)
            known = Needs(model, nozzle, count, (*known.filaments, need))
        found[key] = known
    return {key: needs for key, needs in found.items() if key in plates}


def owed_to_stopped_order() -> ColumnElement[bool]:
    """Whether a job makes anything for an order that was stopped or is held."""
    return (
        select(PieceStep.id)
        .join(
            OrderItem,
            (OrderItem.id == PieceStep.order_item_id)
            & (OrderItem.organization_id == PieceStep.organization_id),
        )
        .join(
            Order,
            (Order.id == OrderItem.order_id) & (Order.organization_id == PieceStep.organization_id),
        )
        .where(PieceStep.organization_id == PrintJob.organization_id)
        .where(PieceStep.print_job_id == PrintJob.id, PieceStep.status == StepStatus.ALLOCATED)
        .where(Order.status.in_(STOPPED) | Order.is_held | OrderItem.is_cancelled)
        .exists()
    )


def asked_for_in_vain() -> ColumnElement[bool]:
    """Whether a job without a recipe was asked for an order that needs it no more."""
    return _asked_for_order((Order.status != OrderStatus.PAID) | OrderItem.is_cancelled)


def _asked_for_order(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return (
        select(Order.id)
        .outerjoin(
            OrderItem,
            (OrderItem.id == PrintJob.order_item_id)
            & (OrderItem.organization_id == PrintJob.organization_id),
        )
        .where(Order.organization_id == PrintJob.organization_id, Order.id == PrintJob.order_id)
        .where(PrintJob.recipe_step_id.is_(None))
        .where(condition)
        .exists()
    )


async def claim_job(
    session: WriteSession, ctx: Actor, job_id: int, printer_id: int, now: datetime
) -> PrintJob | None:
    """Reserve the printer for a queued job; None when another dispatcher was faster, or its order
    stopped."""
    job: PrintJob | None = await session.scalar(
        update(PrintJob)
        .where(PrintJob.id == job_id, PrintJob.organization_id == ctx.organization_id)
        .where(PrintJob.status == JobStatus.QUEUED, ~owed_to_stopped_order())
        .where(~asked_for_in_vain(), ~_asked_for_order(Order.is_held.is_(True)))
        .where(_may_print_on(printer_id))
        .values(
            status=JobStatus.CLAIMED, printer_id=printer_id, claimed_at=now, waiting_reason=None
        )
        .returning(PrintJob)
        .execution_options(populate_existing=True)
    )
    return job


def _may_print_on(printer_id: int) -> ColumnElement[bool]:
    """What the printer backend has prints where the backend was told to, and nowhere else."""
    return or_(PrintJob.outside_at.is_(None), PrintJob.pinned_printer_id == printer_id)


async def move_job(
    session: WriteSession,
    ctx: Actor,
    job_id: int,
    sources: Collection[JobStatus],
    target: JobStatus,
    **values: Any,
) -> PrintJob | None:
    """Compare-and-set; None when the job was in none of ``sources`` any more."""
    job: PrintJob | None = await session.scalar(
        update(PrintJob)
        .where(PrintJob.id == job_id, PrintJob.organization_id == ctx.organization_id)
        .where(PrintJob.status.in_(sources))
        .values(status=target, **values)
        .returning(PrintJob)
        .execution_options(populate_existing=True)
    )
    return job


async def move_jobs(
    session: WriteSession,
    ctx: Actor,
    job_ids: Collection[int],
    sources: Collection[JobStatus],
    target: JobStatus,
    **values: Any,
) -> list[PrintJob]:
    """The same for many at once; those that were in none of ``sources`` any more are missing."""
    rows = await session.scalars(
        update(PrintJob)
        .where(PrintJob.id.in_(job_ids), PrintJob.organization_id == ctx.organization_id)
        .where(PrintJob.status.in_(sources))
        .values(status=target, **values)
        .returning(PrintJob)
        .execution_options(populate_existing=True, synchronize_session=False)
    )
    return list(rows)


async def set_waiting_reasons(session: WriteSession, ctx: Actor, reasons: dict[int, str]) -> None:
    """Only changed sentences are written; jobs with the same sentence share one statement."""
    by_sentence: dict[str, list[int]] = {}
    for job_id, sentence in reasons.items():
        by_sentence.setdefault(sentence, []).append(job_id)
    for sentence, job_ids in by_sentence.items():
        await session.execute(
            update(PrintJob)
            .where(PrintJob.organization_id == ctx.organization_id, PrintJob.id.in_(job_ids))
            .where(PrintJob.status == JobStatus.QUEUED)
            .values(waiting_reason=sentence)
            .execution_options(synchronize_session=False)
        )


async def prioritise_order_jobs(
    session: WriteSession, ctx: Actor, order_id: int, priority: int
) -> None:
    await session.execute(
        update(PrintJob)
        .where(PrintJob.organization_id == ctx.organization_id, PrintJob.order_id == order_id)
        .where(PrintJob.status.in_(WAITING))
        .values(priority=priority, rank=0)
        .execution_options(synchronize_session=False)
    )


async def add_attempt(session: WriteSession, ctx: Actor, **values: Any) -> Attempt:
    """The next numbered attempt of a job; the partial unique index allows one open attempt."""
    number = await session.scalar(
        select(func.coalesce(func.max(Attempt.number), 0) + 1)
        .where(Attempt.organization_id == ctx.organization_id)
        .where(Attempt.print_job_id == values["print_job_id"])
    )
    attempt = Attempt(organization_id=ctx.organization_id, number=number, **values)
    session.add(attempt)
    await session.flush()
    return attempt


async def find_attempt(session: AnySession, ctx: Actor, device_job_id: str) -> Attempt | None:
    attempt: Attempt | None = await session.scalar(
        select(Attempt)
        .where(Attempt.organization_id == ctx.organization_id)
        .where(Attempt.device_job_id == device_job_id)
        .execution_options(populate_existing=True)
    )
    return attempt


async def find_open_attempt(session: AnySession, ctx: Actor, job_id: int) -> Attempt | None:
    attempt: Attempt | None = await session.scalar(
        select(Attempt)
        .where(Attempt.organization_id == ctx.organization_id, Attempt.print_job_id == job_id)
        .where(Attempt.status.in_(OPEN_ATTEMPTS))
        .execution_options(populate_existing=True)
    )
    return attempt


async def list_open_attempts(session: AnySession, ctx: Actor, printer_id: int) -> list[Attempt]:
    """This printer's attempts that have not ended; one, or none."""
    rows = await session.scalars(
        select(Attempt)
        .where(Attempt.organization_id == ctx.organization_id, Attempt.printer_id == printer_id)
        .where(Attempt.status.in_(OPEN_ATTEMPTS))
        .execution_options(populate_existing=True)
    )
    return list(rows)


async def move_attempt(
    session: WriteSession,
    ctx: Actor,
    attempt_id: int,
    sources: Collection[AttemptStatus],
    target: AttemptStatus,
    **values: Any,
) -> Attempt | None:
    attempt: Attempt | None = await session.scalar(
        update(Attempt)
        .where(Attempt.id == attempt_id, Attempt.organization_id == ctx.organization_id)
        .where(Attempt.status.in_(sources))
        .values(status=target, **values)
        .returning(Attempt)
        .execution_options(populate_existing=True)
    )
    return attempt


async def list_claimed_for(session: AnySession, ctx: Actor, order_id: int) -> list[int]:
    """Jobs on their way to a printer that make something for this order."""
    rows = await session.scalars(
        select(PrintJob.id)
        .join(PieceStep, PieceStep.print_job_id == PrintJob.id)
        .join(OrderItem, OrderItem.id == PieceStep.order_item_id)
        .where(PrintJob.organization_id == ctx.organization_id)
        .where(PieceStep.organization_id == ctx.organization_id)
        .where(OrderItem.organization_id == ctx.organization_id, OrderItem.order_id == order_id)
        .where(PieceStep.status == StepStatus.ALLOCATED, PrintJob.status == JobStatus.CLAIMED)
        .distinct()
        .order_by(PrintJob.id)
    )
    return list(rows)


async def list_orders_of(session: AnySession, ctx: Actor, job_id: int) -> list[int]:
    """The orders a job makes something for."""
    rows = await session.scalars(
        select(OrderItem.order_id)
        .join(PieceStep, PieceStep.order_item_id == OrderItem.id)
        .where(OrderItem.organization_id == ctx.organization_id)
        .where(PieceStep.organization_id == ctx.organization_id)
        .where(PieceStep.print_job_id == job_id, PieceStep.status == StepStatus.ALLOCATED)
        .distinct()
        .order_by(OrderItem.order_id)
    )
    return list(rows)


def _is_wanted() -> ColumnElement[bool]:
    return (
        select(PieceStep.id)
        .where(PieceStep.organization_id == PrintJob.organization_id)
        .where(PieceStep.print_job_id == PrintJob.id, PieceStep.status == StepStatus.ALLOCATED)
        .exists()
    )


def _is_for_an_order() -> ColumnElement[bool]:
    """Or for what orders are planned to need; prints that a client asked for are for nobody."""
    is_planned = or_(PrintJob.recipe_step_id.is_not(None), PrintJob.order_id.is_not(None))
    return and_(PrintJob.product_id.is_(None), is_planned)


async def drop_unwanted(
    session: WriteSession, ctx: Actor, job_ids: Collection[int], reason: str
) -> list[int]:
    """Cancel those of the jobs that wait and make nothing for anybody any more."""
    dropped: list[int] = []
    for chunk in batched(job_ids, JOBS_AT_ONCE):
        dropped += await session.scalars(
            update(PrintJob)
            .where(PrintJob.organization_id == ctx.organization_id, PrintJob.id.in_(chunk))
            .where(PrintJob.status.in_(WAITING), ~_is_wanted(), _is_for_an_order())
            .values(status=JobStatus.CANCELLED, failure_reason=reason, waiting_reason=None)
            .returning(PrintJob.id)
            .execution_options(synchronize_session=False)
        )
    return dropped


async def list_active_unwanted(
    session: AnySession, ctx: Actor, job_ids: Collection[int]
) -> list[int]:
    """Those of the jobs that a printer has and that make nothing for anybody any more."""
    active: list[int] = []
    for chunk in batched(job_ids, JOBS_AT_ONCE):
        active += await session.scalars(
            select(PrintJob.id)
            .where(PrintJob.organization_id == ctx.organization_id, PrintJob.id.in_(chunk))
            .where(PrintJob.status.in_(ACTIVE), ~_is_wanted())
            .order_by(PrintJob.id)
        )
    return active
