"""Etsy sends word of an order: signed, stored once, answered at once, and the order is fetched."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy import select

from shopwright.accounts.models import AuditEntry
from shopwright.channels import notices
from shopwright.channels.models import ChannelSync
from shopwright.channels.runs import REQUEST_TOPIC
from shopwright.channels.states import SyncStatus
from shopwright.kernel.clock import SystemClock
from shopwright.kernel.edge import Ref
from shopwright.kernel.inbox import InboundEvent, InboundStatus
from shopwright.orders.states import OrderStatus
from shopwright.sandbox.etsy.server import EmbeddedServer, EtsySandbox
from shopwright.sandbox.etsy.webhooks import sign
from shopwright.sandbox.etsy.world import SHOP_ID
from tests.channels.conftest import Shop, Stage
from tests.clock import START
from tests.conftest import ClientAs

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"
OTHER_SECRET = "whsec_b3RoZXIgc2VjcmV0IG9mIHNvbWVib2R5"


@pytest.fixture
async def noticed(shop: Shop) -> "Noticed":
    """Synced once, then a secret was kept."""
    await shop.sync()
    async with shop.process.database.write() as session:
        connection = await notices.set_secret(
            session, shop.ctx, ref=Ref(shop.connection_id, None), secret=SECRET, now=START
        )
    return Noticed(shop, str(connection.webhook_token))


class Noticed:
    def __init__(self, shop: Shop, token: str) -> None:
        self.shop = shop
        self.path = f"/api/webhooks/etsy/{token}"

    def headers(self, body: str, event_id: str = "msg_1", **how: Any) -> dict[str, str]:
        at = int(START.timestamp()) - how.get("age_s", 0)
        signature = sign(how.get("secret", SECRET), event_id, at, body)
        return {
            "webhook-id": event_id,
            "webhook-timestamp": str(at),
            "webhook-signature": signature,
            "content-type": "application/json",
        }

    async def events(self) -> list[tuple[str, InboundStatus, str | None]]:
        async with self.shop.process.database.read() as session:
            rows = await session.scalars(
                select(InboundEvent)
                .where(InboundEvent.organization_id == self.shop.ctx.organization_id)
                .where(InboundEvent.kind == notices.NOTICE_EVENT)
                .order_by(InboundEvent.id)
            )
            return [(row.key, row.status, row.reason) for row in rows]

    async def syncs(self) -> list[SyncStatus]:
        async with self.shop.process.database.read() as session:
            rows = await session.scalars(
                select(ChannelSync.status)
                .where(ChannelSync.organization_id == self.shop.ctx.organization_id)
                .order_by(ChannelSync.id)
            )
            return list(rows)

    async def run(self) -> None:
        await self.shop.syncer.round()
        await self.shop.syncer.finish()


def told(receipt_id: str | int, event: str = "order.paid", shop_id: int = SHOP_ID) -> str:
    url = f"https://openapi.etsy.com/v3/application/shops/{shop_id}/receipts/{receipt_id}"
    return f'{{"event_type": "{event}", "resource_url": "{url}", "shop_id": "{shop_id}"}}'


async def test_the_order_is_fetched_at_once(
    noticed: Noticed, anonymous: httpx.AsyncClient, stage: Stage
) -> None:
    (made,) = await stage.seed(1)
    body = told(made)
    answer = await anonymous.post(noticed.path, content=body, headers=noticed.headers(body))
    assert (answer.status_code, answer.json()) == (202, {"received": True})
    assert await noticed.events() == [("msg_1", InboundStatus.RECEIVED, None)]
    assert await noticed.syncs() == [SyncStatus.COMPLETED, SyncStatus.REQUESTED]
    await noticed.run()
    assert [order.external_id for order in await noticed.shop.orders()] == [made]
    assert await noticed.events() == [("msg_1", InboundStatus.APPLIED, None)]
    assert await noticed.syncs() == [SyncStatus.COMPLETED, SyncStatus.COMPLETED]


async def test_the_same_notice_again_changes_nothing(
    noticed: Noticed, anonymous: httpx.AsyncClient, stage: Stage
) -> None:
    (made,) = await stage.seed(1)
    body = told(made)
    headers = noticed.headers(body)
    for _ in range(2):
        assert (
            await anonymous.post(noticed.path, content=body, headers=headers)
        ).status_code == 202
    await noticed.run()
    before = await noticed.syncs()
    assert (await anonymous.post(noticed.path, content=body, headers=headers)).status_code == 202
    assert await noticed.syncs() == before
    assert len(await noticed.events()) == len(await noticed.shop.orders()) == 1


async def test_several_words_about_one_order_cost_one_call(
    noticed: Noticed, anonymous: httpx.AsyncClient, stage: Stage, etsy: EtsySandbox
) -> None:
    (made,) = await stage.seed(1)
    for number, event in enumerate(["order.paid", "order.shipped", "ORDER_PAID"]):
        body = told(made, event)
        headers = noticed.headers(body, f"msg_{number}")
        assert (
            await anonymous.post(noticed.path, content=body, headers=headers)
        ).status_code == 202
    calls = etsy.limits._calls[etsy.world.config.keystring]
    before = len(calls)
    await noticed.run()
    assert len(calls) - before == 2  # the order, and the page that every sync reads
    assert {status for _, status, _ in await noticed.events()} == {InboundStatus.APPLIED}


async def test_more_than_a_sync_asks_for_are_followed_by_the_next(
    noticed: Noticed, anonymous: httpx.AsyncClient, stage: Stage
) -> None:
    for made in await stage.seed(7):
        body = told(made)
        await anonymous.post(noticed.path, content=body, headers=noticed.headers(body, f"m{made}"))
    await noticed.run()
    assert len(await noticed.shop.orders()) == 7
    assert (await noticed.syncs())[-1] is SyncStatus.REQUESTED
    await noticed.run()
    assert {status for _, status, _ in await noticed.events()} == {InboundStatus.APPLIED}
    assert await noticed.syncs() == [SyncStatus.COMPLETED] * 3


async def test_a_delivered_order_is_delivered_here(
    noticed: Noticed, anonymous: httpx.AsyncClient, stage: Stage
) -> None:
    (made,) = await stage.seed(1)
    await noticed.shop.sync()
    await stage.act(made, "deliver")
    body = told(made, "order.delivered")
    await anonymous.post(noticed.path, content=body, headers=noticed.headers(body))
    await noticed.run()
    assert (await noticed.shop.order(made)).status is OrderStatus.DELIVERED


async def test_a_cancelled_order_stops(
    noticed: Noticed, anonymous: httpx.AsyncClient, stage: Stage
) -> None:
    (made,) = await stage.seed(1)
    await noticed.shop.sync()
    await stage.act(made, "cancel")
    body = told(made, "order.canceled")
    await anonymous.post(noticed.path, content=body, headers=noticed.headers(body))
    await noticed.run()
    assert (await noticed.shop.order(made)).status is OrderStatus.CANCELED


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"secret": OTHER_SECRET}, "notice-not-signed"),
        ({"age_s": 301}, "notice-not-signed"),
        ({"age_s": -301}, "notice-not-signed"),
        ({"event_id": "m" * 151}, "notice-not-signed"),
    ],
)
async def test_what_is_not_signed_now_and_with_our_secret_is_not_stored(
    noticed: Noticed, anonymous: httpx.AsyncClient, how: dict[str, Any], code: str
) -> None:
    body = told(1)
    answer = await anonymous.post(noticed.path, content=body, headers=noticed.headers(body, **how))
    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert (await noticed.events(), len(await noticed.syncs())) == ([], 1)


async def test_no_headers_and_a_changed_body_are_refused(
    noticed: Noticed, anonymous: httpx.AsyncClient
) -> None:
    assert (await anonymous.post(noticed.path, content=told(1))).status_code == 401
    headers = noticed.headers(told(1))
    assert (await anonymous.post(noticed.path, content=told(2), headers=headers)).status_code == 401
    assert await noticed.events() == []


async def test_an_unknown_address_is_not_there(
    noticed: Noticed, anonymous: httpx.AsyncClient
) -> None:
    body = told(1)
    for path in (
        "/api/webhooks/etsy/nobody",
        noticed.path + "x",
        noticed.path.replace("etsy", "x"),
    ):
        answer = await anonymous.post(path, content=body, headers=noticed.headers(body))
        assert answer.status_code in {404, 405}, path
    assert await noticed.events() == []


async def test_signed_nonsense_and_huge_bodies_are_told_so(
    noticed: Noticed, anonymous: httpx.AsyncClient
) -> None:
    for body, status in (("not json", 400), ("[]", 400), ("x" * 65_537, 413)):
        answer = await anonymous.post(noticed.path, content=body, headers=noticed.headers(body))
        assert answer.status_code == status, body[:20]
    assert await noticed.events() == []


async def test_another_shops_order_and_one_without_an_order_are_kept_with_the_reason(
    noticed: Noticed, anonymous: httpx.AsyncClient
) -> None:
    bodies = {"other": told(1, shop_id=7), "none": '{"event_type": "listing.sold"}'}
    for event_id, body in bodies.items():
        headers = noticed.headers(body, event_id)
        assert (
            await anonymous.post(noticed.path, content=body, headers=headers)
        ).status_code == 202
    assert await noticed.events() == [
        ("other", InboundStatus.REJECTED, "The order 1 is of another shop (7)."),
        ("none", InboundStatus.REJECTED, "The notice listing.sold names no order."),
    ]
    assert await noticed.syncs() == [SyncStatus.COMPLETED]


async def test_an_order_that_etsy_does_not_have_is_settled_with_its_words(
    noticed: Noticed, anonymous: httpx.AsyncClient
) -> None:
    body = told(1)
    await anonymous.post(noticed.path, content=body, headers=noticed.headers(body))
    await noticed.run()
    ((_, status, reason),) = await noticed.events()
    assert status is InboundStatus.REJECTED
    assert reason == ("Etsy does not have it: Could not find a receipt with receipt_id = 1.")
    assert await noticed.syncs() == [SyncStatus.COMPLETED] * 2


async def test_while_etsy_is_down_the_notice_waits(
    noticed: Noticed, anonymous: httpx.AsyncClient, stage: Stage
) -> None:
    (made,) = await stage.seed(1)
    body = told(made)
    await anonymous.post(noticed.path, content=body, headers=noticed.headers(body))
    await stage.break_next("server_error", calls=50)
    await noticed.run()
    assert [status for _, status, _ in await noticed.events()] == [InboundStatus.RECEIVED]
    await stage.repair()
    await noticed.shop.sync()
    assert [status for _, status, _ in await noticed.events()] == [InboundStatus.APPLIED]
    assert len(await noticed.shop.orders()) == 1


async def test_a_disabled_connection_takes_no_notices(
    noticed: Noticed, anonymous: httpx.AsyncClient, client_as: ClientAs
) -> None:
    shop = noticed.shop
    owner = await client_as(shop.ctx)
    answer = await owner.post(f"/api/connections/{shop.connection_id}/disable")
    assert answer.status_code == 200
    body = told(1)
    answer = await anonymous.post(noticed.path, content=body, headers=noticed.headers(body))
    assert answer.status_code == 404


async def test_the_secret_is_kept_encrypted_and_the_address_stays(
    shop: Shop, client_as: ClientAs
) -> None:
    path = f"/api/connections/{shop.connection_id}/webhook"
    owner = await client_as(shop.ctx)
    first = (await owner.put(path, json={"secret": SECRET})).json()
    second = (await owner.put(path, json={"secret": OTHER_SECRET})).json()
    listed = (await owner.get("/api/connections")).json()["connections"]
    assert first == second
    assert first["url"].startswith(f"{shop.process.settings.base_url}/api/webhooks/etsy/")
    assert listed[0]["has_webhook"] is True
    connection = await shop.connection()
    assert SECRET not in str(connection.webhook_secret)
    assert shop.process.context.vault.decrypt(str(connection.webhook_secret)) == OTHER_SECRET
    assert (await owner.delete(path)).json() == {"url": None}
    assert (await owner.delete(path)).json() == {"url": None}
    third = (await owner.put(path, json={"secret": SECRET})).json()
    assert third["url"] != first["url"]
    async with shop.process.database.read() as session:
        rows = await session.scalars(
            select(AuditEntry.action)
            .where(AuditEntry.organization_id == shop.ctx.organization_id)
            .where(AuditEntry.action.like("connection.webhook%"))
            .order_by(AuditEntry.id)
        )
        assert list(rows) == [
            "connection.webhook_set",
            "connection.webhook_set",
            "connection.webhook_removed",
            "connection.webhook_set",
        ]


@pytest.mark.parametrize("secret", ["whsec_short", "ä" * 20, "whsec_" + "A" * 10])
async def test_what_cannot_be_a_secret_is_refused_and_nothing_is_kept(
    shop: Shop, client_as: ClientAs, secret: str
) -> None:
    owner = await client_as(shop.ctx)
    path = f"/api/connections/{shop.connection_id}/webhook"
    answer = await owner.put(path, json={"secret": secret})
    assert (answer.status_code, answer.json()["code"]) == (400, "webhook-secret-unusable")
    assert (await shop.connection()).webhook_token is None


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """Our program on a real socket, for whoever is no test client."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            app, log_level="warning", access_log=False, lifespan="off", ws="none"
        )
        server = EmbeddedServer(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await server.ready.wait()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.stop()
        await serving


async def test_etsy_itself_sends_them(
    noticed: Noticed, app: FastAPI, stage: Stage, etsy: EtsySandbox
) -> None:
    """The sandbox signs, sends and repeats by itself; its clock is the real one."""
    stored = asyncio.Event()
    noticed.shop.process.context.hub.listen_to_all(
        lambda signal: stored.set() if signal.topic == REQUEST_TOPIC else None
    )
    noticed.shop.process.clock = SystemClock()
    async with served(app) as url:
        await stage.http.post("/webhooks", json={"url": url + noticed.path, "secret": SECRET})
        (made,) = await stage.seed(1, spread_s=0)
        await asyncio.wait_for(stored.wait(), 10)
        wish = {"event_type": "order.paid", "receipt_id": int(made)}
        tries = [wish, {**wish, "age_s": 900}, {**wish, "secret": OTHER_SECRET}]
        sent = [await stage.http.post("/webhooks/emit", json=each) for each in tries]
    statuses = [answer.json()["deliveries"][0]["status"] for answer in sent]
    assert statuses == [202, 401, 401]
    await noticed.run()
    assert [order.external_id for order in await noticed.shop.orders()] == [made]
    assert len(await noticed.events()) == 2
