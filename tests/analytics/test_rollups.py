"""Whatever happens to orders, prints and filament: the roll-ups say what counting the rows says."""

import asyncio
import random
from collections import Counter
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, insert, select, update

from shopwright.accounts.models import Organization
from shopwright.analytics import checks, rollups
from shopwright.analytics.keeper import RollupKeeper
from shopwright.analytics.models import (
    CountedOrder,
    FilamentDay,
    OrderDay,
    PlateSum,
    PrintDay,
    PrintSum,
    RollupState,
)
from shopwright.analytics.states import SOLD, Period, RollupSubject
from shopwright.fleet.states import Outcome
from shopwright.inventory.models import FilamentMovement
from shopwright.inventory.states import MovementReason
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.errors import ShopError
from shopwright.orders import intake, service
from shopwright.orders.drafts import ItemDraft, OrderDraft
from shopwright.orders.models import Order
from shopwright.orders.service import OrderChange
from shopwright.orders.states import OrderStatus
from shopwright.print_jobs.models import PrintJob
from shopwright.print_jobs.states import JobStatus
from shopwright.telemetry.access import storage_of
from tests.clock import START
from tests.workshop import list_jobs, make_recipe, place, ready_printer, report, start

ZONES = ["Asia/Kolkata", "America/New_York"]
STATUSES = list(OrderStatus)
ORDERED = [OrderStatus.PENDING, OrderStatus.PAID, OrderStatus.SHIPPED, OrderStatus.CANCELED]


async def kept(database: Database, ctx: Actor) -> tuple[Counter[Any], Counter[Any], Counter[Any]]:
    """The roll-ups: orders and revenue, prints, filament by day."""
    owner = ctx.organization_id
    async with database.read() as session:
        orders = await session.scalars(select(OrderDay).where(OrderDay.organization_id == owner))
        found: Counter[Any] = Counter()
        for day in orders:
            found[day.day, day.currency, day.status, "orders"] = day.orders
            found[day.day, day.currency, day.status, "revenue"] = day.revenue_minor
        prints = await session.scalars(select(PrintDay).where(PrintDay.organization_id == owner))
        filament = await session.scalars(
            select(FilamentDay).where(FilamentDay.organization_id == owner)
        )
        return (
            found,
            Counter({(p.day, p.printer_id, p.outcome.value): p.prints for p in prints}),
            Counter({(f.day, f.filament_id, f.material): f.used_mg for f in filament}),
        )


async def counted(
    database: Database, ctx: Actor, zone: str
) -> tuple[Counter[Any], Counter[Any], Counter[Any]]:
    """The same from the rows."""
    owner = ctx.organization_id
    orders, prints, filament = Counter[Any](), Counter[Any](), Counter[Any]()
    async with database.read() as session:
        for order in await session.scalars(select(Order).where(Order.organization_id == owner)):
            key = (day_in(order.placed_at, zone), order.currency, order.status)
            orders[*key, "orders"] += 1
            if order.status in SOLD:
                orders[*key, "revenue"] += order.total_minor - order.refunded_minor
        for job in await session.scalars(select(PrintJob).where(PrintJob.organization_id == owner)):
            if job.status in (JobStatus.COMPLETED, JobStatus.FAILED) and job.ended_at:
                prints[day_in(job.ended_at, zone), job.printer_id, job.status.value] += 1
        for move in await session.scalars(
            select(FilamentMovement).where(FilamentMovement.organization_id == owner)
        ):
            if move.reason in (MovementReason.PRINT, MovementReason.USAGE):
                key_ = (day_in(move.created_at, zone), move.filament_id or 0, move.material)
                filament[key_] -= move.delta_mg
    return orders, prints, filament


async def kept_work(database: Database, ctx: Actor) -> Counter[Any]:
    """Prints, seconds and milligrams, by day and by month, of printers and of plates."""
    found: Counter[Any] = Counter()
    async with database.read() as session:
        for row in await session.scalars(
            select(PrintSum).where(PrintSum.organization_id == ctx.organization_id)
        ):
            key = (
                row.grain,
                row.first,
                row.printer_id,
                row.outcome.value,
                row.material,
                row.reason,
            )
            found.update(
                {(*key, "n"): row.prints, (*key, "s"): row.busy_s, (*key, "mg"): row.used_mg}
            )
        for plate in await session.scalars(
            select(PlateSum).where(PlateSum.organization_id == ctx.organization_id)
        ):
            of = (plate.grain, plate.first, plate.print_file_id, plate.plate_number)
            found.update({(*of, "n"): plate.prints, (*of, "bad"): plate.failed})
            found.update({(*of, "s"): plate.busy_s, (*of, "mg"): plate.used_mg})
    return found


