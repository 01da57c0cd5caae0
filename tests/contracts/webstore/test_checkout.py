"""Checkout, payments and orders as reference (d) prints them: at the root and under ``/api``, with
and without the final slash."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from shopwright.kernel.edge import Process
from shopwright.payments import accounts
from shopwright.sandbox.stripe import sessions
from shopwright.sandbox.stripe.server import StripeSandbox
from shopwright.sandbox.stripe.webhooks import sign
from shopwright.sandbox.stripe.world import SandboxConfig
from tests.clock import FixedClock
from tests.contracts.shop_manager.documented import assert_documented
from tests.contracts.webstore.store import Store

REQUEST = {
    "amount_pence": 3500,
    "template_id": "classic",
    "brand": "apple",
    "model": "iphone-15-pro",
    "customer_email": "ada@example.com",
    "customer_name": "Ada Lovelace",
}
STATUS = {
    "order_id": int,
    "status": str,
    "payment_status": str,
    "queue_no": None,
    "chinese_order_id": None,
    "total_amount": 35.0,
    "currency": "EUR",
    "created_at": str,
}


@pytest.fixture
async def stripe(process: Process, store: Store, clock: FixedClock) -> AsyncIterator[StripeSandbox]:
    """The store's own account at a stand-in for Stripe."""
    config, usual = SandboxConfig(retry_s=()), process.settings
    async with StripeSandbox(config, now=lambda: clock.now().timestamp()) as sandbox:
        process.settings = usual.model_copy(update={"stripe_api_url": sandbox.url})
        async with process.database.write() as session:
            await accounts.set_account(
                session,
                store.shop.owner,
                secret_key=config.secret_key,
                webhook_secret=config.webhook_secret,
                now=clock.now(),
            )
        yield sandbox
        process.settings = usual


@pytest.fixture
async def begun(store: Store, stripe: StripeSandbox) -> dict[str, Any]:
    """What a checkout answers; ``stripe`` is there so that it can be paid."""
    answer = await store.guest.post("/create-checkout-session", json=REQUEST)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


@pytest.mark.parametrize(
    "path",
    [f"{prefix}/create-checkout-session{slash}" for prefix in ("", "/api") for slash in ("", "/")],
)
async def test_create_checkout_session(store: Store, stripe: StripeSandbox, path: str) -> None:
    answer = await store.guest.post(path, json=REQUEST)
    assert_documented(answer, {"checkout_url": str, "session_id": str, "order_id": int})
    session = stripe.world.sessions[answer.json()["session_id"]]
    assert (session["amount_total"], session["currency"]) == (3500, "eur")
    assert answer.json()["checkout_url"] == session["url"]


async def test_only_what_is_required_is_enough(store: Store, stripe: StripeSandbox) -> None:
    needed = {name: REQUEST[name] for name in ("amount_pence", "template_id", "brand", "model")}
    answer = await store.guest.post("/create-checkout-session", json=needed)
    assert answer.status_code == 200, answer.text
    assert len(stripe.world.sessions) == 1


@pytest.mark.parametrize(
    ("brand", "model"),
    [
        ("iPhone", "iPhone 15 Pro"),
        ("BR20250111000002", "MM020250224000010"),
        ("apple", "iphone-15-pro"),
    ],
)
async def test_brand_and_model_by_id_name_or_partner_id(
    store: Store, stripe: StripeSandbox, brand: str, model: str
) -> None:
    body = {**REQUEST, "brand": brand, "model": model}
    assert (await store.guest.post("/create-checkout-session", json=body)).status_code == 200
    assert len(stripe.world.sessions) == 1


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"amount_pence": 1}, 409, "price-differs"),
        ({"model": "nokia-3310"}, 400, "not-sold"),
        ({"brand": "nokia"}, 400, "not-sold"),
        ({"template_id": "gold"}, 400, "not-sold"),
        ({"model": "iphone-14", "amount_pence": 3750}, 400, "out-of-stock"),
        ({"quantity": 8, "amount_pence": 28000}, 400, "out-of-stock"),
        ({"amount_pence": "a lot"}, 400, "invalid"),
        ({"customer_email": "nobody"}, 400, "invalid"),
        ({"final_image_url": "data:image/png;base64,AAAA"}, 400, "final-image-refused"),
        ({"final_image_url": "https://elsewhere.test/a.png"}, 400, "final-image-refused"),
    ],
)
async def test_what_is_refused_leaves_no_order(
    store: Store, stripe: StripeSandbox, change: dict[str, Any], status: int, code: str
) -> None:
    answer = await store.guest.post("/create-checkout-session", json={**REQUEST, **change})
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert isinstance(answer.json()["detail"], str)
    assert stripe.world.sessions == {}
    assert (await store.admin.get("/api/orders")).json()["total"] == 0


