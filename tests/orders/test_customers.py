"""What customers bought is counted by the writes; what is personal can be seen, and forgotten."""

from datetime import timedelta
from typing import Any

from httpx import AsyncClient
from sqlalchemy import select, update

from shopwright.accounts.models import AuditEntry
from shopwright.channels.service import ORDER_EVENT, source_of
from shopwright.kernel import inbox
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.inbox import InboundEvent
from shopwright.orders import intake
from shopwright.orders.customers import counters as customer_counters
from shopwright.orders.customers import matching as customer_matching
from shopwright.orders.customers import retention as customer_retention
from shopwright.orders.customers.retention import PersonalDataKeeper
from shopwright.orders.customers.rules import spot_keywords, title_of
from shopwright.orders.drafts import ItemDraft, OrderDraft
from shopwright.orders.models import Customer, Hold, Order
from shopwright.orders.states import OrderStatus
from tests.clock import START, FixedClock
from tests.conftest import ClientAs
from tests.contracts.shop_manager.test_files import png
from tests.factories import make_connection

ITEMS = [{"title": "Lamp", "quantity": 1, "price": 120, "personalisation": {"Name": "Ada"}}]


async def place(client: AsyncClient, **changes: Any) -> Any:
    body = {"buyer_name": "Ada", "buyer_email": "ada@shop.test", "currency": "EUR", "items": ITEMS}
    answer = await client.post("/api/orders", json=body | changes)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def customer(client: AsyncClient, name: str = "Ada") -> Any:
    found = (await client.get("/api/customers", params={"q": name})).json()["customers"]
    assert len(found) == 1
    return found[0]


async def bought(client: AsyncClient) -> tuple[int, float, str]:
    ada = await customer(client)
    return ada["order_count"], ada["total_spend"], ada["segment"]


async def test_counters_follow_every_change_of_an_order(client: AsyncClient) -> None:
    unpaid = await place(client, status="pending")
    assert await bought(client) == (0, 0, "prospect")
    await client.put(f"/api/orders/{unpaid['id']}", json={"status": "paid"})
    assert await bought(client) == (1, 120, "new")
    second = await place(client, buyer_email="ADA@shop.test")
    assert await bought(client) == (2, 240, "repeat")
    await place(client, currency="USD")
    assert await bought(client) == (3, 240, "repeat")
    await place(client)
    assert await bought(client) == (4, 360, "vip")
    await client.post(f"/api/orders/{second['id']}/cancel")
    assert await bought(client) == (3, 240, "repeat")


async def test_segments_are_counted_and_filtered(client: AsyncClient) -> None:
    for name, times in (("Ada", 3), ("Bo", 5), ("Cy", 1)):
        for _ in range(times):
            price = 100 if name == "Ada" else 1
            await place(
                client, buyer_name=name, buyer_email=f"{name}@shop.test",
                items=[{"title": "Lamp", "price": price}],
            )  # fmt: skip
    await client.post("/api/customers", json={"name": "Di"})
    counts = (await client.get("/api/customers/segments")).json()
    assert counts == {"vip": 1, "repeat": 2, "new": 1, "prospect": 1, "total": 4}
    names = {}
    for segment in ("VIP", "repeat", "new", "prospect"):
        found = await client.get("/api/customers", params={"segment": segment})
        names[segment] = [one["name"] for one in found.json()["customers"]]
    assert names == {
        "VIP": ["Ada", "Bo"],
        "repeat": ["Ada", "Bo"],
        "new": ["Cy"],
        "prospect": ["Di"],
    }
    assert (await client.get("/api/customers", params={"segment": "rich"})).status_code == 400


async def test_customers_from_before_the_counters_are_counted_once(
    client: AsyncClient, database: Database
) -> None:
    await place(client)
    async with database.write() as session:
        forgotten = update(Customer).values(order_count=0, total_spend_minor=0, counted_at=None)
        await session.execute(forgotten.execution_options(cross_tenant=True))
    assert await customer_counters.count_older(database) == 1
    assert await customer_counters.count_older(database) == 0
    assert await bought(client) == (1, 120, "new")


async def test_addresses_from_before_their_keys_are_found_after_the_next_start(
    client: AsyncClient, database: Database
) -> None:
    first = await place(client, buyer_email="Ada@Shop.test")
    async with database.write() as session:
        forgotten = update(Customer).values(email_key=None)
        await session.execute(forgotten.execution_options(cross_tenant=True))
    assert await customer_matching.key_older(database) == 1
    assert await customer_matching.key_older(database) == 0
    assert (await place(client))["customer_id"] == first["customer_id"]


async def test_a_changed_address_is_the_one_that_is_matched(client: AsyncClient) -> None:
    first = await place(client)
    await client.put(f"/api/customers/{first['customer_id']}", json={"email": "New@shop.test"})
    again = await place(client, buyer_email="new@SHOP.test")
    old = await place(client)
    assert again["customer_id"] == first["customer_id"] != old["customer_id"]


