"""Printers from a spreadsheet: choose a file, look at what it would do, take it in."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from shopwright.accounts.access import MemberCtx
from shopwright.fleet.setup import printer_csv, printer_imports
from shopwright.fleet.setup.printer_import_routes import example_file, receive_sheet
from shopwright.kernel.edge import ProcessDep, Read, Ref, Write, path_ref
from shopwright.web.page import MemberPageCtx, done, go

router = APIRouter(include_in_schema=False)

ImportRef = Annotated[Ref, path_ref("printer_import")]


@router.get("/printer-imports")
async def show_imports(page: MemberPageCtx, session: Read) -> Response:
    return page.render(
        "printer_imports.html",
        active="printers",
        imports=await printer_imports.list_imports(session, page.actor),
        columns=printer_csv.COLUMNS,
    )


@router.get("/printer-imports/example")
async def download_example(_: MemberCtx) -> Response:
    return example_file()


@router.post("/printer-imports")
async def preview_import(request: Request, ctx: MemberCtx) -> Response:
    """Look at a file; nothing is imported."""
    row = await receive_sheet(request, ctx)
    return go(request, f"/printer-imports/{row.id}")


@router.get("/printer-imports/{printer_import}")
async def show_import(page: MemberPageCtx, session: Read, printer_import: ImportRef) -> Response:
    """What the file would do, or has done."""
    row = await printer_imports.get_import(session, page.actor, printer_import)
    counts = row.summary["counts"]
    return page.render(
        "printer_import.html",
        active="printers",
        row=row,
        seen=row.summary,
        work=counts.get("new", 0) + counts.get("changed", 0),
    )


@router.post("/printer-imports/{printer_import}/start")
async def start_import(
    request: Request,
    ctx: MemberCtx,
    session: Write,
    process: ProcessDep,
    printer_import: ImportRef,
    skip_refused: Annotated[bool, Form()] = False,
) -> Response:
    """Take in what the page showed, as a whole."""
    row = await printer_imports.take_in(
        process, session, ctx, ref=printer_import, skip_refused=skip_refused
    )
    words = f"{row.new_count} new and {row.changed_count} changed printers are in."
    return done(request, words, to=f"/printer-imports/{row.id}")


@router.post("/printer-imports/{printer_import}/remove")
async def remove_import(
    request: Request, ctx: MemberCtx, session: Write, printer_import: ImportRef
) -> Response:
    """Forget a file; printers stay."""
    await printer_imports.remove_import(session, ctx, printer_import)
    return go(request, "/printer-imports")
