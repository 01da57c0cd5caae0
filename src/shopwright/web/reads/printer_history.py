"""What one printer made and was told."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.fleet.models import PrinterCommand
from shopwright.fleet.states import CommandStatus
from shopwright.orders.models import Order
from shopwright.print_jobs.models import Attempt, PrintJob
from shopwright.print_jobs.states import AttemptStatus
from shopwright.web.paging import Window
from shopwright.web.pips import ATTEMPTS, COMMANDS, Pip

SHOWN = 8
MOST_TOLD = 60
SAID = ("fan", "axis", "x", "y", "z", "distance", "slot", "target", "gcode")


@dataclass(frozen=True, slots=True)
class AttemptRow:
    id: int
    status: AttemptStatus
    percent: int
    reason: str | None
    started_at: datetime | None
    ended_at: datetime | None
    job_name: str
    order_id: int | None
    order_number: int | None

    @property
    def pip(self) -> Pip:
        return ATTEMPTS[self.status]

    @property
    def took_s(self) -> float | None:
        if self.started_at is None or self.ended_at is None:
            return None
        return (self.ended_at - self.started_at).total_seconds()


@dataclass(frozen=True, slots=True)
class CommandRow:
    id: int
    kind: str
    status: CommandStatus
    by: str
    detail: str | None
    created_at: datetime
    arguments: dict[str, Any]

    @property
    def target(self) -> str:
        """What it was told with the command, in a few words."""
        told = [self.arguments[name] for name in SAID if name in self.arguments]
        words = [f"{value:g}" if isinstance(value, float) else str(value) for value in told]
        return " ".join(words)[:MOST_TOLD]

    @property
    def pip(self) -> Pip:
        return COMMANDS[self.status]


async def list_attempts(
    session: AsyncSession, organization_id: int, printer_id: int, window: Window
) -> tuple[list[AttemptRow], int]:
    """Tries on this printer, newest first, and how many there are."""
    mine = (Attempt.organization_id == organization_id, Attempt.printer_id == printer_id)
    total = await session.scalar(select(func.count(Attempt.id)).where(*mine))
    rows = await session.execute(
        select(
            Attempt.id, Attempt.status, Attempt.percent, Attempt.reason, Attempt.started_at,
            Attempt.ended_at, PrintJob.name, Order.id, Order.number,
        )
        .join(
            PrintJob,
            and_(
                PrintJob.id == Attempt.print_job_id, PrintJob.organization_id == organization_id
            ),
        )
        .outerjoin(
            Order, and_(Order.id == PrintJob.order_id, Order.organization_id == organization_id)
        )
        .where(*mine)
        .order_by(Attempt.id.desc())
        .limit(window.limit)
        .offset(window.offset)
    )  # fmt: skip
    return [AttemptRow(*row) for row in rows], total or 0


async def list_commands(
    session: AsyncSession, organization_id: int, printer_id: int
) -> list[CommandRow]:
    rows = await session.execute(
        select(
            PrinterCommand.id, PrinterCommand.kind, PrinterCommand.status, PrinterCommand.by,
            PrinterCommand.detail, PrinterCommand.created_at, PrinterCommand.arguments,
        )
        .where(
            PrinterCommand.organization_id == organization_id,
            PrinterCommand.printer_id == printer_id,
        )
        .order_by(PrinterCommand.id.desc())
        .limit(SHOWN)
    )  # fmt: skip
    return [CommandRow(*row) for row in rows]
