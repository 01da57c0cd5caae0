"""The reports on printers over HTTP, each as JSON, CSV and PDF."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from shopwright.accounts.access import ViewerCtx
from shopwright.analytics import fleets, job_lines, paper_pages, performance, utilisation
from shopwright.analytics.books import Books, Span
from shopwright.analytics.fleets import Machines
from shopwright.analytics.printer_schemas import JobsRead, ProductionRead, UtilisationRead
from shopwright.analytics.routes import (
    AS_PDF,
    AS_TABLE,
    AskedAboutDays,
    Question,
)
from shopwright.analytics.schemas import FailuresRead
from shopwright.analytics.sheets import CsvResponse, download
from shopwright.analytics.typesetting import PdfResponse
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Now, Read, get_process, parse_ref, problems
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.telemetry.access import TelemetryDep

router = APIRouter(prefix="/api/analytics", tags=["analytics"])

RECENT_DAYS, MOST_DAYS = 30, 3660  # ten years and the leap days in them
WRONG = problems(NotFound, Invalid)
AS_PRINTER_TABLE = AS_TABLE | WRONG


@dataclass(frozen=True, slots=True)
class PrinterQuestion:
    question: Question
    machines: Machines


async def choose_machines(
    ctx: ViewerCtx,
    session: Read,
    printer: Annotated[str | None, Query(max_length=40, description="id or uuid")] = None,
    model: Annotated[str | None, Query(max_length=60, examples=["P1S"])] = None,
) -> Machines:
    """Every printer unless one is named, or a model."""
    return await fleets.choose(session, ctx, parse_ref(printer) if printer else None, model or None)


Chosen = Annotated[Machines, Depends(choose_machines, scope="function")]


async def open_recent(asked: AskedAboutDays, machines: Chosen) -> PrinterQuestion:
    """The last 30 days unless days are named."""
    return PrinterQuestion(replace(asked, span=bounded(asked.span, asked)), machines)


AskedRecent = Annotated[PrinterQuestion, Depends(open_recent, scope="function")]


def bounded(span: Span, asked: Question) -> Span:
    """At most ten years; raises Invalid."""
    today = asked.books.today
    end = span.end or max(today, span.start or today)
    start = span.start or end - timedelta(days=RECENT_DAYS - 1)
    return check_length(Span(start, end))


def check_length(span: Span) -> Span:
    """Raises Invalid."""
    if span.start and span.end and (span.end - span.start).days > MOST_DAYS:
        raise Invalid(
            f"From {span.start} to {span.end} is more than ten years. Ask for fewer days.",
            start_date=span.start.isoformat(),
            end_date=span.end.isoformat(),
        )
    return span


@router.get("/utilisation", response_model=UtilisationRead, responses=AS_PRINTER_TABLE)
@router.get("/utilisation.csv", response_class=CsvResponse, responses=WRONG)
@router.get("/utilisation.pdf", response_class=PdfResponse, responses=WRONG | AS_PDF)
async def read_utilisation(
    recent: AskedRecent, ctx: ViewerCtx, storage: TelemetryDep, now: Now
) -> Response:
    """What printers did all day: time by state, prints and failures; by printer and model."""
    asked = recent.question
    found = await utilisation.read_utilisation(
        asked.session, storage, ctx, asked.books, asked.span, recent.machines, now
    )
    return await asked.answer(
        "utilisation", UtilisationRead.of(found), lambda: paper_pages.utilisation_paper(found)
    )


@router.get("/production", response_model=ProductionRead, responses=AS_PRINTER_TABLE)
@router.get("/production.csv", response_class=CsvResponse, responses=WRONG)
@router.get("/production.pdf", response_class=PdfResponse, responses=WRONG | AS_PDF)
async def read_production(
    recent: AskedRecent,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    table: Annotated[Literal["materials", "jobs"], Query(description="of the CSV")] = "materials",
) -> Response:
    """Hours and grams by material, and by what was printed, the longest first."""
    asked = recent.question
    found = await utilisation.read_production(
        asked.session, asked.books, asked.span, recent.machines, limit
    )
    read = JobsRead if table == "jobs" else ProductionRead
    return await asked.answer(
        table if asked.is_csv else "production",
        read.of(found),
        lambda: paper_pages.production_paper(found),
    )


@router.get("/failure-rates", response_model=FailuresRead, responses=AS_PRINTER_TABLE)
@router.get("/failure-rates.csv", response_class=CsvResponse, responses=WRONG)
@router.get("/failure-rates.pdf", response_class=PdfResponse, responses=WRONG | AS_PDF)
async def read_failures(asked: AskedAboutDays, machines: Chosen) -> Response:
    """How many prints fail, on which printer and why."""
    found = await performance.read_failures(asked.session, asked.books, asked.span, machines)
    return await asked.answer(
        "failure-rates", FailuresRead.of(found), lambda: paper_pages.failures_paper(found, machines)
    )


@router.get("/print-jobs.csv", response_class=CsvResponse, responses=WRONG)
async def download_jobs(request: Request, asked: AskedAboutDays, machines: Chosen) -> Response:
    """Each print that ended, in the order they were queued, as CSV: printer, material, hours, grams
    and why it failed. The last 30 days unless days are named."""
    span = bounded(asked.span, asked)
    return send_jobs(get_process(request).database, asked.books, span, machines)


def send_jobs(database: Database, books: Books, span: Span, machines: Machines) -> Response:
    return download("print-jobs", job_lines.read_lines(database, books, span, machines))
