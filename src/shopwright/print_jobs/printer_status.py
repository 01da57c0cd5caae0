"""What clients tell of printers (reference (b)): the report, where nobody here drives the printer,
else kept beside its own reports and nothing more (reference decision 29)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from shopwright.fleet import device_state
from shopwright.fleet.models import Printer
from shopwright.fleet.outside import is_told
from shopwright.fleet.states import BUSY, Activity, ConnectionState
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Invalid
from shopwright.print_jobs import asked_queries, external, queries
from shopwright.print_jobs.models import Attempt, PrintJob
from shopwright.telemetry.latest import Snapshot
from shopwright.telemetry.samples import NewSample, Reading, Sample, reading_of

ACTIVITIES: Mapping[str, Activity] = {
    "idle": Activity.IDLE,
    "online": Activity.IDLE,
    "preparing": Activity.PREPARING,
    "printing": Activity.PRINTING,
    "paused": Activity.PAUSED,
    "error": Activity.ERROR,
    "offline": Activity.UNKNOWN,
    "unknown": Activity.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class ReportedStatus:
    """As somebody named it: nothing was looked up yet, ``word`` is one of ``ACTIVITIES``."""

    printer: Ref
    job: Ref | None
    word: str
    figures: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToldStatus:
    """``figures`` are the other members as told, by their names in the reference."""

    status: str
    job: PrintJob | None
    figures: Mapping[str, Any]

    @property
    def activity(self) -> Activity:
        return ACTIVITIES[self.status]

    @property
    def is_within_reach(self) -> bool:
        return self.activity is not Activity.UNKNOWN


@dataclass(frozen=True, slots=True)
class JobOfSample:
    job_id: int
    product_id: int | None


def read_word(text: str) -> str:
    """Raises Invalid with the words that there are."""
    word = text.strip().lower()
    if word not in ACTIVITIES:
        raise Invalid(f"status must be one of {', '.join(ACTIVITIES)}, not {text!r}.")
    return word


async def take_report(
    session: WriteSession, ctx: Actor, *, printer: Printer, told: ToldStatus, now: datetime
) -> None:
    """The printer is as told, and its job as far as told; no job ends by this."""
    attempt = await _find_attempt(session, ctx, printer, told)
    await device_state.record_word(
        session,
        ctx,
        printer_id=printer.id,
        word=device_state.Word(
            activity=told.activity,
            is_within_reach=told.is_within_reach,
            device_job_id=attempt.device_job_id if attempt else None,
            job_name=told.job.name if told.job else None,
            trouble=told.figures.get("error_message") or told.figures.get("error_code"),
        ),
        now=now,
    )
    if attempt is None or told.job is None:
        return
    if told.activity in BUSY:
        percent = int(told.figures.get("progress_percentage") or 0)
        await external.tell(
            session, ctx, attempt=attempt, activity=told.activity, percent=percent, now=now
        )
    await asked_queries.note_layers(
        session,
        ctx,
        told.job.id,
        current=told.figures.get("current_layer"),
        total=told.figures.get("total_layers"),
    )


def snapshot_of(printer: Printer, told: ToldStatus, now: datetime) -> Snapshot:
    """The printer as told."""
    figures = told.figures
    link = ConnectionState.ONLINE if told.is_within_reach else ConnectionState.OFFLINE
    trouble = figures.get("error_message") or figures.get("error_code")
    return Snapshot(
        organization_id=printer.organization_id,
        printer_id=printer.id,
        at=now,
        connection=link,
        activity=told.activity,
        percent=figures.get("progress_percentage"),
        layer=figures.get("current_layer"),
        layers=figures.get("total_layers"),
        remaining_s=figures.get("time_remaining_seconds"),
        nozzle=figures.get("nozzle_temp_current"),
        nozzle_target=figures.get("nozzle_temp_target"),
        bed=figures.get("bed_temp_current"),
        bed_target=figures.get("bed_temp_target"),
        chamber=figures.get("chamber_temp_current"),
        faults=(str(trouble),) if trouble else (),
        job_name=told.job.name if told.job else None,
        native=told.status,
    )


def known_of(printer: Printer, now: datetime) -> Snapshot:
    """What is known of a printer that never reported here."""
    return Snapshot(
        organization_id=printer.organization_id,
        printer_id=printer.id,
        at=printer.last_seen_at or now,
        connection=printer.connection,
        activity=printer.activity,
    )


def sample_of(printer: Printer, told: ToldStatus, now: datetime) -> NewSample:
    """As it is kept in the history, with everything that was told."""
    figures = {name: value for name, value in told.figures.items() if value is not None}
    words: dict[str, Any] = {"status": told.status} | figures
    if told.job is not None:
        words |= {"current_job_id": told.job.id, "product_id": told.job.product_id}
    base = reading_of(snapshot_of(printer, told, now))
    reading = Reading(
        connection=base.connection,
        activity=base.activity,
        percent=base.percent,
        layer=base.layer,
        layers=base.layers,
        remaining_s=base.remaining_s,
        nozzle=base.nozzle,
        nozzle_target=base.nozzle_target,
        bed=base.bed,
        bed_target=base.bed_target,
        chamber=base.chamber,
        told=words,
        is_hearsay=not is_told(printer),
    )
    return NewSample(now, reading)


async def list_jobs_of(
    session: queries.AnySession, ctx: Actor, samples: Sequence[Sample]
) -> dict[str, JobOfSample]:
    """Our jobs by the id that printers report of them."""
    named = {sample.reading.device_job_id for sample in samples} - {None}
    if not named:
        return {}
    rows = await session.execute(
        select(Attempt.device_job_id, PrintJob.id, PrintJob.product_id)
        .join(PrintJob, PrintJob.id == Attempt.print_job_id)
        .where(Attempt.organization_id == ctx.organization_id, Attempt.device_job_id.in_(named))
        .where(PrintJob.organization_id == ctx.organization_id)
    )
    return {device_job_id: JobOfSample(job_id, product) for device_job_id, job_id, product in rows}


async def _find_attempt(
    session: WriteSession, ctx: Actor, printer: Printer, told: ToldStatus
) -> Attempt | None:
    """The try of the told job that is under way on this printer."""
    if told.job is None:
        return None
    attempt = await queries.find_open_attempt(session, ctx, told.job.id)
    return attempt if attempt is not None and attempt.printer_id == printer.id else None