async def test_a_wrong_price_is_answered_with_the_right_one(
    store: Store, stripe: StripeSandbox
) -> None:
    answer = await store.guest.post(
        "/create-checkout-session", json={**REQUEST, "amount_pence": 100}
    )
    assert answer.json()["amount_pence"] == 3500
    assert stripe.world.sessions == {}


@pytest.mark.parametrize("path", ["/process-payment-success", "/api/process-payment-success/"])
async def test_process_payment_success(
    store: Store, stripe: StripeSandbox, begun: dict[str, Any], path: str
) -> None:
    body = {"session_id": begun["session_id"], "order_data": {"template": "classic"}}
    unpaid = await store.guest.post(path, json=body)
    assert unpaid.status_code == 400
    sessions.pay(stripe.world, begun["session_id"])
    for _ in range(3):
        answer = await store.guest.post(path, json=body)
        assert_documented(
            answer,
            {
                "success": True,
                "order_id": begun["order_id"],
                "payment_id": str,
                "queue_no": None,
                "status": "paid",
                "chinese_order_id": None,
                "amount": 3500,
            },
        )
    assert (await store.admin.get("/api/orders")).json()["total"] == 1


async def test_an_unknown_session_is_not_there(store: Store, stripe: StripeSandbox) -> None:
    answer = await store.guest.post("/process-payment-success", json={"session_id": "cs_unknown"})
    assert answer.status_code == 404
    assert stripe.gate.calls == []


@pytest.mark.parametrize(
    "path", ["/stripe-webhook", "/webhook/stripe", "/api/stripe-webhook", "/api/webhook/stripe/"]
)
async def test_stripe_webhook(
    store: Store, stripe: StripeSandbox, begun: dict[str, Any], path: str
) -> None:
    sessions.pay(stripe.world, begun["session_id"])
    for _ in range(2):
        assert (await _deliver(store, stripe, path)).status_code == 200
    status = await store.guest.get(
        f"/api/orders/{begun['order_id']}/status", params={"token": begun["order_token"]}
    )
    assert status.json()["status"] == "paid"


@pytest.mark.parametrize("kind", ["unsigned", "another secret", "altered", "old", "no event"])
async def test_a_webhook_that_stripe_did_not_sign_is_refused(
    store: Store, stripe: StripeSandbox, begun: dict[str, Any], kind: str
) -> None:
    sessions.pay(stripe.world, begun["session_id"])
    event = json.dumps(stripe.world.events[-1])
    at, secret = stripe.world.now_s(), stripe.world.config.webhook_secret
    body = {"altered": event.replace("paid", "void"), "no event": "[]"}.get(kind, event)
    signed = {
        "unsigned": "",
        "another secret": sign("whsec_other", event, at),
        "old": sign(secret, event, at - 3600),
        "no event": sign(secret, "[]", at),
    }.get(kind, sign(secret, event, at))
    answer = await store.guest.post(
        "/stripe-webhook", content=body, headers={"stripe-signature": signed}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "notice-not-signed")
    order = (await store.admin.get(f"/api/orders/{begun['order_id']}")).json()
    assert order["status"] == "pending_payment"


