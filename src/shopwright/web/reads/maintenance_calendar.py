"""The maintenance calendar: a month of what is due, expected and done, and what months cost."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from shopwright.analytics.days import first_of, next_of, start_of
from shopwright.analytics.states import Period
from shopwright.fleet.maintenance import history as maintenance_history
from shopwright.fleet.maintenance import service as maintenance
from shopwright.fleet.maintenance.models import MaintenanceTask
from shopwright.fleet.maintenance.schemas import TaskRead
from shopwright.fleet.maintenance.states import TaskStatus
from shopwright.fleet.queries import AnySession
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Paging
from shopwright.kernel.errors import Invalid
from shopwright.kernel.money import Money
from shopwright.web.reads import charts

WEEK = 7
MONTHS_OF_COST = 12
ALL = Paging(limit=1000, offset=0)
FIRST_YEAR, LAST_YEAR = 2000, 2099


@dataclass(frozen=True, slots=True)
class Entry:
    """``kind`` is expected, due, done or skipped."""

    kind: str
    title: str
    printer_id: int
    printer: str
    tone: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    on: date
    is_outside: bool  # of the month
    is_today: bool
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class MonthCost:
    """``paid`` in one currency each, the shop's first."""

    first: date
    tasks: int
    minutes: int
    paid: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class CalendarView:
    """Whole weeks from Monday."""

    first: date
    previous: date
    following: date
    weeks: list[list[Day]]
    costs: list[MonthCost]
    charts: dict[str, dict[str, Any]]

    @property
    def is_empty(self) -> bool:
        return not any(day.entries for week in self.weeks for day in week)


def read_month(text: str, today: date) -> date:
    """The first day of a month like 2026-03, this month if empty; raises Invalid."""
    if not text:
        return first_of(today, Period.MONTHLY)
    try:
        found = date.fromisoformat(f"{text.strip()}-01")
    except ValueError as err:
        raise Invalid(f"{text.strip()[:20]!r} is no month like 2026-03.") from err
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise Invalid(f"{text} is too far away.")
    return found


async def read_calendar(
    session: AnySession, ctx: Actor, first: date, currency: str, now: datetime, zone: ZoneInfo
) -> CalendarView:
    today = now.astimezone(zone).date()
    begin = first - timedelta(days=first.weekday())
    end = next_of(first, Period.MONTHLY)
    end += timedelta(days=-end.weekday() % WEEK)
    entries: dict[date, list[Entry]] = defaultdict(list)
    for on, entry in [
        *await _list_done(session, ctx, begin, end, zone),
        *await _list_open(session, ctx, today, zone),
        *await _list_expected(session, ctx, now, zone),
    ]:
        entries[on].append(entry)
    costs = await _list_costs(session, ctx, first_of(today, Period.MONTHLY), currency, zone)
    return CalendarView(
        first=first,
        previous=first_of(first - timedelta(days=1), Period.MONTHLY),
        following=next_of(first, Period.MONTHLY),
        weeks=[
            [
                Day(on, on.month != first.month, on == today, tuple(entries[on]))
                for on in (monday + timedelta(days=at) for at in range(WEEK))
            ]
            for monday in _mondays(begin, end)
        ],
        costs=[one for one in reversed(costs) if one.tasks],
        charts={"costs": _cost_chart(costs, currency)},
    )


def _mondays(begin: date, end: date) -> Iterator[date]:
    while begin < end:
        yield begin
        begin += timedelta(days=WEEK)


async def _list_done(
    session: AnySession, ctx: Actor, begin: date, end: date, zone: ZoneInfo
) -> list[tuple[date, Entry]]:
    task = MaintenanceTask
    rows, _ = await maintenance_history.list_tasks(
        session,
        ctx,
        task.status != TaskStatus.OPEN,
        task.ended_at >= start_of(begin, zone),
        task.ended_at < start_of(end, zone),
        paging=ALL,
    )
    return [
        (one.ended_at.astimezone(zone).date(), _done(one)) for one in reversed(rows) if one.ended_at
    ]


def _done(one: TaskRead) -> Entry:
    if one.status is TaskStatus.SKIPPED:
        return Entry("skipped", one.title, one.printer_id, one.printer, "grey", one.note)
    cost = f"{one.total_cost:.2f} {one.currency}" if one.total_cost else ""
    return Entry("done", one.title, one.printer_id, one.printer, "green", cost)


async def _list_open(
    session: AnySession, ctx: Actor, today: date, zone: ZoneInfo
) -> list[tuple[date, Entry]]:
    """What was due before stands on today: nobody can do it earlier."""
    rows, _ = await maintenance_history.list_tasks(
        session, ctx, MaintenanceTask.status == TaskStatus.OPEN, paging=ALL
    )
    found = []
    for one in sorted(rows, key=lambda row: (row.due_at, row.id)):
        on = one.due_at.astimezone(zone).date()
        words = f"since {on.day} {on:%b}" if on < today else ""
        tone = "red" if one.is_blocking or on < today else "amber"
        entry = Entry("due", one.title, one.printer_id, one.printer, tone, words)
        found.append((max(on, today), entry))
    return found


async def _list_expected(
    session: AnySession, ctx: Actor, now: datetime, zone: ZoneInfo
) -> list[tuple[date, Entry]]:
    """Plans that are not due yet, on the day they will be if the printers go on as they did."""
    return [
        (
            at.expected_at.astimezone(zone).date(),
            Entry("expected", at.plan.name, at.printer.id, at.printer.name, "blue"),
        )
        for at in await maintenance.list_plans_at(session, ctx, now)
        if at.expected_at is not None and not at.is_due
    ]


async def _list_costs(
    session: AnySession, ctx: Actor, this_month: date, currency: str, zone: ZoneInfo
) -> list[MonthCost]:
    """Of the last twelve months, oldest first."""
    months = [this_month]
    while len(months) < MONTHS_OF_COST:
        months.append(first_of(months[-1] - timedelta(days=1), Period.MONTHLY))
    task = MaintenanceTask
    rows = await session.execute(
        select(task.ended_at, task.minutes, task.currency, task.cost_minor + task.parts_cost_minor)
        .where(task.organization_id == ctx.organization_id, task.status == TaskStatus.DONE)
        .where(task.ended_at >= start_of(months[-1], zone))
    )
    by_month: dict[date, list[tuple[int, str, int]]] = defaultdict(list)
    for ended_at, minutes, code, minor in rows:
        if ended_at is not None:
            month = first_of(ended_at.astimezone(zone).date(), Period.MONTHLY)
            by_month[month].append((minutes or 0, code, minor))
    return [_cost(month, by_month[month], currency) for month in reversed(months)]


def _cost(month: date, rows: list[tuple[int, str, int]], currency: str) -> MonthCost:
    paid: dict[str, int] = defaultdict(int)
    for _, code, minor in rows:
        paid[code] += minor
    codes = sorted((code for code in paid if paid[code]), key=lambda code: (code != currency, code))
    minutes = sum(minutes for minutes, _, _ in rows)
    return MonthCost(month, len(rows), minutes, tuple(Money(paid[code], code) for code in codes))


def _cost_chart(costs: list[MonthCost], currency: str) -> dict[str, Any]:
    """In the shop's currency; the table has the others."""
    values = [
        float(sum(money.decimal for money in one.paid if money.currency == currency))
        for one in costs
    ]
    return charts.columns([f"{one.first:%b}" for one in costs], currency, {"": ("amber", values)})
