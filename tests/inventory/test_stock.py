"""Finished steps and hardware: each key counts once and nothing falls below zero."""

import asyncio

from sqlalchemy import select

from shopwright.inventory import service, stock_queries
from shopwright.inventory.models import StepStock, StockMovement
from shopwright.inventory.states import MovementReason
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database, WriteSession
from tests.factories import make_hardware, make_step


async def on_hand(session: WriteSession, ctx: Actor, step_id: int) -> int | None:
    value: int | None = await session.scalar(
        select(StepStock.on_hand).where(
            StepStock.organization_id == ctx.organization_id, StepStock.recipe_step_id == step_id
        )
    )
    return value


async def new_step(database: Database, ctx: Actor, quantity: int = 0) -> int:
    async with database.write() as session:
        step = await make_step(session, ctx)
        await service.add_to_stock(
            session,
            ctx,
            recipe_step_id=step.id,
            quantity=quantity,
            reason=MovementReason.SURPLUS,
            key="first",
        )
        return step.id


async def take(database: Database, ctx: Actor, step_id: int, wanted: int, key: str) -> int:
    async with database.write() as session:
        return await service.take_from_stock(
            session, ctx, recipe_step_id=step_id, wanted=wanted, key=key
        )


async def test_stock_gives_what_it_has(database: Database, owner: Actor) -> None:
    step_id = await new_step(database, owner, 5)
    assert await take(database, owner, step_id, 3, "a") == 3
    assert await take(database, owner, step_id, 3, "b") == 2
    assert await take(database, owner, step_id, 3, "c") == 0


async def test_the_same_draw_again_takes_nothing_more(database: Database, owner: Actor) -> None:
    step_id = await new_step(database, owner, 5)
    assert await take(database, owner, step_id, 2, "a") == 2
    assert await take(database, owner, step_id, 2, "a") == 2
    async with database.write() as session:
        assert await on_hand(session, owner, step_id) == 3


async def test_a_step_never_made_has_no_stock(database: Database, owner: Actor) -> None:
    step_id = await new_step(database, owner)
    assert await take(database, owner, step_id, 2, "a") == 0
    async with database.write() as session:
        assert await on_hand(session, owner, step_id) is None


async def test_another_shops_stock_is_out_of_reach(
    database: Database, owner: Actor, stranger: Actor
) -> None:
    step_id = await new_step(database, owner, 5)
    assert await take(database, stranger, step_id, 2, "a") == 0


async def test_ten_who_draw_at_once_share_exactly_what_is_there(
    database: Database, owner: Actor
) -> None:
    step_id = await new_step(database, owner, 7)

    taken = await asyncio.gather(*(take(database, owner, step_id, 2, f"d{n}") for n in range(10)))

    assert sum(taken) == 7
    assert sorted(taken) == [0] * 6 + [1, 2, 2, 2]
    async with database.write() as session:
        assert await on_hand(session, owner, step_id) == 0


async def test_one_draw_sent_eight_times_at_once_counts_once(
    database: Database, owner: Actor
) -> None:
    step_id = await new_step(database, owner, 7)

    taken = await asyncio.gather(*(take(database, owner, step_id, 2, "same") for _ in range(8)))

    assert taken == [2] * 8
    async with database.write() as session:
        assert await on_hand(session, owner, step_id) == 5


async def test_one_harvest_reported_eight_times_at_once_counts_once(
    database: Database, owner: Actor
) -> None:
    step_id = await new_step(database, owner)

    async def add() -> None:
        async with database.write() as session:
            await service.add_to_stock(
                session,
                owner,
                recipe_step_id=step_id,
                quantity=4,
                reason=MovementReason.SURPLUS,
                key="harvest:1",
            )

    await asyncio.gather(*(add() for _ in range(8)))

    async with database.write() as session:
        assert await on_hand(session, owner, step_id) == 4


async def test_hardware_stops_at_zero_and_the_movement_says_so(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        screws = (await make_hardware(session, owner)).id
        stock = await stock_queries.lock_hardware(session, owner, [screws])
        assert stock[screws].on_hand == 0
        assert await stock_queries.move_hardware(session, owner, {screws: (0, 3)})

    async with database.write() as session:
        await service.use_hardware(session, owner, hardware_quantities={screws: 5}, key="item:1")

    async with database.write() as session:
        stock = await stock_queries.lock_hardware(session, owner, [screws])
        assert stock[screws].on_hand == 0
        movement = await session.scalar(
            select(StockMovement).where(StockMovement.organization_id == owner.organization_id)
        )
        assert movement is not None
        assert movement.delta == -3
        assert movement.note == "5 were needed, only 3 were on hand. Count them."


async def test_hardware_used_eight_times_at_once_under_one_key_counts_once(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        screws = (await make_hardware(session, owner)).id
        boxes = (await make_hardware(session, owner)).id
        await stock_queries.lock_hardware(session, owner, [screws, boxes])
        await stock_queries.move_hardware(session, owner, {screws: (0, 100), boxes: (0, 10)})

    async def use() -> None:
        async with database.write() as session:
            await service.use_hardware(
                session, owner, hardware_quantities={screws: 4, boxes: 1}, key="item:1"
            )

    await asyncio.gather(*(use() for _ in range(8)))

    async with database.write() as session:
        stock = await stock_queries.lock_hardware(session, owner, [screws, boxes])
        assert (stock[screws].on_hand, stock[boxes].on_hand) == (96, 9)


async def test_an_order_that_grew_after_it_was_complete_takes_the_difference(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        screws = (await make_hardware(session, owner)).id
        await stock_queries.lock_hardware(session, owner, [screws])
        await stock_queries.move_hardware(session, owner, {screws: (0, 10)})

    async def use(count: int) -> None:
        async with database.write() as session:
            await service.use_hardware(
                session, owner, hardware_quantities={screws: count}, key="order:1"
            )

    for count in (4, 7, 7, 5, 13, 13):  # it grows, shrinks, and grows beyond what is there
        await use(count)

    async with database.write() as session:
        rows = await session.scalars(
            select(StockMovement)
            .where(StockMovement.organization_id == owner.organization_id)
            .order_by(StockMovement.id)
        )
        assert [(row.key, row.delta, row.needed) for row in rows] == [
            (f"order:1:{screws}", -4, 4),
            (f"order:1:{screws}:7", -3, 3),
            (f"order:1:{screws}:13", -3, 6),
        ]
        stock = await stock_queries.lock_hardware(session, owner, [screws])
        assert stock[screws].on_hand == 0
