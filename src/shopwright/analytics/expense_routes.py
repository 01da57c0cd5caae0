"""Expenses over HTTP."""

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from shopwright.accounts.access import MemberCtx, ViewerCtx
from shopwright.accounts.schemas import Message
from shopwright.analytics import expense_queries, expenses
from shopwright.analytics.books import Span
from shopwright.analytics.expenses import read_day
from shopwright.analytics.routes import AS_CSV, Day, IsCsv
from shopwright.analytics.schemas import ExpenseChange, ExpenseCreate, ExpensePage, ExpenseRead
from shopwright.analytics.sheets import Sheet, to_csv
from shopwright.analytics.states import ExpenseCategory
from shopwright.kernel.edge import (
    ALL_ROWS,
    Now,
    Paging,
    Read,
    Ref,
    Write,
    listed,
    page_of,
    path_ref,
    problems,
)
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.kernel.repeatable import RepeatableRoute

router = APIRouter(prefix="/api/expenses", tags=["analytics"], route_class=RepeatableRoute)

ExpenseRef = Annotated[Ref, path_ref("expense")]
EveryRow = Annotated[Paging, page_of(ALL_ROWS)]


@router.get("", response_model=ExpensePage, responses=AS_CSV)
async def list_expenses(
    ctx: ViewerCtx,
    session: Read,
    paging: EveryRow,
    is_csv: IsCsv,
    start_date: Day = None,
    end_date: Day = None,
    category: ExpenseCategory | None = None,
) -> Response:
    """The latest first; ``end_date`` includes its day."""
    _, zone = await expense_queries.get_terms(session, ctx)
    span = Span(
        read_day(start_date, zone) if start_date else None,
        read_day(end_date, zone) if end_date else None,
    )
    found, total = await expense_queries.list_expenses(session, ctx, span, category, paging)
    rows = [ExpenseRead.of(expense) for expense in found]
    if is_csv:
        return to_csv("expenses", Sheet.of(ExpenseRead, rows))
    return listed("expenses", rows, total, paging)


@router.post("", status_code=201, responses=problems(Invalid))
async def create_expense(
    body: ExpenseCreate, ctx: MemberCtx, session: Write, now: Now
) -> ExpenseRead:
    """Write down what was paid for."""
    return ExpenseRead.of(await expenses.create_expense(session, ctx, spec=body.spec(), now=now))


@router.get("/{expense}", responses=problems(NotFound))
async def read_expense(expense: ExpenseRef, ctx: ViewerCtx, session: Read) -> ExpenseRead:
    """One expense."""
    return ExpenseRead.of(await expenses.get_expense(session, ctx, expense))


@router.put("/{expense}", responses=problems(NotFound, Invalid))
async def update_expense(
    expense: ExpenseRef, body: ExpenseChange, ctx: MemberCtx, session: Write, now: Now
) -> ExpenseRead:
    """Correct it."""
    return ExpenseRead.of(
        await expenses.update_expense(session, ctx, ref=expense, spec=body.spec(), now=now)
    )


@router.delete("/{expense}", responses=problems(NotFound))
async def delete_expense(expense: ExpenseRef, ctx: MemberCtx, session: Write) -> Message:
    """It was never paid."""
    await expenses.delete_expense(session, ctx, ref=expense)
    return Message(message="Expense deleted")
