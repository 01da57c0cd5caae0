"""Orders as the document prints them, and what its program also answers about them."""

import io
from typing import Any

from PIL import Image

from shopwright.catalog.models import Product
from tests.contracts.shop_manager.documented import assert_documented, covers, number, plain_time
from tests.contracts.shop_manager.shop import Shop

ITEM = {"id": int, "title": str, "quantity": int, "price": number}
ORDER: dict[str, Any] = {
    "id": int,
    "etsy_order_id": str | None,
    "buyer_name": "John Doe",
    "buyer_email": "john@example.com",
    "status": "paid",
    "production_status": "queued",
    "total_amount": 49.99,
    "currency": "USD",
    "created_at": plain_time,
    "items": [ITEM],
}
SESSION = {
    "id": int,
    "name": "Monday",
    "status": "planned",
    "order_ids": [int],
    "notes": "black first",
    "created_at": plain_time,
}


@covers("GET /api/orders")
async def test_orders_are_listed_by_every_documented_filter(shop: Shop) -> None:
    asked: dict[str, str | int] = {
        "status": "paid",
        "production_status": "queued",
        "start_date": "2026-01-01",
        "end_date": "2026-12-31",
        "limit": 50,
        "offset": 0,
    }
    answer = await shop.client.get("/api/orders", params=asked)
    body = assert_documented(answer, {"orders": [ORDER], "total": 3, "page": 1})
    assert len(body["orders"]) == 3
    for none in (
        {"status": "SHIPPED"},
        {"production_status": "FAILED"},
        {"end_date": "2025-01-31"},
    ):
        assert (await shop.client.get("/api/orders", params=none)).json()["total"] == 0


@covers("GET /api/orders/{id}")
async def test_one_order_is_read(shop: Shop) -> None:
    order = await shop.add_order()
    assert_documented(await shop.client.get(f"/api/orders/{order.id}"), ORDER)


@covers("PUT /api/orders/{id}")
async def test_order_is_updated_with_the_printed_request(shop: Shop) -> None:
    order = await shop.add_order()
    printed = {
        "status": "shipped",
        "production_status": "completed",
        "notes": "Completed and ready to ship",
    }
    answer = await shop.client.put(f"/api/orders/{order.id}", json=printed)
    assert_documented(answer, ORDER | printed)


@covers("PUT /api/orders/{id}/production-status")
async def test_production_is_told(shop: Shop) -> None:
    order = await shop.add_order()
    url = f"/api/orders/{order.id}/production-status"
    for word, shown in (
        ("PRINTING", "in_progress"),
        ("FAILED", "failed"),
        ("PRINTED", "completed"),
    ):
        said = {"production_status": word, "print_notes": "second try"}
        answer = await shop.client.put(url, json=said)
        assert_documented(
            answer,
            {"id": order.id, "production_status": shown, "print_notes": "second try"},
        )
    assert_documented(
        answer,
        {
            "print_started_at": plain_time,
            "print_completed_at": plain_time,
            "actual_print_time": 0,
            "print_failures_count": 1,
        },
    )


@covers("PUT /api/orders/{id}/priority")
async def test_priority_is_one_to_five(shop: Shop) -> None:
    order = await shop.add_order()
    url = f"/api/orders/{order.id}/priority"
    assert_documented(await shop.client.put(url, json={"priority": 1}), {"priority": 1})
    for wrong in (0, 6):
        assert (await shop.client.put(url, json={"priority": wrong})).status_code == 400


@covers("PUT /api/orders/{id}/print-time")
async def test_print_time_is_told_in_minutes(shop: Shop) -> None:
    order = await shop.add_order()
    answer = await shop.client.put(
        f"/api/orders/{order.id}/print-time", json={"estimated_print_time": 240}
    )
    assert_documented(answer, {"estimated_print_time": 240, "actual_print_time": None})


@covers("POST /api/orders/{id}/photo")
async def test_photo_comes_back_as_a_link(shop: Shop) -> None:
    order = await shop.add_order()
    content = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(content, "PNG")
    answer = await shop.client.post(
        f"/api/orders/{order.id}/photo", files={"photo": ("x.png", content.getvalue())}
    )
    body = assert_documented(answer, {"id": order.id, "photo_url": str}, status=201)
    picture = await shop.client.get(body["photo_url"])
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")


@covers("POST /api/orders/{id}/shipping-label", "PUT /api/orders/{id}/shipping-label")
async def test_label_is_noted_and_its_purchase_dates_the_shipping(shop: Shop) -> None:
    order = await shop.add_order()
    url = f"/api/orders/{order.id}/shipping-label"
    made = await shop.client.post(url, json={"provider": "USPS", "status": "CREATED"})
    assert_documented(
        made,
        {"shipping_provider": "USPS", "shipping_label_status": "created", "shipped_at": None},
        status=201,
    )
    bought = {
        "status": "PURCHASED",
        "label_url": "https://labels.example/1.pdf",
        "tracking_number": "9400",
    }
    assert_documented(
        await shop.client.put(url, json=bought),
        {
            "shipping_provider": "USPS",
            "shipping_label_status": "purchased",
            "shipping_label_url": "https://labels.example/1.pdf",
            "tracking_number": "9400",
            "shipped_at": plain_time,
        },
    )


