"""Printers as the shop manager's clients know them (reference (a)), on the same rows."""

from typing import Annotated

from fastapi import APIRouter, Response
from starlette.responses import JSONResponse

from shopwright.accounts.access import MemberCtx, ViewerCtx
from shopwright.accounts.schemas import Message
from shopwright.fleet import queries, service
from shopwright.fleet.addresses import is_bambu
from shopwright.fleet.overview import Overview, read_overview, read_overviews, type_of
from shopwright.fleet.schemas import PrinterCreate
from shopwright.fleet.service import PrinterExists
from shopwright.fleet.shop_schemas import (
    BambuPrinterRead,
    BambuStatusRead,
    MaintenanceDue,
    MaintenanceRead,
    PrinterConnectionCreate,
    PrinterConnectionRead,
    PrinterConnectionStatus,
    PrinterUse,
    UtilizationRead,
)
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
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.kernel.repeatable import RepeatableRoute

router = APIRouter(prefix="/api", tags=["printers"], route_class=RepeatableRoute)

PrinterRef = Annotated[Ref, path_ref("printer")]
EveryRow = Annotated[Paging, page_of(ALL_ROWS)]
LIVE = {"cache-control": "no-store"}
PERIOD_HOURS = 24


@router.get("/bambu/printers", response_model=list[BambuPrinterRead])
async def list_bambu_printers(
    ctx: ViewerCtx, session: Read, process: ProcessDep, paging: EveryRow
) -> JSONResponse:
    """Bambu Lab's printers by name."""
    printers = await queries.list_printers(session, ctx)
    bambu = [printer for printer in printers if type_of(printer) == "bambu"]
    page = bambu[paging.offset : paging.offset + paging.limit]
    seen = await read_overviews(process, session, ctx, page)
    answer = listed_bare([BambuPrinterRead.of(one) for one in seen], len(bambu), paging)
    answer.headers.update(LIVE)
    return answer


@router.post("/bambu/printers", status_code=201, responses=problems(Invalid, PrinterExists))
async def create_bambu_printer(
    body: PrinterCreate, ctx: MemberCtx, session: Write, settings: SettingsDep, now: Now
) -> BambuPrinterRead:
    """Set up a printer of Bambu Lab; it is saved whether it can be reached or not."""
    body.connection_type = body.connection_type or "bambu_lan"
    if not is_bambu(body.connection_type):
        raise Invalid(
            "connection_type must be bambu_lan or bambu_cloud here. "
            "POST /api/printers takes the others."
        )
    draft = body.draft(settings.bambu_access_code)
    printer = await service.register_printer(session, ctx, draft=draft, now=now)
    return BambuPrinterRead.of(Overview(printer, now))


@router.get("/bambu/printers/{printer}/status", responses=problems(NotFound))
async def read_bambu_status(
    response: Response, printer: PrinterRef, ctx: ViewerCtx, session: Read, process: ProcessDep
) -> BambuStatusRead:
    """What the printer does now."""
    found = await service.get_living_printer(session, ctx, printer)
    response.headers.update(LIVE)
    return BambuStatusRead.of(await read_overview(process, session, ctx, found))


@router.delete("/bambu/printers/{printer}", responses=problems(NotFound))
async def delete_bambu_printer(printer: PrinterRef, ctx: MemberCtx, session: Write) -> Message:
    """Hide a printer; what it printed stays known."""
    found = await service.get_living_printer(session, ctx, printer)
    await service.remove_printer(session, ctx, printer_id=found.id)
    return Message(message="Printer deleted")


@router.get("/printers/utilization")
async def read_utilization(
    response: Response, ctx: ViewerCtx, session: Read, process: ProcessDep
) -> UtilizationRead:
    """How much of the last day each printer printed."""
    printers = await queries.list_printers(session, ctx)
    uses = [PrinterUse.of(o) for o in await read_overviews(process, session, ctx, printers)]
    response.headers.update(LIVE)
    shares = [use.utilization_pct for use in uses]
    return UtilizationRead(
        printers=uses,
        total=len(uses),
        period_hours=PERIOD_HOURS,
        average_utilization_pct=round(sum(shares) / len(shares), 1) if shares else None,
    )


@router.get("/printers/maintenance")
async def list_maintenance(ctx: ViewerCtx, session: Read, now: Now) -> MaintenanceRead:
    """When each printer is to be maintained next."""
    printers = await queries.list_printers(session, ctx)
    rows = [MaintenanceDue.of(Overview(printer, now)) for printer in printers]
    rows.sort(key=lambda row: (row.next_maintenance_at, row.printer_id))
    due = sum(row.is_due for row in rows)
    return MaintenanceRead(printers=rows, total=len(rows), due_count=due)


@router.get("/printer-connections", response_model=list[PrinterConnectionRead])
async def list_printer_connections(
    ctx: ViewerCtx, session: Read, paging: EveryRow, now: Now
) -> JSONResponse:
    """How each printer is reached, and whether it is."""
    printers = await queries.list_printers(session, ctx)
    page = printers[paging.offset : paging.offset + paging.limit]
    rows = [PrinterConnectionRead.of(Overview(printer, now)) for printer in page]
    answer = listed_bare(rows, len(printers), paging)
    answer.headers.update(LIVE)
    return answer


@router.post(
    "/printer-connections", status_code=201, responses=problems(Invalid, NotFound, PrinterExists)
)
async def create_printer_connection(
    body: PrinterConnectionCreate, ctx: MemberCtx, session: Write, now: Now
) -> PrinterConnectionRead:
    """Say how a printer is reached, in place of how it was; it is connected anew."""
    change = body.change()
    printer = await service.update_printer(
        session, ctx, ref=body.printer_id, change=change, now=now
    )
    return PrinterConnectionRead.of(Overview(printer, now))


@router.get("/printer-connections/{printer}/status", responses=problems(NotFound))
async def read_printer_connection(
    response: Response, printer: PrinterRef, ctx: ViewerCtx, session: Read, process: ProcessDep
) -> PrinterConnectionStatus:
    """Whether a printer is reached, and what it does."""
    found = await service.get_living_printer(session, ctx, printer)
    response.headers.update(LIVE)
    return PrinterConnectionStatus.of(await read_overview(process, session, ctx, found))
