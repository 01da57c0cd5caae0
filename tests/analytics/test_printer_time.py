"""How long printers were in each state: counted once, on the days of the shop, up to now."""

import asyncio
import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from shopwright.accounts.models import Organization
from shopwright.analytics import printer_time
from shopwright.analytics.books import Span, open_books
from shopwright.analytics.days import split
from shopwright.analytics.models import PrinterTimeSum
from shopwright.analytics.states import TIME_STATES, Period, TimeState
from shopwright.fleet.models import Printer
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Process
from shopwright.telemetry.access import storage_of
from shopwright.telemetry.latest import Snapshot
from shopwright.telemetry.queries import PrinterBatch
from shopwright.telemetry.samples import StateChange
from shopwright.telemetry.storage import TelemetryStorage
from tests.factories import make_printer

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)
WORDS = [*TIME_STATES, "haunted"]


@pytest.fixture
def storage(process: Process) -> TelemetryStorage:
    return storage_of(process)


@pytest.fixture
async def printer(database: Database, owner: Actor) -> Printer:
    async with database.write() as session:
        return await make_printer(session, owner, "Left")


class Watched:
    """Writes what a printer was seen doing, and knows it by the minute."""

    def __init__(self, storage: TelemetryStorage, printer: Printer, begin: datetime) -> None:
        self.storage, self.printer, self.at = storage, printer, begin
        self.minutes: list[tuple[datetime, TimeState]] = []
        self.state: str | None = None

    async def does(self, state: str, minutes: int) -> None:
        """The last thing that it did goes on until the next one begins."""
        change = StateChange(state, self.at, is_first=False)
        await self.write(self.at, [change] if state != self.state else [])
        self.state = state
        known = TIME_STATES.get(state, TimeState.UNKNOWN)
        self.minutes += [(self.at + MINUTE * at, known) for at in range(minutes)]
        self.at += MINUTE * minutes
        await self.write(self.at, [])

    async def write(self, at: datetime, changes: list[StateChange]) -> None:
        owner = self.printer.organization_id
        latest = Snapshot(owner, self.printer.id, at, "online", "idle")
        await self.storage.write({self.printer.id: PrinterBatch(latest, (), changes)})

    def seconds(self, zone: ZoneInfo, by: Period = Period.DAILY) -> Counter[Any]:
        found: Counter[Any] = Counter()
        for moment, state in self.minutes:
            day = moment.astimezone(zone).date()
            first = day if by is Period.DAILY else day.replace(day=1)
            found[self.printer.id, first, state] += 60
        return found


async def told(
    process: Process, ctx: Actor, now: datetime, span: Span | None = None,
    by: Period = Period.DAILY,
) -> Counter[Any]:  # fmt: skip
    async with process.database.read() as session:
        books = await open_books(session, ctx, now)
        time = await printer_time.read_time(
            session, storage_of(process), ctx, books, span or Span(), by, now
        )
    return Counter(
        {
            (printer_id, first, state): seconds
            for (printer_id, first), found in time.items()
            for state, seconds in zip(TimeState, found, strict=True)
        }
    )


async def set_zone(database: Database, ctx: Actor, zone: str) -> None:
    async with database.write() as session:
        await session.execute(
            update(Organization)
            .where(Organization.id == ctx.organization_id)
            .values(time_zone=zone)
        )


