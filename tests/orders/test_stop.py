"""A stopped order: unstarted work stops, good pieces go into stock, work in progress asks."""

import pytest
from httpx import AsyncClient

from shopwright.catalog import service as catalog
from shopwright.fleet.states import Outcome
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.orders import holds, stop
from shopwright.orders.states import OrderStatus, StepStatus
from shopwright.orders.stop import OrderNotStoppable
from shopwright.print_jobs import harvest
from tests.clock import START
from tests.workshop import (
    fresh,
    in_stock,
    list_jobs,
    list_steps,
    make_recipe,
    place,
    print_one,
    ready_printer,
    report,
    start,
)


async def test_unstarted_work_stops(client: AsyncClient, database: Database, owner: Actor) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        order = await place(session, owner, ("GEAR", 3))
    answer = await client.post(f"/api/orders/{order.id}/cancel", json={"reason": "changed mind"})
    assert (answer.status_code, answer.json()["status"]) == (200, "canceled")
    assert (answer.json()["pieces_total"], answer.json()["items"][0]["is_cancelled"]) == (0, True)
    async with database.write() as session:
        jobs = await list_jobs(session, owner)
        assert {(job.status, job.failure_reason) for job in jobs} == {
            ("cancelled", "the order was stopped")
        }
        assert {step.status for step in await list_steps(session, owner)} == {StepStatus.RELEASED}
        assert await in_stock(session, owner) == 0


async def test_good_pieces_go_into_stock_and_serve_the_next_order(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        order = await place(session, owner, ("GEAR", 2))
        job, _ = await list_jobs(session, owner)
        printer = await ready_printer(session, owner)
        await print_one(session, owner, job, printer, Outcome.FINISHED)
        await harvest.harvest_job(session, owner, job_id=job.id, good=1, now=START)
        found = await fresh(session, owner, order)
        await stop.cancel_order(session, owner, order=found, reason="no", now=START)
        assert await in_stock(session, owner) == 1
        following = await place(session, owner, ("GEAR", 1))
        assert await in_stock(session, owner) == 0
        ready = await fresh(session, owner, following)
        assert (ready.status, ready.pieces_good) == (OrderStatus.COMPLETED, 1)
        assert await list_jobs(session, owner, "queued") == []


async def test_running_print_asks_a_person_and_its_yield_goes_into_stock(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        order = await place(session, owner, ("GEAR", 1))
        (job,) = await list_jobs(session, owner)
        printer = await ready_printer(session, owner)
        attempt = await start(session, owner, job, printer)
        found = await fresh(session, owner, order)
        await stop.cancel_order(session, owner, order=found, reason="no", now=START)
        (hold,) = await holds.list_open_holds(session, owner, order=order)
        assert hold.reason.startswith("The order was stopped while a print is running.")
        await report(session, owner, attempt, outcome=Outcome.FINISHED)
        await harvest.harvest_job(session, owner, job_id=job.id, good=1, now=START)
        assert await in_stock(session, owner) == 1
        assert (await fresh(session, owner, order)).status is OrderStatus.CANCELED


async def test_plate_that_serves_another_order_is_still_printed(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        variant = await make_recipe(session, owner, "GEAR", yields=2)
        stopped, going = [await place(session, owner, ("ETSY-1", 1)) for _ in range(2)]
        await catalog.map_code(session, owner, code="ETSY-1", variant_id=variant.id)
        found = await fresh(session, owner, stopped)
        await stop.cancel_order(session, owner, order=found, reason="no", now=START)
        (job,) = await list_jobs(session, owner)
        assert job.status == "queued"
        printer = await ready_printer(session, owner)
        await print_one(session, owner, job, printer, Outcome.FINISHED)
        await harvest.harvest_job(session, owner, job_id=job.id, good=2, now=START)
        assert (await fresh(session, owner, going)).status is OrderStatus.COMPLETED
        assert await in_stock(session, owner) == 1


@pytest.mark.parametrize("status", ["shipped", "canceled", "refunded"])
async def test_order_that_left_or_was_stopped_cannot_be_cancelled(
    client: AsyncClient, database: Database, owner: Actor, status: str
) -> None:
    async with database.write() as session:
        order = await place(session, owner, (None, 1))
    await client.put(f"/api/orders/{order.id}", json={"status": status})
    answer = await client.post(f"/api/orders/{order.id}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, OrderNotStoppable.code)
    assert (await client.get(f"/api/orders/{order.id}")).json()["status"] == status


async def test_refund_after_shipping_leaves_the_pieces_where_they_are(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        order = await place(session, owner, ("GEAR", 1))
    await client.put(f"/api/orders/{order.id}", json={"status": "shipped"})
    refunded = await client.put(f"/api/orders/{order.id}", json={"status": "refunded"})
    assert refunded.json()["status"] == "refunded"
    async with database.write() as session:
        assert await in_stock(session, owner) == 0
