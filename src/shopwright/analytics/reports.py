"""The reports on money: dashboard, revenue by period, profit."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.analytics import queries, rules
from shopwright.analytics.books import Books, Span
from shopwright.analytics.days import first_of, next_of
from shopwright.analytics.queries import CurrencySales, DaySales, FilamentUse
from shopwright.analytics.states import ExpenseCategory, Period, PrintOutcome
from shopwright.orders.states import OrderStatus

RECENT_DAYS = 30


@dataclass(frozen=True, slots=True)
class Dashboard:
    """``orders`` are all that were placed; ``sold`` those of this month that were paid for and not
    given back, in the books' currency."""

    currency: str
    orders: int
    orders_this_month: int
    sold_this_month: int
    revenue_this_month_minor: int
    other_currencies: list[CurrencySales]
    prints_completed: int
    prints_failed: int
    used_mg: int
    materials_in_stock: int
    low_stock: int


@dataclass(frozen=True, slots=True)
class PeriodSales:
    """``first`` is the first day of the period."""

    first: date
    orders: int
    revenue_minor: int

    @property
    def average_minor(self) -> int | None:
        return rules.average_minor(self.revenue_minor, self.orders)


@dataclass(frozen=True, slots=True)
class Revenue:
    """Every period from the first to the last with a sale."""

    currency: str
    period: Period
    periods: list[PeriodSales]
    other_currencies: list[CurrencySales]

    @property
    def orders(self) -> int:
        return sum(one.orders for one in self.periods)

    @property
    def revenue_minor(self) -> int:
        return sum(one.revenue_minor for one in self.periods)


@dataclass(frozen=True, slots=True)
class Summary:
    """Profit is revenue less the filament used, at today's prices, less the expenses."""

    currency: str
    by_status: dict[OrderStatus, int]
    sold: int
    revenue_minor: int
    filament_cost_minor: int
    expenses: dict[ExpenseCategory, int]
    recent_sold: int
    recent_revenue_minor: int
    other_currencies: list[CurrencySales]

    @property
    def orders(self) -> int:
        return sum(self.by_status.values())

    @property
    def expenses_minor(self) -> int:
        return sum(self.expenses.values())

    @property
    def profit_minor(self) -> int:
        return self.revenue_minor - self.filament_cost_minor - self.expenses_minor


async def read_dashboard(session: AsyncSession, books: Books) -> Dashboard:
    """The books as they stand; a month is one of the organization's time zone."""
    month = Span(first_of(books.today, Period.MONTHLY), books.today)
    sold, others = await _split_sales(session, books, month)
    prints = await queries.count_prints(session, books, Span())
    materials_in_stock, low_stock = await queries.count_stock(session, books)
    return Dashboard(
        currency=books.currency,
        orders=sum((await queries.count_by_status(session, books, Span())).values()),
        orders_this_month=sum((await queries.count_by_status(session, books, month)).values()),
        sold_this_month=sold.orders,
        revenue_this_month_minor=sold.revenue_minor,
        other_currencies=others,
        prints_completed=prints[PrintOutcome.COMPLETED],
        prints_failed=prints[PrintOutcome.FAILED],
        used_mg=await queries.sum_used_mg(session, books, Span()),
        materials_in_stock=materials_in_stock,
        low_stock=low_stock,
    )


async def read_revenue(session: AsyncSession, books: Books, span: Span, period: Period) -> Revenue:
    sales = await queries.list_day_sales(session, books, span)
    own = [one for one in sales if one.currency == books.currency]
    others = by_currency([one for one in sales if one.currency != books.currency])
    return Revenue(books.currency, period, by_period(own, period), others)


async def read_summary(session: AsyncSession, books: Books, span: Span) -> Summary:
    sold, others = await _split_sales(session, books, span)
    recent_days = Span(books.today - timedelta(days=RECENT_DAYS - 1), books.today)
    recent, _ = await _split_sales(session, books, recent_days)
    used = await queries.list_filament_use(session, books, span)
    return Summary(
        currency=books.currency,
        by_status=await queries.count_by_status(session, books, span),
        sold=sold.orders,
        revenue_minor=sold.revenue_minor,
        filament_cost_minor=sum(_cost(use, books.currency) for use in used),
        expenses=await queries.list_expense_sums(session, books, span),
        recent_sold=recent.orders,
        recent_revenue_minor=recent.revenue_minor,
        other_currencies=others,
    )


def by_period(sales: list[DaySales], period: Period) -> list[PeriodSales]:
    """Oldest first, without gaps."""
    if not sales:
        return []
    orders: dict[date, int] = defaultdict(int)
    revenue: dict[date, int] = defaultdict(int)
    for one in sales:
        first = first_of(one.day, period)
        orders[first] += one.orders
        revenue[first] += one.revenue_minor
    found = []
    first, last = min(orders), max(orders)
    while first <= last:
        found.append(PeriodSales(first, orders[first], revenue[first]))
        first = next_of(first, period)
    return found


def _cost(use: FilamentUse, currency: str) -> int:
    return rules.cost_minor(use.used_mg, use.cost_per_gram_micros, currency)


def by_currency(sales: list[DaySales]) -> list[CurrencySales]:
    """The one with the most orders first."""
    orders: dict[str, int] = defaultdict(int)
    revenue: dict[str, int] = defaultdict(int)
    for one in sales:
        orders[one.currency] += one.orders
        revenue[one.currency] += one.revenue_minor
    found = [CurrencySales(code, count, revenue[code]) for code, count in orders.items()]
    return sorted(found, key=lambda one: (-one.orders, one.currency))


async def _split_sales(
    session: AsyncSession, books: Books, span: Span
) -> tuple[CurrencySales, list[CurrencySales]]:
    """The books' currency, and the others: amounts of two currencies are never added."""
    sales = await queries.list_currency_sales(session, books, span)
    own = [one for one in sales if one.currency == books.currency]
    others = [one for one in sales if one.currency != books.currency]
    return own[0] if own else CurrencySales(books.currency, 0, 0), others
