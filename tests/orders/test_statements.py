"""What a person says of an order succeeds from any open state (reference decision 16)."""

from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import select

from shopwright.accounts.models import AuditEntry
from shopwright.fleet.states import Outcome
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.orders.states import OrderStatus
from shopwright.print_jobs import harvest
from tests.clock import START
from tests.workshop import (
    in_stock,
    list_jobs,
    list_steps,
    make_recipe,
    place,
    ready_printer,
    report,
    start,
)


async def put(client: AsyncClient, order_id: int, **said: Any) -> Any:
    answer = await client.put(f"/api/orders/{order_id}", json=said)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("before", [OrderStatus.PENDING, OrderStatus.PAID])
@pytest.mark.parametrize("sku", ["GEAR", "UNKNOWN", None])
@pytest.mark.parametrize("said", ["completed", "shipped", "delivered"])
async def test_it_is_done_from_any_open_state_whatever_was_made(
    client: AsyncClient,
    database: Database,
    owner: Actor,
    before: OrderStatus,
    sku: str | None,
    said: str,
) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR", plates=2)
        order = await place(session, owner, (sku, 2), status=before)
    told = await put(client, order.id, status=said.upper())
    assert (told["status"], told["production_status"]) == (said, "completed")
    assert (told["pieces_total"], told["pieces_good"]) == (2, 2)
    assert told["items"][0]["waiting_code"] is None
    async with database.write() as session:
        assert [j.status for j in await list_jobs(session, owner, "queued", "pending")] == []
        assert {s.source for s in await list_steps(session, owner)} <= {"manual"}


async def test_documented_request_of_the_reference_is_carried_out(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        order = await place(session, owner, (None, 1))
    told = await put(
        client,
        order.id,
        status="shipped",
        production_status="completed",
        notes="Completed and ready to ship",
    )
    assert (told["status"], told["production_status"], told["notes"]) == (
        "shipped", "completed", "Completed and ready to ship",
    )  # fmt: skip


async def test_order_is_put_back_as_it_was_read(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        order = await place(session, owner, ("GEAR", 1))
    read = (await client.get(f"/api/orders/{order.id}")).json()
    assert await put(client, order.id, **read) == read


async def test_finished_production_makes_the_pieces_good_and_running_prints_stock(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        order = await place(session, owner, ("GEAR", 2))
        running, _ = await list_jobs(session, owner)
        printer = await ready_printer(session, owner)
        attempt = await start(session, owner, running, printer)
    told = await put(client, order.id, production_status="PRINTED")
    assert (told["status"], told["pieces_good"]) == ("completed", 2)
    async with database.write() as session:
        assert [j.status for j in await list_jobs(session, owner)] == ["printing", "cancelled"]
        await report(session, owner, attempt, outcome=Outcome.FINISHED)
        await harvest.harvest_job(session, owner, job_id=running.id, good=1, now=START)
        assert await in_stock(session, owner) == 1


async def test_other_words_of_production_stand_as_said(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        order = await place(session, owner, (None, 1))
    for said, shown in (("printing", "in_progress"), ("FAILED", "failed"), ("queued", "queued")):
        assert (await put(client, order.id, production_status=said))["production_status"] == shown


async def test_priority_moves_what_waits_in_the_queue(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        order = await place(session, owner, ("GEAR", 2))
    assert (await put(client, order.id, priority=1))["priority"] == 1
    async with database.write() as session:
        assert [job.priority for job in await list_jobs(session, owner)] == [10, 10]
    assert (await client.put(f"/api/orders/{order.id}", json={"priority": 0})).status_code == 400


async def test_paid_order_begins_its_work(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        order = await place(session, owner, ("GEAR", 1), status=OrderStatus.PENDING)
        assert await list_jobs(session, owner) == []
    assert (await put(client, order.id, status="paid"))["pieces_total"] == 1
    async with database.write() as session:
        assert len(await list_jobs(session, owner)) == 1


@pytest.mark.parametrize(
    ("first", "then"),
    [("shipped", "paid"), ("canceled", "shipped"), ("refunded", "paid"), ("paid", "pending")],
)
async def test_what_left_or_was_stopped_does_not_come_back(
    client: AsyncClient, database: Database, owner: Actor, first: str, then: str
) -> None:
    async with database.write() as session:
        order = await place(session, owner, (None, 1))
    await put(client, order.id, status=first)
    answer = await client.put(f"/api/orders/{order.id}", json={"status": then})
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal-transition")
    assert (await client.get(f"/api/orders/{order.id}")).json()["status"] == first


async def test_statements_are_audited_with_who_said_them(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        order = await place(session, owner, (None, 1))
    await put(client, order.id, status="shipped")
    async with database.read() as session:
        rows = await session.execute(
            select(AuditEntry.action, AuditEntry.user_id)
            .where(AuditEntry.organization_id == owner.organization_id)
            .where(AuditEntry.subject == "order", AuditEntry.subject_id == order.id)
            .order_by(AuditEntry.id)
        )
        assert [tuple(row) for row in rows] == [
            ("order.placed", owner.user_id),
            ("order.completed_by_hand", owner.user_id),
            ("order.declared_shipped", owner.user_id),
        ]
