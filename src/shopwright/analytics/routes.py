"""The reports over HTTP, each as JSON and as CSV."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal, Protocol

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import JSONResponse, Response

from shopwright.accounts.access import ViewerCtx
from shopwright.analytics import performance, reports
from shopwright.analytics.books import Books, Span, open_books
from shopwright.analytics.expenses import read_day
from shopwright.analytics.schemas import (
    DashboardRead,
    FailuresRead,
    MaterialsRead,
    ProductsRead,
    RevenueRead,
    SummaryRead,
)
from shopwright.analytics.sheets import CsvResponse, Sheet, to_csv
from shopwright.analytics.states import Period
from shopwright.kernel.db import ReadSession
from shopwright.kernel.edge import Now, Read, problems
from shopwright.kernel.errors import Invalid
from shopwright.kernel.money import check_currency

router = APIRouter(prefix="/api/analytics", tags=["analytics"])

Day = Annotated[str | None, Query(max_length=40, examples=["2026-03-02"])]
Currency = Annotated[str | None, Query(max_length=10, examples=["EUR"])]
AS_CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {}}}, **problems(Invalid)}


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
    is_csv: bool

    def answer(self, name: str, report: Report) -> Response:
        if self.is_csv:
            return to_csv(name, report.sheet())
        return JSONResponse(report.model_dump(mode="json"))


async def read_form(
    request: Request,
    form: Annotated[Literal["json", "csv"], Query(alias="format")] = "json",
) -> bool:
    return form == "csv" or request.url.path.rstrip("/").endswith(".csv")


IsCsv = Annotated[bool, Depends(read_form)]


async def open_question(
    ctx: ViewerCtx, session: Read, now: Now, is_csv: IsCsv, currency: Currency = None
) -> Question:
    """About everything, in the organization's currency unless another one is named."""
    code = check_currency(currency) if currency else None
    return Question(session, await open_books(session, ctx, now, code), Span(), is_csv)


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
    return Question(question.session, question.books, span, question.is_csv)


Asked = Annotated[Question, Depends(open_question, scope="function")]
AskedAboutDays = Annotated[Question, Depends(open_question_about_days, scope="function")]


@router.get("/dashboard", response_model=DashboardRead, responses=AS_CSV)
@router.get("/dashboard.csv", response_class=CsvResponse, responses=problems(Invalid))
async def read_dashboard(asked: Asked) -> Response:
    """The shop at a glance: orders and revenue of this month, prints, filament."""
    found = await reports.read_dashboard(asked.session, asked.books)
    return asked.answer("dashboard", DashboardRead.of(found))


@router.get("/revenue", response_model=RevenueRead, responses=AS_CSV)
@router.get("/revenue.csv", response_class=CsvResponse, responses=problems(Invalid))
@router.get("/revenue-trends", response_model=RevenueRead, responses=AS_CSV)
@router.get("/revenue-trends.csv", response_class=CsvResponse, responses=problems(Invalid))
async def read_revenue(asked: AskedAboutDays, period: Period = Period.MONTHLY) -> Response:
    """Revenue by day, week or month: orders paid for and not given back, less refunds."""
    found = await reports.read_revenue(asked.session, asked.books, asked.span, period)
    return asked.answer("revenue", RevenueRead.of(found))


@router.get("/summary", response_model=SummaryRead, responses=AS_CSV)
@router.get("/summary.csv", response_class=CsvResponse, responses=problems(Invalid))
async def read_summary(asked: AskedAboutDays) -> Response:
    """Profit: revenue less filament used, at today's prices, less expenses."""
    found = await reports.read_summary(asked.session, asked.books, asked.span)
    return asked.answer("summary", SummaryRead.of(found))


@router.get("/product-performance", response_model=ProductsRead, responses=AS_CSV)
@router.get("/product-performance.csv", response_class=CsvResponse, responses=problems(Invalid))
async def read_products(
    asked: AskedAboutDays, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> Response:
    """What was sold, the product that brought the most first."""
    found = await performance.read_products(asked.session, asked.books, asked.span, limit)
    return asked.answer("products", ProductsRead.of(found))


@router.get("/materials", response_model=MaterialsRead, responses=AS_CSV)
@router.get("/materials.csv", response_class=CsvResponse, responses=problems(Invalid))
async def read_materials(asked: AskedAboutDays) -> Response:
    """Filament used, by prints and by hand, and what it costs today."""
    found = await performance.read_materials(asked.session, asked.books, asked.span)
    return asked.answer("materials", MaterialsRead.of(found))


@router.get("/failure-rates", response_model=FailuresRead, responses=AS_CSV)
@router.get("/failure-rates.csv", response_class=CsvResponse, responses=problems(Invalid))
async def read_failures(asked: AskedAboutDays) -> Response:
    """How many prints fail, on which printer and why."""
    found = await performance.read_failures(asked.session, asked.books, asked.span)
    return asked.answer("failure-rates", FailuresRead.of(found))
