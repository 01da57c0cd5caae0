"""Commands for printers that the backend has go through the backend, each once, and never late."""

from collections.abc import Mapping
from typing import Any

from shopwright.fleet import backend_words, command_queries
from shopwright.fleet.commanding import CommandWord
from shopwright.fleet.models import Printer, PrinterCommand
from shopwright.fleet.rules import CommandUnsupported
from shopwright.fleet.states import CommandStatus
from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.edge import Process
from shopwright.kernel.live import touch
from shopwright.kernel.times import zulu
from shopwright.print_jobs.backend import queries
from shopwright.print_jobs.port import (
    BackendInDoubt,
    BackendRefused,
    BackendUnreachable,
    CannotTell,
    PrinterBackend,
    RemoteCommand,
)

TAKEN = "The printer backend has taken it; it tells no more of it."
GONE = "The printer backend knows nothing of it any more."
ENDS: Mapping[str, CommandStatus] = {
    "completed": CommandStatus.COMPLETED,
    "failed": CommandStatus.FAILED,
    "error": CommandStatus.FAILED,
    "timeout": CommandStatus.FAILED,
}


async def tell_all(process: Process, backend: PrinterBackend) -> None:
    """Every command that waits; one whose turn is over is not told any more."""
    async with process.database.read() as session:
        waiting = await queries.list_untold_commands(session, process.clock.now())
    for command, printer in waiting:
        await _tell(process, backend, command, printer)


async def ask_all(process: Process, backend: PrinterBackend) -> None:
    """What became of those that the backend has; raises BackendUnreachable."""
    async with process.database.read() as session:
        told = await queries.list_told_commands(session)
    for command in told:
        found = await backend.find_command(command.sent_to or "")
        word = _word_of(found)
        if word is not None:
            await _note(process, command, word)


async def _tell(
    process: Process, backend: PrinterBackend, command: PrinterCommand, printer: Printer
) -> None:
    taken = await _note(process, command, CommandWord(CommandStatus.SENT))
    if taken is None:  # another process tells it
        return
    try:
        body = await _body_of(process, command, printer)
        remote = await backend.send_command(body)
    except (BackendRefused, BackendUnreachable, CommandUnsupported) as err:
        await _note(process, taken, CommandWord(CommandStatus.FAILED, error_message=err.detail))
    except BackendInDoubt:
        return  # its time-out says that nobody told what became of it
    else:
        await _keep_name(process, taken, remote)


async def _keep_name(process: Process, command: PrinterCommand, remote: RemoteCommand) -> None:
    """By its name the backend can be asked; without one this is all that there is to know."""
    ended = _word_of(remote)
    if ended is not None or remote.id is None:
        word = ended or CommandWord(CommandStatus.COMPLETED, error_message=TAKEN)
        await _note(process, command, word)
        return
    async with process.database.write() as session:
        ctx = _actor(command)
        await command_queries.note_taker(session, ctx, command.id, remote.id[:80])


async def _note(
    process: Process, command: PrinterCommand, word: CommandWord
) -> PrinterCommand | None:
    """None when somebody else moved it meanwhile."""
    ctx, now = _actor(command), process.clock.now()
    async with process.database.write() as session:
        moved = await command_queries.move_command(session, ctx, command, word.status, word, now)
        touch(session, ctx.organization_id, "printer", command.printer_id)
    return moved


async def _body_of(process: Process, command: PrinterCommand, printer: Printer) -> dict[str, Any]:
    word, metadata = backend_words.to_backend(command.kind, command.arguments)
    async with process.database.read() as session:
        job = await queries.find_current_job(session, _actor(command), printer.id)
    return {
        "recipientId": printer.uuid,
        "printerId": printer.uuid,
        "printerSerial": printer.serial,
        "printerIpAddress": printer.host or None,
        "commandType": word,
        "metadata": metadata | ({"job_id": job} if job else {}),
        "expiresAt": zulu(command.expires_at),
    }


def _word_of(found: RemoteCommand | CannotTell | None) -> CommandWord | None:
    """None while it is under way there."""
    if found is None:
        return CommandWord(CommandStatus.FAILED, error_message=GONE)
    if isinstance(found, CannotTell):
        return CommandWord(CommandStatus.COMPLETED, error_message=TAKEN)
    status = ENDS.get(found.status)
    return CommandWord(status, error_message=found.message) if status else None


def _actor(command: PrinterCommand) -> Actor:
    return system_actor(command.organization_id, "printer backend")
