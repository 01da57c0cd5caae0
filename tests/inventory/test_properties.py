"""Whatever comes in whatever order and however often: stock is never negative, grams count once."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from shopwright.inventory import service
from shopwright.inventory.models import FilamentMovement, Spool, StepStock, StockMovement
from shopwright.inventory.service import FilamentUse
from shopwright.inventory.states import MovementReason
from shopwright.kernel.actor import Actor, Role
from shopwright.kernel.db import Database
from shopwright.kernel.settings import Settings
from shopwright.server.process import open_process
from tests.clock import START
from tests.factories import make_member, make_organization, make_spool, make_step

# One database serves all examples of a test; each example is a shop of its own.
FEW = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
moves = st.tuples(st.sampled_from(["take", "add"]), st.integers(0, 6), st.integers(0, 5))
uses = st.tuples(st.integers(1, 3), st.integers(1, 2), st.integers(0, 60_000))


class Shop:
    """A loop and a database that outlive the examples."""

    def __init__(self, runner: asyncio.Runner, database: Database) -> None:
        self.runner = runner
        self.database = database

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        self.runner.run(work)


@pytest.fixture
def shop(settings: Settings) -> Iterator[Shop]:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        process = runner.run(stack.enter_async_context(open_process(settings)))
        yield Shop(runner, process.database)
        runner.run(stack.aclose())


async def new_owner(database: Database) -> Actor:
    async with database.write() as session:
        return await make_member(session, await make_organization(session), Role.OWNER)


@FEW
@given(script=st.lists(moves, max_size=8))
def test_finished_steps_are_never_negative_and_every_key_counts_once(
    shop: Shop, script: list[tuple[str, int, int]]
) -> None:
    shop.run(play_stock(shop.database, script))


async def play_stock(database: Database, script: list[tuple[str, int, int]]) -> None:
    ctx = await new_owner(database)
    async with database.write() as session:
        step_id = (await make_step(session, ctx)).id
    on_hand = 0
    counted: dict[str, int] = {}
    for kind, quantity, number in script:
        key = f"{kind}:{number}"
        async with database.write() as session:
            if kind == "add":
                await service.add_to_stock(
                    session,
                    ctx,
                    recipe_step_id=step_id,
                    quantity=quantity,
                    reason=MovementReason.SURPLUS,
                    key=key,
                )
                if quantity and key not in counted:
                    counted[key] = quantity
                    on_hand += quantity
                continue
            taken = await service.take_from_stock(
                session, ctx, recipe_step_id=step_id, wanted=quantity, key=key
            )
            if quantity and key in counted:
                assert taken == -counted[key]
                continue
            assert taken == min(on_hand, quantity)
            if taken:
                counted[key] = -taken
            on_hand -= taken
    await check_stock(database, ctx, on_hand)


async def check_stock(database: Database, ctx: Actor, expected: int) -> None:
    async with database.read() as session:
        on_hand = await session.scalar(
            select(StepStock.on_hand).where(StepStock.organization_id == ctx.organization_id)
        )
        moved = await session.scalar(
            select(func.sum(StockMovement.delta)).where(
                StockMovement.organization_id == ctx.organization_id
            )
        )
    assert (on_hand or 0) == (moved or 0) == expected >= 0


@FEW
@given(start=st.integers(0, 150_000), script=st.lists(uses, max_size=8))
def test_grams_are_booked_once_and_the_spool_is_never_negative(
    shop: Shop, start: int, script: list[tuple[int, int, int]]
) -> None:
    shop.run(play_uses(shop.database, start, script))


async def play_uses(database: Database, start: int, script: list[tuple[int, int, int]]) -> None:
    ctx = await new_owner(database)
    async with database.write() as session:
        spool_id = (await make_spool(session, ctx, start)).id
    printed: dict[tuple[int, int], int] = {}
    remaining = start
    for attempt_id, index, amount in script:
        async with database.write() as session:
            booked = await service.book_print_use(
                session,
                ctx,
                attempt_id=attempt_id,
                uses=[FilamentUse(index, "PLA", spool_id, amount)],
                order_id=None,
                now=START,
            )
        assert booked == (0 if (attempt_id, index) in printed else amount)
        printed.setdefault((attempt_id, index), amount)
        remaining = max(remaining - booked, 0)
    await check_spool(database, ctx, start, remaining, sum(printed.values()))


async def check_spool(
    database: Database, ctx: Actor, start: int, remaining: int, printed: int
) -> None:
    async with database.read() as session:
        left = await session.scalar(
            select(Spool.remaining_mg).where(Spool.organization_id == ctx.organization_id)
        )
        rows = await session.execute(
            select(FilamentMovement.reason, func.sum(FilamentMovement.delta_mg))
            .where(FilamentMovement.organization_id == ctx.organization_id)
            .group_by(FilamentMovement.reason)
        )
        moved = {row[0]: int(row[1]) for row in rows}
    assert left == remaining >= 0
    assert moved.get(MovementReason.PRINT, 0) == -printed
    assert start + sum(moved.values()) == remaining
