"""Notes, talks and Etsy's messages, as the shop manager's document has them."""

from tests.contracts.shop_manager.documented import assert_documented, covers, plain_time
from tests.contracts.shop_manager.shop import Shop

NOTE = {"id": int, "order_id": int, "content": str, "created_at": plain_time}
SAID = {"message": "Customer asked about delivery date", "direction": "inbound",
        "channel": "etsy_message"}  # fmt: skip
TALK = {"id": int, "order_id": int, "message": str, "direction": str, "channel": str,
        "created_at": plain_time}  # fmt: skip


@covers(
    "POST /api/orders/{id}/notes",
    "GET /api/orders/{id}/notes",
    "PUT /api/orders/{id}/notes/{note}",
    "DELETE /api/orders/{id}/notes/{note}",
)
async def test_notes_are_kept_changed_and_removed(shop: Shop) -> None:
    order = await shop.add_order()
    url, body = f"/api/orders/{order.id}/notes", {"content": "Printed successfully, no defects"}
    made = assert_documented(await shop.client.post(url, json=body), NOTE | body, 201)
    assert assert_documented(await shop.client.get(url), [NOTE]) == [made]
    changed = await shop.client.put(f"{url}/{made['id']}", json={"content": "One defect"})
    assert_documented(changed, NOTE | {"content": "One defect"})
    assert_documented(await shop.client.delete(f"{url}/{made['id']}"), {"message": str})


@covers(
    "POST /api/orders/{id}/communications",
    "GET /api/orders/{id}/communications",
    "PUT /api/orders/{id}/communications/{communication}",
    "DELETE /api/orders/{id}/communications/{communication}",
)
async def test_talks_are_logged_changed_and_removed(shop: Shop) -> None:
    order = await shop.add_order()
    url = f"/api/orders/{order.id}/communications"
    made = assert_documented(await shop.client.post(url, json=SAID), TALK | SAID, 201)
    assert assert_documented(await shop.client.get(url), [TALK]) == [made]
    plain = await shop.client.put(f"{url}/{made['id']}", json={"message": "Answered"})
    assert_documented(plain, TALK | {"direction": "outbound", "channel": "message"})
    assert_documented(await shop.client.delete(f"{url}/{made['id']}"), {"message": str})


@covers("GET /api/etsy/messages", "POST /api/etsy/messages/{conv}/create-request")
async def test_etsy_messages_are_listed_and_become_requests(shop: Shop) -> None:
    order = await shop.add_order(channel="etsy", buyer_message="Hi! Could you make it larger?")
    await shop.client.post(f"/api/orders/{order.id}/communications", json=SAID)
    listed = assert_documented(
        await shop.client.get("/api/etsy/messages"),
        {"messages": [{"conversation_id": int, "buyer_name": "John Doe", "messages": [dict]}]},
    )
    [talk] = listed["messages"]
    assert (talk["message_count"], talk["is_custom_request"], talk["request_id"]) == (2, True, None)
    assert talk["keywords"] == ["other size", "possible"]
    url = f"/api/etsy/messages/{talk['conversation_id']}/create-request"
    shape = {"id": int, "title": "Could you make it larger?", "status": "open", "order_id": int}
    made = assert_documented(await shop.client.post(url), shape, 201)
    assert assert_documented(await shop.client.post(url), shape, 200) == made


async def test_the_latest_talk_comes_first_and_orders_without_one_are_left_out(shop: Shop) -> None:
    talked = await shop.add_order(channel="etsy", buyer_message="Hi!")
    asked = await shop.add_order(channel="etsy", buyer_message="Is it in stock?")
    by_hand = await shop.add_order()
    await shop.add_order()
    for order in (by_hand, talked):
        await shop.client.post(f"/api/orders/{order.id}/communications", json=SAID)
    listed = (await shop.client.get("/api/etsy/messages")).json()
    found = [(talk["order_id"], talk["message_count"]) for talk in listed["messages"]]
    assert (found, listed["total"]) == ([(talked.id, 2), (by_hand.id, 1), (asked.id, 1)], 3)
    page = (await shop.client.get("/api/etsy/messages", params={"limit": 1, "offset": 1})).json()
    assert [talk["order_id"] for talk in page["messages"]] == [by_hand.id]