async def counted_work(database: Database, ctx: Actor, zone: str) -> Counter[Any]:
    """The same from the rows; every job of these tests prints PLA."""
    found: Counter[Any] = Counter()
    jobs = select(PrintJob).where(PrintJob.organization_id == ctx.organization_id)
    async with database.read() as session:
        for job in await session.scalars(jobs):
            if job.status not in (JobStatus.COMPLETED, JobStatus.FAILED) or not job.ended_at:
                continue
            day, bad = day_in(job.ended_at, zone), job.status is JobStatus.FAILED
            took = int(job.ended_at.timestamp()) - int((job.started_at or job.ended_at).timestamp())
            reason = (job.failure_reason or "") if bad else ""
            for first in ((Period.DAILY, day), (Period.MONTHLY, day.replace(day=1))):
                key = (*first, job.printer_id, job.status.value, "PLA", reason)
                of = (*first, job.print_file_id, job.plate_number)
                found.update({(*key, "n"): 1, (*key, "s"): took, (*key, "mg"): job.used_mg or 0})
                found.update({(*of, "n"): 1, (*of, "bad"): int(bad)})
                found.update({(*of, "s"): took, (*of, "mg"): job.used_mg or 0})
    return found


def day_in(moment: datetime, zone: str) -> date:
    return moment.astimezone(ZoneInfo(zone)).date()


async def assert_in_step(database: Database, ctx: Actor, zone: str) -> None:
    """Counters compare without their zeros."""
    assert await kept(database, ctx) == await counted(database, ctx, zone)
    assert await kept_work(database, ctx) == await counted_work(database, ctx, zone)
    async with database.read() as session:
        assert await checks.list_wrong(session, ctx.organization_id) == []


async def set_zone(database: Database, ctx: Actor, zone: str) -> None:
    async with database.write() as session:
        await session.execute(
            update(Organization)
            .where(Organization.id == ctx.organization_id)
            .values(time_zone=zone)
        )


