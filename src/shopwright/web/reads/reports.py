"""The reports page: what is asked for, and each report as figures, table and chart."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.analytics import fleets, performance, queries, reports, rules
from shopwright.analytics.books import Books, Span
from shopwright.analytics.days import FIRST, first_of, next_of
from shopwright.analytics.performance import Failures, Materials, Products
from shopwright.analytics.reports import Dashboard, PeriodSales, Revenue, Summary
from shopwright.analytics.states import Period, PrintOutcome
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import ReadSession
from shopwright.kernel.errors import Invalid
from shopwright.kernel.money import Money
from shopwright.web.reads import charts

MOST_PERIODS = 1200  # a chart shows no more, and nobody reads as many rows
SHOWN = 12  # bars of a ranking
PRESETS: dict[str, tuple[str, int, Period]] = {
    "month": ("30 days", 30, Period.DAILY),
    "quarter": ("13 weeks", 91, Period.WEEKLY),
    "year": ("12 months", 365, Period.MONTHLY),
}
WORDS = {Period.DAILY: "day", Period.WEEKLY: "week", Period.MONTHLY: "month"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Days and period; ``preset`` is empty when a person typed the days."""

    span: Span
    period: Period
    preset: str = ""

    @property
    def word(self) -> str:
        return WORDS[self.period]

    @property
    def query(self) -> str:
        return f"start={self.span.start}&end={self.span.end}&period={self.period}"


@dataclass(frozen=True, slots=True)
class PeriodPrints:
    first: date
    completed: int
    failed: int

    @property
    def success(self) -> float | None:
        return rules.percent(self.completed, self.completed + self.failed)


@dataclass(frozen=True, slots=True)
class ReportsView:
    wanted: Wanted
    dashboard: Dashboard
    summary: Summary
    revenue: Revenue
    sales: list[PeriodSales]
    prints: list[PeriodPrints]
    products: Products
    materials: Materials
    failures: Failures
    charts: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def success(self) -> float | None:
        return rules.percent(
            self.failures.completed, self.failures.completed + self.failures.failed
        )

    @property
    def average_minor(self) -> int | None:
        return rules.average_minor(self.summary.revenue_minor, self.summary.sold)

    @property
    def margin(self) -> float | None:
        return rules.percent(self.summary.profit_minor, self.summary.revenue_minor)


def read_wanted(preset: str, start: str, end: str, period: str, today: date) -> Wanted:
    """The last 30 days by day unless asked for otherwise; raises Invalid."""
    if not (start or end):
        name = preset if preset in PRESETS else "month"
        _, days, by = PRESETS[name]
        first = first_of(today - timedelta(days=days - 1), by)  # half a month says nothing
        return Wanted(Span(first, today), by, name)
    span = Span(_day(start) if start else today - timedelta(days=29), _day(end) if end else today)
    wanted = Wanted(span, Period(period) if period in set(Period) else Period.DAILY)
    if len(periods_of(wanted)) > MOST_PERIODS:
        raise Invalid("That is too long to be shown by the day. Choose weeks or months.")
    return wanted


def periods_of(wanted: Wanted) -> list[date]:
    """The first day of each, up to one more than can be shown."""
    start, end = wanted.span.start or FIRST, wanted.span.end or FIRST
    found = [first_of(start, wanted.period)]
    while (following := next_of(found[-1], wanted.period)) <= end and len(found) <= MOST_PERIODS:
        found.append(following)
    return found


async def read_reports(
    session: ReadSession, ctx: Actor, books: Books, wanted: Wanted
) -> ReportsView:
    span = wanted.span
    machines = await fleets.choose(session, ctx)
    revenue = await reports.read_revenue(session, books, span, wanted.period)
    known = {one.first: one for one in revenue.periods}
    view = ReportsView(
        wanted=wanted,
        dashboard=await reports.read_dashboard(session, books),
        summary=await reports.read_summary(session, books, span),
        revenue=revenue,
        sales=[known.get(first, PeriodSales(first, 0, 0)) for first in periods_of(wanted)],
        prints=await _read_prints(session, books, wanted),
        products=await performance.read_products(session, books, span, SHOWN),
        materials=await performance.read_materials(session, books, span),
        failures=await performance.read_failures(session, books, span, machines),
    )
    view.charts.update(_charts(view))
    return view


def period_words(first: date, period: Period) -> str:
    if period is Period.MONTHLY:
        return f"{first:%b %Y}"
    return f"{first.day} {first:%b}"


async def _read_prints(session: AsyncSession, books: Books, wanted: Wanted) -> list[PeriodPrints]:
    counts: dict[tuple[date, PrintOutcome], int] = {}
    for one in await queries.list_day_prints(session, books, wanted.span):
        key = (first_of(one.day, wanted.period), one.outcome)
        counts[key] = counts.get(key, 0) + one.prints
    return [
        PeriodPrints(
            first,
            counts.get((first, PrintOutcome.COMPLETED), 0),
            counts.get((first, PrintOutcome.FAILED), 0),
        )
        for first in periods_of(wanted)
    ]


def _charts(view: ReportsView) -> dict[str, dict[str, Any]]:
    period, currency = view.wanted.period, view.revenue.currency
    products, materials = view.products.rows, view.materials.rows[:SHOWN]
    labels = [period_words(one.first, period) for one in view.sales]
    return {
        "revenue": charts.columns(
            labels, currency, {"Revenue": ("blue", [_units(s, currency) for s in view.sales])}
        ),
        "orders": charts.columns(
            labels, "orders", {"Orders": ("violet", [s.orders for s in view.sales])}
        ),
        "prints": charts.columns(
            labels,
            "prints",
            {
                "Good": ("green", [one.completed for one in view.prints]),
                "Failed": ("red", [one.failed for one in view.prints]),
            },
        ),
        "products": charts.ranking(
            [product_words(row) for row in products],
            currency,
            {"": ("blue", [float(Money(row.revenue_minor, currency).decimal) for row in products])},
        ),
        "materials": charts.ranking(
            [material_words(row) for row in materials],
            "g",
            {"": ("amber", [round(row.used_mg / 1000, 1) for row in materials])},
        ),
        "reasons": reasons_chart(view.failures.reasons),
    }


def reasons_chart(reasons: Sequence[tuple[str, int]]) -> dict[str, Any]:
    shown = reasons[:SHOWN]
    counts = [count for _, count in shown]
    return charts.ranking([reason for reason, _ in shown], "prints", {"": ("red", counts)})


def material_words(row: queries.FilamentUse) -> str:
    return f"{row.material} {row.color_name}" if row.color_name else row.material


def product_words(row: queries.ProductSales) -> str:
    return ", ".join(filter(None, [row.product_name, row.variant_name])) or row.title


def _units(sales: PeriodSales, currency: str) -> float:
    return float(Money(sales.revenue_minor, currency).decimal)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError as err:
        raise Invalid(f"{text.strip()[:20]!r} is no date like 2026-03-31.") from err
