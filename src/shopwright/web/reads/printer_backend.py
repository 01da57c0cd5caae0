"""Jobs that the printer backend has, and those that others handed to us."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.fleet.models import Printer
from shopwright.fleet.states import DrivenBy
from shopwright.print_jobs.backend.models import ReceivedJob, SentJob
from shopwright.print_jobs.models import PrintJob
from shopwright.print_jobs.states import (
    WAITING,
    JobStatus,
    ReceivedStatus,
    SendingStatus,
)
from shopwright.web.pips import JOBS, Pip

SHOWN = 50
SENDING: Mapping[SendingStatus, Pip] = {
    SendingStatus.SENDING: Pip("being sent", "blue", "send"),
    SendingStatus.REFUSED: Pip("refused", "red", "circle-x"),
    SendingStatus.UNKNOWN: Pip("unknown", "amber", "help-circle"),
}
RECEIVED: Mapping[ReceivedStatus, Pip] = {
    ReceivedStatus.RECEIVED: Pip("file is fetched", "blue", "download"),
    ReceivedStatus.UPLOADED: Pip("waits for a device", "violet", "clock"),
    ReceivedStatus.CLAIMED: Pip("taken by a device", "blue", "device-desktop"),
    ReceivedStatus.PRINTING: Pip("printing", "blue", "player-play"),
    ReceivedStatus.COMPLETED: Pip("completed", "green", "circle-check"),
    ReceivedStatus.FAILED: Pip("failed", "red", "circle-x"),
    ReceivedStatus.CANCELLED: Pip("cancelled", "grey", "ban"),
}
OPEN = frozenset({ReceivedStatus.RECEIVED, ReceivedStatus.UPLOADED, ReceivedStatus.CLAIMED})


@dataclass(frozen=True, slots=True)
class SentRow:
    job_id: int
    name: str
    job_status: JobStatus
    printer_id: int
    printer_name: str
    status: SendingStatus
    remote_status: str | None
    detail: str | None
    sent_at: datetime
    asked_at: datetime | None
    is_askable: bool

    @property
    def pip(self) -> Pip:
        """Once it has the job, how far the job is."""
        if self.status in {SendingStatus.TAKEN, SendingStatus.ENDED}:
            return JOBS[self.job_status]
        return SENDING[self.status]

    @property
    def is_unknown(self) -> bool:
        return self.status is SendingStatus.UNKNOWN

    @property
    def is_refused(self) -> bool:
        return self.status is SendingStatus.REFUSED


@dataclass(frozen=True, slots=True)
class ReceivedRow:
    id: int
    sender: str
    sender_job_id: str
    recipient: str
    product_name: str
    file_name: str
    status: ReceivedStatus
    error: str | None
    claimed_by: str | None
    created_at: datetime
    printer_name: str | None
    job_status: JobStatus | None

    @property
    def pip(self) -> Pip:
        if self.status is ReceivedStatus.HANDED_OVER:
            return JOBS[self.job_status or JobStatus.CANCELLED]
        return RECEIVED[self.status]

    @property
    def title(self) -> str:
        return self.product_name or self.file_name

    @property
    def is_open(self) -> bool:
        is_waiting = self.status is ReceivedStatus.HANDED_OVER and self.job_status in WAITING
        return self.status in OPEN or is_waiting


@dataclass(frozen=True, slots=True)
class Choice:
    id: int
    name: str


async def list_sent(session: AsyncSession, organization_id: int) -> list[SentRow]:
    """Those that a person must decide about first, then the newest."""
    rows: Any = await session.execute(
        select(
            PrintJob.id, PrintJob.name, PrintJob.status, Printer.id, Printer.name, SentJob.status,
            SentJob.remote_status, SentJob.detail, SentJob.sent_at, SentJob.asked_at,
            SentJob.is_askable,
        )
        .join(
            PrintJob,
            and_(
                PrintJob.id == SentJob.print_job_id, PrintJob.organization_id == organization_id
            ),
        )
        .join(
            Printer,
            and_(Printer.id == SentJob.printer_id, Printer.organization_id == organization_id),
        )
        .where(SentJob.organization_id == organization_id, PrintJob.is_hidden.is_(False))
        .order_by(
            case((SentJob.status == SendingStatus.UNKNOWN, 0), else_=1), SentJob.id.desc()
        )
        .limit(SHOWN)
    )  # fmt: skip
    return [SentRow(*row) for row in rows]


async def list_received(session: AsyncSession, organization_id: int) -> list[ReceivedRow]:
    rows: Any = await session.execute(
        select(
            ReceivedJob.id, ReceivedJob.sender, ReceivedJob.sender_job_id, ReceivedJob.recipient,
            ReceivedJob.product_name, ReceivedJob.file_name, ReceivedJob.status, ReceivedJob.error,
            ReceivedJob.claimed_by, ReceivedJob.created_at, Printer.name, PrintJob.status,
        )
        .outerjoin(
            Printer,
            and_(
                Printer.id == ReceivedJob.printer_id, Printer.organization_id == organization_id
            ),
        )
        .outerjoin(
            PrintJob,
            and_(
                PrintJob.id == ReceivedJob.print_job_id,
                PrintJob.organization_id == organization_id,
            ),
        )
        .where(ReceivedJob.organization_id == organization_id)
        .order_by(ReceivedJob.id.desc())
        .limit(SHOWN)
    )  # fmt: skip
    return [ReceivedRow(*row) for row in rows]


async def list_far_printers(session: AsyncSession, organization_id: int) -> list[Choice]:
    rows = await session.execute(
        select(Printer.id, Printer.name)
        .where(Printer.organization_id == organization_id, Printer.is_active)
        .where(Printer.driven_by == DrivenBy.PRINTER_BACKEND)
        .order_by(Printer.name)
    )
    return [Choice(*row) for row in rows]


async def list_sendable(session: AsyncSession, organization_id: int) -> list[Choice]:
    """Jobs that wait here, the most urgent first."""
    rows = await session.execute(
        select(PrintJob.id, PrintJob.name)
        .where(PrintJob.organization_id == organization_id, PrintJob.status.in_(WAITING))
        .where(PrintJob.outside_at.is_(None), PrintJob.is_hidden.is_(False))
        .where(PrintJob.print_file_id.is_not(None))
        .order_by(PrintJob.priority.desc(), PrintJob.id)
        .limit(SHOWN)
    )
    return [Choice(*row) for row in rows]
