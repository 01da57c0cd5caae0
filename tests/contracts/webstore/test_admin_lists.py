"""What the webstore's admin reads of orders, pictures and counts (reference (d))."""

import httpx

from shopwright.orders.storefront.words import Word
from tests.contracts.shop_manager.documented import assert_documented, number
from tests.contracts.webstore.store import Store, picture


async def order(store: Store, **changes: object) -> int:
    """Placed by a stranger; not paid."""
    answer = await store.guest.post(
        "/api/orders/create",
        json={
            "template_id": "classic",
            "brand_id": "apple",
            "model_id": "iphone-15-pro",
            "session_id": "web",
            "customer_name": "Anna",
            "customer_email": "anna@example.com",
        }
        | changes,
    )
    assert answer.status_code == 200, answer.text
    return int(answer.json()["order_id"])


async def test_orders_are_listed_newest_first(store: Store) -> None:
    first, second = await order(store), await order(store, template_id="glitch-pro")
    body = assert_documented(
        await store.admin.get("/api/admin/orders"),
        {
            "success": True,
            "orders": [
                {
                    "id": int,
                    "session_id": None,
                    "brand": "iPhone",
                    "model": "iPhone 15 Pro",
                    "template": str,
                    "total_amount": 35.0,
                    "status": "pending_payment",
                    "payment_status": "pending",
                    "chinese_payment_id": None,
                    "third_party_payment_id": None,
                    "queue_number": None,
                    "created_at": str,
                    "completed_at": None,
                    "images": list,
                }
            ],
            "total": 2,
            "limit": 50,
            "offset": 0,
        },
    )
    assert [row["id"] for row in body["orders"]] == [second, first]
    assert [row["template"] for row in body["orders"]] == ["Glitch pro", "Classic"]

    page = (await store.admin.get("/api/admin/orders", params={"limit": 1, "offset": 1})).json()
    assert ([row["id"] for row in page["orders"]], page["pages"]) == ([first], 2)


async def test_orders_of_a_status_are_listed(store: Store) -> None:
    """An unknown word is refused with the known ones."""
    await order(store)
    for word in (*Word, "", "PENDING_PAYMENT"):
        answer = await store.admin.get("/api/admin/orders", params={"status": word})
        is_meant = word.lower() in {"", "pending_payment"}
        assert answer.json()["total"] == int(is_meant), word
    answer = await store.admin.get("/api/admin/orders", params={"status": "lost"})
    assert answer.status_code == 400
    assert "sent_to_chinese" in answer.json()["detail"]
    answer = await store.admin.get("/api/admin/images", params={"image_type": "x"})
    assert answer.status_code == 400
    assert "final_composed" in answer.json()["detail"]


async def test_statistics_count_orders(store: Store) -> None:
    await order(store)
    assert_documented(
        await store.admin.get("/api/admin/stats"),
        {
            "success": True,
            "stats": {
                "total_orders": 1,
                "pending_orders": 1,
                "completed_orders": 0,
                "total_revenue": 0.0,
                "orders_last_24h": 1,
                "average_order_value": None,
            },
        },
    )


async def test_images_are_listed_with_signed_links(store: Store) -> None:
    begun = await store.guest.post(
        "/api/designs", json={"template": "classic", "model": "iphone-15-pro"}
    )
    design = begun.json()
    await store.guest.post(
        f"/api/designs/{design['id']}/images",
        files={"file": ("cat.png", picture())},
        headers={"X-Design-Token": design["token"]},
    )
    body = assert_documented(
        await store.admin.get("/api/admin/images", params={"image_type": "uploaded"}),
        {
            "success": True,
            "images": [
                {
                    "id": int,
                    "image_path": str,
                    "image_type": "uploaded",
                    "ai_params": None,
                    "chinese_image_url": str,
                    "created_at": str,
                    "order": None,
                }
            ],
            "total": 1,
            "limit": 100,
        },
    )
    url = body["images"][0]["chinese_image_url"]
    fetched: httpx.Response = await store.guest.get(url[url.index("/image/") :])
    assert fetched.status_code == 200


async def test_templates_are_counted(store: Store) -> None:
    await order(store, quantity=2)
    body = assert_documented(
        await store.admin.get("/api/admin/template-analytics"),
        {
            "success": True,
            "analytics": [
                {"template_id": str, "template_name": str, "order_count": int, "category": str}
            ],
        },
    )
    first = body["analytics"][0]
    assert (first["template_id"], first["order_count"]) == ("classic", 2)
    assert number(first["percentage"])


async def test_rows_are_counted(store: Store) -> None:
    for path in ("/api/admin/database-stats", "/api/database/stats"):
        assert_documented(
            await store.admin.get(path),
            {
                "success": True,
                "stats": {
                    "brands": 1,
                    "phone_models": 2,
                    "templates": 11,
                    "ai_styles": 27,
                    "fonts": 9,
                    "colors": 30,
                    "orders": 0,
                    "order_images": 0,
                    "vending_machines": 0,
                },
            },
        )


async def test_lists_are_the_admins_alone(store: Store) -> None:
    for name in ("orders", "stats", "images", "template-analytics", "database-stats"):
        assert (await store.guest.get(f"/api/admin/{name}")).status_code == 401, name
