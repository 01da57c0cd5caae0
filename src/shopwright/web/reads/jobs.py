"""The queue: jobs with what they need, where they are, and why they wait."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from shopwright.fleet.models import Printer
from shopwright.orders.models import Order
from shopwright.print_files.models import Plate, PlateFilament, PrintFile
from shopwright.print_jobs.models import Attempt, PrintJob
from shopwright.print_jobs.ordering import revision_of_place
from shopwright.print_jobs.queries import IN_TURN
from shopwright.print_jobs.states import (
    ACTIVE,
    OPEN_ATTEMPTS,
    TERMINAL,
    WAITING,
    AttemptStatus,
    JobStatus,
)
from shopwright.web.paging import Window
from shopwright.web.pips import ATTEMPTS, JOBS, Pip

SHOWN_WAITING = 200
FIRST = 2  # two places stand before it


@dataclass(frozen=True, slots=True)
class FilamentNeed:
    material: str
    color: str | None
    used_mg: int


@dataclass(frozen=True, slots=True)
class JobRow:
    """The columns of ``_JOB`` in order, and the plate's filaments."""

    id: int
    name: str
    status: JobStatus
    priority: int
    yields: int
    waiting_reason: str | None
    failure_reason: str | None
    estimated_s: int
    estimated_mg: int
    good: int
    scrap: int
    claimed_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    harvested_at: datetime | None
    created_at: datetime
    printer_id: int | None
    printer_name: str | None
    order_id: int | None
    order_number: int | None
    buyer_name: str | None
    promised_on: date | None
    is_order_held: bool | None
    file_name: str | None
    printer_model: str | None
    nozzle_um: int | None
    plate_number: int | None
    plate_id: int | None
    thumbnail: str | None
    attempt_id: int | None
    attempt_status: AttemptStatus | None
    attempt_percent: int | None
    attempt_reason: str | None
    not_before: datetime | None
    pinned_name: str | None
    rank: int
    filaments: tuple[FilamentNeed, ...] = ()

    @property
    def pip(self) -> Pip:
        return ATTEMPTS[AttemptStatus.UNKNOWN] if self.is_unknown else JOBS[self.status]

    @property
    def title(self) -> str:
        """The name without the order number that stands beside it."""
        return self.name.removeprefix(f"#{self.order_number} ")

    @property
    def revision(self) -> str:
        return revision_of_place(self.priority, self.rank)

    @property
    def is_unknown(self) -> bool:
        """Nothing proves whether it printed; a person decides."""
        return self.attempt_status is AttemptStatus.UNKNOWN

    @property
    def is_to_harvest(self) -> bool:
        return self.status is JobStatus.COMPLETED and self.harvested_at is None

    @property
    def is_revisable(self) -> bool:
        """Counted, so that a person may count it anew."""
        return self.status is JobStatus.COMPLETED and self.harvested_at is not None

    @property
    def took_s(self) -> float | None:
        if self.started_at is None or self.ended_at is None:
            return None
        return (self.ended_at - self.started_at).total_seconds()


Pinned = aliased(Printer)  # the one that somebody chose

_JOB = (
    PrintJob.id, PrintJob.name, PrintJob.status, PrintJob.priority, PrintJob.yields,
    PrintJob.waiting_reason, PrintJob.failure_reason, PrintJob.estimated_s, PrintJob.estimated_mg,
    PrintJob.good, PrintJob.scrap, PrintJob.claimed_at, PrintJob.started_at, PrintJob.ended_at,
    PrintJob.harvested_at, PrintJob.created_at, Printer.id, Printer.name, Order.id, Order.number,
    Order.buyer_name, Order.promised_on, Order.is_held, PrintFile.name, PrintFile.printer_model,
    PrintFile.nozzle_um, PrintJob.plate_number, Plate.id, Plate.thumbnail_sha256, Attempt.id,
    Attempt.status, Attempt.percent, Attempt.reason, PrintJob.not_before, Pinned.name,
    PrintJob.rank,
)  # fmt: skip


async def list_waiting(session: AsyncSession, organization_id: int) -> list[JobRow]:
    """In the order in which they will be tried; the first ones when there are very many."""
    statement = (
        _jobs(organization_id)
        .where(PrintJob.status.in_(WAITING))
        .order_by(*IN_TURN)
        .limit(SHOWN_WAITING)
    )
    return await _with_filaments(session, organization_id, statement)


async def list_pending(session: AsyncSession, organization_id: int, limit: int) -> list[JobRow]:
    """Jobs that a person must release: held, or failed too often."""
    statement = (
        _jobs(organization_id)
        .where(PrintJob.status == JobStatus.PENDING)
        .order_by(*IN_TURN)
        .limit(limit)
    )
    return await _with_filaments(session, organization_id, statement)


