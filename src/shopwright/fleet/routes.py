"""Printers over HTTP: set up, look, command, clear, diagnose."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from starlette.responses import JSONResponse

from shopwright.accounts.access import (
    MemberCtx,
    PrintLimited,
    SharedMemberCtx,
    SharedViewerCtx,
    ViewerCtx,
)
from shopwright.accounts.schemas import Message
from shopwright.fleet import commanding, queries, rules, service
from shopwright.fleet.maintenance import upkeep
from shopwright.fleet.maintenance.upkeep import find_zone
from shopwright.fleet.overview import (
    Overview,
    find_live,
    read_overview,
    read_overviews,
    shown_status,
)
from shopwright.fleet.rules import CommandUnsupported
from shopwright.fleet.schemas import (
    CommandCreate,
    CommandRead,
    MaintenanceBody,
    PrinterCreate,
    PrinterRead,
    PrinterUpdate,
    SlotRead,
    StatusRead,
)
from shopwright.fleet.service import PrinterExists
from shopwright.fleet.setup import diagnosing
from shopwright.fleet.setup.connection_tests import NotDrivenHere
from shopwright.fleet.setup.diagnosis_schemas import DiagnosisRead
from shopwright.kernel.edge import (
    ALL_ROWS,
    Now,
    Paging,
    ProcessDep,
    Read,
    Ref,
    SettingsDep,
    Write,
    listed_bare,
    page_of,
    path_ref,
    problems,
)
from shopwright.kernel.errors import Forbidden, Invalid, NotFound
from shopwright.kernel.repeatable import RepeatableRoute

router = APIRouter(prefix="/api/printers", tags=["printers"], route_class=RepeatableRoute)

PrinterRef = Annotated[Ref, path_ref("printer")]
EveryRow = Annotated[Paging, page_of(ALL_ROWS)]
LIVE = {"cache-control": "no-store"}  # live values carry no revision tag


@router.get("", response_model=list[PrinterRead])
async def list_printers(
    ctx: SharedViewerCtx,
    session: Read,
    process: ProcessDep,
    paging: EveryRow,
    status: Annotated[str | None, Query(max_length=20)] = None,
    includeInactive: bool = False,  # noqa: N803  the reference's spelling
) -> JSONResponse:
    """Printers by name, each with what it says now."""
    printers = await queries.list_printers(session, ctx, with_inactive=includeInactive)
    shown = [p for p in printers if status is None or shown_status(p) == status.lower()]
    page = shown[paging.offset : paging.offset + paging.limit]
    rows = [PrinterRead.of(seen) for seen in await read_overviews(process, session, ctx, page)]
    answer = listed_bare(rows, len(shown), paging)
    answer.headers.update(LIVE)
    return answer


@router.post("", status_code=201, responses=problems(Invalid, PrinterExists))
async def create_printer(
    body: PrinterCreate, ctx: SharedMemberCtx, session: Write, settings: SettingsDep, now: Now
) -> PrinterRead:
    """Set up a printer; it is saved whether it can be reached or not."""
    draft = body.draft(settings.bambu_access_code)
    printer = await service.register_printer(session, ctx, draft=draft, now=now)
    return PrinterRead.of(Overview(printer, now))


@router.get("/{printer}", responses=problems(NotFound))
async def read_printer(
    *,
    response: Response,
    printer: PrinterRef,
    ctx: SharedViewerCtx,
    session: Read,
    process: ProcessDep,
    includeInactive: bool = False,  # noqa: N803  the reference's spelling
) -> PrinterRead:
    """One printer, with what it says now."""
    read = service.get_printer if includeInactive else service.get_living_printer
    found = await read(session, ctx, printer)
    response.headers.update(LIVE)
    return PrinterRead.of(await read_overview(process, session, ctx, found))


@router.put("/{printer}", responses=problems(Invalid, NotFound, PrinterExists))
async def update_printer(
    printer: PrinterRef,
    body: PrinterUpdate,
    ctx: SharedMemberCtx,
    session: Write,
    process: ProcessDep,
    now: Now,
) -> PrinterRead:
    """Change how a printer is called, reached or treated."""
    body.check_says_something()
    change = body.change(await find_zone(session, ctx))
    found = await service.update_printer(session, ctx, ref=printer, change=change, now=now)
    if body.is_in_maintenance is not None:
        await upkeep.state_maintenance(session, ctx, printer=found, is_on=body.is_in_maintenance)
        found = await service.get_printer(session, ctx, found.id)
    if body.is_active is False:
        await service.remove_printer(session, ctx, printer_id=found.id)
    return PrinterRead.of(await read_overview(process, session, ctx, found))


@router.delete("/{printer}", responses=problems(NotFound))
async def delete_printer(printer: PrinterRef, ctx: SharedMemberCtx, session: Write) -> Message:
    """Hide a printer; what it printed stays known."""
    found = await service.get_living_printer(session, ctx, printer)
    await service.remove_printer(session, ctx, printer_id=found.id)
    return Message(message="Printer deleted")


@router.get("/{printer}/status", responses=problems(NotFound))
async def read_status(
    response: Response, printer: PrinterRef, ctx: ViewerCtx, session: Read, process: ProcessDep
) -> StatusRead:
    """What the printer says now."""
    found = await service.get_living_printer(session, ctx, printer)
    response.headers.update(LIVE)
    return StatusRead.of(found, find_live(process, found))


@router.get("/{printer}/slots", responses=problems(NotFound))
async def list_slots(printer: PrinterRef, ctx: ViewerCtx, session: Read) -> list[SlotRead]:
    """What the printer says is in its slots."""
    found = await service.get_living_printer(session, ctx, printer)
    slots = await service.list_slots(session, ctx, [found.id])
    return [SlotRead.of(slot) for slot in slots.get(found.id, [])]


@router.post("/{printer}/clear", responses=problems(NotFound))
async def clear_plate(
    printer: PrinterRef, ctx: MemberCtx, session: Write, process: ProcessDep
) -> PrinterRead:
    """Say that the bed is clear, so that the printer may print again."""
    found = await service.get_living_printer(session, ctx, printer)
    await service.clear_plate(session, ctx, printer_id=found.id)
    changed = await service.get_printer(session, ctx, found.id)
    return PrinterRead.of(await read_overview(process, session, ctx, changed))


@router.post("/{printer}/maintenance", responses=problems(NotFound))
async def set_maintenance(
    printer: PrinterRef,
    body: MaintenanceBody,
    ctx: MemberCtx,
    session: Write,
    process: ProcessDep,
) -> PrinterRead:
    """Take a printer out of work, or put it back."""
    found = await service.get_living_printer(session, ctx, printer)
    if body.is_on:
        reason = body.reason or f"{ctx.name} took it out of work"
        await service.take_out_of_work(session, ctx, printer_id=found.id, reason=reason)
    else:
        await service.put_back_to_work(session, ctx, printer_id=found.id)
    changed = await service.get_printer(session, ctx, found.id)
    return PrinterRead.of(await read_overview(process, session, ctx, changed))


@router.get("/{printer}/commands", responses=problems(NotFound))
async def list_commands(printer: PrinterRef, ctx: ViewerCtx, session: Read) -> list[CommandRead]:
    """The last 100 commands, the latest first."""
    found = await service.get_living_printer(session, ctx, printer)
    return [CommandRead.of(row) for row in await queries.list_commands(session, ctx, found.id)]


@router.post(
    "/{printer}/commands",
    status_code=201,
    dependencies=[PrintLimited],
    responses=problems(Invalid, Forbidden, NotFound, CommandUnsupported),
)
async def create_command(
    printer: PrinterRef, body: CommandCreate, ctx: MemberCtx, session: Write, now: Now
) -> CommandRead:
    """Tell a printer something; its limits are checked first."""
    if body.command_type == rules.START:
        raise Invalid("A print is started by sending its job: POST /api/print-jobs/{job}/send.")
    found = await service.get_living_printer(session, ctx, printer)
    command = await commanding.create_command(
        session, ctx, printer=found, wanted=body.request(), now=now
    )
    return CommandRead.of(command)


@router.post(
    "/{printer}/diagnose",
    dependencies=[PrintLimited],
    responses=problems(NotFound, NotDrivenHere),
)
async def diagnose(printer: PrinterRef, ctx: MemberCtx, process: ProcessDep) -> DiagnosisRead:
    """Try each part of the way to a printer and say what is the matter."""
    return DiagnosisRead.of(await diagnosing.diagnose(process, ctx, printer))
