"""Printers from spreadsheets over HTTP: look first, then take in exactly that."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from shopwright.accounts.access import MemberCtx
from shopwright.accounts.schemas import Message
from shopwright.files.access import incoming_folder
from shopwright.files.storage import StorageFull
from shopwright.files.uploads import UploadMalformed, UploadTooLarge, receive_upload
from shopwright.fleet.setup import printer_csv, printer_imports
from shopwright.fleet.setup.models import PrinterImport
from shopwright.fleet.setup.printer_csv import SheetTooLarge
from shopwright.fleet.setup.printer_imports import (
    Action,
    PrinterImportDone,
    PrinterImportOutdated,
    PrinterImportRefused,
)
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import (
    BodyRef,
    ProcessDep,
    Read,
    Ref,
    Write,
    get_process,
    path_ref,
    problems,
    writing,
)
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.kernel.times import MillisTime

router = APIRouter(prefix="/api", tags=["printers"], route_class=RepeatableRoute)

ImportRef = Annotated[Ref, path_ref("printer_import")]
MAX_MB = 2  # what has more than one is refused with a sentence of its own

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
CSV_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"description": "A CSV file", "content": {"text/csv": {"schema": {"type": "string"}}}}
}


class LineRefusal(BaseModel):
    """``column`` is empty where the whole line is wrong."""

    line: int
    column: str
    reason: str


class PlannedPrinter(BaseModel):
    line: int
    action: Action
    name: str
    kind: str
    address: str
    serial: str | None
    model: str | None
    agent: str | None
    printer_id: int | None
    changes: list[str]


class PrinterImportRead(BaseModel):
    """``counts`` by what becomes of the file's lines. ``new_printers`` and ``changed_printers`` are
    taken in already."""

    id: int
    uuid: str
    name: str
    is_done: bool
    counts: dict[str, int]
    printers: list[PlannedPrinter]
    refused: list[LineRefusal]
    new_printers: int
    changed_printers: int
    created_by: str
    created_at: MillisTime
    finished_at: MillisTime | None

    @classmethod
    def of(cls, row: PrinterImport) -> "PrinterImportRead":
        same = ("id", "uuid", "name", "created_at", "finished_at")
        return cls(
            **{name: getattr(row, name) for name in same},
            **row.summary,
            is_done=row.finished_at is not None,
            new_printers=row.new_count,
            changed_printers=row.changed_count,
            created_by=row.by,
        )


class PrinterImportStart(BaseModel):
    """``skip_refused`` takes in the other printers when lines are refused."""

    model_config = ConfigDict(extra="forbid")

    printer_import_id: BodyRef
    skip_refused: bool = False


@router.get("/printers/import/example", response_class=Response, responses=CSV_ANSWER)
async def read_example(_: MemberCtx) -> Response:
    """A CSV file to fill in, with a printer of each kind."""
    return example_file()


@router.post(
    "/printers/import/preview",
    status_code=201,
    openapi_extra=UPLOAD_BODY,
    responses=problems(Invalid, UploadMalformed, UploadTooLarge, SheetTooLarge, StorageFull),
)
async def preview_import(request: Request, ctx: MemberCtx) -> PrinterImportRead:
    """Say what a CSV file of printers would do, line by line. Nothing is imported."""
    return PrinterImportRead.of(await receive_sheet(request, ctx))


@router.post(
    "/printers/import",
    responses=problems(
        Invalid, NotFound, PrinterImportDone, PrinterImportRefused, PrinterImportOutdated
    ),
)
async def start_import(
    body: PrinterImportStart, ctx: MemberCtx, session: Write, process: ProcessDep
) -> PrinterImportRead:
    """Take in what a preview showed, all of it or nothing. A printer that is known by its serial,
    or without one by its address, is changed by what the file says of it."""
    row = await printer_imports.take_in(
        process, session, ctx, ref=body.printer_import_id, skip_refused=body.skip_refused
    )
    return PrinterImportRead.of(row)


@router.get("/printer-imports")
async def list_imports(ctx: MemberCtx, session: Read) -> list[PrinterImportRead]:
    """The last files that were looked at or taken in, the newest first."""
    return [PrinterImportRead.of(row) for row in await printer_imports.list_imports(session, ctx)]


@router.get("/printer-imports/{printer_import}", responses=problems(NotFound))
async def read_import(
    printer_import: ImportRef, ctx: MemberCtx, session: Read
) -> PrinterImportRead:
    """One file, and what it does."""
    return PrinterImportRead.of(await printer_imports.get_import(session, ctx, printer_import))


@router.delete("/printer-imports/{printer_import}", responses=problems(NotFound))
async def delete_import(printer_import: ImportRef, ctx: MemberCtx, session: Write) -> Message:
    """Forget a file; printers that were taken in stay."""
    await printer_imports.remove_import(session, ctx, printer_import)
    return Message(message="Import deleted")


async def receive_sheet(request: Request, ctx: Actor) -> PrinterImport:
    """The request's file as a preview; for routes and pages that have let the caller in."""
    process = get_process(request)
    folder = incoming_folder(process.settings)
    async with receive_upload(request, folder, max_mb=MAX_MB) as upload:
        content = await asyncio.to_thread(upload.path.read_bytes)
    async with writing(request) as session:
        return await printer_imports.preview(
            process, session, ctx, name=upload.filename, content=content
        )


def example_file() -> Response:
    headers = {"content-disposition": 'attachment; filename="printers.csv"'}
    return Response(printer_csv.example(), media_type="text/csv", headers=headers)
