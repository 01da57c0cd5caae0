"""SQL of expenses."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts.models import Organization
from shopwright.analytics.books import Span
from shopwright.analytics.models import Expense
from shopwright.analytics.states import ExpenseCategory
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Paging, Ref


async def get_terms(session: AsyncSession, ctx: Actor) -> tuple[str, str]:
    """The organization's currency and time zone."""
    rows = await session.execute(
        select(Organization.currency, Organization.time_zone).where(
            Organization.id == ctx.organization_id
        )
    )
    currency, time_zone = rows.one()
    return currency, time_zone


async def find_expense(session: AsyncSession, ctx: Actor, ref: Ref) -> Expense | None:
    expense: Expense | None = await session.scalar(
        select(Expense)
        .where(Expense.organization_id == ctx.organization_id, ref.where(Expense))
        .execution_options(populate_existing=True)
    )
    return expense


async def list_expenses(
    session: AsyncSession,
    ctx: Actor,
    span: Span,
    category: ExpenseCategory | None,
    paging: Paging,
) -> tuple[list[Expense], int]:
    """One page, the latest first."""
    statement = select(Expense).where(
        Expense.organization_id == ctx.organization_id, *span.holds(Expense.spent_on)
    )
    if category is not None:
        statement = statement.where(Expense.category == category)
    total = await session.scalar(statement.with_only_columns(func.count(Expense.id)))
    rows = await session.scalars(
        statement.order_by(Expense.spent_on.desc(), Expense.id.desc())
        .limit(paging.limit)
        .offset(paging.offset)
    )
    return list(rows), total or 0
