"""SQL of scheduled prints: jobs as one printer's plan."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, union, update

from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Paging
from shopwright.orders.models import OrderItem, PieceStep
from shopwright.orders.states import StepStatus
from shopwright.print_files.models import PrintFile
from shopwright.print_jobs.models import PrintJob
from shopwright.print_jobs.queries import IN_TURN, AnySession
from shopwright.print_jobs.scheduled.rules import STATUSES, PrintWord, Waiting
from shopwright.print_jobs.states import ACTIVE, WAITING, JobStatus


@dataclass(frozen=True, slots=True)
class PrintFilter:
    words: tuple[PrintWord, ...] = ()
    printer_id: int | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if self.words:
            found.append(or_(*(_is_word(word) for word in self.words)))
        if self.printer_id is not None:
            found.append(_is_for(self.printer_id))
        return found


async def list_prints(
    session: AnySession, ctx: Actor, wanted: PrintFilter, paging: Paging
) -> tuple[list[tuple[PrintJob, str | None]], int]:
    """One page of jobs with the names of their files, the oldest first, and how many there are."""
    conditions = [
        PrintJob.organization_id == ctx.organization_id,
        PrintJob.is_hidden.is_(False),
        *wanted.conditions(),
    ]
    total = await session.scalar(select(func.count()).select_from(PrintJob).where(*conditions))
    rows = await session.execute(
        _with_files(ctx)
        .where(*conditions)
        .order_by(PrintJob.id)
        .limit(paging.limit)
        .offset(paging.offset)
    )
    return [(row[0], row[1]) for row in rows], total or 0


async def list_prints_by_id(
    session: AnySession, ctx: Actor, job_ids: Collection[int]
) -> list[tuple[PrintJob, str | None]]:
    rows = await session.execute(
        _with_files(ctx).where(PrintJob.id.in_(job_ids)).order_by(PrintJob.id)
    )
    return [(row[0], row[1]) for row in rows]


async def list_queue(session: AnySession, ctx: Actor, printer_id: int) -> list[PrintJob]:
    """What waits for this printer, the next first."""
    rows = await session.scalars(
        select(PrintJob)
        .where(PrintJob.organization_id == ctx.organization_id)
        .where(PrintJob.status.in_(WAITING), _is_for(printer_id))
        .order_by(*IN_TURN)
    )
    return list(rows)


async def list_waiting(
    session: AnySession, ctx: Actor, printer_ids: Collection[int]
) -> list[Waiting]:
    """What waits for these printers, in the order of the queue."""
    rows: Any = await session.execute(
        select(PrintJob.id, PrintJob.pinned_printer_id, PrintJob.not_before, PrintJob.estimated_s)
        .where(PrintJob.organization_id == ctx.organization_id)
        .where(PrintJob.status.in_(WAITING), PrintJob.pinned_printer_id.in_(printer_ids))
        .order_by(*IN_TURN)
    )
    return [Waiting(*row) for row in rows]


async def list_free_times(
    session: AnySession, ctx: Actor, printer_ids: Collection[int]
) -> dict[int, datetime]:
    """When the job that each busy one of these printers has should end."""
    rows: Any = await session.execute(
        select(PrintJob.printer_id, PrintJob.started_at, PrintJob.claimed_at, PrintJob.estimated_s)
        .where(PrintJob.organization_id == ctx.organization_id)
        .where(PrintJob.status.in_(ACTIVE), PrintJob.printer_id.in_(printer_ids))
    )
    return {
        printer_id: (started_at or claimed_at) + timedelta(seconds=estimated_s)
        for printer_id, started_at, claimed_at, estimated_s in rows
        if started_at or claimed_at
    }


async def list_open_of_order(session: AnySession, ctx: Actor, order_id: int) -> list[PrintJob]:
    """Jobs that have not ended and make something for this order, the next first."""
    makes = (
        select(PieceStep.print_job_id)
        .join(OrderItem, OrderItem.id == PieceStep.order_item_id)
        .where(PieceStep.organization_id == ctx.organization_id)
        .where(OrderItem.organization_id == ctx.organization_id, OrderItem.order_id == order_id)
        .where(PieceStep.status == StepStatus.ALLOCATED, PieceStep.print_job_id.is_not(None))
    )
    asked = and_(PrintJob.order_id == order_id, PrintJob.recipe_step_id.is_(None))
    rows = await session.scalars(
        select(PrintJob)
        .where(PrintJob.organization_id == ctx.organization_id)
        .where(PrintJob.status.in_(WAITING | ACTIVE), or_(PrintJob.id.in_(makes), asked))
        .order_by(*IN_TURN)
        .execution_options(populate_existing=True)
    )
    return list(rows)


async def list_asked_for(
    session: AnySession, ctx: Actor, condition: ColumnElement[bool]
) -> list[PrintJob]:
    """Jobs of items without a recipe, that wait, run or are completed."""
    rows = await session.scalars(
        select(PrintJob)
        .where(PrintJob.organization_id == ctx.organization_id, condition)
        .where(PrintJob.order_item_id.is_not(None), PrintJob.recipe_step_id.is_(None))
        .where(PrintJob.status.in_({*WAITING, *ACTIVE, JobStatus.COMPLETED}))
        .order_by(PrintJob.id)
        .execution_options(populate_existing=True)
    )
    return list(rows)


async def list_open_of_orders(
    session: AnySession, ctx: Actor, order_ids: Collection[int]
) -> dict[int, list[PrintJob]]:
    """The same of several orders; a job that makes something for two of them stands at both."""
    own = ctx.organization_id
    makes = (
        select(OrderItem.order_id, PieceStep.print_job_id)
        .join(PieceStep, PieceStep.order_item_id == OrderItem.id)
        .where(PieceStep.organization_id == own, PieceStep.status == StepStatus.ALLOCATED)
        .where(PieceStep.print_job_id.is_not(None))
        .where(OrderItem.organization_id == own, OrderItem.order_id.in_(order_ids))
    )
    asked = (
        select(PrintJob.order_id, PrintJob.id)
        .where(PrintJob.organization_id == own, PrintJob.order_id.in_(order_ids))
        .where(PrintJob.recipe_step_id.is_(None))
    )
    pairs = union(makes, asked).subquery("of_orders")
    rows = await session.execute(
        select(pairs.c.order_id, PrintJob)
        .join(PrintJob, PrintJob.id == pairs.c.print_job_id)
        .where(PrintJob.organization_id == own, PrintJob.status.in_(WAITING | ACTIVE))
        .order_by(PrintJob.priority.desc(), PrintJob.id)
        .execution_options(populate_existing=True)
    )
    found: dict[int, list[PrintJob]] = {order_id: [] for order_id in order_ids}
    for order_id, job in rows:
        found[order_id].append(job)
    return found


async def lock_waiting(
    session: WriteSession, ctx: Actor, job_ids: Collection[int]
) -> list[PrintJob]:
    """Those of the jobs that wait, which nobody begins until the commit."""
    rows = await session.scalars(
        select(PrintJob)
        .where(PrintJob.organization_id == ctx.organization_id, PrintJob.id.in_(job_ids))
        .where(PrintJob.status.in_(WAITING))
        .order_by(PrintJob.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(rows)


async def change_waiting(
    session: WriteSession, ctx: Actor, job_id: int, **values: Any
) -> PrintJob | None:
    """Compare-and-set; None when the job waits no longer."""
    job: PrintJob | None = await session.scalar(
        update(PrintJob)
        .where(PrintJob.id == job_id, PrintJob.organization_id == ctx.organization_id)
        .where(PrintJob.status.in_(WAITING))
        .values(**values)
        .returning(PrintJob)
        .execution_options(populate_existing=True)
    )
    return job


def _with_files(ctx: Actor) -> Any:
    return (
        select(PrintJob, func.coalesce(PrintFile.name, PrintJob.file_name))
        .outerjoin(
            PrintFile,
            (PrintFile.id == PrintJob.print_file_id)
            & (PrintFile.organization_id == PrintJob.organization_id),
        )
        .where(PrintJob.organization_id == ctx.organization_id)
        .execution_options(populate_existing=True)
    )


def _is_word(word: PrintWord) -> ColumnElement[bool]:
    is_its = PrintJob.status.in_(STATUSES[word])
    if word is PrintWord.QUEUED:
        return and_(is_its, PrintJob.not_before.is_(None))
    return and_(is_its, PrintJob.not_before.is_not(None)) if word is PrintWord.SCHEDULED else is_its


def _is_for(printer_id: int) -> ColumnElement[bool]:
    """It has the job, or the job waits for it."""
    waits = and_(PrintJob.printer_id.is_(None), PrintJob.pinned_printer_id == printer_id)
    return or_(PrintJob.printer_id == printer_id, waits)
