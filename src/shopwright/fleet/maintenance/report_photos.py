"""The photo of a problem that somebody reported."""

from collections.abc import Sequence

from sqlalchemy import select
from starlette.requests import Request

from shopwright.accounts import audit
from shopwright.files import photos
from shopwright.files import service as files
from shopwright.files.access import drop_bytes
from shopwright.files.service import NewFile
from shopwright.fleet.maintenance import reports, service
from shopwright.fleet.maintenance.models import PrinterReport
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref, get_process, writing
from shopwright.kernel.errors import NotFound
from shopwright.kernel.live import touch


async def take_photo(request: Request, ctx: Actor, ref: Ref) -> PrinterReport:
    """Keep the request's photo with the report, in place of the one before.

    Raises NotFound before anything is read, PhotoUnreadable, UploadMalformed or UploadTooLarge.
    """
    process = get_process(request)
    async with process.database.read() as session:
        await reports.get_report(session, ctx, ref)
    photo = await photos.receive_photo(request)
    async with writing(request) as session:
        await files.record_files(session, ctx, [photo])
        report, gone = await _set(session, ctx, ref, photo)
    await drop_bytes(process, gone)
    return report


async def remove_photo(request: Request, ctx: Actor, ref: Ref) -> PrinterReport:
    """Forget it, its bytes too unless another row names them; without one nothing happens."""
    async with writing(request) as session:
        report, gone = await _set(session, ctx, ref, None)
    await drop_bytes(get_process(request), gone)
    return report


def photo_of(report: PrinterReport) -> str:
    """Its hash; raises NotFound."""
    if report.photo_sha256 is None:
        raise NotFound("This report has no photo.")
    return report.photo_sha256


async def _set(
    session: WriteSession, ctx: Actor, ref: Ref, photo: NewFile | None
) -> tuple[PrinterReport, Sequence[str]]:
    """The report, and the hash of the photo before where nobody has it any more."""
    report = await _lock(session, ctx, ref)
    before, report.photo_sha256 = report.photo_sha256, photo.stored.sha256 if photo else None
    action = "printer_report.photo_taken" if photo else "printer_report.photo_removed"
    audit.record(session, ctx, action, report.id, printer_id=report.printer_id)
    touch(session, ctx.organization_id, service.LIVE_TOPIC)
    await session.flush()
    if before in {None, report.photo_sha256}:
        return report, []
    return report, [before] if await files.forget_file(session, ctx, before) else []


async def _lock(session: WriteSession, ctx: Actor, ref: Ref) -> PrinterReport:
    report = await reports.get_report(session, ctx, ref)
    locked: PrinterReport = (
        await session.execute(
            select(PrinterReport)
            .where(PrinterReport.organization_id == ctx.organization_id)
            .where(PrinterReport.id == report.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    ).scalar_one()
    return locked
