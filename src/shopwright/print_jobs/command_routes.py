"""Printer commands as clients of reference (b) know them."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse

from shopwright.accounts.access import NamedMemberCtx, NamedViewerCtx, PrintLimited
from shopwright.accounts.schemas import Message
from shopwright.fleet import command_queries, commanding, rules
from shopwright.fleet import queries as fleet_queries
from shopwright.fleet import service as fleet
from shopwright.fleet.command_queries import CommandFilter
from shopwright.fleet.commanding import CommandOnItsWay, NotReportable
from shopwright.fleet.outside import is_external
from shopwright.fleet.rules import CommandUnsupported
from shopwright.fleet.schemas import CommandRead
from shopwright.kernel.edge import (
    ALL_ROWS,
    Now,
    Paging,
    Read,
    Ref,
    Write,
    listed_bare,
    page_of,
    parse_ref,
    path_ref,
    problems,
)
from shopwright.kernel.errors import Forbidden, IllegalTransition, Invalid, NotFound
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.print_jobs import starting
from shopwright.print_jobs.command_schemas import CommandStatusBody, PrinterCommandCreate
from shopwright.print_jobs.dispatch import AlreadyClaimed, PrinterUnsuitable
from shopwright.print_jobs.service import JobNotWaiting

router = APIRouter(
    prefix="/api/printer-commands", tags=["printer commands"], route_class=RepeatableRoute
)

CommandRef = Annotated[Ref, path_ref("command")]
EveryRow = Annotated[Paging, page_of(ALL_ROWS)]
Id = Annotated[str | None, Query(max_length=40)]
LIVE = {"cache-control": "no-store"}


@router.post(
    "",
    status_code=201,
    dependencies=[PrintLimited],
    responses=problems(
        Invalid, Forbidden, NotFound, CommandUnsupported, JobNotWaiting, PrinterUnsuitable,
        AlreadyClaimed,
    ),
)  # fmt: skip
async def create_command(
    body: PrinterCommandCreate, ctx: NamedMemberCtx, session: Write, now: Now
) -> CommandRead:
    """Tell a printer something; its limits are checked first."""
    printer = await fleet.get_living_printer(session, ctx, body.printer_id)
    make = starting.start_job if body.command_type == rules.START else commanding.create_command
    return CommandRead.of(await make(session, ctx, printer=printer, wanted=body.request(), now=now))


@router.get("", response_model=list[CommandRead], responses=problems(Invalid, NotFound))
async def list_commands(
    ctx: NamedViewerCtx,
    session: Read,
    paging: EveryRow,
    printerId: Id = None,  # noqa: N803  the reference's spelling
    status: Annotated[str | None, Query(max_length=100, description="words with commas")] = None,
) -> JSONResponse:
    """Commands, the latest first."""
    printer = await fleet.get_printer(session, ctx, parse_ref(printerId)) if printerId else None
    words = [word for word in (status or "").split(",") if word.strip()]
    wanted = CommandFilter(
        statuses=tuple(commanding.read_status(word) for word in words),
        printer_id=printer.id if printer else None,
    )
    rows, total = await command_queries.list_commands(session, ctx, wanted, paging)
    answer = listed_bare([CommandRead.of(row) for row in rows], total, paging)
    answer.headers.update(LIVE)
    return answer


@router.get("/pending", response_model=list[CommandRead], responses=problems(Invalid, NotFound))
async def list_pending(
    ctx: NamedViewerCtx,
    session: Read,
    paging: EveryRow,
    now: Now,
    recipientId: Annotated[  # noqa: N803, ARG001  the organization says whose commands these are
        str | None, Query(max_length=100)
    ] = None,
    printerId: Id = None,  # noqa: N803
) -> JSONResponse:
    """What programs outside are to tell their printers, the oldest first."""
    printers = await fleet_queries.list_printers(session, ctx)
    own = [printer.id for printer in printers if is_external(printer)]
    if printerId:
        asked = await fleet.get_printer(session, ctx, parse_ref(printerId))
        own = [printer_id for printer_id in own if printer_id == asked.id]
    rows = await command_queries.list_pending(session, ctx, own, now)
    page = rows[paging.offset : paging.offset + paging.limit]
    answer = listed_bare([CommandRead.of(row) for row in page], len(rows), paging)
    answer.headers.update(LIVE)
    return answer


@router.put(
    "/{command}/status",
    responses=problems(Invalid, NotFound, IllegalTransition, NotReportable),
)
async def say_status(
    command: CommandRef, body: CommandStatusBody, ctx: NamedMemberCtx, session: Write, now: Now
) -> CommandRead:
    """Say what became of a command; only for printers that nobody here drives."""
    return CommandRead.of(
        await commanding.record_word(session, ctx, ref=command, word=body.word(), now=now)
    )


@router.delete("/{command}", responses=problems(Invalid, NotFound, CommandOnItsWay))
async def delete_command(
    command: CommandRef, ctx: NamedMemberCtx, session: Write, now: Now
) -> Message:
    """Hide a command; one that waits is not carried out."""
    await commanding.remove_command(session, ctx, ref=command, now=now)
    return Message(message="Command deleted")
