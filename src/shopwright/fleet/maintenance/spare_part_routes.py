"""Spare parts and problem reports over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse

from shopwright.accounts.access import AdminCtx, MemberCtx, ViewerCtx
from shopwright.accounts.schemas import Message
from shopwright.fleet.maintenance import queries, reports, spare_parts
from shopwright.fleet.maintenance.models import PrinterReport, SparePartMovement
from shopwright.fleet.maintenance.reports import ReportResolved
from shopwright.fleet.maintenance.schemas import (
    MovementRead,
    PartBody,
    PartCounted,
    PartCreate,
    PartRead,
    PartReceived,
    ReportCreate,
    ReportRead,
    ReportResolve,
)
from shopwright.fleet.maintenance.spare_parts import PartExists, PartMissing
from shopwright.fleet.maintenance.states import ReportStatus
from shopwright.fleet.queries import AnySession
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import (
    MAX_ID,
    Now,
    Paging,
    Read,
    Ref,
    Write,
    listed,
    page_of,
    path_ref,
    problems,
)
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.kernel.repeatable import RepeatableRoute

router = APIRouter(prefix="/api/maintenance", tags=["printers"], route_class=RepeatableRoute)

PartRef = Annotated[Ref, path_ref("spare_part")]
ReportRef = Annotated[Ref, path_ref("printer_report")]
PrinterId = Annotated[int | None, Query(ge=1, le=MAX_ID)]
SomeRows = Annotated[Paging, page_of(100)]


@router.get("/parts")
async def list_parts(ctx: ViewerCtx, session: Read, low: bool = False) -> list[PartRead]:
    """Spare parts by name; `low=true` only those to be bought."""
    parts = [PartRead.of(part) for part in await queries.list_parts(session, ctx)]
    return [part for part in parts if part.is_low] if low else parts


@router.post("/parts", status_code=201, responses=problems(Invalid, PartExists, PartMissing))
async def create_part(body: PartCreate, ctx: MemberCtx, session: Write, now: Now) -> PartRead:
    """Put a part on the list."""
    part = await spare_parts.create_part(
        session, ctx, spec=body.spec(), on_hand=body.on_hand, now=now
    )
    return PartRead.of(part)


@router.get("/parts/{spare_part}", responses=problems(NotFound))
async def read_part(spare_part: PartRef, ctx: ViewerCtx, session: Read) -> PartRead:
    """One part."""
    return PartRead.of(await spare_parts.get_part(session, ctx, spare_part))


@router.put("/parts/{spare_part}", responses=problems(Invalid, NotFound, PartExists))
async def update_part(
    spare_part: PartRef, body: PartBody, ctx: MemberCtx, session: Write, now: Now
) -> PartRead:
    """Say a part anew; its stock is moved in other ways."""
    part = await spare_parts.update_part(session, ctx, ref=spare_part, spec=body.spec(), now=now)
    return PartRead.of(part)


@router.delete("/parts/{spare_part}", responses=problems(NotFound))
async def delete_part(spare_part: PartRef, ctx: AdminCtx, session: Write) -> Message:
    """Take a part off the list; what it was used for stays known."""
    await spare_parts.remove_part(session, ctx, ref=spare_part)
    return Message(message="Spare part removed")


@router.post("/parts/{spare_part}/receive", responses=problems(Invalid, NotFound, PartMissing))
async def receive_parts(
    spare_part: PartRef, body: PartReceived, ctx: MemberCtx, session: Write, now: Now
) -> PartRead:
    """More of it came."""
    part = await spare_parts.receive_parts(
        session, ctx, ref=spare_part, quantity=body.quantity, note=body.note, now=now
    )
    return PartRead.of(part)


@router.post("/parts/{spare_part}/count", responses=problems(Invalid, NotFound, PartMissing))
async def record_count(
    spare_part: PartRef, body: PartCounted, ctx: MemberCtx, session: Write, now: Now
) -> PartRead:
    """So many are in the drawer; the difference is booked."""
    part = await spare_parts.record_count(
        session, ctx, ref=spare_part, on_hand=body.on_hand, note=body.note, now=now
    )
    return PartRead.of(part)


@router.get("/parts/{spare_part}/movements", responses=problems(NotFound))
async def list_movements(
    spare_part: PartRef, ctx: ViewerCtx, session: Read, paging: SomeRows
) -> JSONResponse:
    """What came and what was used, the latest first."""
    part = await spare_parts.get_part(session, ctx, spare_part)
    rows, total = await queries.list_rows(
        session, ctx, SparePartMovement, SparePartMovement.part_id == part.id, paging=paging
    )
    return listed("movements", [MovementRead.of(row) for row in rows], total, paging)


@router.get("/reports")
async def list_reports(
    ctx: ViewerCtx,
    session: Read,
    paging: SomeRows,
    status: ReportStatus | None = None,
    printer_id: PrinterId = None,
) -> JSONResponse:
    """Problems that people reported, the latest first."""
    conditions = [] if printer_id is None else [PrinterReport.printer_id == printer_id]
    if status is not None:
        conditions.append(PrinterReport.status == status)
    rows, total = await queries.list_rows(session, ctx, PrinterReport, *conditions, paging=paging)
    names = await queries.list_printer_names(session, ctx, [row.printer_id for row in rows])
    return listed("reports", [ReportRead.of(row, names) for row in rows], total, paging)


@router.post("/reports", status_code=201, responses=problems(Invalid, NotFound))
async def create_report(body: ReportCreate, ctx: MemberCtx, session: Write, now: Now) -> ReportRead:
    """Report a problem of a printer."""
    report = await reports.create_report(session, ctx, spec=body.spec(), now=now)
    return await _read(session, ctx, report)


@router.get("/reports/{printer_report}", responses=problems(NotFound))
async def read_report(printer_report: ReportRef, ctx: ViewerCtx, session: Read) -> ReportRead:
    """One report."""
    return await _read(session, ctx, await reports.get_report(session, ctx, printer_report))


@router.post("/reports/{printer_report}/resolve", responses=problems(NotFound, ReportResolved))
async def resolve_report(
    printer_report: ReportRef, body: ReportResolve, ctx: MemberCtx, session: Write, now: Now
) -> ReportRead:
    """The problem is gone; the printer may be let go."""
    report = await reports.resolve_report(
        session, ctx, ref=printer_report, resolution=body.resolution, now=now
    )
    return await _read(session, ctx, report)


async def _read(session: AnySession, ctx: Actor, report: PrinterReport) -> ReportRead:
    names = await queries.list_printer_names(session, ctx, [report.printer_id])
    return ReportRead.of(report, names)
