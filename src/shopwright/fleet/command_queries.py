"""SQL of the command routes."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import ColumnElement, func, select, update

from shopwright.fleet.models import Printer, PrinterCommand
from shopwright.fleet.queries import AnySession
from shopwright.fleet.states import OPEN_COMMANDS, CommandStatus, DrivenBy
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Paging, Ref
from shopwright.kernel.tenancy import CROSS_TENANT

SENT = (CommandStatus.SENT, CommandStatus.EXECUTING)
REMOVED = "removed before it was sent"
NO_ANSWER = "nobody told within {seconds} s what became of it"
NOT_FETCHED = "nobody fetched it in time"


class Word(Protocol):
    @property
    def result(self) -> Any: ...
    @property
    def error_message(self) -> str | None: ...
    @property
    def taken_by(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class CommandFilter:
    statuses: tuple[CommandStatus, ...] = ()
    printer_id: int | None = None

    def conditions(self, ctx: Actor) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = [
            PrinterCommand.organization_id == ctx.organization_id,
            PrinterCommand.is_hidden.is_(False),
        ]
        if self.statuses:
            found.append(PrinterCommand.status.in_(self.statuses))
        if self.printer_id is not None:
            found.append(PrinterCommand.printer_id == self.printer_id)
        return found


async def find_command(session: AnySession, ctx: Actor, ref: Ref) -> PrinterCommand | None:
    command: PrinterCommand | None = await session.scalar(
        select(PrinterCommand)
        .where(PrinterCommand.organization_id == ctx.organization_id, ref.where(PrinterCommand))
        .where(PrinterCommand.is_hidden.is_(False))
        .execution_options(populate_existing=True)
    )
    return command


async def list_commands(
    session: AnySession, ctx: Actor, wanted: CommandFilter, paging: Paging
) -> tuple[list[PrinterCommand], int]:
    """One page, the latest first, and how many there are in all."""
    conditions = wanted.conditions(ctx)
    total = await session.scalar(
        select(func.count()).select_from(PrinterCommand).where(*conditions)
    )
    rows = await session.scalars(
        select(PrinterCommand)
        .where(*conditions)
        .order_by(PrinterCommand.id.desc())
        .limit(paging.limit)
        .offset(paging.offset)
    )
    return list(rows), total or 0


async def list_pending(
    session: AnySession, ctx: Actor, printer_ids: Collection[int], now: datetime
) -> list[PrinterCommand]:
    """The oldest first; those that are too late are left out."""
    rows = await session.scalars(
        select(PrinterCommand)
        .where(PrinterCommand.organization_id == ctx.organization_id)
        .where(PrinterCommand.printer_id.in_(printer_ids), PrinterCommand.is_hidden.is_(False))
        .where(PrinterCommand.status == CommandStatus.PENDING, PrinterCommand.expires_at > now)
        .order_by(PrinterCommand.id)
    )
    return list(rows)


async def move_command(
    session: WriteSession,
    ctx: Actor,
    command: PrinterCommand,
    target: CommandStatus,
    word: Word,
    now: datetime,
) -> PrinterCommand | None:
    """Compare-and-set; None when it has moved since it was read."""
    values: dict[str, Any] = {"status": target}
    if target is CommandStatus.SENT:
        values |= {"sent_at": now, "sent_to": word.taken_by}
    elif target not in OPEN_COMMANDS:
        told = word.error_message[:500] if word.error_message else None
        values |= {"completed_at": now, "result": word.result, "detail": told}
    moved: PrinterCommand | None = await session.scalar(
        update(PrinterCommand)
        .where(PrinterCommand.organization_id == ctx.organization_id)
        .where(PrinterCommand.id == command.id, PrinterCommand.status == command.status)
        .values(**values)
        .returning(PrinterCommand)
        .execution_options(populate_existing=True)
    )
    return moved


async def note_taker(session: WriteSession, ctx: Actor, command_id: int, taken_by: str) -> None:
    """Who carries it out, by the name under which that program can be asked."""
    await session.execute(
        update(PrinterCommand)
        .where(PrinterCommand.organization_id == ctx.organization_id)
        .where(PrinterCommand.id == command_id)
        .values(sent_to=taken_by)
        .execution_options(synchronize_session=False)
    )


async def hide_command(
    session: WriteSession, ctx: Actor, command: PrinterCommand, now: datetime
) -> bool:
    """False when it was sent meanwhile."""
    values: dict[str, Any] = {"is_hidden": True}
    if command.status is CommandStatus.PENDING:
        values |= {"status": CommandStatus.FAILED, "detail": REMOVED, "completed_at": now}
    hidden = await session.scalar(
        update(PrinterCommand)
        .where(PrinterCommand.organization_id == ctx.organization_id)
        .where(PrinterCommand.id == command.id, PrinterCommand.status == command.status)
        .values(**values)
        .returning(PrinterCommand.id)
    )
    return hidden is not None


async def list_open(session: AnySession) -> list[PrinterCommand]:
    """Of every organization, but those of agents, which time their own, and without starts: those
    have time-outs of their own."""
    rows = await session.scalars(
        select(PrinterCommand)
        .join(Printer, Printer.id == PrinterCommand.printer_id)
        .where(Printer.is_active, Printer.driven_by != DrivenBy.AGENT)
        .where(PrinterCommand.status.in_(OPEN_COMMANDS), PrinterCommand.effect_id.is_(None))
        .execution_options(populate_existing=True, **CROSS_TENANT)
    )
    return list(rows)


def why_over(command: PrinterCommand, now: datetime) -> str | None:
    """What ended the wait for an open command; None while there is time."""
    if command.status is CommandStatus.PENDING:
        return NOT_FETCHED if command.expires_at <= now else None
    ends_at = (command.sent_at or command.created_at) + timedelta(seconds=command.timeout_s)
    return NO_ANSWER.format(seconds=command.timeout_s) if ends_at <= now else None
