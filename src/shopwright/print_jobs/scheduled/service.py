"""Scheduled prints: a client asks for a file on a printer, now or at a time, and says what became
of it (reference decisions 17, 19, 20)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from shopwright.accounts import audit
from shopwright.fleet import service as fleet
from shopwright.fleet.maintenance.upkeep import find_zone
from shopwright.fleet.models import Printer
from shopwright.fleet.outside import is_external
from shopwright.fleet.states import Outcome
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import IllegalTransition
from shopwright.kernel.live import touch
from shopwright.print_jobs import (
    asked_files,
    attempts,
    cancel,
    dispatch,
    external,
    queries,
    service,
)
from shopwright.print_jobs.asked_files import FoundPlate
from shopwright.print_jobs.attempts import Answer
from shopwright.print_jobs.dispatch import PrinterUnsuitable
from shopwright.print_jobs.models import PrintJob
from shopwright.print_jobs.scheduled import queries as scheduled_queries
from shopwright.print_jobs.scheduled.rules import PrintWord, plan_starts, why_later, word_of
from shopwright.print_jobs.states import ACTIVE, TERMINAL, WAITING, JobStatus

DEFAULT_S = 120 * 60  # of a print that nobody estimated
ENDS = {PrintWord.COMPLETED: Outcome.FINISHED, PrintWord.FAILED: Outcome.FAILED}
ANSWERS = {PrintWord.COMPLETED: Answer.PRINTED, PrintWord.FAILED: Answer.FAILED}


@dataclass(frozen=True, slots=True)
class PrintRequest:
    """``estimated_s`` counts only while nobody knows the file."""

    printer_id: int
    name: str
    file_name: str | None = None
    material: str | None = None
    slot: int | None = None
    estimated_s: int | None = None
    priority: int = 0
    not_before: datetime | None = None
    notes: str = ""
    order_id: int | None = None
    order_item_id: int | None = None


@dataclass(frozen=True, slots=True)
class PrintChange:
    """Only what is not None changes."""

    word: PrintWord | None = None
    name: str | None = None
    priority: int | None = None
    not_before: datetime | None = None
    printer: Ref | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Pin:
    """Where a waiting job belongs in the queue of its printer."""

    priority: int
    not_before: datetime | None


@dataclass(frozen=True, slots=True)
class Planned:
    """A job with its file's name and when it began, or may begin."""

    job: PrintJob
    file_name: str | None
    start: datetime | None

    @property
    def word(self) -> PrintWord:
        return word_of(self.job.status, self.job.not_before)


async def plan(
    session: queries.AnySession,
    ctx: Actor,
    rows: Sequence[tuple[PrintJob, str | None]],
    now: datetime,
) -> list[Planned]:
    """In the order given."""
    waiting_for = {
        job.pinned_printer_id for job, _ in rows if job.status in WAITING and job.pinned_printer_id
    }
    starts: dict[int, datetime] = {}
    if waiting_for:
        waiting = await scheduled_queries.list_waiting(session, ctx, waiting_for)
        free = await scheduled_queries.list_free_times(session, ctx, waiting_for)
        starts = plan_starts(waiting, free, now)
    return [Planned(job, name, _start_of(job, starts, now)) for job, name in rows]


async def read_print(
    session: queries.AnySession, ctx: Actor, job_id: int, now: datetime
) -> Planned:
    rows = await scheduled_queries.list_prints_by_id(session, ctx, [job_id])
    (found,) = await plan(session, ctx, rows, now)
    return found


async def schedule_print(
    session: WriteSession, ctx: Actor, *, wanted: PrintRequest, now: datetime
) -> PrintJob:
    """A job for one printer, of the newest file of that name; without such a file it waits and
    says so."""
    (job,) = await schedule_prints(session, ctx, wanted=[wanted], now=now)
    return job


