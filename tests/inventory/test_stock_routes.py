"""The shelf over HTTP: counted stock and hardware."""

from httpx import AsyncClient

from shopwright.inventory import service
from shopwright.inventory.states import MovementReason
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from tests.factories import make_step


async def test_counted_stock_is_a_correction(
    database: Database, owner: Actor, client: AsyncClient
) -> None:
    async with database.write() as session:
        step = await make_step(session, owner)
        await service.add_to_stock(
            session,
            owner,
            recipe_step_id=step.id,
            quantity=4,
            reason=MovementReason.SURPLUS,
            key="harvest:1",
        )

    answer = await client.put(f"/api/stock/{step.uuid}", json={"on_hand": 3, "note": "one broke"})

    assert (answer.status_code, answer.json()["on_hand"]) == (200, 3)
    rows = (await client.get("/api/stock")).json()
    assert [(r["recipe_step_id"], r["on_hand"]) for r in rows["stock"]] == [(step.id, 3)]
    moved = (await client.get("/api/stock/movements")).json()["movements"]
    assert [(m["delta"], m["reason"], m["note"]) for m in moved] == [
        (-1, "correction", "one broke"),
        (4, "surplus", ""),
    ]


async def test_stock_cannot_be_counted_below_zero(
    database: Database, owner: Actor, client: AsyncClient
) -> None:
    async with database.write() as session:
        step = await make_step(session, owner)
    assert (await client.put(f"/api/stock/{step.id}", json={"on_hand": -1})).status_code == 400
    assert (await client.get("/api/stock/movements")).json()["total"] == 0


async def test_hardware_is_made_counted_and_hidden(client: AsyncClient) -> None:
    body = {"sku": " M3x8 ", "name": "Screw", "on_hand": 200, "low_stock_threshold": 50}
    made = await client.post("/api/hardware", json=body)
    assert made.status_code == 201, made.text
    path = f"/api/hardware/{made.json()['id']}"
    assert (made.json()["sku"], made.json()["is_low_stock"]) == ("M3x8", False)

    changed = await client.put(path, json={**body, "on_hand": 40})
    assert (changed.json()["on_hand"], changed.json()["is_low_stock"]) == (40, True)
    twice = await client.post("/api/hardware", json=body)
    assert (twice.status_code, twice.json()["code"]) == (409, "sku-taken")

    assert (await client.delete(path)).status_code == 200
    assert (await client.get(path)).status_code == 404
    assert (await client.get("/api/hardware")).json()["total"] == 0
    moved = (await client.get("/api/stock/movements")).json()["movements"]
    assert [(m["delta"], m["reason"]) for m in moved] == [(-160, "correction"), (200, "purchase")]

    again = await client.post("/api/hardware", json={**body, "on_hand": 10})
    assert (again.status_code, again.json()["id"]) == (201, made.json()["id"])
