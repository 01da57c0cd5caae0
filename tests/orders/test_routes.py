"""Orders over HTTP, as the shop manager's clients and ours use them."""

from typing import Any

from httpx import AsyncClient

from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from tests.conftest import ClientAs
from tests.factories import make_step, make_variant

LAMP = {
    "buyer_name": "John Doe",
    "buyer_email": "john@example.com",
    "currency": "USD",
    "items": [{"title": "Custom Bracket", "quantity": 1, "price": 49.99}],
}


async def place(client: AsyncClient, **changes: Any) -> Any:
    answer = await client.post("/api/orders", json=LAMP | changes)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_order_by_hand_is_read_back_as_the_reference_prints_it(client: AsyncClient) -> None:
    placed = await place(client)
    listed = (await client.get("/api/orders")).json()
    assert {key: listed[key] for key in ("total", "page", "limit", "offset", "pages")} == {
        "total": 1, "page": 1, "limit": 50, "offset": 0, "pages": 1,
    }  # fmt: skip
    [brief] = listed["orders"]
    assert brief["items"][0].items() <= placed["items"][0].items()
    assert {**brief, "items": None}.items() <= {**placed, "items": None}.items()
    assert (await client.get(f"/api/orders/{placed['id']}")).json() == placed
    assert (await client.get(f"/api/orders/{placed['uuid']}")).json() == placed
    expected: dict[str, Any] = {
        "etsy_order_id": None,
        "buyer_name": "John Doe",
        "buyer_email": "john@example.com",
        "status": "paid",
        "production_status": "queued",
        "total_amount": 49.99,
        "currency": "USD",
        "created_at": "2026-03-02T09:00:00",
        "number": 1001,
        "is_held": False,
        "ship_to": {},
    }
    assert {key: placed[key] for key in expected} == expected
    item = placed["items"][0]
    assert (item["title"], item["quantity"], item["price"]) == ("Custom Bracket", 1, 49.99)
    assert item["waiting_code"] == "no_sku"


async def test_amounts_follow_the_minor_unit_of_their_currency(client: AsyncClient) -> None:
    yen = await place(client, currency="JPY", items=[{"title": "Crane", "price": 4200}])
    dinar = await place(client, currency="KWD", items=[{"title": "Crane", "price": "1.234"}])
    assert (yen["total_amount"], dinar["total_amount"]) == (4200, 1.234)


async def test_total_is_what_the_items_and_the_extras_come_to(client: AsyncClient) -> None:
    items = [{"title": "Gear", "quantity": 3, "price": 2.5}]
    placed = await place(client, items=items, shipping_amount=4, tax_amount=1, discount_amount=0.5)
    assert placed["total_amount"] == 12.0
    assert placed["subtotal_amount"] == 7.5


async def test_personalisation_is_kept_in_every_form_it_is_sent(client: AsyncClient) -> None:
    forms = [{"Name": "Ada"}, [["Name", "Ada"]], "for Ada"]
    items = [{"title": "Sign", "personalisation": form} for form in forms]
    placed = await place(client, items=items)
    assert [item["personalisation"] for item in placed["items"]] == [
        [["Name", "Ada"]],
        [["Name", "Ada"]],
        [["Personalisation", "for Ada"]],
    ]