async def schedule_prints(
    session: WriteSession, ctx: Actor, *, wanted: Sequence[PrintRequest], now: datetime
) -> list[PrintJob]:
    """The same of several at once, in their order."""
    plates = await asked_files.find_plates(
        session, ctx, {one.file_name for one in wanted if one.file_name}
    )
    jobs = [_job_of(ctx, one, plates.get(one.file_name or "")) for one in wanted]
    await _say_why_waiting(session, ctx, jobs, now)
    session.add_all(jobs)
    await session.flush()
    for job in jobs:
        audit.record(session, ctx, "print_job.scheduled", job.id, printer_id=job.pinned_printer_id)
        touch(session, ctx.organization_id, "queue", job.id)
    return jobs


def _job_of(ctx: Actor, wanted: PrintRequest, plate: FoundPlate | None) -> PrintJob:
    return PrintJob(
        organization_id=ctx.organization_id,
        name=wanted.name,
        status=JobStatus.QUEUED,
        priority=wanted.priority,
        print_file_id=plate.print_file_id if plate else None,
        plate_number=plate.plate_number if plate else None,
        file_name=wanted.file_name,
        pinned_printer_id=wanted.printer_id,
        material=wanted.material,
        slot=wanted.slot,
        not_before=wanted.not_before,
        notes=wanted.notes,
        order_id=wanted.order_id,
        order_item_id=wanted.order_item_id,
        estimated_s=plate.time_s if plate else wanted.estimated_s or DEFAULT_S,
        estimated_mg=plate.total_mg if plate else 0,
        created_by=ctx.name,
    )


async def change_print(
    session: WriteSession, ctx: Actor, *, ref: Ref, change: PrintChange, now: datetime
) -> int:
    """A waiting job is moved; a word other than the job's own is what somebody says became of it.

    Returns the job's id. Raises JobNotWaiting, PrinterUnsuitable, AlreadyClaimed,
    AttemptNotUnknown (a report says otherwise) or IllegalTransition.
    """
    job = await service.get_job(session, ctx, ref)
    word = word_of(job.status, job.not_before)
    if change.word in {None, PrintWord.QUEUED, PrintWord.SCHEDULED}:
        await _move(session, ctx, job, change, now)
    elif change.word is not word:
        await _say(session, ctx, job, change, now)
    return job.id


async def cancel_print(
    session: WriteSession, ctx: Actor, *, ref: Ref, now: datetime, reason: str = ""
) -> None:
    """A waiting job is dropped, a printing one stopped on its machine; raises JobNotWaiting."""
    job = await service.get_job(session, ctx, ref)
    reason = reason or f"cancelled by {ctx.name}"
    if job.status in ACTIVE and job.printer_id is not None:
        printer = await fleet.get_printer(session, ctx, job.printer_id)
        if is_external(printer):
            await external.end(
                session, ctx, job_id=job.id, outcome=Outcome.CANCELLED, reason=reason, now=now
            )
            return
    await cancel.stop_job(session, ctx, ref=ref, reason=reason, now=now)


async def pin_jobs(
    session: WriteSession, ctx: Actor, *, pins: Mapping[int, Pin], printer_id: int, now: datetime
) -> None:
    """These jobs, by id, go to the printer; those that just began stay where they are."""
    jobs = await scheduled_queries.lock_waiting(session, ctx, pins)
    for job in jobs:
        pin = pins[job.id]
        job.pinned_printer_id, job.priority = printer_id, pin.priority
        job.not_before = pin.not_before
        audit.record(session, ctx, "print_job.pinned", job.id, printer_id=printer_id)
        touch(session, ctx.organization_id, "queue", job.id)
    queued = [job for job in jobs if job.status is JobStatus.QUEUED]
    await _say_why_waiting(session, ctx, queued, now)
    await session.flush()


