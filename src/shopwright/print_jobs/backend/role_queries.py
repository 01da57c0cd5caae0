"""SQL of jobs that others hand to us. Guarded columns move by compare-and-set."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, update

from shopwright.fleet.models import Printer
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.tenancy import CROSS_TENANT
from shopwright.print_jobs.backend.models import ReceivedJob
from shopwright.print_jobs.models import Attempt, PrintJob
from shopwright.print_jobs.queries import AnySession
from shopwright.print_jobs.states import ACTIVE, POLLED, JobStatus, ReceivedStatus

AT_ONCE = 10  # looked at for one that nobody else took meanwhile


@dataclass(frozen=True, slots=True)
class Part:
    """One of our jobs that a received one became."""

    status: JobStatus
    percent: int
    reason: str | None


async def find_by_sender_id(
    session: AnySession, ctx: Actor, sender_job_id: str
) -> ReceivedJob | None:
    return await _find(session, ctx, ReceivedJob.sender_job_id == sender_job_id)


async def find_received(session: AnySession, ctx: Actor, name: str) -> ReceivedJob | None:
    """By the sender's id, or by ours, which devices know as the file's."""
    named = or_(ReceivedJob.sender_job_id == name, ReceivedJob.uuid == name.lower())
    return await _find(session, ctx, named)


async def find_by_ref(session: AnySession, ctx: Actor, ref: Ref) -> ReceivedJob | None:
    """As our own pages name it."""
    return await _find(session, ctx, ref.where(ReceivedJob))


async def find_of_product(
    session: AnySession, ctx: Actor, product_id: str, recipient: str
) -> ReceivedJob | None:
    """What is under way, the oldest first; else the newest of all."""
    own = (
        ReceivedJob.product_id == product_id,
        ReceivedJob.recipient == recipient,
    )
    under_way = await _find(session, ctx, *own, ReceivedJob.status.in_(POLLED))
    return under_way or await _find(session, ctx, *own, newest=True)


async def _find(
    session: AnySession, ctx: Actor, *conditions: ColumnElement[bool], newest: bool = False
) -> ReceivedJob | None:
    received: ReceivedJob | None = await session.scalar(
        select(ReceivedJob)
        .where(ReceivedJob.organization_id == ctx.organization_id, *conditions)
        .order_by(ReceivedJob.id.desc() if newest else ReceivedJob.id)
        .limit(1)
        .execution_options(populate_existing=True)
    )
    return received


async def find_by_file_id(session: AnySession, uuid: str) -> ReceivedJob | None:
    """Of any organization: whoever asks holds a signed token that names it."""
    received: ReceivedJob | None = await session.scalar(
        select(ReceivedJob).where(ReceivedJob.uuid == uuid).execution_options(**CROSS_TENANT)
    )
    return received


async def list_pending(session: AnySession, ctx: Actor, recipient: str) -> list[ReceivedJob]:
    """Files that wait for this recipient's devices, the oldest first; without those whose job was
    cancelled or held here."""
    rows = await session.scalars(
        select(ReceivedJob)
        .outerjoin(
            PrintJob,
            (PrintJob.id == ReceivedJob.print_job_id)
            & (PrintJob.organization_id == ReceivedJob.organization_id),
        )
        .where(or_(PrintJob.id.is_(None), PrintJob.status == JobStatus.QUEUED))
        .where(ReceivedJob.organization_id == ctx.organization_id)
        .where(ReceivedJob.recipient == recipient)
        .where(ReceivedJob.status == ReceivedStatus.UPLOADED)
        .order_by(ReceivedJob.id)
    )
    return list(rows)


async def count_open(session: AnySession, ctx: Actor) -> int:
    """Those whose file is still to come or still to be taken."""
    count = await session.scalar(
        select(func.count())
        .select_from(ReceivedJob)
        .where(ReceivedJob.organization_id == ctx.organization_id)
        .where(ReceivedJob.status.in_([ReceivedStatus.RECEIVED, ReceivedStatus.UPLOADED]))
    )
    return count or 0


async def list_parts(session: AnySession, ctx: Actor, print_job_id: int) -> list[Part]:
    """Our jobs of one received one: several where it wanted several plates."""
    percent = (
        select(Attempt.percent)
        .where(Attempt.organization_id == ctx.organization_id)
        .where(Attempt.print_job_id == PrintJob.id)
        .order_by(Attempt.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = await session.execute(
        select(PrintJob.status, func.coalesce(percent, 0), PrintJob.failure_reason)
        .where(PrintJob.organization_id == ctx.organization_id)
        .where(or_(PrintJob.id == print_job_id, PrintJob.batch_id == print_job_id))
        .order_by(PrintJob.id)
    )
    return [Part(*row) for row in rows]


async def move_received(
    session: WriteSession,
    ctx: Actor,
    received_id: int,
    sources: Collection[ReceivedStatus],
    target: ReceivedStatus,
    *conditions: ColumnElement[bool],
    **values: Any,
) -> ReceivedJob | None:
    """Compare-and-set; None when it was in none of ``sources`` any more."""
    received: ReceivedJob | None = await session.scalar(
        update(ReceivedJob)
        .where(ReceivedJob.organization_id == ctx.organization_id, ReceivedJob.id == received_id)
        .where(ReceivedJob.status.in_(sources), *conditions)
        .values(status=target, **values)
        .returning(ReceivedJob)
        .execution_options(populate_existing=True)
    )
    return received


async def take_due(session: WriteSession, now: datetime, lease: timedelta) -> ReceivedJob | None:
    """One whose file is to be fetched from its sender, of any organization; whoever takes it has it
    for as long as the lease lasts."""
    is_due = or_(ReceivedJob.not_before.is_(None), ReceivedJob.not_before <= now)
    due = await session.execute(
        select(ReceivedJob.organization_id, ReceivedJob.id)
        .where(ReceivedJob.status == ReceivedStatus.RECEIVED, is_due)
        .order_by(ReceivedJob.not_before.asc().nulls_first(), ReceivedJob.id)
        .limit(AT_ONCE)
        .execution_options(**CROSS_TENANT)
    )
    for organization_id, received_id in due.all():
        taken: ReceivedJob | None = await session.scalar(
            update(ReceivedJob)
            .where(ReceivedJob.organization_id == organization_id, ReceivedJob.id == received_id)
            .where(ReceivedJob.status == ReceivedStatus.RECEIVED, is_due)
            .values(not_before=now + lease, tries=ReceivedJob.tries + 1)
            .returning(ReceivedJob)
            .execution_options(populate_existing=True)
        )
        if taken is not None:
            return taken
    return None


async def find_target(
    session: AnySession, ctx: Actor, condition: ColumnElement[bool]
) -> Printer | None:
    """The living printer that fits; of two alike, none."""
    rows = await session.scalars(
        select(Printer)
        .where(Printer.organization_id == ctx.organization_id, Printer.is_active, condition)
        .limit(2)
    )
    found = list(rows)
    return found[0] if len(found) == 1 else None


async def find_job_on(session: AnySession, ctx: Actor, printer_id: int) -> PrintJob | None:
    """The job that a printer has."""
    job: PrintJob | None = await session.scalar(
        select(PrintJob)
        .where(PrintJob.organization_id == ctx.organization_id, PrintJob.printer_id == printer_id)
        .where(PrintJob.status.in_(ACTIVE))
    )
    return job


async def list_printing(session: AnySession, ctx: Actor, print_job_id: int) -> list[int]:
    """The printers that have jobs of a received one now."""
    rows = await session.scalars(
        select(PrintJob.printer_id)
        .where(PrintJob.organization_id == ctx.organization_id)
        .where(or_(PrintJob.id == print_job_id, PrintJob.batch_id == print_job_id))
        .where(PrintJob.status.in_(ACTIVE), PrintJob.printer_id.is_not(None))
        .order_by(PrintJob.id)
    )
    return [printer_id for printer_id in rows if printer_id is not None]
