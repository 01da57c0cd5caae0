"""How long printers were in each state, kept by day and month for years.

States are written beside the business data, on SQLite into a file of their own, so the sums cannot
be kept in the writer's transaction. They follow it: a state that ended changes no more, and is
counted once, together with the mark that says so. What is not counted yet is read from the states
themselves, so that reports are always up to now.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from shopwright.analytics import printer_time_queries as queries
from shopwright.analytics import rollup_queries
from shopwright.analytics.books import Books, Span
from shopwright.analytics.days import first_of, split
from shopwright.analytics.states import TIME_STATES, Period, RollupSubject, TimeState
from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.db import Database, ReadSession, WriteSession
from shopwright.kernel.times import zone_of
from shopwright.telemetry.samples import WrittenInterval
from shopwright.telemetry.storage import TelemetryStorage

AT_ONCE = 5000  # states counted in one transaction
STATES = list(TimeState)
SUBJECT = RollupSubject.PRINTER_TIME

Seconds = list[int]  # in the order of ``STATES``
Key = tuple[int, Period, date]  # printer, grain, first day


async def count_all(database: Database, storage: TelemetryStorage) -> int:
    """Count what ended since the last time, in every organization; returns how many states."""
    async with database.read() as session:
        owners = await queries.list_organizations(session)
    return sum([await count_new(database, storage, owner) for owner in owners])


async def count_new(database: Database, storage: TelemetryStorage, organization_id: int) -> int:
    """The same for one; a shop that moved to another time zone is counted anew."""
    count = 0
    while True:
        async with database.read() as session:
            zone = await rollup_queries.get_time_zone(session, organization_id)
            marks = await queries.list_marks(session, organization_id)
        rows = await storage.list_closed(system_actor(organization_id), marks, limit=AT_ONCE)
        if not rows and not await _is_elsewhere(database, organization_id, zone):
            return count
        async with database.write() as session:
            count += await _count(session, organization_id, zone, marks, rows)


async def rebuild(database: Database, storage: TelemetryStorage, organization_id: int) -> None:
    async with database.write() as session:
        await _hold(session, organization_id)
        await rollup_queries.empty(session, organization_id, SUBJECT)
    await count_new(database, storage, organization_id)


async def is_wrong(database: Database, storage: TelemetryStorage, organization_id: int) -> bool:
    """Whether counting the states anew gives something else, up to where they are counted."""
    async with database.write() as session:  # nobody counts meanwhile
        state = await _hold(session, organization_id)
        marks = await queries.list_marks(session, organization_id)
        kept = await queries.list_sums(session, organization_id)
    ctx, zone = system_actor(organization_id), zone_of(state)
    known: dict[Key, Seconds] = defaultdict(_nothing)
    after = dict.fromkeys(marks, 0)
    while rows := await storage.list_closed(ctx, after, limit=AT_ONCE):
        _add(known, (row for row in rows if row.id <= marks[row.printer_id]), zone)
        after.update({row.printer_id: row.id for row in rows})
    return {key: tuple(found) for key, found in known.items() if any(found)} != kept


async def read_time(
    session: ReadSession, storage: TelemetryStorage, ctx: Actor, books: Books, span: Span,
    by: Period, now: datetime,
) -> dict[tuple[int, date], Seconds]:  # fmt: skip
    """By printer and first day of the period: what is counted, and what is not yet. A state that
    goes on counts up to now where nobody can be reached, else up to the last report."""
    owner = ctx.organization_id
    kept = await queries.list_kept(session, owner, span, by)
    marks = dict.fromkeys(await queries.list_marks(session, owner), 0)
    found: dict[tuple[int, date], Seconds] = defaultdict(_nothing)
    for one in kept:
        marks[one.printer_id] = one.counted_to
        if one.first is not None:
            found[one.printer_id, one.first] = list(one.seconds)
    for row in await storage.list_later(ctx, marks):
        for day, at, seconds in _pieces(row, books.zone, now):
            if span.includes(day):
                found[row.printer_id, first_of(day, by)][at] += seconds
    return found


async def _count(
    session: WriteSession,
    organization_id: int,
    zone: str,
    marks: Mapping[int, int],
    rows: list[WrittenInterval],
) -> int:
    """0 when another one was faster: then nothing is counted, and they are read again."""
    counted_zone = await _hold(session, organization_id)
    if zone != await rollup_queries.get_time_zone(session, organization_id):
        return 0
    if counted_zone != zone:
        await _move(session, organization_id, zone)
        return 0
    last = {row.printer_id: row.id for row in rows}
    before = await queries.list_marks(session, organization_id, list(last))
    if any(before.get(printer_id) != marks[printer_id] for printer_id in last):
        return 0
    known: dict[Key, Seconds] = defaultdict(_nothing)
    _add(known, rows, zone_of(zone))
    await rollup_queries.add_to_days(session, SUBJECT, _rows(organization_id, known))
    await queries.move_marks(session, organization_id, last)
    return len(rows)


async def _is_elsewhere(database: Database, organization_id: int, zone: str) -> bool:
    async with database.read() as session:
        state = await rollup_queries.get_state(session, organization_id, SUBJECT)
    return state is not None and state.time_zone != zone


async def _hold(session: WriteSession, organization_id: int) -> str:
    """Alone until the commit; returns the time zone of what is counted."""
    await rollup_queries.add_state(session, organization_id, SUBJECT)
    state = await rollup_queries.find_state(session, organization_id, SUBJECT, is_shared=False)
    if state is None:
        raise LookupError(f"organization {organization_id} is gone")
    return state.time_zone


async def _move(session: WriteSession, organization_id: int, zone: str) -> None:
    await rollup_queries.empty(session, organization_id, SUBJECT)
    state = await rollup_queries.find_state(session, organization_id, SUBJECT, is_shared=False)
    if state is not None:
        await rollup_queries.move_state(session, state, time_zone=zone)


def _add(known: dict[Key, Seconds], rows: Iterable[WrittenInterval], zone: ZoneInfo) -> None:
    for row in rows:
        for day, at, seconds in _pieces(row, zone, row.started_at):
            known[row.printer_id, Period.DAILY, day][at] += seconds
            known[row.printer_id, Period.MONTHLY, first_of(day, Period.MONTHLY)][at] += seconds


def _pieces(row: WrittenInterval, zone: ZoneInfo, now: datetime) -> Iterable[tuple[date, int, int]]:
    """Day, place of the state, seconds."""
    state = TIME_STATES.get(row.state, TimeState.UNKNOWN)
    end = row.ended_at
    if end is None:
        end = now if state is TimeState.OFFLINE else min(row.last_report_at or now, now)
    at = STATES.index(state)
    return ((day, at, seconds) for day, seconds in split(row.started_at, end, zone))


def _rows(organization_id: int, known: Mapping[Key, Seconds]) -> list[dict[str, object]]:
    """In order, so that no two transactions deadlock."""
    return [
        {
            "organization_id": organization_id,
            "grain": grain,
            "first": first,
            "printer_id": printer_id,
            **dict(zip(queries.SECONDS, seconds, strict=True)),
        }
        for (printer_id, grain, first), seconds in sorted(known.items())
    ]


def _nothing() -> Seconds:
    return [0] * len(STATES)
