"""Connecting, syncing and looking after channels over HTTP."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from shopwright.channels import push, runs
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process
from shopwright.sandbox.etsy.server import EtsySandbox
from tests.channels.conftest import Shop, Stage, consent_at, use_patient_adapters, with_etsy
from tests.clock import FixedClock
from tests.conftest import ClientAs

CALLBACK = "/etsy/callback"


@pytest.fixture
async def worker(shop: Shop) -> AsyncIterator[None]:
    running = asyncio.create_task(shop.syncer.run())
    yield
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
def patient(process: Process) -> None:
    use_patient_adapters(process)


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[AsyncClient]:
    """Without any sign-in."""
    transport = ASGITransport(app, client=("127.0.0.1", 50000))
    async with AsyncClient(transport=transport, base_url="http://shop.test") as client:
        yield client


async def start(client: AsyncClient) -> dict[str, str]:
    """What Etsy sends back after the owner agreed."""
    answer = await client.get("/api/connections/etsy/start")
    assert answer.status_code == 200, answer.text
    code, state = await consent_at(answer.json()["authorize_url"])
    return {"code": code, "state": state}


@pytest.mark.usefixtures("patient")
async def test_the_browser_that_was_sent_out_connects_the_shop(
    client: AsyncClient, browser: AsyncClient, etsy: EtsySandbox
) -> None:
    came_back = await start(client)
    browser.cookies = client.cookies
    answer = await browser.get(CALLBACK, params=came_back)
    assert answer.status_code == 200, answer.text
    made = answer.json()
    assert (made["status"], made["external_user_id"]) == ("connected", "700123")
    assert made["scopes"] == [
        "shops_r",
        "transactions_r",
        "transactions_w",
        "listings_r",
        "listings_w",
    ]
    (listed,) = (await client.get("/api/connections")).json()["connections"]
    assert listed == made
    assert "token" not in answer.text.replace("tokens", "")
    again = await browser.get(CALLBACK, params=came_back)
    assert (again.status_code, again.json()["code"]) == (410, "consent-over")


@pytest.mark.usefixtures("patient")
async def test_a_page_goes_on_to_the_settings(client: AsyncClient) -> None:
    came_back = await start(client)
    html = {"accept": "text/html"}
    answer = await client.get(CALLBACK, params=came_back, headers=html)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/settings?connected=")
    denied = {"error": "access_denied", "error_description": "The owner said no", "state": "x"}
    answer = await client.get(CALLBACK, params=denied, headers=html)
    assert answer.headers["location"] == (
        "/settings?channel_error=Etsy%20did%20not%20give%20its%20consent%3A%20The%20owner%20said%20no."
    )
    assert (await client.get(CALLBACK, params=denied)).status_code == 409


@pytest.mark.usefixtures("patient")
async def test_a_link_sent_to_somebody_else_connects_nothing(
    client: AsyncClient, browser: AsyncClient, client_as: ClientAs, stranger: Actor
) -> None:
    for somebody in (browser, await client_as(stranger)):
        answer = await somebody.get(CALLBACK, params=await start(client))
        assert answer.status_code == 403
    assert (await client.get("/api/connections")).json() == {"connections": []}


@pytest.mark.usefixtures("patient")
async def test_a_client_with_its_own_callback_page_finishes_by_itself(
    client: AsyncClient, client_as: ClientAs, admin: Actor, member: Actor
) -> None:
    came_back = await start(client)
    finish = "/api/connections/etsy/finish"
    assert (await (await client_as(member)).post(finish, json=came_back)).status_code == 403
    answer = await client.post(finish, json=came_back)
    assert (answer.status_code, answer.json()["status"]) == (200, "connected")
    other = await (await client_as(admin)).post(finish, json=await start(client))
    assert other.status_code == 403


@pytest.mark.usefixtures("patient")
async def test_a_consent_is_good_for_ten_minutes(client: AsyncClient, clock: FixedClock) -> None:
    came_back = await start(client)
    clock.advance(minutes=10)
    answer = await client.get(CALLBACK, params=came_back)
    assert (answer.status_code, answer.json()["code"]) == (410, "consent-over")


@pytest.mark.usefixtures("patient")
async def test_a_code_that_etsy_refuses_connects_nothing(client: AsyncClient) -> None:
    came_back = await start(client)
    answer = await client.get(CALLBACK, params={**came_back, "code": "made-up"})
    assert (answer.status_code, answer.json()["code"]) == (409, "consent-refused")
    assert "Etsy refuses the consent" in answer.json()["detail"]
    assert (await client.get("/api/connections")).json() == {"connections": []}


async def test_connecting_without_an_app_says_what_to_set(
    client: AsyncClient, process: Process, etsy: EtsySandbox
) -> None:
    process.settings = with_etsy(process.settings, etsy, etsy_client_id="")
    answer = await client.get("/api/connections/etsy/start")
    assert (answer.status_code, answer.json()["code"]) == (409, "channel-not-set-up")
    assert "ETSY_CLIENT_ID" in answer.json()["detail"]


async def test_only_admins_connect_rename_and_disable(
    shop: Shop, client_as: ClientAs, member: Actor
) -> None:
    client = await client_as(member)
    one = f"/api/connections/{shop.connection_id}"
    assert (await client.get("/api/connections/etsy/start")).status_code == 403
    assert (await client.patch(one, json={"name": "x"})).status_code == 403
    assert (await client.post(f"{one}/disable")).status_code == 403


async def test_a_connection_is_renamed_and_disabled(shop: Shop, client: AsyncClient) -> None:
    one = f"/api/connections/{(await shop.connection()).uuid}"
    assert (await client.patch(one, json={"name": "Atelier"})).json()["name"] == "Atelier"
    disabled = await client.post(f"{one}/disable")
    assert (disabled.json()["status"], disabled.json()["next_sync_at"]) == ("disabled", None)
    again = await client.post(f"{one}/disable")
    assert (again.status_code, again.json()["code"]) == (409, "connection-not-active")
    answer = await client.post("/api/orders/sync")
    assert (answer.status_code, answer.json()["code"]) == (404, "no-connection")


@pytest.mark.usefixtures("worker")
async def test_sync_now_answers_with_the_counts(
    client: AsyncClient, stage: Stage, shop: Shop
) -> None:
    await stage.seed(5)
    assert (await client.post("/api/orders/sync")).json() == {
        "message": "Synced 5 new orders",
        "success": True,
        "synced_count": 5,
        "new_orders_saved": 5,
        "updated_orders": 0,
        "rejected_orders": 0,
        "total_orders": 5,
        "errors": [],
        "running": False,
        "sync_id": None,
    }
    (made,) = await stage.seed(1, seed=2)
    await stage.edit(made, transactions=[])
    answer = (await client.post("/api/orders/sync")).json()
    assert answer["message"] == (
        "Synced 0 new orders; 1 could not be read and are shown with the connection"
    )
    (listed,) = (await client.get("/api/connections")).json()["connections"]
    assert listed["open_rejects"] == 1
    rejects = f"/api/connections/{shop.connection_id}/rejects"
    (reject,) = (await client.get(rejects)).json()["rejects"]
    assert (reject["external_id"], reject["reason"]) == (
        made,
        f"Receipt {made} came without its items.",
    )
    closed = await client.post(f"/api/connections/rejects/{reject['id']}/close")
    assert closed.json()["closed_by"] == "Owner"
    assert (await client.get(rejects)).json()["total"] == 0


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("server_error", 503, "unavailable"),
        ("malformed_json", 502, "broken-upstream"),
        ("forbidden", 409, "sync-refused"),
        ("invalid_token", 409, "reconnect-needed"),
    ],
)
async def test_a_sync_that_fails_is_told_as_a_problem(
    client: AsyncClient, stage: Stage, kind: str, status: int, code: str
) -> None:
    assert (await client.post("/api/orders/sync")).status_code == 200
    await stage.break_next(kind, calls=20, path="/receipts")
    answer = await client.post("/api/orders/sync")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "Etsy" in answer.json()["error"]
    again = await client.post("/api/orders/sync")
    assert (again.status_code, again.json()["code"]) == (status, code)


@pytest.mark.usefixtures("worker")
async def test_syncs_asked_for_together_are_one(
    client: AsyncClient, stage: Stage, shop: Shop
) -> None:
    await stage.seed(3)
    answers = await asyncio.gather(*(client.post("/api/orders/sync") for _ in range(3)))
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert {answer.json()["total_orders"] for answer in answers} == {3}


async def test_a_sync_that_takes_long_is_left_running(shop: Shop) -> None:
    sync_id = await shop.ask()  # and no worker is there
    progress = await runs.wait_for(shop.process, shop.ctx, [sync_id], timeout_s=0.05)
    assert (progress.is_running, progress.has_failed, progress.new) == (True, False, 0)


async def test_syncs_are_limited_to_five_a_minute(client: AsyncClient) -> None:
    for _ in range(5):
        assert (await client.post("/api/orders/sync")).status_code == 404
    assert (await client.post("/api/orders/sync")).status_code == 429


async def test_pushes_are_listed_and_resolved(shop: Shop, client: AsyncClient) -> None:
    async with shop.process.database.write() as session:
        effect = await push.intend_tracking(
            session,
            shop.ctx,
            connection_id=shop.connection_id,
            external_id="3300000001",
            parcel_id=7,
            carrier="DHL",
            tracking_code="X1",
            now=shop.process.clock.now(),
        )
    assert (await client.get("/api/connections/pushes")).json()["pushes"] == []
    (listed,) = (await client.get("/api/connections/pushes?status=intended")).json()["pushes"]
    assert (listed["id"], listed["parcel_id"], listed["tracking_code"]) == (effect.id, 7, "X1")
    url = f"/api/connections/pushes/{effect.uuid}/resolve"
    answer = await client.post(url, json={"outcome": "posted"})
    assert (answer.status_code, answer.json()["code"]) == (409, "push-settled")