async def _move(
    session: WriteSession, ctx: Actor, job: PrintJob, change: PrintChange, now: datetime
) -> None:
    """A client that sends back what it read changes nothing: the start of a ``queued`` job was
    only planned."""
    values: dict[str, object] = {}
    if change.name is not None and change.name != job.name:
        values["name"] = change.name
    if change.priority is not None and change.priority != job.priority:
        values["priority"], values["rank"] = change.priority, 0
    not_before = _time_of(job, change)
    if not_before != job.not_before:
        values["not_before"] = not_before
    if change.printer is not None:
        printer = await fleet.get_living_printer(session, ctx, change.printer)
        if printer.id not in {job.printer_id, job.pinned_printer_id}:
            values["pinned_printer_id"] = printer.id
    if not values:
        return
    changed = await scheduled_queries.change_waiting(session, ctx, job.id, **values)
    said = ", ".join(sorted(values))
    job = await service.record_change(session, ctx, changed, job.id, "print_job.changed", said)
    if job.status is JobStatus.QUEUED:
        await _say_why_waiting(session, ctx, [job], now)
        await session.flush()


def _time_of(job: PrintJob, change: PrintChange) -> datetime | None:
    if change.word is PrintWord.QUEUED:
        return None
    return change.not_before or job.not_before


async def _say(
    session: WriteSession, ctx: Actor, job: PrintJob, change: PrintChange, now: datetime
) -> None:
    if job.status in TERMINAL:
        raise IllegalTransition(f"The print is {job.status}; it cannot become {change.word}.")
    if change.word is PrintWord.CANCELLED:
        await cancel_print(session, ctx, ref=Ref(job.id, None), now=now)
        return
    printer = await _printer_of(session, ctx, job, change)
    if change.word is PrintWord.STARTED:
        await _start(session, ctx, job, printer, now)
    else:
        await _end(session, ctx, job, printer, change, now)


async def _start(
    session: WriteSession, ctx: Actor, job: PrintJob, printer: Printer, now: datetime
) -> None:
    if is_external(printer):
        await external.begin(session, ctx, job=job, printer=printer, now=now)
    else:
        await dispatch.dispatch_job(session, ctx, job=job, printer_id=printer.id, now=now)


async def _end(
    session: WriteSession,
    ctx: Actor,
    job: PrintJob,
    printer: Printer,
    change: PrintChange,
    now: datetime,
) -> None:
    """A person's word; where a printer we drive shows the job, only its report counts."""
    word = change.word or PrintWord.COMPLETED
    if job.status in ACTIVE and not is_external(printer):
        await attempts.resolve_attempt(
            session, ctx, job_id=job.id, answer=ANSWERS[word], reason=change.reason, now=now
        )
        return
    if job.status in WAITING:
        await external.begin(session, ctx, job=job, printer=printer, now=now)
    reason = change.reason or (f"{ctx.name} says it failed" if word is PrintWord.FAILED else None)
    await external.end(session, ctx, job_id=job.id, outcome=ENDS[word], reason=reason, now=now)


async def _printer_of(
    session: WriteSession, ctx: Actor, job: PrintJob, change: PrintChange
) -> Printer:
    printer_id = job.printer_id or job.pinned_printer_id
    if printer_id is not None:
        return await fleet.get_printer(session, ctx, printer_id)
    if change.printer is None:
        raise PrinterUnsuitable("This print has no printer yet. Send printer_id, too.")
    return await fleet.get_living_printer(session, ctx, change.printer)


async def _say_why_waiting(
    session: WriteSession, ctx: Actor, jobs: Sequence[PrintJob], now: datetime
) -> None:
    """What can be said at once; the dispatcher says the rest."""
    zone = ""
    for job in jobs:
        if job.not_before is not None and job.not_before > now:
            zone = zone or await find_zone(session, ctx)
            job.waiting_reason = why_later(job.not_before, zone)
        else:
            job.waiting_reason = asked_files.no_file(job) if job.print_file_id is None else None


def _start_of(job: PrintJob, starts: dict[int, datetime], now: datetime) -> datetime | None:
    if job.status in WAITING:
        return starts.get(job.id) or max(job.not_before or now, now)
    return job.started_at or job.claimed_at or job.not_before