async def list_active(session: AsyncSession, organization_id: int) -> list[JobRow]:
    statement = (
        _jobs(organization_id).where(PrintJob.status.in_(ACTIVE)).order_by(PrintJob.claimed_at)
    )
    return await _with_filaments(session, organization_id, statement)


async def list_unknown(session: AsyncSession, organization_id: int) -> list[JobRow]:
    """Jobs of which nothing proves what became of them."""
    statement = (
        _jobs(organization_id)
        .where(Attempt.status == AttemptStatus.UNKNOWN)
        .order_by(PrintJob.claimed_at)
    )
    return await _with_filaments(session, organization_id, statement)


async def list_ended(
    session: AsyncSession, organization_id: int, status: JobStatus | None, window: Window
) -> tuple[list[JobRow], int]:
    """Ended jobs, newest first, and how many there are."""
    wanted = [status] if status else list(TERMINAL)
    statement = (
        _jobs(organization_id)
        .where(PrintJob.status.in_(wanted))
        .order_by(PrintJob.ended_at.desc().nulls_last(), PrintJob.id.desc())
        .limit(window.limit)
        .offset(window.offset)
    )
    total = await session.scalar(
        select(func.count())
        .select_from(PrintJob)
        .where(PrintJob.organization_id == organization_id, PrintJob.status.in_(wanted))
    )
    return await _with_filaments(session, organization_id, statement), total or 0


async def list_of_order(session: AsyncSession, organization_id: int, order_id: int) -> list[JobRow]:
    statement = (
        _jobs(organization_id).where(PrintJob.order_id == order_id).order_by(PrintJob.id.desc())
    )
    return await _with_filaments(session, organization_id, statement)


@dataclass(frozen=True, slots=True)
class Steps:
    """Between which two a waiting job comes when it goes one up or one down; 0 is no job."""

    up: tuple[int, int] | None
    down: tuple[int, int] | None


def steps_of(waiting: Sequence[JobRow]) -> dict[int, Steps]:
    """By job. Behind the last one that is shown there may be more, so nothing is said of it."""
    ids = [0, 0, *(job.id for job in waiting), 0, 0]
    last = len(waiting) + 1
    return {
        ids[at]: Steps(
            up=(ids[at - 2], ids[at - 1]) if at > FIRST else None,
            down=(ids[at + 1], ids[at + 2]) if at < last else None,
        )
        for at in range(FIRST, last + 1)
    }


def _jobs(organization_id: int) -> Any:
    return (
        select(*_JOB)
        .select_from(PrintJob)
        .outerjoin(
            Printer,
            and_(Printer.id == PrintJob.printer_id, Printer.organization_id == organization_id),
        )
        .outerjoin(
            Pinned,
            and_(
                Pinned.id == PrintJob.pinned_printer_id, Pinned.organization_id == organization_id
            ),
        )
        .outerjoin(
            Order, and_(Order.id == PrintJob.order_id, Order.organization_id == organization_id)
        )
        .outerjoin(
            PrintFile,
            and_(
                PrintFile.id == PrintJob.print_file_id,
                PrintFile.organization_id == organization_id,
            ),
        )
        .outerjoin(
            Plate,
            and_(
                Plate.print_file_id == PrintJob.print_file_id,
                Plate.number == PrintJob.plate_number,
                Plate.organization_id == organization_id,
            ),
        )
        .outerjoin(
            Attempt,
            and_(
                Attempt.print_job_id == PrintJob.id,
                Attempt.organization_id == organization_id,
                Attempt.status.in_(OPEN_ATTEMPTS),
            ),
        )
        .where(PrintJob.organization_id == organization_id, PrintJob.is_hidden.is_(False))
    )


async def _with_filaments(
    session: AsyncSession, organization_id: int, statement: Any
) -> list[JobRow]:
    rows: list[Any] = list(await session.execute(statement))
    plate_ids = {row[_PLATE] for row in rows} - {None}
    needs = await _list_needs(session, organization_id, sorted(plate_ids))
    return [JobRow(*[*row, tuple(needs.get(row[_PLATE], ()))]) for row in rows]


_PLATE = 27  # Plate.id among the columns of _JOB


async def _list_needs(
    session: AsyncSession, organization_id: int, plate_ids: Sequence[int]
) -> dict[int, list[FilamentNeed]]:
    if not plate_ids:
        return {}
    rows = await session.execute(
        select(
            PlateFilament.plate_id, PlateFilament.material, PlateFilament.color,
            PlateFilament.used_mg,
        )
        .where(PlateFilament.organization_id == organization_id)
        .where(PlateFilament.plate_id.in_(plate_ids))
        .order_by(PlateFilament.plate_id, PlateFilament.project_index)
    )  # fmt: skip
    needs: dict[int, list[FilamentNeed]] = defaultdict(list)
    for plate_id, material, color, used_mg in rows:
        needs[plate_id].append(FilamentNeed(material, color, used_mg))
    return needs
