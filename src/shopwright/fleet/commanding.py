"""Commands as clients ask for them: checked against the printer, queued, reported on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shopwright.accounts import audit
from shopwright.fleet import backend_words, command_queries, rules, service
from shopwright.fleet.drivers import load_driver
from shopwright.fleet.models import Printer, PrinterCommand
from shopwright.fleet.outside import is_external, is_told
from shopwright.fleet.rules import CommandUnsupported
from shopwright.fleet.states import OPEN_COMMANDS, CommandStatus, DrivenBy, check_transition
from shopwright.kernel.actor import Actor, Role
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Conflict, Invalid, NotFound
from shopwright.kernel.live import touch

ONLY_ADMINS = frozenset({"custom_gcode"})
TIMEOUT_S = 60
EXTERNAL_LIFE = timedelta(minutes=15)  # a program outside polls when it likes; then it is too late


class CommandOnItsWay(Conflict):
    code = "command-on-its-way"
    title = "This command is on its way to the printer"


class NotReportable(Conflict):
    code = "command-not-reportable"
    title = "The printer itself reports on this command"


@dataclass(frozen=True, slots=True)
class CommandRequest:
    kind: str
    metadata: Mapping[str, Any]
    timeout_s: int = TIMEOUT_S


@dataclass(frozen=True, slots=True)
class CommandWord:
    """What the program that polls says of a command."""

    status: CommandStatus
    result: Any = None
    error_message: str | None = None
    taken_by: str | None = None  # which program carries it out


async def create_command(
    session: WriteSession, ctx: Actor, *, printer: Printer, wanted: CommandRequest, now: datetime
) -> PrinterCommand:
    """Queue a command that the printer can carry out within its limits.

    Raises Invalid, CommandUnsupported, or Forbidden for what only administrators may send.
    """
    if wanted.kind in ONLY_ADMINS:
        ctx.require(Role.ADMIN)
    arguments = check(printer, wanted.kind, wanted.metadata)
    return await queue_command(
        session, ctx, printer=printer, wanted=wanted, arguments=arguments, now=now
    )


def check(printer: Printer, kind: str, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as they may be queued; raises Invalid or CommandUnsupported."""
    if printer.driven_by is DrivenBy.PRINTER_BACKEND:
        _check_sayable(kind)
    driver = None if is_told(printer) else load_driver(printer.driver)
    limits = rules.limits_of(printer.model, printer.details)
    can = driver.capabilities if driver else None
    return rules.check_command(kind, metadata, limits=limits, can=can)


def _check_sayable(kind: str) -> None:
    if kind == rules.START:
        raise CommandUnsupported("The printer backend starts prints: send it the job instead.")
    if kind in rules.COMMAND_TYPES:
        backend_words.to_backend(kind, {})


def list_possible(printer: Printer) -> frozenset[str]:
    """The command types that it takes at all; whether now, only the printer can say."""
    if printer.driven_by is DrivenBy.PRINTER_BACKEND:
        return frozenset()
    driver = None if is_external(printer) else load_driver(printer.driver)
    limits = rules.limits_of(printer.model, printer.details)
    return rules.list_possible(limits, driver.capabilities if driver else None)


async def queue_command(
    session: WriteSession,
    ctx: Actor,
    *,
    printer: Printer,
    wanted: CommandRequest,
    arguments: dict[str, Any],
    now: datetime,
) -> PrinterCommand:
    """Arguments are checked by now."""
    command = await service.send_command(
        session, ctx, printer_id=printer.id, kind=wanted.kind, arguments=arguments, now=now
    )
    command.timeout_s, command.printer_ip = wanted.timeout_s, printer.host
    if is_external(printer):
        command.expires_at = now + EXTERNAL_LIFE
    await session.flush()
    return command


async def record_word(
    session: WriteSession, ctx: Actor, *, ref: Ref, word: CommandWord, now: datetime
) -> PrinterCommand:
    """Whoever polls says how far a command is; raises NotReportable or IllegalTransition."""
    command = await get_command(session, ctx, ref)
    printer = await service.get_printer(session, ctx, command.printer_id)
    if not is_told(printer):
        raise NotReportable(
            f"{printer.name} is driven from here: what becomes of its commands it reports itself."
        )
    if word.status is command.status:
        return command
    for step in _steps_to(command.status, word.status):
        check_transition(command.status, step)
        moved = await command_queries.move_command(session, ctx, command, step, word, now)
        if moved is None:
            raise Conflict("Somebody else changed this command at this moment. Read it again.")
        command = moved
    audit.record(session, ctx, "printer.command_reported", printer.id, status=word.status.value)
    touch(session, ctx.organization_id, "printer", printer.id)
    return command


async def remove_command(session: WriteSession, ctx: Actor, *, ref: Ref, now: datetime) -> None:
    """Hide it; one that waits is not carried out. Raises CommandOnItsWay."""
    command = await get_command(session, ctx, ref)
    if command.status in OPEN_COMMANDS and (
        command.effect_id is not None or command.status is not CommandStatus.PENDING
    ):
        raise CommandOnItsWay("The printer is being told this now. Wait until it has ended.")
    if not await command_queries.hide_command(session, ctx, command, now):
        raise CommandOnItsWay("The printer was told this at this moment. Wait until it has ended.")
    audit.record(session, ctx, "printer.command_removed", command.printer_id, kind=command.kind)


async def get_command(session: WriteSession, ctx: Actor, ref: Ref) -> PrinterCommand:
    """Raises NotFound."""
    command = await command_queries.find_command(session, ctx, ref)
    if command is None:
        raise NotFound(f"There is no command {ref}.")
    return command


def read_status(text: str) -> CommandStatus:
    """Raises Invalid with the words that there are."""
    try:
        return CommandStatus(text.strip().lower())
    except ValueError as err:
        raise Invalid(f"status must be one of {', '.join(CommandStatus)}, not {text!r}.") from err


def _steps_to(current: CommandStatus, target: CommandStatus) -> list[CommandStatus]:
    """Clients may leave out the words between: pending to completed was sent as well."""
    if current is CommandStatus.PENDING and target not in {
        CommandStatus.SENT,
        CommandStatus.PENDING,
    }:
        return [CommandStatus.SENT, target]
    return [target]
