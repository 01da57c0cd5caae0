"""The reports on printers: what they did all day, and what they made of which material."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from shopwright.analytics import printer_time, queries, rules
from shopwright.analytics.books import Books, Span
from shopwright.analytics.days import first_of, next_of, start_of
from shopwright.analytics.fleets import NO_MODEL, UNKNOWN, Machines
from shopwright.analytics.queries import Machine, PlateWork
from shopwright.analytics.states import Period, PrintOutcome, TimeState
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import ReadSession
from shopwright.telemetry.storage import TelemetryStorage

BY_DAY_UP_TO = 92  # days; longer spans are shown by the month


@dataclass(slots=True)
class Work:
    """Prints that ended. What was broken off by somebody's word took hours and grams, too, and is
    neither good nor failed."""

    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    busy_s: int = 0
    used_mg: int = 0

    @property
    def success(self) -> float | None:
        return rules.percent(self.completed, self.completed + self.failed)

    @property
    def prints(self) -> int:
        return self.completed + self.failed + self.cancelled

    def add(self, outcome: PrintOutcome, prints: int, busy_s: int, used_mg: int) -> None:
        self.completed += prints if outcome is PrintOutcome.COMPLETED else 0
        self.failed += prints if outcome is PrintOutcome.FAILED else 0
        self.cancelled += prints if outcome is PrintOutcome.CANCELLED else 0
        self.busy_s += busy_s
        self.used_mg += used_mg


def _nothing() -> dict[TimeState, int]:
    return dict.fromkeys(TimeState, 0)


@dataclass(slots=True)
class Use:
    """Of a printer, a model or all: seconds by state and what it printed. ``known_s`` is how long
    the shop had it in the span; what nobody watched of it is in no state."""

    name: str
    model: str = ""
    printer_id: int | None = None
    printers: int = 1
    known_s: int = 0
    seconds: dict[TimeState, int] = field(default_factory=_nothing)
    work: Work = field(default_factory=Work)

    @property
    def utilisation(self) -> float | None:
        """Percent of the time spent printing."""
        return rules.percent(self.seconds[TimeState.PRINTING], self.known_s)

    @property
    def unwatched_s(self) -> int:
        return max(self.known_s - sum(self.seconds.values()), 0)

    def take(self, other: "Use") -> None:
        self.known_s += other.known_s
        for state, seconds in other.seconds.items():
            self.seconds[state] += seconds
        work = other.work
        self.work.completed += work.completed
        self.work.failed += work.failed
        self.work.cancelled += work.cancelled
        self.work.busy_s += work.busy_s
        self.work.used_mg += work.used_mg


@dataclass(frozen=True, slots=True)
class PeriodTime:
    """``first`` is the first day of the period."""

    first: date
    seconds: Mapping[TimeState, int]


@dataclass(frozen=True, slots=True)
class Utilisation:
    """``of`` names the printers it is about, empty for all."""

    span: Span
    of: str
    by: Period
    printers: list[Use]
    models: list[Use]
    periods: list[PeriodTime]
    total: Use
    reasons: list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Production:
    """Hours and grams by material and by what was printed; ``jobs`` are those that took longest."""

    span: Span
    of: str
    materials: list[tuple[str, Work]]
    jobs: list[PlateWork]
    total: Work


async def read_utilisation(
    session: ReadSession, storage: TelemetryStorage, ctx: Actor, books: Books, span: Span,
    machines: Machines, now: datetime,
) -> Utilisation:  # fmt: skip
    """Raises nothing: a span without any print or state is zeros."""
    by = _grain_of(span, books.today)
    time = await printer_time.read_time(session, storage, ctx, books, span, by, now)
    work = await _read_work(session, books, span, machines)
    uses = _uses(machines, books, span, now, time, work)
    models = _by_model(uses)
    total = Use("All printers", printers=len(uses))
    for use in uses:
        total.take(use)
    return Utilisation(
        span=span,
        of=machines.words,
        by=by,
        printers=uses,
        models=models,
        periods=_periods(span, by, books.today, machines, time),
        total=total,
        reasons=await read_reasons(session, books, span, machines),
    )


async def read_production(
    session: ReadSession, books: Books, span: Span, machines: Machines, limit: int
) -> Production:
    found: dict[str, Work] = defaultdict(Work)
    total = Work()
    for row in await queries.list_material_work(session, books, span, machines.fleet):
        found[row.material or "unknown"].add(row.outcome, *row[2:])
        total.add(row.outcome, *row[2:])
    jobs = await queries.list_plate_work(session, books, span, machines.fleet, limit)
    materials = [one for one in found.items() if one[1].prints]
    materials.sort(key=lambda one: (-one[1].used_mg, -one[1].busy_s, one[0]))
    return Production(span, machines.words, materials, jobs, total)


async def read_reasons(
    session: ReadSession, books: Books, span: Span, machines: Machines, limit: int = 50
) -> list[tuple[str, int]]:
    """Why prints failed, the most frequent first."""
    rows = await queries.list_failure_reasons(session, books, span, machines.fleet, limit)
    return [(reason or "nobody said why", count) for reason, count in rows]


async def _read_work(
    session: ReadSession, books: Books, span: Span, machines: Machines
) -> dict[int, Work]:
    found: dict[int, Work] = defaultdict(Work)
    for row in await queries.list_printer_work(session, books, span, machines.fleet):
        found[row.printer_id].add(*row[1:])
    return found


def _uses(
    machines: Machines,
    books: Books,
    span: Span,
    now: datetime,
    time: Mapping[tuple[int, date], list[int]],
    work: Mapping[int, Work],
) -> list[Use]:
    """The living ones, and those that did something in the span."""
    found = []
    by_printer: dict[int, dict[TimeState, int]] = defaultdict(_nothing)
    for (printer_id, _), seconds in time.items():
        _take(by_printer[printer_id], seconds)
    for one in machines.chosen:
        use = Use(one.name, one.model or NO_MODEL, one.id, work=work.get(one.id, Work()))
        use.seconds = by_printer[one.id]
        use.known_s = max(_known_s(one, books, span, now), sum(use.seconds.values()))
        if one.is_active or use.work.prints or any(use.seconds.values()):
            found.append(use)
    if 0 in work and machines.fleet.ids is None:
        found.append(Use(UNKNOWN, NO_MODEL, work=work[0]))
    return found


def _known_s(one: Machine, books: Books, span: Span, now: datetime) -> int:
    """How long of the span the shop had it: not before it was added, not later than now."""
    start, end = one.created_at, now
    if span.start is not None:
        start = max(start, start_of(span.start, books.zone))
    if span.end is not None:
        end = min(end, start_of(span.end + timedelta(days=1), books.zone))
    return max(int((end - start).total_seconds()), 0)


def _by_model(uses: Iterable[Use]) -> list[Use]:
    found: dict[str, Use] = {}
    for use in uses:
        model = found.setdefault(use.model, Use(use.model, use.model, printers=0))
        model.printers += 1
        model.take(use)
    return sorted(found.values(), key=lambda one: one.name)


def _grain_of(span: Span, today: date) -> Period:
    end = min(span.end or today, today)
    is_short = span.start is not None and (end - span.start).days < BY_DAY_UP_TO
    return Period.DAILY if is_short else Period.MONTHLY


def _periods(
    span: Span,
    by: Period,
    today: date,
    machines: Machines,
    time: Mapping[tuple[int, date], list[int]],
) -> list[PeriodTime]:
    """Without gaps, from the first with anything to the last; all of the span by the day."""
    ids = {one.id for one in machines.chosen}
    found: dict[date, dict[TimeState, int]] = defaultdict(_nothing)
    for (printer_id, first), seconds in time.items():
        if printer_id in ids:
            _take(found[first], seconds)
    first = min(found, default=today)
    if by is Period.DAILY and span.start is not None:
        first = span.start
    last = max(min(span.end or today, today), max(found, default=first))
    periods = []
    while first <= last:
        periods.append(PeriodTime(first, found[first]))
        first = next_of(first_of(first, by), by)
    return periods


def _take(into: dict[TimeState, int], seconds: list[int]) -> None:
    for state, more in zip(TimeState, seconds, strict=True):
        into[state] += more
