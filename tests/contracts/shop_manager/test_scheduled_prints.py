"""Scheduled prints, as the shop manager's document prints them."""

from typing import Any

from shopwright.fleet.models import Printer
from tests.contracts.shop_manager.documented import (
    assert_documented,
    covers,
    plain_time,
)
from tests.contracts.shop_manager.shop import Shop
from tests.factories import make_print_file, make_printer
from tests.workshop import make_recipe, place, ready_printer

PRINT = {
    "job_name": "Custom Bracket",
    "file_name": "bracket.3mf",
    "material_type": "PLA",
    "material_slot": 1,
    "estimated_duration_minutes": 240,
    "priority": 1,
}
READ = {
    "id": int,
    "printer_id": int,
    "job_name": "Custom Bracket",
    "status": "queued",
    "priority": 1,
    "scheduled_start": plain_time,
    "created_at": plain_time,
}


async def scheduled(shop: Shop, printer: Printer, **changes: Any) -> dict[str, Any]:
    body = PRINT | {"printer_id": printer.id} | changes
    answer = await shop.client.post("/api/bambu/scheduled-prints", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def a_printer(shop: Shop, *, is_ready: bool = False) -> Printer:
    async with shop.process.database.write() as session:
        if is_ready:
            await make_print_file(session, shop.owner, "bracket.gcode.3mf", plates=1)
            return await ready_printer(session, shop.owner)
        return await make_printer(session, shop.owner)


@covers("POST /api/bambu/scheduled-prints", "POST /api/bambu/printers/scheduled-prints")
async def test_print_is_scheduled_as_printed(empty_shop: Shop) -> None:
    printer = await a_printer(empty_shop)
    body = PRINT | {"printer_id": printer.id}

    first = await empty_shop.client.post("/api/bambu/scheduled-prints", json=body)
    second = await empty_shop.client.post("/api/bambu/printers/scheduled-prints", json=body)

    asked = assert_documented(first, READ | {"printer_id": printer.id}, 201)
    assert asked["waiting_reason"] == (
        "There is no print file bracket.3mf yet. Upload it sliced, under this name."
    )
    assert asked["scheduled_start"] == "2026-03-02T09:00:00"
    planned = assert_documented(second, READ, 201)
    assert planned["scheduled_start"] == "2026-03-02T13:15:00"  # after four hours and a quarter


@covers("GET /api/bambu/scheduled-prints", "GET /api/bambu/printers/scheduled-prints")
async def test_prints_are_listed_by_printer_and_status(empty_shop: Shop) -> None:
    printer, other = await a_printer(empty_shop), await a_printer(empty_shop)
    queued = await scheduled(empty_shop, printer)
    timed = await scheduled(empty_shop, printer, scheduled_start="2026-03-02T14:00:00")
    await scheduled(empty_shop, other)

    for url in ("/api/bambu/scheduled-prints", "/api/bambu/printers/scheduled-prints"):
        answer = await empty_shop.client.get(url, params={"printer_id": printer.id})
        shown = assert_documented(answer, [READ | {"status": str}])
        assert [(p["id"], p["status"]) for p in shown] == [
            (queued["id"], "queued"),
            (timed["id"], "scheduled"),
        ]
        by_status = await empty_shop.client.get(url, params={"status": "scheduled"})
        assert [p["id"] for p in by_status.json()] == [timed["id"]]
    wrong = await empty_shop.client.get(url, params={"status": "burnt"})
    assert wrong.status_code == 400


@covers(
    "GET /api/bambu/scheduled-prints/{id}/queue",
    "GET /api/bambu/printers/scheduled-prints/{id}/queue",
)
async def test_queue_of_a_printer_has_the_most_urgent_first(empty_shop: Shop) -> None:
    printer = await a_printer(empty_shop)
    calm = await scheduled(empty_shop, printer)
    urgent = await scheduled(empty_shop, printer, priority=9)

    for prefix in ("/api/bambu/scheduled-prints", "/api/bambu/printers/scheduled-prints"):
        answer = await empty_shop.client.get(f"{prefix}/{printer.id}/queue")
        queue = assert_documented(
            answer,
            [
                {
                    "id": int,
                    "job_name": str,
                    "status": "queued",
                    "priority": int,
                    "estimated_duration": 240,
                }
            ],
        )
        assert [p["id"] for p in queue] == [urgent["id"], calm["id"]]


@covers("GET /api/bambu/scheduled-prints/{printer}")
async def test_prints_of_one_printer(empty_shop: Shop) -> None:
    printer = await a_printer(empty_shop)
    await scheduled(empty_shop, await a_printer(empty_shop))
    own = await scheduled(empty_shop, printer)

    answer = await empty_shop.client.get(f"/api/bambu/scheduled-prints/{printer.id}")

    assert [p["id"] for p in assert_documented(answer, [READ])] == [own["id"]]


@covers(
    "PUT /api/bambu/scheduled-prints/{id}",
    "PUT /api/bambu/printers/scheduled-prints/{id}",
)
async def test_started_asks_the_printer_we_drive_for_it(empty_shop: Shop) -> None:
    printer = await a_printer(empty_shop, is_ready=True)
    asked = await scheduled(empty_shop, printer)
    url = f"/api/bambu/scheduled-prints/{asked['id']}"

    answer = await empty_shop.client.put(url, json={"status": "started"})

    started = assert_documented(answer, READ | {"status": "started"})
    assert (started["job_status"], started["started_at"]) == ("claimed", None)
    contradicted = await empty_shop.client.put(
        f"/api/bambu/printers/scheduled-prints/{asked['id']}", json={"status": "completed"}
    )
    assert (contradicted.status_code, contradicted.json()["code"]) == (409, "attempt-not-unknown")


@covers(
    "DELETE /api/bambu/scheduled-prints/{id}",
    "DELETE /api/bambu/printers/scheduled-prints/{id}",
)
async def test_print_is_cancelled(empty_shop: Shop) -> None:
    printer = await a_printer(empty_shop)
    for prefix in ("/api/bambu/scheduled-prints", "/api/bambu/printers/scheduled-prints"):
        asked = await scheduled(empty_shop, printer)
        answer = await empty_shop.client.delete(f"{prefix}/{asked['id']}")
        assert_documented(answer, {"message": str})
        again = await empty_shop.client.delete(f"{prefix}/{asked['id']}")
        assert again.status_code == 409
    shown = (await empty_shop.client.get("/api/bambu/scheduled-prints")).json()
    assert {p["status"] for p in shown} == {"cancelled"}


@covers("POST /api/orders/{id}/schedule-prints")
async def test_order_without_recipes_gets_a_print_per_item(shop: Shop) -> None:
    printer = await a_printer(shop)
    order = (await shop.client.get("/api/orders")).json()["orders"][-1]
    url = f"/api/orders/{order['id']}/schedule-prints"
    body = {"printer_id": printer.id, "material_type": "PETG", "start_offset_minutes": 30}

    answer = await shop.client.post(url, json=body)

    made = assert_documented(
        answer,
        {"message": "1 print scheduled", "prints": [READ | {"job_name": str, "priority": 10,
                                                            "status": "scheduled"}]},
        201,
    )  # fmt: skip
    (print_,) = made["prints"]
    assert (print_["file_name"], print_["notes"], print_["material_type"]) == (
        "Custom_Bracket.stl",
        "Quantity: 1",
        "PETG",
    )
    assert print_["scheduled_start"] == "2026-03-02T09:30:00"
    again = assert_documented(await shop.client.post(url, json=body), {"prints": [dict]}, 201)
    assert [p["id"] for p in again["prints"]] == [print_["id"]]


@covers("POST /api/printers/{id}/assign-orders")
async def test_waiting_prints_of_orders_are_given_to_a_printer(empty_shop: Shop) -> None:
    async with empty_shop.process.database.write() as session:
        await make_recipe(session, empty_shop.owner, "GEAR")
        order = await place(session, empty_shop.owner, ("GEAR", 2))
    printer = await a_printer(empty_shop)

    answer = await empty_shop.client.post(
        f"/api/printers/{printer.id}/assign-orders", json={"order_ids": [order.id]}
    )

    assigned = assert_documented(
        answer, {"message": str, "printer_id": printer.id, "assigned_prints": 2}
    )
    assert [o["order_id"] for o in assigned["assigned_orders"]] == [order.id]
    queue = (await empty_shop.client.get(f"/api/bambu/scheduled-prints/{printer.id}/queue")).json()
    assert len(queue) == 2