async def test_buyers_are_matched_by_e_mail_then_by_name(client: AsyncClient) -> None:
    first = await place(client, buyer_email=None)
    again = await place(client, buyer_email=None)
    mail = await place(client)
    assert first["customer_id"] == again["customer_id"] != mail["customer_id"]


async def test_a_talk_is_a_contact_and_its_words_are_the_documented_ones(
    client: AsyncClient,
) -> None:
    order = await place(client)
    assert (await customer(client))["last_customer_contact_at"] is None
    url = f"/api/orders/{order['id']}/communications"
    talk = await client.post(url, json={"message": "Hi", "direction": "IN", "channel": "E-Mail"})
    assert (talk.json()["direction"], talk.json()["channel"]) == ("inbound", "email")
    assert (await customer(client))["last_customer_contact_at"] == "2026-03-02T09:00:00"
    wrong = await client.post(url, json={"message": "Hi", "channel": "pigeon"})
    assert wrong.status_code == 400


async def test_bad_ratings_and_words_are_refused(client: AsyncClient) -> None:
    await place(client)
    url = f"/api/customers/{(await customer(client))['id']}"
    assert (await client.post(f"{url}/feedback", json={"rating": 6})).status_code == 400
    body = {"title": "A blue one", "status": "perhaps"}
    assert (await client.post(f"{url}/requests", json=body)).status_code == 400
    other = await place(client, buyer_name="Bo", buyer_email="bo@shop.test")
    said = {"rating": 5, "order_id": other["id"]}
    refused = await client.post(f"{url}/feedback", json=said)
    assert (refused.status_code, refused.json()["code"]) == (409, "order-of-another-customer")
    assert (await client.get(f"{url}/feedback")).json()["feedback"] == []


async def test_a_put_of_some_members_leaves_the_others(client: AsyncClient) -> None:
    await place(client)
    url = f"/api/customers/{(await customer(client))['id']}"
    changed = (await client.put(url, json={"phone": "0123"})).json()
    assert (changed["name"], changed["email"], changed["phone"]) == ("Ada", "ada@shop.test", "0123")


async def fill(client: AsyncClient) -> Any:
    """An order of Ada with something of everything."""
    order = await place(
        client, buyer_message="for Ada", notes="ring twice",
        ship_to={"name": "Ada", "line1": "1 Lane", "country": "DE"},
    )  # fmt: skip
    url = f"/api/orders/{order['id']}"
    note = (await client.post(f"{url}/notes", json={"content": "Ada rang"})).json()
    await client.put(f"{url}/notes/{note['id']}", json={"content": "Ada rang twice"})
    gone = (await client.post(f"{url}/notes", json={"content": "Ada's door"})).json()
    await client.delete(f"{url}/notes/{gone['id']}")
    await client.post(f"{url}/communications", json={"message": "Dear Ada"})
    ada = f"/api/customers/{order['customer_id']}"
    await client.post(f"{ada}/requests", json={"title": "Ada's lamp"})
    await client.post(f"{ada}/feedback", json={"rating": 5, "comment": "Ada is glad"})
    await client.post(
        "/api/files", files={"file": ("Ada.png", png())}, data={"order_id": str(order["id"])}
    )
    await client.post(f"/api/orders/{order['id']}/photo", files={"photo": ("lamp.png", png())})
    held = await client.post(f"{url}/holds", json={"reason": "Ada will call"})
    await client.delete(f"{url}/holds/{held.json()['id']}")
    label = {"label_url": "https://labels.test/Ada", "status": "created"}
    await client.put(f"/api/orders/{order['id']}/shipping-label", json=label)
    return order


async def test_everything_of_a_customer_is_exported(client: AsyncClient) -> None:
    order = await fill(client)
    known = (await client.get(f"/api/customers/{order['customer_id']}/export")).json()
    assert known["customer"]["email"] == "ada@shop.test"
    assert known["orders"][0]["ship_to"]["line1"] == "1 Lane"
    assert known["orders"][0]["items"][0]["personalisation"] == [["Name", "Ada"]]
    assert [one["content"] for one in known["notes"]] == ["Ada rang twice"]
    assert [one["message"] for one in known["communications"]] == ["Dear Ada"]
    assert [one["title"] for one in known["requests"]] == ["Ada's lamp"]
    assert [one["comment"] for one in known["feedback"]] == ["Ada is glad"]
    assert [one["name"] for one in known["files"]] == ["Ada.png"]


