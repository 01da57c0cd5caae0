"""A filament that runs low is told once, and its days are counted from what was used."""

import asyncio
from datetime import timedelta

import pytest

from shopwright.inventory import filaments, low_stock, service
from shopwright.inventory.events import FilamentLow
from shopwright.inventory.filaments import FilamentSpec, SpoolSpec
from shopwright.inventory.service import FilamentUse
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process, Ref
from tests.clock import START, FixedClock
from tests.conftest import ClientAs

RED = FilamentSpec(material="PLA", color="Red", initial_mg=200_000, low_stock_threshold_mg=100_000)


@pytest.fixture
def told(process: Process) -> list[FilamentLow]:
    """Every FilamentLow, in order."""
    heard: list[FilamentLow] = []

    async def hear(_session: WriteSession, event: FilamentLow) -> None:
        heard.append(event)

    process.context.subscriptions.subscribe(FilamentLow, hear)
    return heard


async def make_red(process: Process, ctx: Actor, spools: int = 1) -> tuple[int, list[int]]:
    """A filament with so many rolls of 200 g; its id and theirs."""
    async with process.database.write() as session:
        stock = await filaments.create_filament(session, ctx, spec=RED, now=START)
        ref = Ref(stock.filament.id, None)
        for _ in range(spools - 1):
            spec = SpoolSpec(initial_mg=200_000)
            await filaments.create_spool(session, ctx, filament=ref, spec=spec, now=START)
        rolls = await filaments._lock_rolls(session, ctx, stock.filament)
    return stock.filament.id, [roll.id for roll in rolls]


async def use(process: Process, ctx: Actor, filament_id: int, amount_mg: int) -> None:
    async with process.database.write() as session:
        await filaments.record_usage(
            session, ctx, filament_id=filament_id, amount_mg=amount_mg, order_id=None, note="",
            now=process.clock.now(),
        )  # fmt: skip


async def test_falling_to_the_threshold_is_told_once_and_again_after_a_refill(
    process: Process, owner: Actor, told: list[FilamentLow]
) -> None:
    filament_id, _ = await make_red(process, owner)

    await use(process, owner, filament_id, 99_000)
    assert told == []
    await use(process, owner, filament_id, 1_000)
    await use(process, owner, filament_id, 1_000)
    low = FilamentLow(owner.organization_id, filament_id, 100_000, 100_000)
    assert told == [low]

    async with process.database.write() as session:
        spec = FilamentSpec(current_mg=300_000)
        ref = Ref(filament_id, None)
        await filaments.update_filament(session, owner, ref=ref, spec=spec, now=START)
    await use(process, owner, filament_id, 250_000)
    assert told == [low, FilamentLow(owner.organization_id, filament_id, 50_000, 100_000)]


async def test_a_print_tells_too_and_a_usage_rolled_back_does_not(
    process: Process, owner: Actor, told: list[FilamentLow]
) -> None:
    filament_id, (spool_id,) = await make_red(process, owner)

    async with process.database.write() as session:
        await service.book_print_use(
            session, owner, attempt_id=1, uses=[FilamentUse(1, "PLA", spool_id, 150_000)],
            order_id=None, now=START,
        )  # fmt: skip

    assert [event.remaining_mg for event in told] == [50_000]
    assert told[0].filament_id == filament_id


async def test_two_who_use_two_rolls_at_once_tell_it_once(
    process: Process, owner: Actor, told: list[FilamentLow]
) -> None:
    _, (first, second) = await make_red(process, owner, spools=2)

    async def print_from(spool_id: int) -> None:
        async with process.database.write() as session:
            await service.book_print_use(
                session, owner, attempt_id=spool_id,
                uses=[FilamentUse(1, "PLA", spool_id, 160_000)], order_id=None, now=START,
            )  # fmt: skip

    await asyncio.gather(print_from(first), print_from(second))

    assert [event.remaining_mg for event in told] == [80_000]


@pytest.mark.parametrize(
    ("age_days", "used_mg", "remaining_mg", "days_left", "should_reorder"),
    [
        (90, 300_000, 600_000, 60, False),  # 10 g a day
        (90, 300_000, 140_000, 14, True),
        (3, 300_000, 600_000, 6, True),  # used in three days, not thirty
        (0, 300_000, 600_000, 2, True),
        (90, 0, 600_000, None, False),
        (90, 0, 100_000, None, True),  # low
    ],
)
def test_days_left_come_from_what_was_used(
    age_days: int, used_mg: int, remaining_mg: int, days_left: int | None, should_reorder: bool
) -> None:
    outlook = low_stock.foresee(
        remaining_mg,
        used_mg,
        age=timedelta(days=age_days, hours=1),
        is_low=remaining_mg <= 100_000,
    )

    assert (outlook.days_left, outlook.should_reorder) == (days_left, should_reorder)


async def test_the_list_says_what_was_used_in_the_last_thirty_days(
    process: Process, owner: Actor, clock: FixedClock, client_as: ClientAs
) -> None:
    filament_id, _ = await make_red(process, owner)
    await use(process, owner, filament_id, 10_000)
    clock.advance(days=40)
    await use(process, owner, filament_id, 30_000)

    client = await client_as(owner)
    (row,) = (await client.get("/api/filaments")).json()["filaments"]
    members = ("used_amount", "used_last_30_days", "days_left", "should_reorder")
    assert [row[member] for member in members] == [40, 30, 160, False]
