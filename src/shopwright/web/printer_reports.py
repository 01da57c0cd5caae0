"""What printers do all day: time by state, prints and failures, hours and grams by material."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from shopwright.analytics.books import open_books
from shopwright.analytics.printer_routes import check_length
from shopwright.analytics.states import Period, TimeState
from shopwright.kernel.edge import Read
from shopwright.telemetry.access import TelemetryDep
from shopwright.web.page import PageCtx
from shopwright.web.reads.printer_reports import read_printer_reports
from shopwright.web.reads.reports import PRESETS, read_wanted

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Query(max_length=80)]


@router.get("/reports/printers")
async def show_printer_reports(
    page: PageCtx,
    session: Read,
    storage: TelemetryDep,
    preset: Text = "",
    start: Text = "",
    end: Text = "",
    of: Text = "",
) -> Response:
    books = await open_books(session, page.actor, page.now)
    wanted = read_wanted(preset, start, end, Period.MONTHLY, books.today)
    check_length(wanted.span)
    view = await read_printer_reports(session, storage, page, books, wanted, of)
    return page.render(
        "printer_reports.html",
        active="reports",
        view=view,
        wanted=wanted,
        chosen=of,
        presets={name: label for name, (label, _, _) in PRESETS.items()},
        states=list(TimeState),
    )
