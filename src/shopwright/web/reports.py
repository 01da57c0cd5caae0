"""Reports: what the shop took in, made and used, in figures, charts and tables; its expenses."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from shopwright.accounts.access import MemberCtx
from shopwright.analytics import expense_queries, expenses, fleets, performance, reports
from shopwright.analytics.books import open_books
from shopwright.analytics.expenses import ExpenseSpec
from shopwright.analytics.schemas import (
    ExpenseRead,
    FailuresRead,
    MaterialsRead,
    ProductsRead,
    RevenueRead,
)
from shopwright.analytics.sheets import Sheet, to_csv
from shopwright.analytics.states import ExpenseCategory
from shopwright.kernel.db import ReadSession
from shopwright.kernel.edge import Now, Paging, Read, Ref, Write, path_ref
from shopwright.kernel.errors import Invalid
from shopwright.web.amounts import read_price
from shopwright.web.page import Page, PageCtx, done
from shopwright.web.reads.reports import (
    PRESETS,
    WORDS,
    Wanted,
    material_words,
    period_words,
    read_reports,
    read_wanted,
)

router = APIRouter(include_in_schema=False)

ExpenseRef = Annotated[Ref, path_ref("expense")]
Text = Annotated[str, Query(max_length=20)]
HERE = "/reports"
SHOWN_EXPENSES, ALL_PRODUCTS, EVERY_EXPENSE = 10, 1000, 1_000_000
CSV = Literal["revenue", "products", "materials", "failures", "expenses"]


class ExpenseForm(BaseModel):
    """As typed."""

    category: str = ""
    amount: str = ""
    date: str = ""
    description: Annotated[str, Form(max_length=500)] = ""


@router.get(HERE)
async def show_reports(
    page: PageCtx,
    session: Read,
    preset: Text = "",
    start: Text = "",
    end: Text = "",
    period: Text = "",
) -> Response:
    books = await open_books(session, page.actor, page.now)
    wanted = read_wanted(preset, start, end, period, books.today)
    spent, count = await expense_queries.list_expenses(
        session, page.actor, wanted.span, None, Paging(SHOWN_EXPENSES, 0)
    )
    return page.render(
        "reports.html",
        active="reports",
        view=await read_reports(session, page.actor, books, wanted),
        wanted=wanted,
        presets={name: label for name, (label, _, _) in PRESETS.items()},
        period_names=WORDS,
        period_words=period_words,
        material_words=material_words,
        expenses=spent,
        expense_count=count,
        categories=list(ExpenseCategory),
        today=books.today,
    )


@router.get("/reports/csv")
async def download_report(
    page: PageCtx,
    session: Read,
    name: CSV,
    start: Text = "",
    end: Text = "",
    period: Text = "",
) -> Response:
    """The same numbers as a file."""
    books = await open_books(session, page.actor, page.now)
    wanted = read_wanted("", start, end, period, books.today)
    return to_csv(name, await _sheet(name, page, session, wanted))


@router.post("/reports/expenses")
async def create_expense(
    request: Request, ctx: MemberCtx, session: Write, now: Now, form: Annotated[ExpenseForm, Form()]
) -> Response:
    expense = await expenses.create_expense(session, ctx, spec=read_expense(form), now=now)
    return done(request, f"The expense for {expense.category} is written down.", to=HERE)


@router.post("/reports/expenses/{expense}/delete")
async def delete_expense(
    request: Request, ctx: MemberCtx, session: Write, expense: ExpenseRef
) -> Response:
    await expenses.delete_expense(session, ctx, ref=expense)
    return done(request, "The expense is gone.", to=HERE)


def read_expense(form: ExpenseForm) -> ExpenseSpec:
    """Raises Invalid with what is wrong."""
    if form.category not in set(ExpenseCategory):
        raise Invalid("Choose what the money was spent on.")
    amount = read_price(form.amount)
    if amount is None:
        raise Invalid("Say how much was paid, like 12.50.")
    return ExpenseSpec(
        ExpenseCategory(form.category), amount, None, form.description, form.date or None
    )


async def _sheet(name: CSV, page: Page, session: ReadSession, wanted: Wanted) -> Sheet:
    books, span = await open_books(session, page.actor, page.now), wanted.span
    match name:
        case "revenue":
            revenue = await reports.read_revenue(session, books, span, wanted.period)
            return RevenueRead.of(revenue).sheet()
        case "products":
            products = await performance.read_products(session, books, span, ALL_PRODUCTS)
            return ProductsRead.of(products).sheet()
        case "materials":
            materials = await performance.read_materials(session, books, span)
            return MaterialsRead.of(materials).sheet()
        case "failures":
            machines = await fleets.choose(session, page.actor)
            failures = await performance.read_failures(session, books, span, machines)
            return FailuresRead.of(failures).sheet()
        case "expenses":
            paging = Paging(EVERY_EXPENSE, 0)
            rows, _ = await expense_queries.list_expenses(session, page.actor, span, None, paging)
            return Sheet.of(ExpenseRead, [ExpenseRead.of(row) for row in rows])
