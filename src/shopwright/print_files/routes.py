"""Print files over HTTP: upload, list, look, fetch."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.responses import JSONResponse

from shopwright.accounts.access import MemberCtx, ViewerCtx
from shopwright.files import service as files_service
from shopwright.files.access import Files
from shopwright.files.serving import send_attachment, send_picture
from shopwright.files.storage import StorageFull, StoredFileMissing
from shopwright.files.uploads import UploadMalformed, UploadTooLarge
from shopwright.kernel.edge import (
    MAX_ID,
    Now,
    Paging,
    ProcessDep,
    Read,
    Ref,
    SettingsDep,
    listed,
    page_of,
    path_ref,
    problems,
)
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.print_files import service
from shopwright.print_files.queries import PrintFileFilter
from shopwright.print_files.schemas import (
    FileLinkRead,
    PrintFileListed,
    PrintFilePage,
    PrintFileRead,
)
from shopwright.print_files.service import PlateMissing, PrintFileMissing
from shopwright.print_files.sliced_file import (
    PrintFileTooLarge,
    UnknownPrinterModel,
    UnreadablePrintFile,
    UnslicedProject,
)
from shopwright.print_files.uploads import receive_print_file

router = APIRouter(prefix="/api/print-files", tags=["print files"], route_class=RepeatableRoute)

PrintFileRef = Annotated[Ref, path_ref("print_file")]
PlateNumber = Annotated[int, Path(ge=1, le=MAX_ID)]

# The body is streamed by us, so FastAPI cannot tell its shape.
UPLOAD_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}


@router.post(
    "",
    status_code=201,
    openapi_extra=UPLOAD_BODY,
    responses={
        200: {"model": PrintFileRead, "description": "This version was there already"},
        **problems(
            UploadMalformed,
            UploadTooLarge,
            UnreadablePrintFile,
            UnslicedProject,
            UnknownPrinterModel,
            PrintFileTooLarge,
            StorageFull,
        ),
    },
)
async def upload_print_file(
    request: Request, response: Response, ctx: MemberCtx, process: ProcessDep
) -> PrintFileRead:
    """Upload a sliced file; the same name again makes a new version, the same content does not."""
    added = await receive_print_file(request, ctx)
    response.status_code = 201 if added.is_new else 200
    async with process.database.read() as session:
        versions = await service.list_versions(session, ctx, added.print_file.name)
    return PrintFileRead.of(added.print_file, versions, process.settings.base_path)


@router.get("", response_model=PrintFilePage)
async def list_print_files(
    *,
    ctx: ViewerCtx,
    session: Read,
    settings: SettingsDep,
    paging: Annotated[Paging, page_of(50)],
    search: Annotated[str | None, Query(max_length=200)] = None,
    printer_model: Annotated[str | None, Query(max_length=60)] = None,
) -> JSONResponse:
    """The newest version of every name."""
    wanted = PrintFileFilter(search, printer_model)
    rows, total = await service.list_print_files(session, ctx, wanted, paging)
    base_path = settings.base_path
    return listed(
        "print_files", [PrintFileListed.of(row, base_path) for row in rows], total, paging
    )


@router.get("/{print_file}", responses=problems(PrintFileMissing))
async def read_print_file(
    print_file: PrintFileRef, ctx: ViewerCtx, session: Read, settings: SettingsDep
) -> PrintFileRead:
    """One version with its plates, and which other versions there are."""
    found = await service.get_print_file(session, ctx, print_file)
    versions = await service.list_versions(session, ctx, found.name)
    return PrintFileRead.of(found, versions, settings.base_path)


@router.get(
    "/{print_file}/download",
    response_class=Response,
    responses=problems(PrintFileMissing, StoredFileMissing),
)
async def download_print_file(
    print_file: PrintFileRef, ctx: ViewerCtx, session: Read, files: Files
) -> Response:
    """The file as it was uploaded, as an attachment."""
    found = await service.get_print_file(session, ctx, print_file)
    return await send_attachment(files, found.sha256, filename=found.name)


@router.get("/{print_file}/link", responses=problems(PrintFileMissing, StoredFileMissing))
async def read_print_file_link(
    *,
    print_file: PrintFileRef,
    response: Response,
    ctx: ViewerCtx,
    session: Read,
    process: ProcessDep,
    now: Now,
) -> FileLinkRead:
    """A link by which somebody without an account may fetch this file for an hour."""
    found = await service.get_print_file(session, ctx, print_file)
    stored = await files_service.get_file(session, ctx, found.sha256)
    link, expires_at = files_service.make_link(process, stored, now=now, filename=found.name)
    response.headers["Cache-Control"] = "no-store"
    return FileLinkRead(link=link, expires_at=expires_at)


@router.get(
    "/{print_file}/plates/{number}/thumbnail",
    response_class=Response,
    responses=problems(PlateMissing, StoredFileMissing),
)
async def read_thumbnail(
    *,
    print_file: PrintFileRef,
    number: PlateNumber,
    request: Request,
    ctx: ViewerCtx,
    session: Read,
    files: Files,
) -> Response:
    """The picture of a plate, a PNG drawn anew by us."""
    sha256 = await service.get_thumbnail(session, ctx, print_file, number)
    return await send_picture(request, files, sha256)