async def test_variant_gives_an_item_its_sku(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        variant = await make_variant(session, owner, "GEAR-1")
        await make_step(session, owner, variant)
    placed = await place(client, items=[{"variant_id": variant.id, "quantity": 2}])
    assert placed["items"][0]["sku"] == "GEAR-1"
    assert placed["pieces_total"] == 2


async def test_list_filters_by_words_days_channel_and_text(client: AsyncClient) -> None:
    await place(client, buyer_name="Ada", placed_at="2026-02-27T23:30:00")
    await place(client, buyer_name="Grace", placed_at="2026-03-01")
    await place(client, buyer_name="100%_Edith", status="pending")

    async def names(**query: str) -> list[str]:
        answer = await client.get("/api/orders", params=query)
        assert answer.json()["total"] == len(answer.json()["orders"])
        return [order["buyer_name"] for order in answer.json()["orders"]]

    assert await names() == ["100%_Edith", "Grace", "Ada"]
    assert await names(status="PENDING") == ["100%_Edith"]
    assert await names(status="paid,pending") == ["100%_Edith", "Grace", "Ada"]
    assert await names(production_status="queued", start_date="2026-03-01") == [
        "100%_Edith",
        "Grace",
    ]
    assert await names(end_date="2026-02-27") == ["Ada"]
    assert await names(end_date="2026-02-26") == []
    assert await names(channel="etsy") == []
    assert await names(q="ada") == ["Ada"]
    assert await names(q="%_") == ["100%_Edith"]
    assert await names(q="1002") == ["Grace"]


async def test_pages_of_the_list_follow_limit_and_offset(client: AsyncClient) -> None:
    for _ in range(3):
        await place(client)
    page = (await client.get("/api/orders?limit=2&offset=2&envelope=data")).json()
    assert [order["number"] for order in page["data"]] == [1001]
    assert (page["total"], page["page"], page["pages"]) == (3, 2, 2)


async def test_wrong_words_and_limits_are_refused(client: AsyncClient) -> None:
    for query in ("limit=0", "limit=1001", "offset=-1", "status=lost", "start_date=yesterday"):
        answer = await client.get(f"/api/orders?{query}")
        assert (answer.status_code, answer.json()["status"]) == (400, 400), query


async def test_unchanged_list_is_not_sent_again(client: AsyncClient) -> None:
    await place(client)
    first = await client.get("/api/orders")
    tag = {"If-None-Match": first.headers["etag"]}
    again = await client.get("/api/orders", headers=tag)
    assert (again.status_code, again.content) == (304, b"")
    assert (await client.get("/api/orders?limit=1", headers=tag)).status_code == 200
    await place(client)
    changed = await client.get("/api/orders", headers=tag)
    assert (changed.status_code, changed.json()["total"]) == (200, 2)


async def test_another_role_has_another_tag(
    client: AsyncClient, client_as: ClientAs, viewer: Actor
) -> None:
    tag = (await client.get("/api/orders")).headers["etag"]
    others = await client_as(viewer)
    assert (await others.get("/api/orders", headers={"If-None-Match": tag})).status_code == 200


async def test_impossible_orders_are_refused_and_not_stored(client: AsyncClient) -> None:
    wrong: list[dict[str, Any]] = [
        {"items": []},
        {"items": [{"title": "Gear", "quantity": 0}]},
        {"items": [{"title": "Gear", "quantity": 10_001}]},
        {"items": [{"quantity": 1}]},
        {"currency": "ABC"},
        {"priority": 6},
        {"buyer_email": "nobody"},
        {"surprise": 1},
    ]
    for changes in wrong:
        answer = await client.post("/api/orders", json=LAMP | changes)
        assert answer.status_code == 400, changes
    assert (await client.get("/api/orders")).json()["total"] == 0


async def test_same_idempotency_key_places_one_order(client: AsyncClient) -> None:
    key = {"Idempotency-Key": "one"}
    answers = [await client.post("/api/orders", json=LAMP, headers=key) for _ in range(2)]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert (await client.get("/api/orders")).json()["total"] == 1


async def test_viewers_only_read(client_as: ClientAs, viewer: Actor) -> None:
    client = await client_as(viewer)
    assert (await client.get("/api/orders")).status_code == 200
    assert (await client.post("/api/orders", json=LAMP)).status_code == 403


async def test_notes_are_written_changed_and_removed(client: AsyncClient) -> None:
    order = await place(client)
    url = f"/api/orders/{order['id']}/notes"
    note = (await client.post(url, json={"content": "Printed successfully"})).json()
    assert (note["order_id"], note["content"], note["created_at"][10]) == (
        order["id"], "Printed successfully", "T",
    )  # fmt: skip
    changed = await client.put(f"{url}/{note['id']}", json={"content": "Reprinted"})
    assert changed.json()["content"] == "Reprinted"
    assert [entry["content"] for entry in (await client.get(url)).json()] == ["Reprinted"]
    assert (await client.delete(f"{url}/{note['id']}")).json() == {"message": "Note deleted"}
    assert (await client.get(url)).json() == []


async def test_note_is_found_only_at_its_own_order(client: AsyncClient) -> None:
    first, second = await place(client), await place(client)
    note = await client.post(f"/api/orders/{first['id']}/notes", json={"content": "x"})
    wrong = await client.delete(f"/api/orders/{second['id']}/notes/{note.json()['id']}")
    assert wrong.status_code == 404


async def test_communications_are_logged(client: AsyncClient) -> None:
    order = await place(client)
    url = f"/api/orders/{order['id']}/communications"
    said = {"message": "When?", "direction": "inbound", "channel": "etsy_message"}
    entry = (await client.post(url, json=said)).json()
    assert {key: entry[key] for key in said} == said
    wrong = await client.post(url, json=said | {"direction": "sideways"})
    assert wrong.status_code == 400
    changed = await client.put(f"{url}/{entry['id']}", json=said | {"message": "Where?"})
    assert changed.json()["message"] == "Where?"
    assert (await client.delete(f"{url}/{entry['id']}")).status_code == 200
    assert (await client.get(url)).json() == []


async def test_hold_is_shown_and_released(client: AsyncClient) -> None:
    order = await place(client)
    url = f"/api/orders/{order['id']}"
    hold = (await client.post(f"{url}/holds", json={"reason": "address?"})).json()
    assert (await client.get(url)).json()["is_held"] is True
    assert [h["reason"] for h in (await client.get(f"{url}/holds")).json()] == ["address?"]
    released = (await client.delete(f"{url}/holds/{hold['id']}")).json()
    assert released["released_at"] == "2026-03-02T09:00:00"
    assert (await client.get(url)).json()["is_held"] is False
    assert (await client.delete(f"{url}/holds/{hold['id']}")).status_code == 404


async def test_customers_are_found_by_text_and_kept_with_their_orders(client: AsyncClient) -> None:
    await place(client)
    ada = (await client.post("/api/customers", json={"name": "Ada", "phone": "0123"})).json()
    everybody = (await client.get("/api/customers")).json()
    assert [c["name"] for c in everybody["customers"]] == ["Ada", "John Doe"]
    found = (await client.get("/api/customers", params={"q": "JOHN@"})).json()
    assert [(c["name"], c["order_count"]) for c in found["customers"]] == [("John Doe", 1)]
    buyer = found["customers"][0]["id"]
    assert (await client.delete(f"/api/customers/{buyer}")).status_code == 409
    changed = await client.put(f"/api/customers/{ada['id']}", json={"name": "Ada L."})
    assert changed.json()["name"] == "Ada L."
    assert (await client.delete(f"/api/customers/{ada['id']}")).status_code == 200
    assert (await client.get(f"/api/customers/{ada['id']}")).status_code == 404


async def test_one_buyer_of_two_orders_is_one_customer(client: AsyncClient) -> None:
    first, second = await place(client), await place(client, buyer_email="JOHN@example.com")
    assert first["customer_id"] == second["customer_id"]
