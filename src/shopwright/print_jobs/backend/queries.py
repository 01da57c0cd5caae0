"""SQL of jobs that an outside printer backend has. Guarded columns move by compare-and-set."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, update

from shopwright.accounts.models import Organization
from shopwright.catalog.models import Product
from shopwright.fleet.models import Printer, PrinterCommand
from shopwright.fleet.states import CommandStatus, DrivenBy
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.effects import Effect
from shopwright.kernel.tenancy import CROSS_TENANT
from shopwright.print_files.models import Plate, PrintFile
from shopwright.print_jobs.backend.models import SentJob
from shopwright.print_jobs.models import PrintJob
from shopwright.print_jobs.queries import AnySession, asked_for_in_vain, owed_to_stopped_order
from shopwright.print_jobs.states import TERMINAL, JobStatus, SendingStatus

AT_ONCE = 200  # looked at in one round


@dataclass(frozen=True, slots=True)
class Printable:
    """What a job is printed from, and what its product is called outside."""

    file: PrintFile
    plate: Plate
    product_uuid: str | None
    organization_uuid: str


@dataclass(frozen=True, slots=True)
class Watched:
    """A job that the backend may have, and what it is here."""

    sent: SentJob
    job_uuid: str
    job_status: JobStatus


async def find_printable(session: AnySession, ctx: Actor, job: PrintJob) -> Printable | None:
    """None while nobody has uploaded its file."""
    own = ctx.organization_id
    row = (
        await session.execute(
            select(PrintFile, Plate, Organization.uuid)
            .join(Plate, (Plate.print_file_id == PrintFile.id) & (Plate.organization_id == own))
            .join(Organization, Organization.id == PrintFile.organization_id)
            .where(PrintFile.organization_id == own, PrintFile.id == job.print_file_id)
            .where(Plate.number == job.plate_number)
        )
    ).first()
    if row is None:
        return None
    product_uuid = await session.scalar(
        select(Product.uuid).where(Product.organization_id == own, Product.id == job.product_id)
    )
    return Printable(row[0], row[1], product_uuid, row[2])


async def is_wanted(session: AnySession, ctx: Actor, job_id: int) -> bool:
    """Not for an order that was stopped or is held."""
    found = await session.scalar(
        select(PrintJob.id)
        .where(PrintJob.organization_id == ctx.organization_id, PrintJob.id == job_id)
        .where(~owed_to_stopped_order(), ~asked_for_in_vain())
    )
    return found is not None


async def count_tries(session: AnySession, ctx: Actor, kind: str, job_id: int) -> int:
    count = await session.scalar(
        select(func.count())
        .select_from(Effect)
        .where(Effect.organization_id == ctx.organization_id, Effect.kind == kind)
        .where(Effect.subject_id == job_id)
    )
    return count or 0


async def find_sent(session: AnySession, ctx: Actor, job_id: int) -> SentJob | None:
    sent: SentJob | None = await session.scalar(
        select(SentJob)
        .where(SentJob.organization_id == ctx.organization_id, SentJob.print_job_id == job_id)
        .execution_options(populate_existing=True)
    )
    return sent


async def move_sent(
    session: WriteSession,
    ctx: Actor,
    job_id: int,
    sources: Collection[SendingStatus],
    target: SendingStatus,
    **values: Any,
) -> SentJob | None:
    """Compare-and-set; None when it was in none of ``sources`` any more."""
    sent: SentJob | None = await session.scalar(
        update(SentJob)
        .where(SentJob.organization_id == ctx.organization_id, SentJob.print_job_id == job_id)
        .where(SentJob.status.in_(sources))
        .values(status=target, **values)
        .returning(SentJob)
        .execution_options(populate_existing=True)
    )
    return sent


async def note_word(session: WriteSession, ctx: Actor, job_id: int, **values: Any) -> None:
    await session.execute(
        update(SentJob)
        .where(SentJob.organization_id == ctx.organization_id, SentJob.print_job_id == job_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


async def note_failed_try(session: WriteSession, ctx: Actor, job_id: int, words: str) -> None:
    await session.execute(
        update(PrintJob)
        .where(PrintJob.organization_id == ctx.organization_id, PrintJob.id == job_id)
        .values(last_error=words[:500])
        .execution_options(synchronize_session=False)
    )


async def list_watched(
    session: AnySession, statuses: Collection[SendingStatus], *, begun_before: datetime
) -> list[Watched]:
    """Of every organization, those asked longest ago first."""
    rows = await session.execute(
        select(SentJob, PrintJob.uuid, PrintJob.status)
        .join(
            PrintJob,
            (PrintJob.id == SentJob.print_job_id)
            & (PrintJob.organization_id == SentJob.organization_id),
        )
        .where(SentJob.status.in_(statuses), SentJob.sent_at <= begun_before)
        .where(or_(SentJob.is_askable, PrintJob.status.in_(TERMINAL)))
        .order_by(SentJob.asked_at.asc().nulls_first(), SentJob.id)
        .limit(AT_ONCE)
        .execution_options(**CROSS_TENANT)
    )
    return [Watched(*row) for row in rows]


async def list_untold_commands(
    session: AnySession, now: datetime
) -> list[tuple[PrinterCommand, Printer]]:
    """Of every organization, for printers of the backend, the oldest first."""
    rows = await session.execute(
        select(PrinterCommand, Printer)
        .join(
            Printer,
            (Printer.id == PrinterCommand.printer_id)
            & (Printer.organization_id == PrinterCommand.organization_id),
        )
        .where(Printer.driven_by == DrivenBy.PRINTER_BACKEND)
        .where(PrinterCommand.status == CommandStatus.PENDING, PrinterCommand.expires_at > now)
        .order_by(PrinterCommand.id)
        .limit(AT_ONCE)
        .execution_options(**CROSS_TENANT)
    )
    return [(command, printer) for command, printer in rows]


async def list_told_commands(session: AnySession) -> list[PrinterCommand]:
    """Of every organization, those that the backend has and has said no result of."""
    rows = await session.scalars(
        select(PrinterCommand)
        .join(
            Printer,
            (Printer.id == PrinterCommand.printer_id)
            & (Printer.organization_id == PrinterCommand.organization_id),
        )
        .where(Printer.driven_by == DrivenBy.PRINTER_BACKEND)
        .where(PrinterCommand.status.in_([CommandStatus.SENT, CommandStatus.EXECUTING]))
        .where(PrinterCommand.sent_to.is_not(None))
        .order_by(PrinterCommand.id)
        .limit(AT_ONCE)
        .execution_options(**CROSS_TENANT)
    )
    return list(rows)


async def find_current_job(session: AnySession, ctx: Actor, printer_id: int) -> str | None:
    """The uuid of the job that a printer of the backend has now."""
    uuid: str | None = await session.scalar(
        select(PrintJob.uuid)
        .where(PrintJob.organization_id == ctx.organization_id)
        .where(PrintJob.printer_id == printer_id, PrintJob.outside_at.is_not(None))
        .where(PrintJob.status.in_([JobStatus.PREPARING, JobStatus.PRINTING, JobStatus.PAUSED]))
    )
    return uuid
