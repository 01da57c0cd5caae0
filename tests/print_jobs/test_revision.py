"""A harvested plate is judged anew: orders, stock and hardware follow, until it was shipped."""

import asyncio

import pytest
from httpx import AsyncClient
from sqlalchemy import select

from shopwright.catalog.models import RecipeHardware, Variant
from shopwright.fleet.models import HarvestPolicy
from shopwright.fleet.states import Outcome
from shopwright.inventory.models import HardwareStock, StockMovement
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database, WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Conflict
from shopwright.orders.models import Order
from shopwright.orders.piece_revision import CopiesGone
from shopwright.orders.progress import OrderNotShippable
from shopwright.orders.states import OrderStatus, ProductionStatus, StepStatus
from shopwright.print_jobs import revision
from shopwright.print_jobs.models import PrintJob
from shopwright.shipping import service as shipping
from tests.clock import START
from tests.factories import make_hardware
from tests.workshop import (
    fresh,
    in_stock,
    list_jobs,
    list_steps,
    make_recipe,
    place,
    print_one,
    ready_printer,
    start,
)


async def harvested(
    session: WriteSession, ctx: Actor, *, quantity: int = 1, yields: int = 1
) -> tuple[Order, PrintJob]:
    """Counted as all good, by itself."""
    await make_recipe(session, ctx, "GEAR", yields=yields)
    order = await place(session, ctx, ("GEAR", quantity))
    return order, await print_next(session, ctx)


async def print_next(session: WriteSession, ctx: Actor) -> PrintJob:
    job = (await list_jobs(session, ctx, "queued"))[0]
    printer = await ready_printer(session, ctx, HarvestPolicy.AUTOMATIC)
    await print_one(session, ctx, job, printer, Outcome.FINISHED)
    return job


async def revise(session: WriteSession, ctx: Actor, job: PrintJob, good: int) -> None:
    await revision.revise_harvest(session, ctx, job_id=job.id, good=good, now=START)


