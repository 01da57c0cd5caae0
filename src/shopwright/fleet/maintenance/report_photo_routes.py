"""Photos of reported problems over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from shopwright.accounts.access import MemberCtx, ViewerCtx
from shopwright.files.access import Files
from shopwright.files.photos import CONTENT_TYPE, PHOTO_BODY, PhotoUnreadable
from shopwright.files.serving import send_picture
from shopwright.files.storage import StorageFull, StoredFileMissing
from shopwright.files.uploads import UploadMalformed, UploadTooLarge
from shopwright.fleet.maintenance import queries, report_photos, reports
from shopwright.fleet.maintenance.models import PrinterReport
from shopwright.fleet.maintenance.schemas import ReportRead
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process, ProcessDep, Read, Ref, path_ref, problems
from shopwright.kernel.errors import NotFound
from shopwright.kernel.repeatable import RepeatableRoute

router = APIRouter(
    prefix="/api/maintenance/reports", tags=["printers"], route_class=RepeatableRoute
)

ReportRef = Annotated[Ref, path_ref("printer_report")]
AS_JPEG: dict[int | str, dict[str, Any]] = {
    200: {"content": {CONTENT_TYPE: {"schema": {"type": "string", "format": "binary"}}}}
}


@router.post(
    "/{printer_report}/photo",
    status_code=201,
    openapi_extra=PHOTO_BODY,
    responses=problems(NotFound, UploadMalformed, PhotoUnreadable, UploadTooLarge, StorageFull),
)
async def add_photo(
    request: Request, printer_report: ReportRef, ctx: MemberCtx, process: ProcessDep
) -> ReportRead:
    """A picture of the problem, drawn anew; it takes the place of the one before."""
    return await _read(process, ctx, await report_photos.take_photo(request, ctx, printer_report))


@router.get(
    "/{printer_report}/photo",
    response_class=Response,
    responses=AS_JPEG | problems(NotFound, StoredFileMissing),
)
async def show_photo(
    request: Request, printer_report: ReportRef, ctx: ViewerCtx, session: Read, files: Files
) -> Response:
    """The picture of the problem."""
    report = await reports.get_report(session, ctx, printer_report)
    sha256 = report_photos.photo_of(report)
    return await send_picture(request, files, sha256, content_type=CONTENT_TYPE)


@router.delete("/{printer_report}/photo", responses=problems(NotFound))
async def remove_photo(
    request: Request, printer_report: ReportRef, ctx: MemberCtx, process: ProcessDep
) -> ReportRead:
    """Forget the picture; the report stays."""
    return await _read(process, ctx, await report_photos.remove_photo(request, ctx, printer_report))


async def _read(process: Process, ctx: Actor, report: PrinterReport) -> ReportRead:
    async with process.database.read() as session:
        names = await queries.list_printer_names(session, ctx, [report.printer_id])
    return ReportRead.of(report, names)
