"""Strangers who come back, repeat themselves or send nonsense; money that waits for a person."""

import hashlib
import hmac
import json
from typing import Any

import pytest
from sqlalchemy import select

from shopwright.integrations.stripe import notices
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Ref
from shopwright.kernel.tenancy import CROSS_TENANT
from shopwright.orders import service as orders
from shopwright.orders import stop
from shopwright.orders.models import Order
from shopwright.orders.service import OrderChange
from shopwright.orders.states import OrderStatus
from shopwright.payments.port import NoticeRefused, ProviderAccount
from shopwright.payments.states import PaymentStatus
from shopwright.sandbox.stripe.gate import FaultKind
from tests.clock import START
from tests.payments.till import STOCK, Till

ONLY_SQLITE = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
ADDRESS = {"line1": "Lane 1", "city": "Oslo", "postal_code": "0150", "country": "NO"}


@ONLY_SQLITE
async def test_a_buyer_who_comes_back_with_another_address_gets_his_parcel_there(
    till: Till,
) -> None:
    first = await till.check_out(order_id="mine-1", shipping_address=ADDRESS)
    moved = {**ADDRESS, "line1": "Lane 2"}
    again = await till.check_out(order_id="mine-1", shipping_address=moved, customer_name="Ada L.")
    assert again["order_id"] == first["order_id"]
    order = await till.order(first["order_id"])
    assert (order.ship_to["line1"], order.buyer_name) == ("Lane 2", "Ada L.")


@ONLY_SQLITE
async def test_a_repeated_order_without_checkout_is_one_order(till: Till) -> None:
    headers = {"Idempotency-Key": "3f1c7b0e-once"}
    body = till.body()
    first = await till.guest.post("/api/orders/create", json=body, headers=headers)
    again = await till.guest.post("/api/orders/create", json=body, headers=headers)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json()["order_id"] == first.json()["order_id"]
    assert (await till.count(Order), await till.stock()) == (1, STOCK - 1)
    other = await till.guest.post(
        "/api/orders/create",
        json=till.body(quantity=2, amount_pence=7000),
        headers=headers,
    )
    assert other.status_code == 409


@ONLY_SQLITE
async def test_an_order_with_money_in_doubt_is_not_given_up(till: Till) -> None:
    told = await till.check_out()
    till.pay(told["session_id"])
    till.stripe.world.sessions[told["session_id"]]["amount_total"] = 100
    assert (await till.confirm(told["session_id"])).status_code == 400
    await till.rounds(3, minutes=45)
    order = await till.order(told["order_id"])
    assert order.status is OrderStatus.PENDING_PAYMENT
    assert (await till.payment(told["order_id"])).status is PaymentStatus.ABNORMAL


@ONLY_SQLITE
async def test_an_order_that_a_person_calls_paid_cannot_be_paid_again(
    till: Till, admin: Actor
) -> None:
    told = await till.check_out()
    async with till.process.database.write() as session:
        await orders.update_order(
            session, admin, ref=Ref(told["order_id"], None),
            change=OrderChange(status=OrderStatus.PAID), now=till.clock.now(),
        )  # fmt: skip
    await till.rounds()
    assert till.stripe.world.sessions[told["session_id"]]["status"] == "expired"
    assert (await till.payment(told["order_id"])).status is PaymentStatus.FAILED
    assert (await till.order(told["order_id"])).status is OrderStatus.PAID


@ONLY_SQLITE
async def test_a_payment_that_was_given_up_is_not_started_any_more(
    till: Till, admin: Actor
) -> None:
    till.stripe.fail(FaultKind.RATE_LIMITED, calls=2)
    refused = await till.guest.post("/create-checkout-session", json=till.body())
    assert refused.status_code == 503
    async with till.process.database.write() as session:
        order_id = await session.scalar(select(Order.id).execution_options(**CROSS_TENANT))
        order = await orders.get_order(session, admin, Ref(order_id, None))
        await stop.cancel_order(session, admin, order=order, reason="no", now=till.clock.now())
    await till.rounds(3, minutes=2)
    assert till.stripe.world.sessions == {}


@ONLY_SQLITE
async def test_a_body_that_is_nested_too_deep_is_refused(till: Till) -> None:
    form = {**till.body(), "user_data": "[" * 20_000}
    answer = await till.guest.post("/api/orders/create", data=form)
    assert answer.status_code == 400


@ONLY_SQLITE
async def test_the_page_after_paying_is_not_asked_for_without_end(till: Till) -> None:
    limited = till.process.settings.model_copy(update={"rate_limit_wide_per_minute": 2})
    till.process.settings = limited
    asked = [await till.guest.get("/payment-success?session_id=cs_none") for _ in range(3)]
    assert [each.status_code for each in asked] == [404, 404, 429]


def _signed(body: bytes, at: int) -> str:
    digest = hmac.new(b"whsec_x", f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


@pytest.mark.parametrize("kind", ["later", "foreign"])
def test_a_signature_that_was_tampered_with_is_refused(kind: str) -> None:
    """An old notice does not become new by a second time in its header."""
    event: dict[str, Any] = {"id": "evt_1", "object": "event", "type": "x", "data": {"object": {}}}
    body, now = json.dumps(event).encode(), START
    at = int(now.timestamp())
    headers = {
        "later": f"{_signed(body, at - 4000)},t={at}",
        "foreign": f"t={at},v1=\u00e9",
    }
    account = ProviderAccount("sk_test_x", "whsec_x")
    assert notices.read_notice(account, {"stripe-signature": _signed(body, at)}, body, now)
    with pytest.raises(NoticeRefused):
        notices.read_notice(account, {"stripe-signature": headers[kind]}, body, now)
