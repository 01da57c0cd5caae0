"""Days of a time zone, in Python and in SQL alike. Pure."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, Date, case, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from shopwright.analytics.states import Period

FIRST, LAST = date(1990, 1, 1), date(2100, 1, 1)  # no shop reports about days outside


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of the day, within what a report may be about."""
    within = min(max(day, FIRST), LAST)
    return datetime.combine(within, time(), zone).astimezone(UTC)


def first_of(day: date, period: Period) -> date:
    """The first day of the period that the day is in."""
    match period:
        case Period.DAILY:
            return day
        case Period.WEEKLY:
            return day - timedelta(days=day.weekday())
        case Period.MONTHLY:
            return day.replace(day=1)


def next_of(first: date, period: Period) -> date:
    """The first day of the period after the one that begins with ``first``."""
    length = {Period.DAILY: 1, Period.WEEKLY: 7, Period.MONTHLY: 32}[period]
    return first_of(first + timedelta(days=length), period)


def split(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[tuple[date, int]]:
    """The whole seconds between the two on each day, none for a span that ends before it begins.

    Moments are cut to their second first, so that spans side by side add up to the whole.
    """
    start, end = start.replace(microsecond=0), end.replace(microsecond=0)
    day = day_of(start, zone)
    while start < end:
        following = day + timedelta(days=1)
        until = min(end, start_of(following, zone))
        if until > start:
            yield day, int((until - start).total_seconds())
        elif following > LAST:
            return
        start, day = max(start, until), following


def local_day(moment: Any, zone: ZoneInfo) -> Any:
    """The SQL expression for ``day_of``; both take the offsets from the same tables of zones."""
    latest, *earlier = reversed(_offsets(zone))
    if not earlier:
        return LocalDay(moment, literal(latest[1]))
    steps = [(moment >= since, literal(seconds)) for since, seconds in (latest, *earlier[:-1])]
    return LocalDay(moment, case(*steps, else_=literal(earlier[-1][1])))


@lru_cache(maxsize=64)
def _offsets(zone: ZoneInfo) -> list[tuple[datetime, int]]:
    """Since when the zone is how many seconds ahead of UTC, oldest first."""
    moment, end = datetime.combine(FIRST, time(), UTC), datetime(2040, 1, 1, tzinfo=UTC)
    found = [(moment, _offset(moment, zone))]
    while moment < end:
        after = moment + timedelta(days=1)
        if _offset(after, zone) != found[-1][1]:
            found.append((_change(moment, after, zone), _offset(after, zone)))
        moment = after
    return found


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The minute between the two from which the later offset holds."""
    while after - before > timedelta(minutes=1):
        middle = before + (after - before) // 2
        middle = middle.replace(second=0, microsecond=0)
        if _offset(middle, zone) == _offset(after, zone):
            after = middle
        else:
            before = middle
    return after


def _offset(moment: datetime, zone: ZoneInfo) -> int:
    found = moment.astimezone(zone).utcoffset()
    return int(found.total_seconds()) if found else 0


class MonthOf(FunctionElement[date]):
    """The first day of the month of a day."""

    inherit_cache = True
    type = Date()


@compiles(MonthOf, "sqlite")
def _month_sqlite(element: MonthOf, compiler: SQLCompiler, **kw: Any) -> str:
    return f"date({compiler.process(element.clauses, **kw)}, 'start of month')"


@compiles(MonthOf, "postgresql")
def _month_postgresql(element: MonthOf, compiler: SQLCompiler, **kw: Any) -> str:
    return f"date_trunc('month', {compiler.process(element.clauses, **kw)})::date"


class Second(FunctionElement[int]):
    """The whole second of a moment, since 1970."""

    inherit_cache = True
    type = BigInteger()


@compiles(Second, "sqlite")
def _second_sqlite(element: Second, compiler: SQLCompiler, **kw: Any) -> str:
    return f"CAST(strftime('%s', {compiler.process(element.clauses, **kw)}) AS INTEGER)"


@compiles(Second, "postgresql")
def _second_postgresql(element: Second, compiler: SQLCompiler, **kw: Any) -> str:
    return f"floor(extract(epoch FROM {compiler.process(element.clauses, **kw)}))::bigint"


class LocalDay(FunctionElement[date]):
    """``LocalDay(moment, seconds ahead of UTC)``."""

    inherit_cache = True
    type = Date()


@compiles(LocalDay, "sqlite")
def _day_sqlite(element: LocalDay, compiler: SQLCompiler, **kw: Any) -> str:
    moment, seconds = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"date({moment}, ({seconds}) || ' seconds')"


@compiles(LocalDay, "postgresql")
def _day_postgresql(element: LocalDay, compiler: SQLCompiler, **kw: Any) -> str:
    moment, seconds = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"(({moment}) AT TIME ZONE 'UTC' + make_interval(secs => ({seconds})))::date"
