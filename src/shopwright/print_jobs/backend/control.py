"""Commands that others give our printers through our printer backend, and what the programs that
carry them out say."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from shopwright.fleet import backend_words, command_queries, commanding
from shopwright.fleet import service as fleet
from shopwright.fleet.commanding import CommandRequest, CommandWord
from shopwright.fleet.models import Printer, PrinterCommand
from shopwright.fleet.outside import is_external
from shopwright.fleet.queries import AnySession
from shopwright.fleet.states import CommandStatus
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import parse_ref
from shopwright.kernel.errors import Conflict, Invalid, NotFound
from shopwright.print_jobs.backend import intake, targets
from shopwright.print_jobs.backend import role_queries as queries
from shopwright.print_jobs.backend.models import ReceivedJob
from shopwright.print_jobs.backend.targets import Target, TargetUnknown
from shopwright.print_jobs.states import JobStatus

CANCEL = frozenset({"cancel", "stop", "cancel_print", "stop_print"})
OF_A_JOB = frozenset({"pause_print", "resume_print"})
LONGEST_LIFE = timedelta(days=1)
OVER = frozenset({JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED})
WORDS: Mapping[CommandStatus, str] = {
    CommandStatus.PENDING: "pending",
    CommandStatus.SENT: "processing",
    CommandStatus.EXECUTING: "processing",
    CommandStatus.COMPLETED: "completed",
    CommandStatus.FAILED: "failed",
    CommandStatus.TIMEOUT: "failed",
}


class BackendCommandUnknown(NotFound):
    """``code`` proves to a sender that asks for it that the command never came."""

    code = "backend-command-unknown"
    title = "No such command was given"


class CommandTaken(Conflict):
    code = "backend-command-taken"
    title = "Another device has this command"


class JobNotOnPrinter(Conflict):
    code = "backend-job-not-printing"
    title = "The printer does not print this job"


@dataclass(frozen=True, slots=True)
class ControlWish:
    command_type: str
    recipient: str
    target: Target = field(default_factory=Target)
    job: str | None = None  # the sender's id of the job that it is about
    metadata: Mapping[str, Any] = field(default_factory=dict)
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """A command as its sender sees it."""

    id: str
    command_type: str
    status: str
    created_at: datetime
    recipient: str = ""
    serial: str | None = None
    message: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    expires_at: datetime | None = None
    completed_at: datetime | None = None


async def give_command(
    session: WriteSession, ctx: Actor, *, wish: ControlWish, now: datetime
) -> Given:
    """Queue it for the printer that is meant; a cancelled job is dropped wherever it is.

    Raises Invalid, NotFound, JobNotOnPrinter, or what commanding raises.
    """
    if wish.expires_at is not None and wish.expires_at <= now:
        raise Invalid("expiresAt is over; the command would come too late.")
    received = await intake.get_received(session, ctx, wish.job) if wish.job else None
    if received is not None and wish.command_type.strip().lower() in CANCEL:
        await intake.cancel_received(session, ctx, received=received, now=now)
        return await _given_cancel(session, ctx, received)
    printer = await _find_printer(session, ctx, wish, received)
    kind, arguments = backend_words.from_backend(wish.command_type, wish.metadata)
    if received is not None and kind in OF_A_JOB:
        await _check_prints(session, ctx, printer, received)
    request = CommandRequest(kind=kind, metadata=arguments)
    command = await commanding.create_command(
        session, ctx, printer=printer, wanted=request, now=now
    )
    if wish.expires_at is not None:
        command.expires_at = _life(printer, command, wish.expires_at, now)
        await session.flush()
    return replace(given(command, printer), recipient=wish.recipient)


async def get_given(session: AnySession, ctx: Actor, name: str) -> Given:
    """A command, or the cancelling of a job, by the id that its sender was told."""
    try:
        ref = parse_ref(name)
    except NotFound as err:
        raise BackendCommandUnknown(f"No command {name[:40]!r} was given.") from err
    command = await command_queries.find_command(session, ctx, ref)
    if command is not None:
        return given(command, await fleet.get_printer(session, ctx, command.printer_id))
    received = await queries.find_received(session, ctx, name)
    if received is None:
        raise BackendCommandUnknown(f"No command {name[:40]!r} was given.")
    return await _given_cancel(session, ctx, received)


async def list_for_devices(
    session: AnySession,
    ctx: Actor,
    *,
    recipient: str | None,
    serial: str | None,
    limit: int,
    now: datetime,
) -> list[Given]:
    """What programs outside are to tell their printers, the oldest first. A recipient that is one
    of our printers sees its own."""
    printers = {p.id: p for p in await fleet.list_printers(session, ctx) if is_external(p)}
    meant = [p for p in printers.values() if recipient and _is_called(p, recipient)]
    own = [p.id for p in meant or printers.values() if not serial or p.serial == serial]
    rows = await command_queries.list_pending(session, ctx, own, now)
    return [given(row, printers[row.printer_id]) for row in rows[:limit]]


async def hear_of(
    session: WriteSession, ctx: Actor, *, name: str, device: str, word: CommandWord, now: datetime
) -> Given:
    """A device took a command, or ended it; raises CommandTaken when another one has it."""
    try:
        ref = parse_ref(name)
        command = await commanding.get_command(session, ctx, ref)
    except NotFound as err:
        raise BackendCommandUnknown(f"No command {name[:40]!r} was given.") from err
    if command.sent_to is not None and command.sent_to != device:
        raise CommandTaken(f"{command.sent_to} carries this command out.")
    said = replace(word, taken_by=device)
    heard = await commanding.record_word(session, ctx, ref=ref, word=said, now=now)
    return given(heard, await fleet.get_printer(session, ctx, heard.printer_id))


def given(command: PrinterCommand, printer: Printer) -> Given:
    """In the words of the reference, where it has them."""
    try:
        word, metadata = backend_words.to_backend(command.kind, command.arguments)
    except Conflict:
        word, metadata = command.kind, dict(command.arguments)
    return Given(
        id=command.uuid,
        command_type=word,
        status=WORDS[command.status],
        created_at=command.created_at,
        recipient=printer.uuid,
        serial=printer.serial,
        message=command.detail,
        metadata=metadata,
        expires_at=command.expires_at,
        completed_at=command.completed_at,
    )


async def _given_cancel(session: AnySession, ctx: Actor, received: ReceivedJob) -> Given:
    standing = await intake.read_standing(session, ctx, received)
    is_over = standing.status in OVER
    return Given(
        id=received.uuid,
        command_type="cancel",
        status="completed" if is_over else "processing",
        created_at=received.created_at,
        recipient=received.recipient,
        message=standing.reason,
        metadata={"job_id": received.sender_job_id},
    )


async def _find_printer(
    session: WriteSession, ctx: Actor, wish: ControlWish, received: ReceivedJob | None
) -> Printer:
    """The one that is named; else that of the job; else the recipient is one of our printers."""
    if wish.target.is_named:
        return await targets.get_target(session, ctx, wish.target)
    if received is not None:
        return await _printer_of(session, ctx, received)
    try:
        return await targets.get_target(
            session, ctx, Target(printer_id=wish.recipient, name=wish.recipient)
        )
    except TargetUnknown as err:
        raise TargetUnknown(
            "Name the printer: printerSerial or printerId, or job_id in metadata."
        ) from err


async def _printer_of(session: WriteSession, ctx: Actor, received: ReceivedJob) -> Printer:
    if received.print_job_id is not None:
        for part in await queries.list_printing(session, ctx, received.print_job_id):
            return await fleet.get_printer(session, ctx, part)
    if received.printer_id is not None:
        return await fleet.get_printer(session, ctx, received.printer_id)
    raise JobNotOnPrinter("No printer has this job yet.")


async def _check_prints(
    session: WriteSession, ctx: Actor, printer: Printer, received: ReceivedJob
) -> None:
    """A late pause for a job that ended must not stop the next one."""
    job = await queries.find_job_on(session, ctx, printer.id)
    first = received.print_job_id
    if first is None or job is None or first not in {job.id, job.batch_id}:
        raise JobNotOnPrinter(f"{printer.name} does not print the job {received.sender_job_id}.")


def _life(printer: Printer, command: PrinterCommand, wanted: datetime, now: datetime) -> datetime:
    """Programs outside poll when they like; of what we drive a late command does more harm."""
    if is_external(printer):
        return min(wanted, now + LONGEST_LIFE)
    return min(wanted, command.expires_at)


def _is_called(printer: Printer, name: str) -> bool:
    return name.lower() in {printer.uuid, printer.name.lower()} or name == printer.serial
