"""What the shop paid for, written down by people."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.analytics import expense_queries as queries
from shopwright.analytics.days import FIRST, LAST, day_of
from shopwright.analytics.models import Expense
from shopwright.analytics.states import ExpenseCategory
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.kernel.live import touch
from shopwright.kernel.money import Money, check_currency
from shopwright.kernel.times import read_moment, zone_of


@dataclass(frozen=True, slots=True)
class ExpenseSpec:
    """As typed; only what is not None is said."""

    category: ExpenseCategory | None = None
    amount: Decimal | None = None
    currency: str | None = None
    description: str | None = None
    spent_on: str | None = None


def read_day(text: str, time_zone: str) -> date:
    """A date, or the day of a moment in the zone; raises Invalid."""
    day = day_of(read_moment(text, time_zone), zone_of(time_zone))
    if not FIRST <= day <= LAST:
        raise Invalid(f"{text.strip()[:40]} is not between {FIRST} and {LAST}.")
    return day


async def create_expense(
    session: WriteSession, ctx: Actor, *, spec: ExpenseSpec, now: datetime
) -> Expense:
    """Today and in the organization's currency unless said; raises Invalid, UnknownCurrency."""
    if spec.category is None or spec.amount is None:
        raise Invalid("An expense needs a category and an amount.")
    currency, time_zone = await queries.get_terms(session, ctx)
    expense = Expense(
        organization_id=ctx.organization_id,
        category=spec.category,
        currency=check_currency(spec.currency or currency),
        description=(spec.description or "").strip(),
        spent_on=day_of(now, zone_of(time_zone)),
        created_at=now,
    )
    _say(expense, spec, time_zone, now)
    session.add(expense)
    await session.flush()
    _record(session, ctx, "expense.created", expense)
    return expense


async def get_expense(session: AsyncSession, ctx: Actor, ref: Ref) -> Expense:
    """Raises NotFound, also for another organization's."""
    expense = await queries.find_expense(session, ctx, ref)
    if expense is None:
        raise NotFound(f"There is no expense {ref}.")
    return expense


async def update_expense(
    session: WriteSession, ctx: Actor, *, ref: Ref, spec: ExpenseSpec, now: datetime
) -> Expense:
    expense = await get_expense(session, ctx, ref)
    _, time_zone = await queries.get_terms(session, ctx)
    _say(expense, spec, time_zone, now)
    await session.flush()
    _record(session, ctx, "expense.updated", expense)
    return expense


async def delete_expense(session: WriteSession, ctx: Actor, *, ref: Ref) -> None:
    expense = await get_expense(session, ctx, ref)
    await session.delete(expense)
    _record(session, ctx, "expense.deleted", expense)


def _say(expense: Expense, spec: ExpenseSpec, time_zone: str, now: datetime) -> None:
    expense.category = spec.category or expense.category
    if spec.description is not None:
        expense.description = spec.description.strip()
    if spec.spent_on is not None:
        expense.spent_on = read_day(spec.spent_on, time_zone)
    if spec.amount is not None or spec.currency is not None:
        currency = check_currency(spec.currency or expense.currency)
        amount = spec.amount
        if amount is None:  # the same number of another currency
            amount = Money(expense.amount_minor, expense.currency).decimal
        expense.amount_minor = Money.from_decimal(amount, currency).minor
        expense.currency = currency
    expense.updated_at = now


def _record(session: WriteSession, ctx: Actor, action: str, expense: Expense) -> None:
    audit.record(
        session,
        ctx,
        action,
        expense.id,
        category=expense.category,
        amount_minor=expense.amount_minor,
        currency=expense.currency,
    )
    touch(session, ctx.organization_id, "expense", expense.id)
