"""The reports as files, for the links of the pages: the interface takes no cookie of a link."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from shopwright.analytics import printer_routes, routes
from shopwright.analytics.books import open_books
from shopwright.analytics.fleets import Machines
from shopwright.analytics.printer_routes import PrinterQuestion
from shopwright.analytics.routes import Form, Question
from shopwright.analytics.states import Period
from shopwright.analytics.typesetting import Typesetter
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process, Read, get_process
from shopwright.kernel.errors import NotFound
from shopwright.telemetry.access import TelemetryDep
from shopwright.telemetry.storage import TelemetryStorage
from shopwright.web.page import PageCtx
from shopwright.web.reads.printer_reports import choose
from shopwright.web.reads.reports import read_wanted

router = APIRouter(include_in_schema=False)

MOST_ROWS = 1000


class FileQuery(BaseModel):
    """As the pages' links say it."""

    start: Annotated[str, Query(max_length=20)] = ""
    end: Annotated[str, Query(max_length=20)] = ""
    period: Annotated[str, Query(max_length=20)] = ""
    of: Annotated[str, Query(max_length=80)] = ""
    table: Literal["materials", "jobs"] = "materials"


@dataclass(frozen=True, slots=True)
class Asked:
    """What any of the files may need."""

    process: Process
    ctx: Actor
    question: Question
    machines: Machines
    storage: TelemetryStorage
    period: Period
    table: Literal["materials", "jobs"]

    @property
    def of_printers(self) -> PrinterQuestion:
        return PrinterQuestion(self.question, self.machines)


REPORTS: Mapping[str, Callable[[Asked], Awaitable[Response]]] = {
    "utilisation": lambda a: printer_routes.read_utilisation(
        a.of_printers, a.ctx, a.storage, a.process.clock.now()
    ),
    "production": lambda a: printer_routes.read_production(a.of_printers, MOST_ROWS, a.table),
    "failure-rates": lambda a: printer_routes.read_failures(a.question, a.machines),
    "revenue": lambda a: routes.read_revenue(a.question, a.period),
    "summary": lambda a: routes.read_summary(a.question),
    "product-performance": lambda a: routes.read_products(a.question, MOST_ROWS),
    "materials": lambda a: routes.read_materials(a.question),
}


@router.get("/reports/files/{file}")
async def download_file(
    request: Request,
    page: PageCtx,
    session: Read,
    storage: TelemetryDep,
    file: Annotated[str, Path(max_length=40)],
    query: Annotated[FileQuery, Query()],
) -> Response:
    """``utilisation.pdf``; raises NotFound for what is no report."""
    name, _, ending = file.partition(".")
    process = get_process(request)
    books = await open_books(session, page.actor, page.now)
    wanted = read_wanted("", query.start, query.end, query.period, books.today)
    machines, _ = await choose(session, page.actor, query.of)
    printer_routes.check_length(wanted.span)
    if file == "print-jobs.csv":
        return printer_routes.send_jobs(process.database, books, wanted.span, machines)
    if name not in REPORTS or ending not in {Form.CSV, Form.PDF}:
        raise NotFound(f"There is no report {file!r}.")
    typesetter = process.context.keep(Typesetter)
    question = Question(session, books, wanted.span, Form(ending), typesetter)
    asked = Asked(process, page.actor, question, machines, storage, wanted.period, query.table)
    return await REPORTS[name](asked)
