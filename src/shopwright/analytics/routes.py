"""The reports on money over HTTP, each as JSON, CSV and PDF."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, Any, Literal, Protocol

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import JSONResponse, Response

from shopwright.accounts.access import ViewerCtx
from shopwright.analytics import paper_pages, performance, reports
from shopwright.analytics.books import Books, Span, open_books
from shopwright.analytics.expenses import read_day
from shopwright.analytics.papers import Paper
from shopwright.analytics.schemas import (
    DashboardRead,
    MaterialsRead,
    ProductsRead,
    RevenueRead,
    SummaryRead,
)
from shopwright.analytics.sheets import CsvResponse, Sheet, to_csv
from shopwright.analytics.states import Period
from shopwright.analytics.typesetting import PDF, PdfResponse, Typesetter
from shopwright.kernel.db import ReadSession
from shopwright.kernel.edge import Now, Read, get_process, problems
from shopwright.kernel.errors import Invalid, Unavailable
from shopwright.kernel.money import check_currency

router = APIRouter(prefix="/api/analytics", tags=["analytics"])

Day = Annotated[str | None, Query(max_length=40, examples=["2026-03-02"])]
Currency = Annotated[str | None, Query(max_length=10, examples=["EUR"])]
AS_CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {}}}, **problems(Invalid)}
AS_TABLE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {}, PDF: {}}},
    **problems(Invalid, Unavailable),
}
AS_PDF = problems(Invalid, Unavailable)


class Form(StrEnum):
    """How a report is wanted; ``/revenue.pdf`` is the same as ``/revenue?format=pdf``."""

    JSON = "json"
    CSV = "csv"
    PDF = "pdf"


class Report(Protocol):
    """An answer that is a table as well."""

    def sheet(self) -> Sheet: ...

    def model_dump(self, *, mode: str) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Question:
    """What a report is about, and how it is wanted."""

    session: ReadSession
    books: Books
    span: Span
    form: Form
    typesetter: Typesetter

    @property
    def is_csv(self) -> bool:
        return self.form is Form.CSV

    async def answer(self, name: str, report: Report, paper: Callable[[], Paper]) -> Response:
        if self.form is Form.CSV:
            return to_csv(name, report.sheet())
        if self.form is Form.JSON:
            return JSONResponse(report.model_dump(mode="json"))
        return await self.typesetter.answer(name, paper().addressed(self.books, self.span))


async def read_form(
    request: Request, form: Annotated[Form, Query(alias="format")] = Form.JSON
) -> Form:
    ending = request.url.path.rstrip("/").rpartition(".")[2]
    return Form(ending) if ending in {Form.CSV, Form.PDF} else form


async def read_is_csv(
    form: Annotated[Literal["json", "csv"], Query(alias="format")] = "json",
) -> bool:
    return form == "csv"


IsCsv = Annotated[bool, Depends(read_is_csv)]


async def open_question(
    request: Request,
    ctx: ViewerCtx,
    session: Read,
    now: Now,
    form: Annotated[Form, Depends(read_form)],
    currency: Currency = None,
) -> Question:
    """About everything, in the organization's currency unless another one is named."""
    code = check_currency(currency) if currency else None
    books = await open_books(session, ctx, now, code)
    typesetter = get_process(request).context.keep(Typesetter)
    return Question(session, books, Span(), form, typesetter)


async def open_question_about_days(
    question: Annotated[Question, Depends(open_question)],
    start_date: Day = None,
    end_date: Day = None,
) -> Question:
    """``end_date`` includes its day; without dates it is about everything."""
    zone = question.books.zone.key
    span = Span(
        read_day(start_date, zone) if start_date else None,
        read_day(end_date, zone) if end_date else None,
    )
    return replace(question, span=span)


Asked = Annotated[Question, Depends(open_question, scope="function")]
AskedAboutDays = Annotated[Question, Depends(open_question_about_days, scope="function")]


@router.get("/dashboard", response_model=DashboardRead, responses=AS_TABLE)
@router.get("/dashboard.csv", response_class=CsvResponse, responses=problems(Invalid))
@router.get("/dashboard.pdf", response_class=PdfResponse, responses=AS_PDF)
async def read_dashboard(asked: Asked) -> Response:
    """The shop at a glance: orders and revenue of this month, prints, filament."""
    found = await reports.read_dashboard(asked.session, asked.books)
    return await asked.answer(
        "dashboard", DashboardRead.of(found), lambda: paper_pages.dashboard_paper(found)
    )


@router.get("/revenue", response_model=RevenueRead, responses=AS_TABLE)
@router.get("/revenue.csv", response_class=CsvResponse, responses=problems(Invalid))
@router.get("/revenue.pdf", response_class=PdfResponse, responses=AS_PDF)
@router.get("/revenue-trends", response_model=RevenueRead, responses=AS_TABLE)
@router.get("/revenue-trends.csv", response_class=CsvResponse, responses=problems(Invalid))
@router.get("/revenue-trends.pdf", response_class=PdfResponse, responses=AS_PDF)
async def read_revenue(asked: AskedAboutDays, period: Period = Period.MONTHLY) -> Response:
    """Revenue by day, week or month: orders paid for and not given back, less refunds."""
    found = await reports.read_revenue(asked.session, asked.books, asked.span, period)
    return await asked.answer(
        "revenue", RevenueRead.of(found), lambda: paper_pages.revenue_paper(found)
    )


@router.get("/summary", response_model=SummaryRead, responses=AS_TABLE)
@router.get("/summary.csv", response_class=CsvResponse, responses=problems(Invalid))
@router.get("/summary.pdf", response_class=PdfResponse, responses=AS_PDF)
async def read_summary(asked: AskedAboutDays) -> Response:
    """Profit: revenue less filament used, at today's prices, less expenses."""
    found = await reports.read_summary(asked.session, asked.books, asked.span)
    return await asked.answer(
        "summary", SummaryRead.of(found), lambda: paper_pages.summary_paper(found)
    )


@router.get("/product-performance", response_model=ProductsRead, responses=AS_TABLE)
@router.get("/product-performance.csv", response_class=CsvResponse, responses=problems(Invalid))
@router.get("/product-performance.pdf", response_class=PdfResponse, responses=AS_PDF)
async def read_products(
    asked: AskedAboutDays, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> Response:
    """What was sold, the product that brought the most first."""
    found = await performance.read_products(asked.session, asked.books, asked.span, limit)
    return await asked.answer(
        "products", ProductsRead.of(found), lambda: paper_pages.products_paper(found)
    )


@router.get("/materials", response_model=MaterialsRead, responses=AS_TABLE)
@router.get("/materials.csv", response_class=CsvResponse, responses=problems(Invalid))
@router.get("/materials.pdf", response_class=PdfResponse, responses=AS_PDF)
async def read_materials(asked: AskedAboutDays) -> Response:
    """Filament used, by prints and by hand, and what it costs today."""
    found = await performance.read_materials(asked.session, asked.books, asked.span)
    return await asked.answer(
        "materials", MaterialsRead.of(found), lambda: paper_pages.materials_paper(found)
    )
