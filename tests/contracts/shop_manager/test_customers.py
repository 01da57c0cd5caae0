"""Customers, their requests and what they say, as the shop manager's document has them."""

from tests.contracts.shop_manager.documented import (
    assert_documented,
    covers,
    number,
    plain_date,
    plain_time,
)
from tests.contracts.shop_manager.shop import Shop

CUSTOMER = {
    "id": int, "name": str, "email": str | None, "phone": str | None, "order_count": int,
    "total_spend": number, "created_at": plain_time,
}  # fmt: skip
REQUEST = {
    "id": int, "customer_id": int, "title": str, "description": str, "status": str,
    "priority": str, "desired_by": str | None, "created_at": plain_time,
}  # fmt: skip
FEEDBACK = {
    "id": int, "customer_id": int, "order_id": int | None, "rating": int, "comment": str,
    "source": str, "created_at": plain_time,
}  # fmt: skip


async def john(shop: Shop) -> int:
    found = await shop.client.get("/api/customers", params={"q": "john"})
    customer: int = found.json()["customers"][0]["id"]
    return customer


@covers("GET /api/customers")
async def test_customers_are_listed_and_filtered(shop: Shop) -> None:
    listed = await shop.client.get("/api/customers", params={"q": "doe", "segment": "REPEAT"})
    body = assert_documented(listed, {"customers": [CUSTOMER], "total": 1})
    assert body["customers"][0]["order_count"] == 3


@covers("POST /api/customers", "GET /api/customers/{id}", "PUT /api/customers/{id}")
async def test_a_customer_is_written_down_read_and_changed(shop: Shop) -> None:
    body = {"name": "Ada", "email": "ada@example.com", "phone": "0123"}
    made = assert_documented(
        await shop.client.post("/api/customers", json=body), CUSTOMER | body, 201
    )
    url = f"/api/customers/{made['id']}"
    assert assert_documented(await shop.client.get(url), CUSTOMER) == made
    changed = await shop.client.put(url, json=made | {"name": "Ada Lovelace"})
    assert_documented(changed, CUSTOMER | body | {"name": "Ada Lovelace"})


@covers("GET /api/customers/segments")
async def test_segments_are_counted(shop: Shop) -> None:
    answer = await shop.client.get("/api/customers/segments")
    assert_documented(answer, {"vip": 0, "repeat": 1, "new": 0, "prospect": 0})


@covers(
    "GET /api/customers/{id}/requests",
    "POST /api/customers/{id}/requests",
    "PATCH /api/customer-requests/{id}",
)
async def test_requests_are_made_listed_and_changed(shop: Shop) -> None:
    url = f"/api/customers/{await john(shop)}/requests"
    body = {
        "title": "A blue one", "description": "like the last", "status": "open",
        "priority": "high", "desired_by": "2026-04-01",
    }  # fmt: skip
    shape = REQUEST | body | {"desired_by": plain_date}
    made = assert_documented(await shop.client.post(url, json=body), shape, 201)
    assert_documented(await shop.client.get(url), {"requests": [shape], "total": 1})
    changed = await shop.client.patch(
        f"/api/customer-requests/{made['id']}", json={"status": "IN_PROGRESS", "priority": "low"}
    )
    assert_documented(changed, shape | {"status": "in_progress", "priority": "low"})


@covers("GET /api/customers/{id}/feedback", "POST /api/customers/{id}/feedback")
async def test_feedback_is_kept_and_listed(shop: Shop) -> None:
    url = f"/api/customers/{await john(shop)}/feedback"
    order = (await shop.client.get("/api/orders")).json()["orders"][0]["id"]
    body = {"order_id": order, "rating": 5, "comment": "Splendid", "source": "etsy"}
    assert_documented(await shop.client.post(url, json=body), FEEDBACK | body, 201)
    assert_documented(await shop.client.get(url), {"feedback": [FEEDBACK | body], "total": 1})