@covers("POST /api/orders/bulk-actions")
async def test_many_orders_are_marked_shipped(shop: Shop) -> None:
    orders = [await shop.add_order() for _ in range(2)]
    body = {"order_ids": [order.id for order in orders], "action": "mark_shipped"}
    answer = await shop.client.post("/api/orders/bulk-actions", json=body)
    assert_documented(answer, {"success": True, "message": str, "updated_count": 2})
    for order in orders:
        assert_documented(
            await shop.client.get(f"/api/orders/{order.id}"),
            {"status": "shipped", "shipped_at": plain_time},
        )
    stated = body | {"action": "update_status", "status": "DELIVERED"}
    assert (await shop.client.post("/api/orders/bulk-actions", json=stated)).json()["success"]


@covers("POST /api/orders/{id}/auto-assign-filament")
async def test_filament_is_assigned_by_the_profile_of_the_title(shop: Shop) -> None:
    await shop.add_filament("PLA", "Red")
    async with shop.process.database.write() as session:
        session.add(
            Product(
                organization_id=shop.owner.organization_id,
                name="custom bracket",
                preferred_material="PLA",
                preferred_color="Red",
                standard_filament_mg=50_000,
            )
        )
    order = await shop.add_order("Custom Bracket")
    url = f"/api/orders/{order.id}/auto-assign-filament"
    assert_documented(
        await shop.client.post(url),
        {
            "success": True,
            "total_assigned": 1,
            "assignments": [{"filament_id": int, "amount_used": 50}],
            "message": "50 g assigned to 1 item.",
        },
    )
    assert (await shop.client.post(url)).status_code == 400


@covers("POST /api/filament-usage", "GET /api/filament-usage/order/{id}")
async def test_used_filament_is_written_down(shop: Shop) -> None:
    filament, order = await shop.add_filament(), await shop.add_order()
    used = {
        "filament_id": filament.id,
        "amount_used": 25.5,
        "order_id": order.id,
        "description": "the first layer came off",
    }
    shape = used | {"id": int, "created_at": plain_time}
    assert_documented(await shop.client.post("/api/filament-usage", json=used), shape, status=201)
    assert_documented(await shop.client.get(f"/api/filament-usage/order/{order.id}"), [shape])
    read = await shop.client.get(f"/api/orders/{order.id}")
    assert_documented(read, {"total_filament_used": 25.5, "filament_assigned": True})


@covers("GET /api/production/queue")
async def test_queue_goes_by_priority_then_age(shop: Shop) -> None:
    body = (await shop.client.get("/api/production/queue")).json()
    first, second, third = [order["id"] for order in body["orders"]]
    await shop.client.put(f"/api/orders/{third}/priority", json={"priority": 1})
    failed = {"production_status": "FAILED"}
    await shop.client.put(f"/api/orders/{second}/production-status", json=failed)
    answer = await shop.client.get("/api/production/queue")
    queue = assert_documented(answer, {"orders": [{"id": int, "priority": int}], "total": 3})
    assert [order["id"] for order in queue["orders"]] == [third, first, second]
    await shop.client.put(f"/api/orders/{first}", json={"status": "shipped"})
    asked = await shop.client.get("/api/production/queue", params={"production_status": "FAILED"})
    assert [order["id"] for order in asked.json()["orders"]] == [second]
    assert (await shop.client.get("/api/production/queue")).json()["total"] == 2


@covers("GET /api/print-sessions", "POST /api/print-sessions", "GET /api/print-sessions/{id}")
async def test_print_session_is_made_and_listed(shop: Shop) -> None:
    order = await shop.add_order()
    body = {"name": "Monday", "order_ids": [order.id], "notes": "black first"}
    made = await shop.client.post("/api/print-sessions", json=body)
    assert_documented(made, SESSION, status=201)
    assert_documented(await shop.client.get("/api/print-sessions"), [SESSION])
    assert_documented(await shop.client.get(f"/api/print-sessions/{made.json()['id']}"), SESSION)
    assert (await shop.client.post("/api/print-sessions", json={"notes": "x"})).status_code == 400


@covers("PUT /api/print-sessions/{id}", "DELETE /api/print-sessions/{id}")
async def test_print_session_goes_on_and_is_forgotten(shop: Shop) -> None:
    order = await shop.add_order()
    body = {"name": "Monday", "order_ids": [order.id], "notes": "black first"}
    made = (await shop.client.post("/api/print-sessions", json=body)).json()
    url = f"/api/print-sessions/{made['id']}"
    for word, shown in (("IN_PROGRESS", "in_progress"), ("COMPLETED", "completed")):
        answer = await shop.client.put(url, json={"status": word})
        assert_documented(answer, SESSION | {"status": shown, "started_at": plain_time})
    assert_documented(await shop.client.delete(url), {"message": str})
    assert (await shop.client.get(url)).status_code == 404