def draft_of(chance: random.Random, external_id: str | None = None, version: int = 0) -> OrderDraft:
    """Around the turn of a day and of summer time, in one of two currencies."""
    total = chance.randint(100, 90_000)
    return OrderDraft(
        status=chance.choice(ORDERED),
        currency=chance.choice(["EUR", "EUR", "USD"]),
        placed_at=datetime(2026, 3, 28, 20, tzinfo=UTC) + timedelta(minutes=chance.randint(0, 900)),
        items=(ItemDraft(title="Gear", quantity=1, sku="GEAR", external_id="1"),),
        total_minor=total,
        refunded_minor=chance.choice([0, 0, total // 3]),
        channel="etsy" if external_id else "hand",
        connection_id=1 if external_id else None,
        external_id=external_id,
        updated_at=START + timedelta(minutes=version) if external_id else None,
    )


async def do_something(database: Database, ctx: Actor, chance: random.Random, step: int) -> None:
    """One write of the program; what it refuses is rolled back."""
    try:
        async with database.write() as session:
            match chance.choice(["place", "import", "say", "say", "print", "fail"]):
                case "place":
                    await intake.place_order(session, ctx, draft=draft_of(chance), now=START)
                case "import":
                    page = [draft_of(chance, str(chance.randint(1, 12)), step) for _ in range(5)]
                    await intake.import_orders(
                        session, ctx, connection_id=1, drafts=page, now=START
                    )
                case "say":
                    ids = list(
                        await session.scalars(
                            select(Order.id).where(Order.organization_id == ctx.organization_id)
                        )
                    )
                    if ids:
                        change = OrderChange(status=chance.choice(STATUSES))
                        ref = Ref(chance.choice(ids), None)
                        await service.update_order(session, ctx, ref=ref, change=change, now=START)
                case "print" | "fail" as end:
                    await print_one(session, ctx, fails=end == "fail")
    except ShopError:
        pass


async def print_one(session: Any, ctx: Actor, *, fails: bool) -> None:
    waiting = await list_jobs(session, ctx, "queued")
    if waiting:
        attempt = await start(session, ctx, waiting[0], await ready_printer(session, ctx))
        outcome = Outcome.FAILED if fails else Outcome.FINISHED
        await report(session, ctx, attempt, outcome=outcome, percent=40 if fails else 100)


@pytest.mark.parametrize("seed", range(2))
async def test_roll_ups_follow_whatever_is_written(
    database: Database, owner: Actor, seed: int
) -> None:
    chance = random.Random(seed)
    zone = ZONES[seed]
    await set_zone(database, owner, zone)
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
    for step in range(20):
        await do_something(database, owner, chance, step)
        if step % 8 == 0:
            await assert_in_step(database, owner, zone)
    await assert_in_step(database, owner, zone)
    orders, prints, filament = await kept(database, owner)
    assert min(len(orders), len(prints), len(filament)) > 0  # it was worth comparing


async def test_roll_ups_are_built_from_what_was_there_before(
    database: Database, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upgraded database has orders and no roll-ups; while they are built, orders come in."""
    monkeypatch.setattr(rollups, "BUILT_AT_ONCE", 3)
    chance = random.Random(7)
    async with database.write() as session:
        await insert_bare_orders(session, owner, chance, 8)
    async with database.write() as session:  # the first write counts what fits, and no more
        await place(session, owner, (None, 1))
    assert await state_of(database, owner) == (3, False)
    async with database.write() as session:
        order = await service.get_order(session, owner, Ref((await first_id(session, owner)), None))
        change = OrderChange(status=OrderStatus.REFUNDED)
        await service.update_order(
            session, owner, ref=Ref(order.id, None), change=change, now=START
        )
    assert await rollups.build_stale(database) > 0
    await assert_in_step(database, owner, "UTC")
    assert (await state_of(database, owner))[1] is True
    assert await rollups.build_stale(database) == 0


async def test_what_is_written_while_roll_ups_are_built_is_counted_once(
    database: Database, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollups, "BUILT_AT_ONCE", 2)
    chance = random.Random(11)
    async with database.write() as session:
        await insert_bare_orders(session, owner, chance, 12)

    async def place_and_ship() -> None:
        async with database.write() as session:
            order = await intake.place_order(session, owner, draft=draft_of(chance), now=START)
        async with database.write() as session:
            change = OrderChange(status=OrderStatus.REFUNDED)
            with suppress(ShopError):
                await service.update_order(
                    session, owner, ref=Ref(order.id, None), change=change, now=START
                )

    await asyncio.gather(
        *(place_and_ship() for _ in range(6)),
        rollups.build_stale(database),
        rollups.rebuild(database, owner.organization_id),
    )
    await rollups.build_stale(database)
    await assert_in_step(database, owner, "UTC")


async def test_keeper_builds_what_the_writes_left(
    database: Database, owner: Actor, process: Process
) -> None:
    async with database.write() as session:
        await insert_bare_orders(session, owner, random.Random(5), 3)
    storage = storage_of(process)
    keeper = asyncio.create_task(RollupKeeper(database, database.context.hub, storage).run())
    async with asyncio.timeout(20):
        while await state_of(database, owner) != (3, True):  # noqa: ASYNC110  nobody tells when
            await asyncio.sleep(0.01)
    keeper.cancel()
    await assert_in_step(database, owner, "UTC")


async def test_another_time_zone_moves_the_days(database: Database, owner: Actor) -> None:
    chance = random.Random(3)
    for _ in range(6):
        async with database.write() as session:
            await intake.place_order(session, owner, draft=draft_of(chance), now=START)
    await assert_in_step(database, owner, "UTC")
    await set_zone(database, owner, "Pacific/Auckland")
    await rollups.build_stale(database)
    await assert_in_step(database, owner, "Pacific/Auckland")


async def test_rebuild_mends_what_somebody_broke(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        await place(session, owner, (None, 1), total_minor=500)
    async with database.write() as session:
        await session.execute(
            delete(OrderDay).where(OrderDay.organization_id == owner.organization_id)
        )
    async with database.read() as session:
        assert await checks.list_wrong(session, owner.organization_id) == [RollupSubject.ORDERS]
    await rollups.rebuild(database, owner.organization_id)
    await assert_in_step(database, owner, "UTC")
    async with database.read() as session:
        assert await checks.list_wrong(session, owner.organization_id) == []


async def test_touched_order_that_did_not_change_writes_nothing(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        order = await place(session, owner, (None, 1), total_minor=500)
    before = await kept(database, owner)
    async with database.write() as session:
        await service.update_order(
            session, owner, ref=Ref(order.id, None), change=OrderChange(notes="x"), now=START
        )
    assert await kept(database, owner) == before


async def insert_bare_orders(session: Any, ctx: Actor, chance: random.Random, count: int) -> None:
    """As an earlier version wrote them: nobody heard of it."""
    rows = [
        {
            "organization_id": ctx.organization_id,
            "number": 100 + number,
            "status": OrderStatus.PAID,
            "currency": "EUR",
            "total_minor": chance.randint(100, 9_000),
            "placed_at": START - timedelta(days=number),
            "updated_at": START,
        }
        for number in range(count)
    ]
    await session.execute(insert(Order), rows)


async def first_id(session: Any, ctx: Actor) -> int:
    found: int = await session.scalar(
        select(Order.id)
        .where(Order.organization_id == ctx.organization_id)
        .order_by(Order.id)
        .limit(1)
    )
    return found


async def state_of(database: Database, ctx: Actor) -> tuple[int, bool]:
    """How many orders are counted, and whether that is all."""
    async with database.read() as session:
        rows = await session.scalars(
            select(CountedOrder.order_id).where(CountedOrder.organization_id == ctx.organization_id)
        )
        state = await session.scalar(
            select(RollupState.is_complete)
            .where(RollupState.organization_id == ctx.organization_id)
            .where(RollupState.subject == RollupSubject.ORDERS)
        )
        return len(list(rows)), bool(state)
