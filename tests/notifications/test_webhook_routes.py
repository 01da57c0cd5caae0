"""Webhook endpoints over HTTP and by page, and what a real order tells."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from httpx import AsyncClient
from standardwebhooks.webhooks import Webhook

from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process
from shopwright.kernel.settings import Settings
from shopwright.notifications.webhook_sender import WebhookSender
from shopwright.notifications.webhook_types import SUBSCRIBABLE, TYPES
from tests.conftest import ClientAs
from tests.notifications.conftest import Receiver

WEBHOOKS = "/api/webhooks"


@pytest.fixture
def public(process: Process) -> Iterator[Settings]:
    """For a while the program is one that refuses private addresses."""
    before = process.settings
    process.settings = before.model_copy(update={"allow_private_webhooks": False})
    yield process.settings
    process.settings = before


async def make(client: AsyncClient, url: str, **more: Any) -> dict[str, Any]:
    answer = await client.post(WEBHOOKS, json={"url": url, **more})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def work(process: Process) -> None:
    hub = process.context.hub
    sender = WebhookSender(process.database, process.clock, process.settings, hub)
    await sender.round()
    await sender.finish()


async def test_endpoint_is_made_listed_changed_and_deleted(
    client: AsyncClient, receiver: Receiver
) -> None:
    made = await make(client, receiver.url, description="Books", event_types=["order.paid"])
    assert made["secret"].startswith("whsec_")
    url = f"{WEBHOOKS}/{made['uuid']}"
    read = (await client.get(url)).json()
    assert read == {name: value for name, value in made.items() if name != "secret"}
    listed = (await client.get(WEBHOOKS)).json()
    assert (listed["total"], listed["webhooks"][0]["description"]) == (1, "Books")
    changed = await client.patch(url, json={"event_types": [], "is_active": False})
    assert (changed.json()["event_types"], changed.json()["is_active"]) == ([], False)
    assert "switched off by Owner" in changed.json()["disabled_reason"]
    assert (await client.delete(url)).json() == {"message": "Webhook deleted"}
    assert (await client.get(url)).status_code == 404


async def test_repeated_creation_shows_no_secret(client: AsyncClient, receiver: Receiver) -> None:
    headers = {"Idempotency-Key": "webhook-1"}
    body = {"url": receiver.url}
    first = await client.post(WEBHOOKS, json=body, headers=headers)
    again = await client.post(WEBHOOKS, json=body, headers=headers)
    assert (first.json()["id"], again.json().get("secret")) == (again.json()["id"], None)
    assert (await client.get(WEBHOOKS)).json()["total"] == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"url": "http://127.0.0.1/x"}, "is a loopback address"),
        ({"url": "http://169.254.169.254/x"}, "metadata"),
        ({"url": "ftp://example.com/"}, "must begin with https:// or http://"),
        ({"url": "https://me:pw@example.com/"}, "Leave user name and password out"),
        ({"url": "https://192.0.2.1/", "event_types": ["order.eaten"]}, "no event"),
    ],
)
async def test_what_cannot_be_told_is_refused_and_nothing_is_stored(
    client: AsyncClient, public: Settings, body: dict[str, Any], words: str
) -> None:
    assert public.allow_private_webhooks is False
    if "event_types" in body:
        body = {**body, "url": "https://93.184.216.34/x"}
    answer = await client.post(WEBHOOKS, json=body)
    assert answer.status_code == 400
    assert words in answer.json()["detail"]
    assert (await client.get(WEBHOOKS)).json()["total"] == 0


async def test_a_shop_has_at_most_twenty(client: AsyncClient, receiver: Receiver) -> None:
    for _ in range(20):
        await make(client, receiver.url)
    answer = await client.post(WEBHOOKS, json={"url": receiver.url})
    assert (answer.status_code, answer.json()["code"]) == (409, "too-many-webhooks")


async def test_members_see_event_types_and_no_endpoints(client_as: ClientAs, member: Actor) -> None:
    client = await client_as(member)
    assert (await client.get(WEBHOOKS)).status_code == 403
    found = (await client.get(f"{WEBHOOKS}/event-types")).json()
    assert found["total"] == len(TYPES)
    assert {row["type"] for row in found["event_types"]} >= {one.value for one in SUBSCRIBABLE}


async def test_order_tells_its_life_and_a_receiver_can_trust_it(
    client: AsyncClient, process: Process, receiver: Receiver
) -> None:
    wanted = ["order.created", "order.paid", "order.canceled", "sku.unknown"]
    made = await make(client, receiver.url, event_types=wanted)
    order = {
        "buyer_name": "Anna Berg",
        "currency": "EUR",
        "items": [{"title": "Gear", "sku": "NOBODY-KNOWS", "quantity": 1, "price": "12.50"}],
    }
    placed = (await client.post("/api/orders", json=order)).json()
    stopped = await client.post(f"/api/orders/{placed['id']}/cancel", json={"reason": "Her wish"})
    assert stopped.status_code == 200
    await work(process)
    told = [body["type"] for body in receiver.heard]
    assert sorted(told[:3]) == ["order.created", "order.paid", "sku.unknown"]
    assert told[3:] == ["order.canceled"]
    facts = receiver.heard[3]["data"]["order"]
    assert (facts["id"], facts["status"]) == (placed["id"], "canceled")
    assert (facts["currency"], facts["total_minor"]) == ("EUR", 1250)
    assert "Anna" not in json.dumps(receiver.heard)
    text = json.dumps(receiver.heard[3], ensure_ascii=False, separators=(",", ":"))
    Webhook(made["secret"]).verify(text, receiver.headers[3])


async def test_test_event_tells_what_the_receiver_said(
    client: AsyncClient, receiver: Receiver
) -> None:
    made = await make(client, receiver.url)
    url = f"{WEBHOOKS}/{made['id']}"
    receiver.status = "500 Oops"
    failed = (await client.post(f"{url}/test")).json()
    assert (failed["sent"], failed["status_code"], failed["answer"]) == (False, 500, "no")
    receiver.status = "200 OK"
    assert (await client.post(f"{url}/test")).json()["sent"] is True
    assert [body["type"] for body in receiver.heard] == ["webhook.test"] * 2
    log = (await client.get(f"{url}/deliveries")).json()
    assert [row["status"] for row in log["deliveries"]] == ["delivered", "failed"]


async def test_delivery_shows_its_tries_and_is_replayed_with_its_id(
    client: AsyncClient, process: Process, receiver: Receiver
) -> None:
    made = await make(client, receiver.url, event_types=["sku.unknown"])
    url = f"{WEBHOOKS}/{made['id']}"
    item = {"title": "Gear", "sku": "NOBODY-KNOWS", "quantity": 1, "price": "12.50"}
    await client.post("/api/orders", json={"currency": "EUR", "items": [item]})
    await work(process)
    (row,) = (await client.get(f"{url}/deliveries", params={"status": "delivered"})).json()[
        "deliveries"
    ]
    one = f"{url}/deliveries/{row['uuid']}"
    read = (await client.get(one)).json()
    assert (read["body"]["type"], read["attempts"][0]["status_code"]) == ("sku.unknown", 200)
    assert (await client.post(f"{one}/replay")).json()["status"] == "pending"
    refused = await client.post(f"{one}/replay")
    assert (refused.status_code, refused.json()["code"]) == (409, "webhook-on-its-way")
    await work(process)
    assert [headers["webhook-id"] for headers in receiver.headers] == [row["uuid"]] * 2
    since = {"since": "2026-03-01"}
    assert (await client.post(f"{url}/replay", params=since)).json() == {"replayed": 0}
    wrong = await client.post(f"{url}/replay", params={"since": "yesterday"})
    assert wrong.status_code == 400


async def test_rotation_gives_a_new_secret_beside_the_old(
    client: AsyncClient, receiver: Receiver
) -> None:
    made = await make(client, receiver.url)
    rotated = await client.post(f"{WEBHOOKS}/{made['id']}/rotate")
    assert rotated.status_code == 201
    assert rotated.json()["secret"] != made["secret"]
    assert rotated.json()["signing_secrets"] == 2
    await client.post(f"{WEBHOOKS}/{made['id']}/test")
    assert receiver.headers[0]["webhook-signature"].count("v1,") == 2