async def test_payment_success_is_informational(
    store: Store, stripe: StripeSandbox, begun: dict[str, Any]
) -> None:
    params = {"session_id": begun["session_id"]}
    answer = await store.guest.get("/payment-success", params=params)
    assert_documented(answer, {"message": str, "session_id": str, "status": "pending_payment"})
    sessions.pay(stripe.world, begun["session_id"])
    page = await store.guest.get("/payment-success", params=params, headers={"accept": "text/html"})
    assert page.status_code == 303
    assert begun["order_token"] in page.headers["location"]


@pytest.mark.parametrize("kind", ["form", "json"])
async def test_an_order_is_created(store: Store, kind: str) -> None:
    fields = {
        "brand_id": "apple",
        "model_id": "iphone-15-pro",
        "template_id": "classic",
        "user_data": json.dumps({"name": "Ada", "email": "ada@example.com"}),
    }
    sent: dict[str, Any] = {"data": fields} if kind == "form" else {"json": fields}
    answer = await store.guest.post("/api/orders/create", **sent)
    assert_documented(
        answer, {"success": True, **STATUS, "status": "pending_payment", "order_token": str}
    )


async def test_an_order_of_what_is_out_of_stock_is_400(store: Store) -> None:
    fields = {"brand_id": "apple", "model_id": "iphone-14", "template_id": "classic"}
    answer = await store.guest.post("/api/orders/create", data=fields)
    assert (answer.status_code, answer.json()["code"]) == (400, "out-of-stock")
    assert "out of stock" in answer.json()["detail"]


async def test_a_buyer_reads_the_status_with_the_orders_token(
    store: Store, begun: dict[str, Any]
) -> None:
    path = f"/api/orders/{begun['order_id']}/status"
    by_query = await store.guest.get(path, params={"token": begun["order_token"]})
    assert_documented(
        by_query, {**STATUS, "status": "pending_payment", "payment_status": "pending"}
    )
    by_header = await store.guest.get(path, headers={"x-order-token": begun["order_token"]})
    assert by_header.json() == by_query.json()
    assert (await store.admin.get(path)).json() == by_query.json()
    assert (await store.guest.get(path)).status_code == 401


@pytest.mark.parametrize("what", ["status", "images"])
async def test_another_orders_token_opens_nothing(
    store: Store, begun: dict[str, Any], what: str
) -> None:
    other = (await store.guest.post("/create-checkout-session", json=REQUEST)).json()
    token = begun["order_token"]
    altered = token[:-1] + ("A" if token[-1] != "A" else "B")
    for stolen in (other["order_token"], altered, "x", ""):
        answer = await store.guest.get(
            f"/api/orders/{begun['order_id']}/{what}", params={"token": stolen}
        )
        assert answer.status_code == 404


async def test_only_staff_changes_a_status_and_its_words_are_the_webstores(
    store: Store, begun: dict[str, Any]
) -> None:
    path = f"/api/orders/{begun['order_id']}/status"
    refused = await store.guest.put(
        path, json={"status": "paid"}, params={"token": begun["order_token"]}
    )
    assert refused.status_code == 401
    told = [
        (await store.admin.put(path, json={"status": word})).json()["status"]
        for word in ("paid", "printing", "cancelled")
    ]
    assert told == ["paid", "printing", "cancelled"]
    unknown = await store.admin.put(path, json={"status": "sent_to_chinese"})
    assert unknown.status_code == 400


async def test_an_orders_images(store: Store, begun: dict[str, Any]) -> None:
    answer = await store.guest.get(
        f"/api/orders/{begun['order_id']}/images", params={"token": begun["order_token"]}
    )
    assert answer.json() == {
        "success": True, "order_id": begun["order_id"], "images": [], "count": 0
    }  # fmt: skip


async def _deliver(store: Store, stripe: StripeSandbox, path: str) -> httpx.Response:
    event = json.dumps(stripe.world.events[-1])
    signature = sign(stripe.world.config.webhook_secret, event, stripe.world.now_s())
    return await store.guest.post(path, content=event, headers={"stripe-signature": signature})