async def test_a_customer_is_forgotten_and_the_books_are_kept(
    client: AsyncClient, client_as: ClientAs, member: Actor, database: Database
) -> None:
    order = await fill(client)
    url = f"/api/customers/{order['customer_id']}"
    body = {"confirm": "Ada"}
    assert (await (await client_as(member)).get(f"{url}/export")).status_code == 403
    early = await client.post(f"{url}/anonymise", json=body)
    assert (early.status_code, early.json()["code"]) == (409, "customer-has-open-orders")
    await client.put(f"/api/orders/{order['id']}", json={"status": "shipped"})
    wrong = await client.post(f"{url}/anonymise", json={"confirm": "ada"})
    assert wrong.status_code == 400
    done = (await client.post(f"{url}/anonymise", json=body)).json()
    assert (done["email"], done["order_count"], done["total_spend"]) == (None, 1, 120)
    kept = (await client.get(f"/api/orders/{order['id']}")).json()
    assert (kept["total_amount"], kept["ship_to"]) == (120, {"country": "DE"})
    assert (kept["photo_url"], kept["shipping_label_url"]) == (None, None)
    rest = (await client.get(f"{url}/export")).text + (await client.get("/api/files")).text
    async with database.read() as session:
        mine = AuditEntry.organization_id == member.organization_id
        facts = [str(row) for row in await session.scalars(select(AuditEntry.facts).where(mine))]
        said = await session.scalars(select(AuditEntry.reason).where(mine))
        why = await session.scalars(
            select(Hold.reason).where(Hold.organization_id == member.organization_id)
        )
        reasons = [str(row) for row in [*said, *why]]
    assert "(removed)" in reasons
    for text in [rest, str(kept), *facts, *reasons]:
        assert "Ada" not in text
        assert "ada@" not in text


async def test_old_channel_events_are_emptied_once_their_order_is_done(
    database: Database, owner: Actor, clock: FixedClock
) -> None:
    async with database.write() as session:
        connection = await make_connection(session, owner)
        for number, status in (("11", OrderStatus.PAID), ("12", OrderStatus.SHIPPED)):
            draft = OrderDraft(
                status=status, currency="EUR", placed_at=START, items=(ItemDraft("Lamp", 1),),
                channel="etsy", connection_id=connection.id, external_id=number,
            )  # fmt: skip
            await intake.import_orders(
                session, owner, connection_id=connection.id, drafts=[draft], now=START
            )
        source = source_of(connection.id)
        for key, came in (("11:1:a", 0), ("12:1:a", 0), ("12:2:b", 89), ("13:1:a", 0)):
            await inbox.store_events(
                session, owner.organization_id, source, ORDER_EVENT, {key: {"name": "Ada"}},
                START + timedelta(days=came),
            )  # fmt: skip
            await inbox.settle_applied(
                session, owner.organization_id, source, ORDER_EVENT, [key], START
            )
    clock.advance(days=91)
    keeper = PersonalDataKeeper(database, clock, 90)
    assert await PersonalDataKeeper(database, clock, 0).sweep() == 0
    assert (await keeper.sweep(), await keeper.sweep()) == (2, 0)
    async with database.read() as reading:
        mine = InboundEvent.organization_id == owner.organization_id
        rows = await reading.execute(select(InboundEvent.key, InboundEvent.payload).where(mine))
        full = sorted(row.key for row in rows if row.payload)
        read = await customer_retention._list_old(reading, clock.now() - timedelta(days=90), None)
        last = await customer_retention._list_old(reading, clock.now(), read[0])
    assert full == ["11:1:a", "12:2:b"]
    assert [event.key for event in read] == ["11:1:a"]  # what is empty is not read again
    assert [event.key for event in last] == ["12:2:b"]


async def test_an_anonymised_order_stays_so_when_the_channel_sends_it_again(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    def version(refunded: int) -> OrderDraft:
        return OrderDraft(
            status=OrderStatus.SHIPPED, currency="EUR", placed_at=START, channel="etsy",
            connection_id=connection.id, external_id="11", buyer_name="Ada",
            buyer_external_id="77", ship_to={"line1": "1 Lane"}, refunded_minor=refunded,
            items=(ItemDraft("Lamp", 1, external_id="1", personalisation=(("Name", "Ada"),)),),
        )  # fmt: skip

    async def bring(refunded: int) -> None:
        async with database.write() as session:
            await intake.import_orders(
                session, owner, connection_id=connection.id, drafts=[version(refunded)], now=START
            )

    async with database.write() as session:
        connection = await make_connection(session, owner)
    await bring(0)
    ada = await customer(client)
    await client.post(f"/api/customers/{ada['id']}/anonymise", json={"confirm": "Ada"})
    await bring(100)
    async with database.read() as reading:
        mine = Order.organization_id == owner.organization_id
        order = (await reading.scalars(select(Order).where(mine))).one()
    assert (order.refunded_minor, order.buyer_name, order.ship_to) == (100, "Anonymised", {})


def test_keywords_of_custom_requests_are_spotted() -> None:
    assert spot_keywords("Thank you, it arrived in time.") == []
    assert spot_keywords("Could you make it BIGGER and engraved?") == [
        "personalised", "other size", "possible",
    ]  # fmt: skip
    assert spot_keywords("Gibt es das auch in anderen Farben?") == ["other colour"]
    assert title_of("Hello! I like it. Is it possible in blue? Thanks") == "Is it possible in blue?"
    assert len(title_of("custom " * 40)) == 80
