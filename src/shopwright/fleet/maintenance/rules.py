"""When a plan is due, by which of its intervals, and the sentence that says so. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shopwright.telemetry.samples import Interval

HOUR_S = 3600
DAY_S = 86_400
MAX_SENTENCE = 500
MAX_SHOWN = 80  # of a problem's description in the sentence that a job shows
FAR = timedelta(days=3650)  # a printer that hardly prints; later than this is not foreseen


@dataclass(frozen=True, slots=True)
class Intervals:
    """None does not count."""

    printing_s: int | None = None
    prints: int | None = None
    days: int | None = None


@dataclass(frozen=True, slots=True)
class Wear:
    """What passed since the plan was last fulfilled."""

    printing_s: int
    prints: int
    passed: timedelta


@dataclass(frozen=True, slots=True)
class Pace:
    """What the printer prints in a day, on the average."""

    printing_s: float
    prints: float


@dataclass(frozen=True, slots=True)
class Share:
    """How much of one interval is used: ``used`` of ``limit``, in ``unit``."""

    used: int
    limit: int
    unit: str


def shares_of(limits: Intervals, wear: Wear) -> list[Share]:
    """One for each interval that counts; spans in seconds."""
    passed_s = int(wear.passed.total_seconds())
    found = (
        (wear.printing_s, limits.printing_s, "printing hours"),
        (wear.prints, limits.prints, "prints"),
        (passed_s, limits.days and limits.days * DAY_S, "days"),
    )
    return [Share(used, limit, unit) for used, limit, unit in found if limit]


def first_of(shares: Sequence[Share]) -> Share:
    """The one that is nearest to its end, or furthest beyond it."""
    return max(shares, key=lambda share: share.used / share.limit)


def is_due(limits: Intervals, wear: Wear, grace_percent: int = 0) -> bool:
    """Once any interval is used up; with a grace, once it is exceeded by that part of it."""
    return any(s.used * 100 >= s.limit * (100 + grace_percent) for s in shares_of(limits, wear))


def used_percent(limits: Intervals, wear: Wear) -> int:
    """Of the interval that is nearest to its end; 100 and more is due."""
    first = first_of(shares_of(limits, wear))
    return first.used * 100 // first.limit


def expected_at(limits: Intervals, wear: Wear, pace: Pace, now: datetime) -> datetime | None:
    """When it comes due if the printer goes on as it did; now when it is due, None when it does not
    print and no day is set."""
    per_day = {"printing hours": pace.printing_s, "prints": pace.prints, "days": float(DAY_S)}
    days = [
        max(share.limit - share.used, 0) / per_day[share.unit]
        for share in shares_of(limits, wear)
        if per_day[share.unit] > 0
    ]
    if is_due(limits, wear):
        return now
    soonest = min(days, default=FAR.days)
    return now + timedelta(days=soonest) if soonest < FAR.days else None


def pace_of(printing_s: int, prints: int, since: datetime, now: datetime) -> Pace:
    """At least a day is counted: the first print of a new printer is no pace."""
    days = max((now - since) / timedelta(days=1), 1.0)
    return Pace(printing_s / days, prints / days)


def due_sentence(name: str, limits: Intervals, wear: Wear) -> str:
    first = first_of(shares_of(limits, wear))
    unit_s = {"printing hours": HOUR_S, "days": DAY_S}.get(first.unit, 1)
    return f"“{name}” is due: {first.used // unit_s} of {first.limit / unit_s:g} {first.unit}"


def task_sentence(title: str) -> str:
    return f"“{title}” is to be done first"


def report_sentence(reported_by: str, description: str) -> str:
    words = " ".join(description.split())
    shown = words if len(words) <= MAX_SHOWN else f"{words[: MAX_SHOWN - 1]}…"
    return f"{reported_by} reported a problem: {shown}"


def join_reasons(reasons: Sequence[str]) -> str | None:
    """None when nothing holds the printer."""
    return "; ".join(reasons)[:MAX_SENTENCE] or None


def count_printing(intervals: Iterable[Interval], since: datetime) -> tuple[int, datetime]:
    """Whole seconds of the intervals after ``since``, and up to when they are counted. What an
    agent tells late lies behind that moment only if it told later things before."""
    seconds, until = 0, since
    for interval in intervals:
        start, end = max(interval.started_at, until), interval.ended_at
        whole = int((end - start).total_seconds()) if end else 0
        if whole > 0:
            seconds, until = seconds + whole, start + timedelta(seconds=whole)
    return seconds, until
