"""Filament is promised once, booked once, and never below zero; on both databases."""

import asyncio

import pytest
from sqlalchemy import func, select

from shopwright.inventory import service
from shopwright.inventory.models import FilamentMovement, Reservation, Spool
from shopwright.inventory.service import FilamentUse, NotEnoughFilament
from shopwright.inventory.states import MovementReason
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database, WriteSession
from shopwright.kernel.errors import NotFound
from tests.clock import START
from tests.factories import make_spool


async def remaining(session: WriteSession, spool_id: int) -> int:
    value = await session.scalar(
        select(Spool.remaining_mg).where(Spool.id == spool_id),
        execution_options={"cross_tenant": True},
    )
    assert value is not None
    return value


async def reserved(session: WriteSession, ctx: Actor) -> dict[int, int]:
    """Milligrams promised, by spool."""
    rows = await session.execute(
        select(Reservation.spool_id, Reservation.amount_mg).where(
            Reservation.organization_id == ctx.organization_id
        )
    )
    return {row.spool_id: row.amount_mg for row in rows}


async def movements(session: WriteSession, ctx: Actor) -> list[tuple[str, int, MovementReason]]:
    rows = await session.scalars(
        select(FilamentMovement)
        .where(FilamentMovement.organization_id == ctx.organization_id)
        .order_by(FilamentMovement.key)
    )
    return [(row.key, row.delta_mg, row.reason) for row in rows]


async def book(database: Database, ctx: Actor, attempt_id: int, *uses: FilamentUse) -> int:
    async with database.write() as session:
        return await service.book_print_use(
            session, ctx, attempt_id=attempt_id, uses=uses, order_id=None, now=START
        )


async def new_spool(database: Database, ctx: Actor, remaining_mg: int) -> int:
    async with database.write() as session:
        return (await make_spool(session, ctx, remaining_mg)).id


async def test_booking_lowers_the_spool_and_ends_the_reservation(
    database: Database, owner: Actor
) -> None:
    spool_id = await new_spool(database, owner, 100_000)
    async with database.write() as session:
        await service.reserve_filament(
            session, owner, attempt_id=7, spool_id=spool_id, amount_mg=30_000
        )
        assert await reserved(session, owner) == {spool_id: 30_000}

    assert await book(database, owner, 7, FilamentUse(1, "PLA", spool_id, 25_000)) == 25_000

    async with database.write() as session:
        assert await remaining(session, spool_id) == 75_000
        assert await reserved(session, owner) == {}
        assert await movements(session, owner) == [("attempt:7:1", -25_000, MovementReason.PRINT)]


async def test_the_same_attempt_booked_again_changes_nothing(
    database: Database, owner: Actor
) -> None:
    spool_id = await new_spool(database, owner, 100_000)
    first = FilamentUse(1, "PLA", spool_id, 25_000)
    await book(database, owner, 7, first)

    again = await book(database, owner, 7, first, FilamentUse(2, "PLA", spool_id, 5_000))

    assert again == 5_000
    async with database.write() as session:
        assert await remaining(session, spool_id) == 70_000
        assert len(await movements(session, owner)) == 2


async def test_a_spool_that_held_less_goes_to_zero_and_says_how_much_was_missing(
    database: Database, owner: Actor
) -> None:
    spool_id = await new_spool(database, owner, 10_000)

    booked = await book(database, owner, 7, FilamentUse(1, "PLA", spool_id, 12_500))

    assert booked == 12_500
    async with database.write() as session:
        assert await remaining(session, spool_id) == 0
        assert await movements(session, owner) == [
            ("attempt:7:1", -12_500, MovementReason.PRINT),
            ("attempt:7:1:short", 2_500, MovementReason.CORRECTION),
        ]


async def test_use_of_an_unknown_or_foreign_spool_is_booked_without_a_spool(
    database: Database, owner: Actor, stranger: Actor
) -> None:
    foreign = await new_spool(database, stranger, 50_000)

    booked = await book(
        database,
        owner,
        7,
        FilamentUse(1, "PLA", None, 4_000),
        FilamentUse(2, "ABS", foreign, 6_000),
    )

    assert booked == 10_000
    async with database.write() as session:
        assert await remaining(session, foreign) == 50_000
        spools = await session.scalars(
            select(FilamentMovement.spool_id).where(
                FilamentMovement.organization_id == owner.organization_id
            )
        )
        assert list(spools) == [None, None]


async def test_eight_who_book_the_same_attempt_at_once_book_it_once(
    database: Database, owner: Actor
) -> None:
    spool_id = await new_spool(database, owner, 100_000)
    use = FilamentUse(1, "PLA", spool_id, 25_000)

    booked = await asyncio.gather(*(book(database, owner, 7, use) for _ in range(8)))

    assert sorted(booked) == [0] * 7 + [25_000]
    async with database.write() as session:
        assert await remaining(session, spool_id) == 75_000


async def test_eight_attempts_on_one_spool_at_once_all_count(
    database: Database, owner: Actor
) -> None:
    spool_id = await new_spool(database, owner, 100_000)

    await asyncio.gather(
        *(book(database, owner, n, FilamentUse(1, "PLA", spool_id, 15_000)) for n in range(1, 9))
    )

    async with database.write() as session:
        assert await remaining(session, spool_id) == 0
        rows = await movements(session, owner)
        assert sum(delta for _, delta, _ in rows) == -100_000
        assert sum(d for _, d, reason in rows if reason is MovementReason.PRINT) == -120_000


async def test_no_more_is_promised_than_the_spool_holds(database: Database, owner: Actor) -> None:
    spool_id = await new_spool(database, owner, 100_000)

    async def reserve(attempt_id: int) -> bool:
        try:
            async with database.write() as session:
                await service.reserve_filament(
                    session, owner, attempt_id=attempt_id, spool_id=spool_id, amount_mg=30_000
                )
        except NotEnoughFilament:
            return False
        return True

    granted = await asyncio.gather(*(reserve(number) for number in range(1, 9)))

    assert sum(granted) == 3
    async with database.write() as session:
        promised = await session.scalar(
            select(func.sum(Reservation.amount_mg)).where(
                Reservation.organization_id == owner.organization_id
            )
        )
        assert promised == 90_000


async def test_a_released_promise_is_free_for_others(database: Database, owner: Actor) -> None:
    spool_id = await new_spool(database, owner, 10_000)
    async with database.write() as session:
        await service.reserve_filament(
            session, owner, attempt_id=1, spool_id=spool_id, amount_mg=10_000
        )
        with pytest.raises(NotEnoughFilament) as refusal:
            await service.reserve_filament(
                session, owner, attempt_id=2, spool_id=spool_id, amount_mg=1
            )
        assert (
            refusal.value.detail == f"Spool {spool_id} has less than 0.001 g that is not promised."
        )

        await service.release_reservations(session, owner, 1)
        await service.reserve_filament(
            session, owner, attempt_id=2, spool_id=spool_id, amount_mg=10_000
        )


async def test_another_shops_spool_cannot_be_promised(
    database: Database, owner: Actor, stranger: Actor
) -> None:
    foreign = await new_spool(database, stranger, 50_000)
    async with database.write() as session:
        with pytest.raises(NotFound):
            await service.reserve_filament(
                session, owner, attempt_id=1, spool_id=foreign, amount_mg=1
            )