async def test_bad_copy_makes_its_order_wait_for_a_new_one(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        order, job = await harvested(session, owner)
        assert (await fresh(session, owner, order)).status is OrderStatus.COMPLETED
    url = f"/api/print-jobs/{job.id}/harvest"
    answer = await client.put(url, json={"good": 0})
    assert (answer.status_code, answer.json()["good"], answer.json()["scrap"]) == (200, 0, 1)
    async with database.write() as session:
        found = await fresh(session, owner, order)
        assert (found.status, found.production_status, found.pieces_good) == (
            OrderStatus.PAID,
            ProductionStatus.QUEUED,
            0,
        )
        assert [(s.status, s.failures) for s in await list_steps(session, owner)] == [
            (StepStatus.SCRAP, 0),
            (StepStatus.ALLOCATED, 1),
        ]
        assert [j.status for j in await list_jobs(session, owner)] == ["completed", "queued"]
        await print_next(session, owner)
        assert (await fresh(session, owner, order)).status is OrderStatus.COMPLETED
    assert (await client.put(url, json={"good": 2})).status_code == 400
    assert (await client.post(url, json={"good": 1})).status_code == 409


async def test_the_same_count_again_changes_nothing(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        order, job = await harvested(session, owner)
    assert (await client.put(f"/api/print-jobs/{job.id}/harvest", json={"good": 1})).json()[
        "good"
    ] == 1
    async with database.write() as session:
        assert (await fresh(session, owner, order)).status is OrderStatus.COMPLETED
        assert len(await list_jobs(session, owner)) == 1


async def test_bad_copies_are_taken_from_stock_before_orders(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        order, job = await harvested(session, owner, quantity=1, yields=4)
        assert await in_stock(session, owner) == 3
        await revise(session, owner, job, 2)
        assert await in_stock(session, owner) == 1
        assert (await fresh(session, owner, order)).status is OrderStatus.COMPLETED
        await revise(session, owner, job, 0)
        assert await in_stock(session, owner) == 0
        assert (await fresh(session, owner, order)).status is OrderStatus.PAID
        moved = await session.scalars(
            select(StockMovement.delta).where(
                StockMovement.organization_id == owner.organization_id
            )
        )
        assert sorted(moved) == [-2, -1, 3]


async def test_copy_that_was_good_after_all_fills_the_piece_and_drops_the_new_job(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        order, job = await harvested(session, owner, quantity=2, yields=2)
        await revise(session, owner, job, 1)
        assert (await fresh(session, owner, order)).status is OrderStatus.PAID
        await revise(session, owner, job, 2)
        assert (await fresh(session, owner, order)).status is OrderStatus.COMPLETED
        jobs = await list_jobs(session, owner)
        assert [(j.status, j.failure_reason) for j in jobs] == [
            ("completed", None),
            ("cancelled", "its copies were good after all"),
        ]
        assert await in_stock(session, owner) == 0


async def test_copy_that_was_good_after_all_goes_to_stock_when_its_successor_prints(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        order, job = await harvested(session, owner)
        await revise(session, owner, job, 0)
        (again,) = await list_jobs(session, owner, "queued")
        await start(session, owner, again, await ready_printer(session, owner))
        await revise(session, owner, job, 1)
        assert await in_stock(session, owner) == 1
        assert (await fresh(session, owner, order)).status is OrderStatus.PAID
        assert [j.status for j in await list_jobs(session, owner)] == ["completed", "printing"]


async def test_hardware_goes_back_and_is_used_again(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        variant: Variant = await make_recipe(session, owner, "GEAR")
        screw = await make_hardware(session, owner)
        own = owner.organization_id
        session.add(
            RecipeHardware(
                organization_id=own, variant_id=variant.id, hardware_id=screw.id, quantity=4
            )
        )
        session.add(HardwareStock(organization_id=own, hardware_id=screw.id, on_hand=10))
        await session.flush()
        await place(session, owner, ("GEAR", 1))

        async def on_hand() -> int:
            found = await session.scalar(
                select(HardwareStock.on_hand).where(HardwareStock.organization_id == own)
            )
            return int(found or 0)

        for _ in range(3):
            job = await print_next(session, owner)
            assert await on_hand() == 6
            await revise(session, owner, job, 0)
            assert await on_hand() == 10


async def test_what_was_shipped_stays_good(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR", yields=2)
        gone, here = [await place(session, owner, ("GEAR", 1)) for _ in range(2)]
        for order in (gone, here):  # one plate for both
            order.priority = 3
        jobs = await list_jobs(session, owner)
        for job in jobs:
            printer = await ready_printer(session, owner, HarvestPolicy.AUTOMATIC)
            await print_one(session, owner, job, printer, Outcome.FINISHED)
        await shipping.ship_order(
            session, owner, order_ref=Ref(gone.id, None), carrier=None, tracking_code=None,
            now=START,
        )  # fmt: skip
        shipped_job = jobs[0]
        left = await in_stock(session, owner)
    assert left == 2
    url = f"/api/print-jobs/{shipped_job.id}/harvest"
    assert (await client.put(url, json={"good": 1})).status_code == 200
    refused = await client.put(url, json={"good": 0})
    number = (await client.get(f"/api/orders/{gone.id}")).json()["number"]
    assert (refused.status_code, refused.json()["code"]) == (409, "copies-gone")
    assert refused.json()["detail"] == (
        f"1 copy of this plate left the shop with #{number}. What was shipped stays good."
    )
    async with database.write() as session:
        assert await in_stock(session, owner) == 1
        found = await list_jobs(session, owner, "completed")
        assert [j.good for j in found] == [1, 2]


async def test_plate_that_was_not_counted_cannot_be_judged_anew(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        await place(session, owner, ("GEAR", 1))
        (job,) = await list_jobs(session, owner)
    refused = await client.put(f"/api/print-jobs/{job.id}/harvest", json={"good": 1})
    assert (refused.status_code, refused.json()["code"]) == (409, "not-harvested")


async def test_two_judges_at_once_count_once(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        _, job = await harvested(session, owner, quantity=1, yields=4)

    async def judge() -> None:
        async with database.write() as session:
            await revise(session, owner, job, 1)

    await asyncio.gather(*(judge() for _ in range(4)))
    async with database.write() as session:
        assert await in_stock(session, owner) == 0
        (found,) = await list_jobs(session, owner)
        assert (found.good, found.scrap) == (1, 3)


@pytest.mark.parametrize("attempt", range(3))
async def test_shipping_and_taking_back_at_once_do_only_one_of_both(
    database: Database, owner: Actor, attempt: int
) -> None:
    async with database.write() as session:
        order, job = await harvested(session, owner)

    async def ship() -> None:
        async with database.write() as session:
            await shipping.ship_order(
                session, owner, order_ref=Ref(order.id, None), carrier=None, tracking_code=None,
                now=START,
            )  # fmt: skip

    async def take_back() -> None:
        async with database.write() as session:
            await revise(session, owner, job, 0)

    ends = await asyncio.gather(ship(), take_back(), return_exceptions=True)
    refusals = [end for end in ends if isinstance(end, Conflict)]
    assert [type(end) in {OrderNotShippable, CopiesGone} for end in refusals] == [True]
    async with database.write() as session:
        found = await fresh(session, owner, order)
        is_shipped = found.status is OrderStatus.SHIPPED
        assert (found.pieces_good, (await list_jobs(session, owner))[0].good) == (
            (1, 1) if is_shipped else (0, 0)
        )