@pytest.mark.parametrize("seed", [1, 2])
async def test_sums_and_states_together_say_what_was_seen(
    process: Process, database: Database, owner: Actor, printer: Printer, seed: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Around the beginning of summer time, over midnights, however much of it is counted yet."""
    monkeypatch.setattr(printer_time, "AT_ONCE", 3)
    await set_zone(database, owner, "Europe/Berlin")
    chance, storage = random.Random(seed), storage_of(process)
    seen = Watched(storage, printer, datetime(2026, 3, 27, 20, 0, tzinfo=UTC))
    for step in range(14):
        await seen.does(chance.choice(WORDS), chance.choice([1, 59, 300, 1500]))
        if step % 4 == 0:
            await printer_time.count_new(database, storage, owner.organization_id)
        assert await told(process, owner, seen.at) == seen.seconds(BERLIN)
    months = await told(process, owner, seen.at, by=Period.MONTHLY)
    assert months == seen.seconds(BERLIN, Period.MONTHLY)
    assert not await printer_time.is_wrong(database, storage, owner.organization_id)


def test_day_of_the_clock_change_has_as_many_seconds_as_it_lasts() -> None:
    start, end = datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC)
    assert list(split(start, end, BERLIN)) == [(date(2026, 3, 29), 23 * 3600)]
    start, end = datetime(2026, 10, 24, 21, tzinfo=UTC), datetime(2026, 10, 26, 0, tzinfo=UTC)
    assert list(split(start, end, BERLIN)) == [
        (date(2026, 10, 24), 3600),
        (date(2026, 10, 25), 25 * 3600),
        (date(2026, 10, 26), 3600),
    ]


def test_parts_of_a_second_are_not_lost_between_states() -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    moments = [start + timedelta(milliseconds=700 * at) for at in range(11)]
    pieces = [split(a, b, BERLIN) for a, b in pairwise(moments)]
    assert sum(seconds for piece in pieces for _, seconds in piece) == 7


def test_a_clock_that_went_back_counts_nothing() -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    assert list(split(start, start - timedelta(days=2), BERLIN)) == []


async def test_state_that_goes_on_ends_with_the_last_report_unless_nobody_can_report(
    process: Process, owner: Actor, printer: Printer, storage: TelemetryStorage
) -> None:
    begin = datetime(2026, 3, 1, 10, tzinfo=UTC)
    seen = Watched(storage, printer, begin)
    await seen.does("printing", 30)
    later = begin + timedelta(hours=5)
    day = date(2026, 3, 1)
    printing = Counter({(printer.id, day, TimeState.PRINTING): 1800})
    assert await told(process, owner, later) == printing
    await seen.does("offline", 0)
    offline = Counter({(printer.id, day, TimeState.OFFLINE): 4 * 3600 + 1800})
    assert await told(process, owner, later) == printing + offline


async def test_days_asked_for_are_whole_and_no_others(
    process: Process, database: Database, owner: Actor, printer: Printer, storage: TelemetryStorage
) -> None:
    """Whole months are read as such, the days before and after them one by one."""
    seen = Watched(storage, printer, datetime(2025, 12, 30, tzinfo=UTC))
    for _ in range(30):
        await seen.does("idle", 2880)
        await seen.does("printing", 2880)
    await printer_time.count_new(database, storage, owner.organization_id)
    span = Span(date(2026, 1, 13), date(2026, 4, 2))
    expected = Counter[Any]()
    for (printer_id, day, state), seconds in seen.seconds(ZoneInfo("UTC")).items():
        if span.includes(day):
            expected[printer_id, day.replace(day=1), state] += seconds
    assert await told(process, owner, seen.at, span, Period.MONTHLY) == expected


async def test_two_workers_count_each_state_once(
    process: Process, database: Database, owner: Actor, printer: Printer, storage: TelemetryStorage
) -> None:
    seen = Watched(storage, printer, datetime(2026, 3, 1, tzinfo=UTC))
    for at in range(12):
        await seen.does("printing" if at % 2 else "idle", 90)
    owner_id = owner.organization_id
    counts = await asyncio.gather(
        *(printer_time.count_new(database, storage, owner_id) for _ in range(4))
    )
    assert sum(counts) == 11  # the last one goes on
    assert not await printer_time.is_wrong(database, storage, owner_id)
    assert await told(process, owner, seen.at) == seen.seconds(ZoneInfo("UTC"))


async def test_another_time_zone_moves_the_days(
    process: Process, database: Database, owner: Actor, printer: Printer, storage: TelemetryStorage
) -> None:
    seen = Watched(storage, printer, datetime(2026, 3, 1, tzinfo=UTC))
    await seen.does("printing", 3000)
    await seen.does("idle", 10)
    await printer_time.count_new(database, storage, owner.organization_id)
    await set_zone(database, owner, "Pacific/Auckland")
    expected = seen.seconds(ZoneInfo("Pacific/Auckland"))
    assert await told(process, owner, seen.at) == expected  # from the states themselves
    assert await printer_time.count_all(database, storage) >= 1
    assert await told(process, owner, seen.at) == expected
    assert not await printer_time.is_wrong(database, storage, owner.organization_id)


async def test_rebuild_mends_what_somebody_broke(
    process: Process, database: Database, owner: Actor, printer: Printer, storage: TelemetryStorage
) -> None:
    seen = Watched(storage, printer, datetime(2026, 3, 1, tzinfo=UTC))
    await seen.does("printing", 60)
    await seen.does("idle", 10)
    await printer_time.count_new(database, storage, owner.organization_id)
    async with database.write() as session:
        await session.execute(
            update(PrinterTimeSum)
            .where(PrinterTimeSum.organization_id == owner.organization_id)
            .values(printing_s=7)
        )
    assert await printer_time.is_wrong(database, storage, owner.organization_id)
    await printer_time.rebuild(database, storage, owner.organization_id)
    assert not await printer_time.is_wrong(database, storage, owner.organization_id)
    assert await told(process, owner, seen.at) == seen.seconds(ZoneInfo("UTC"))
