"""Money that comes late, wrong, twice or not at all, and a Stripe that fails."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from shopwright.integrations.stripe.provider import StripeProvider
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.errors import Invalid
from shopwright.kernel.inbox import InboundEvent
from shopwright.orders import service as orders
from shopwright.orders import stop
from shopwright.orders.models import Hold, Order
from shopwright.orders.states import OrderStatus
from shopwright.payments.models import Payment
from shopwright.payments.port import PaymentProvider
from shopwright.payments.providers import STRIPE, account_of_settings, of_process
from shopwright.payments.refunds import (
    NotRefundable,
    RefundOutcome,
    refund_payment,
    resolve_refund,
)
from shopwright.payments.states import PaymentStatus, RefundStatus
from shopwright.sandbox.stripe import refunds as dashboard
from shopwright.sandbox.stripe import sessions
from shopwright.sandbox.stripe.gate import FaultKind
from tests.payments.till import PRICE, STOCK, Till

FAULTS = [FaultKind.ERROR_BEFORE, FaultKind.ERROR_AFTER, FaultKind.LOST_AFTER]
FAULTS += [FaultKind.RATE_LIMITED, FaultKind.CUT_BEFORE, FaultKind.CUT_AFTER, FaultKind.SLOW_AFTER]
ONLY_SQLITE = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)


@ONLY_SQLITE
async def test_a_declined_card_may_be_followed_by_a_good_one(till: Till) -> None:
    told = await till.check_out()
    sessions.refuse_card(till.stripe.world, told["session_id"])
    await till.tell("payment_intent.payment_failed")
    assert (await till.payment(told["order_id"])).status is PaymentStatus.PENDING
    till.pay(told["session_id"])
    await till.tell("checkout.session.completed")
    assert (await till.order(told["order_id"])).status is OrderStatus.PAID


@ONLY_SQLITE
async def test_a_bank_debit_is_paying_until_the_bank_says_so(till: Till) -> None:
    told = await till.check_out()
    sessions.pay_later(till.stripe.world, told["session_id"])
    await till.tell("checkout.session.completed")
    assert (await till.payment(told["order_id"])).status is PaymentStatus.PAYING
    await till.rounds(minutes=600)
    assert (await till.order(told["order_id"])).status is OrderStatus.PENDING_PAYMENT
    sessions.finish_later(till.stripe.world, told["session_id"], is_good=True)
    await till.tell("checkout.session.async_payment_succeeded", times=2)
    assert (await till.order(told["order_id"])).status is OrderStatus.PAID


@ONLY_SQLITE
async def test_a_debit_that_bounces_leaves_the_order_unpaid(till: Till) -> None:
    told = await till.check_out()
    sessions.pay_later(till.stripe.world, told["session_id"])
    await till.tell("checkout.session.completed")
    sessions.finish_later(till.stripe.world, told["session_id"], is_good=False)
    await till.tell("checkout.session.async_payment_failed")
    payment = await till.payment(told["order_id"])
    assert (payment.status, payment.detail) == (PaymentStatus.FAILED, "The bank refused it.")


@ONLY_SQLITE
async def test_events_in_the_wrong_order_end_the_same(till: Till) -> None:
    told = await till.check_out()
    sessions.pay_later(till.stripe.world, told["session_id"])
    sessions.finish_later(till.stripe.world, told["session_id"], is_good=True)
    await till.tell("checkout.session.async_payment_succeeded")
    await till.tell("checkout.session.completed")
    assert (await till.payment(told["order_id"])).status is PaymentStatus.PAID


async def test_money_that_comes_after_the_order_was_given_up_takes_it_up_again(till: Till) -> None:
    """The session's end was lost on the way, and the bank was slow."""
    told = await till.check_out()
    session = till.stripe.world.sessions[told["session_id"]]
    await till.rounds(minutes=125)
    await till.rounds(minutes=31)
    assert (await till.order(told["order_id"])).status is OrderStatus.CANCELED
    session.update(status="complete", payment_status="paid")
    till.stripe.world.emit("checkout.session.completed", sessions.shown(session))
    await till.tell("checkout.session.completed")
    order = await till.order(told["order_id"])
    assert (order.status, [item.is_cancelled for item in order.items]) == (
        OrderStatus.PAID,
        [False],
    )
    assert await till.stock() == STOCK - 1


async def test_money_for_an_order_that_a_person_cancelled_asks_for_a_refund(
    till: Till, admin: Actor
) -> None:
    told = await till.check_out()
    till.pay(told["session_id"])
    await _cancel(till, admin, told["order_id"])
    await till.tell("checkout.session.completed")
    order, payment = await till.order(told["order_id"]), await till.payment(told["order_id"])
    assert (order.status, payment.status) == (OrderStatus.CANCELED, PaymentStatus.PAID)
    assert payment.problem is not None
    assert "had been cancelled" in payment.problem
    await _refund(till, admin, payment, None)
    await till.rounds()
    payment = await till.payment(told["order_id"])
    assert (payment.status, payment.problem) == (PaymentStatus.REFUNDED, None)
    assert (await till.order(told["order_id"])).status is OrderStatus.REFUNDED


async def test_a_cancelled_order_cannot_be_paid_any_more(till: Till, admin: Actor) -> None:
    told = await till.check_out()
    await _cancel(till, admin, told["order_id"])
    await till.rounds()
    assert till.stripe.world.sessions[told["session_id"]]["status"] == "expired"
    assert (await till.payment(told["order_id"])).status is PaymentStatus.FAILED
    assert await till.stock() == STOCK


async def test_another_amount_than_agreed_pays_nothing(till: Till) -> None:
    told = await till.check_out()
    till.pay(told["session_id"])
    till.stripe.world.sessions[told["session_id"]]["amount_total"] = 100
    answer = await till.confirm(told["session_id"])
    assert answer.status_code == 400
    order, payment = await till.order(told["order_id"]), await till.payment(told["order_id"])
    assert (order.status, payment.status) == (OrderStatus.PENDING_PAYMENT, PaymentStatus.ABNORMAL)
    assert payment.problem == (
        "100 came instead of 3500 (in the smallest unit of EUR). "
        "Look at the provider, then refund it or take the order up by hand."
    )


@ONLY_SQLITE
async def test_an_expired_page_is_followed_by_a_new_one_for_the_same_order(till: Till) -> None:
    first = await till.check_out(order_id="ORDER_1")
    sessions.expire(till.stripe.world, first["session_id"])
    await till.tell("checkout.session.expired")
    second = await till.check_out(order_id="ORDER_1")
    assert second["order_id"] == first["order_id"]
    assert second["session_id"] != first["session_id"]
    states = [payment.status for payment in await till.payments(first["order_id"])]
    assert states == [PaymentStatus.FAILED, PaymentStatus.PENDING]
    till.pay(second["session_id"])
    await till.tell("checkout.session.completed")
    third = await till.guest.post("/create-checkout-session", json=till.body(order_id="ORDER_1"))
    assert (third.status_code, third.json()["code"]) == (409, "order-not-payable")
    assert await till.count(Order) == 1


async def test_a_part_and_then_the_rest_are_given_back(till: Till, admin: Actor) -> None:
    order_id = await _paid(till)
    payment = await till.payment(order_id)
    await _refund(till, admin, payment, 500)
    with pytest.raises(Invalid, match="Between 1 and 3000"):
        await _refund(till, admin, payment, 3001)
    await till.rounds()
    order = await till.order(order_id)
    assert (order.status, order.refunded_minor) == (OrderStatus.PAID, 500)
    await _refund(till, admin, payment, None)
    await till.rounds()
    order, payment = await till.order(order_id), await till.payment(order_id)
    assert (order.status, order.refunded_minor) == (OrderStatus.REFUNDED, PRICE)
    assert payment.status is PaymentStatus.REFUNDED
    with pytest.raises(NotRefundable):
        await _refund(till, admin, payment, 1)
    assert [r["amount"] for r in till.stripe.world.refunds.values()] == [500, 3000]


@ONLY_SQLITE
async def test_a_refund_in_the_dashboard_is_followed(till: Till) -> None:
    order_id = await _paid(till)
    intent = (await till.payment(order_id)).provider_payment_id
    dashboard.create(till.stripe.world, {"payment_intent": intent, "amount": "1000"})
    await till.tell("charge.refunded", times=3)
    await till.rounds()
    payment = await till.payment(order_id)
    (refund,) = await till.refunds(payment.id)
    assert (refund.amount_minor, refund.by, refund.status) == (
        1000,
        "the provider",
        RefundStatus.SUCCEEDED,
    )
    assert (payment.refunded_minor, payment.status) == (1000, PaymentStatus.PAID)


@ONLY_SQLITE
async def test_a_refund_that_the_bank_sends_back_does_not_count(till: Till) -> None:
    order_id = await _paid(till)
    intent = (await till.payment(order_id)).provider_payment_id
    made = dashboard.create(
        till.stripe.world, {"payment_intent": intent, "amount": "1000"}, status="pending"
    )
    await till.tell("refund.created")
    await till.rounds()
    assert (await till.order(order_id)).refunded_minor == 1000
    dashboard.settle(till.stripe.world, made["id"], "failed")
    await till.tell("refund.failed")
    await till.rounds()
    assert (await till.order(order_id)).refunded_minor == 0


@ONLY_SQLITE
async def test_a_dispute_asks_a_person(till: Till) -> None:
    order_id = await _paid(till)
    payment = await till.payment(order_id)
    dashboard.dispute(till.stripe.world, payment.provider_payment_id or "")
    await till.tell("charge.dispute.created", times=2)
    payment = await till.payment(order_id)
    assert payment.problem == (
        "The buyer disputes this payment (product_not_received). Answer in Stripe's dashboard."
    )
    assert payment.disputed_at == till.clock.now()


@ONLY_SQLITE
async def test_events_are_kept_without_who_bought(till: Till) -> None:
    told = await till.check_out()
    till.pay(told["session_id"])
    event = await till.tell("checkout.session.completed", times=2)
    async with till.process.database.read() as session:
        rows = await session.scalars(
            select(InboundEvent).where(InboundEvent.organization_id == till.ctx.organization_id)
        )
        (stored,) = rows.all()
    assert (stored.key, stored.status) == (event["id"], "applied")
    assert "ada@example.com" not in str(stored.payload)


@ONLY_SQLITE
async def test_without_a_picture_the_order_is_paid_and_held(till: Till) -> None:
    order_id = await _paid(till)
    async with till.process.database.read() as session:
        reasons = await session.scalars(
            select(Hold.reason).where(Hold.organization_id == till.ctx.organization_id)
        )
        assert reasons.all() == [
            "It came without the picture that is to be printed. Ask the buyer, then add it."
        ]
    assert (await till.order(order_id)).is_held


@ONLY_SQLITE
@pytest.mark.parametrize("fault", FAULTS)
async def test_whatever_stripe_does_a_buyer_who_tries_again_gets_one_page(
    till: Till, fault: FaultKind
) -> None:
    _be_impatient(till)
    till.stripe.fail(fault, delay_s=1.0)
    told = {}
    for _ in range(5):
        answer = await till.guest.post("/create-checkout-session", json=till.body(order_id="O1"))
        if answer.status_code == 200:
            told = answer.json()
            break
        assert answer.json()["code"] in {"payment-not-ready", "payment-refused"}
        till.clock.advance(seconds=40)
    assert await till.count(Order) == 1
    till.pay(told["session_id"])
    await till.tell("checkout.session.completed")
    paid = [p.status for p in await till.payments(told["order_id"])]
    assert paid.count(PaymentStatus.PAID) == 1
    assert (await till.order(told["order_id"])).status is OrderStatus.PAID


@ONLY_SQLITE
@pytest.mark.parametrize("fault", FAULTS)
async def test_whatever_stripe_does_money_is_given_back_once(
    till: Till, admin: Actor, fault: FaultKind
) -> None:
    order_id = await _paid(till)
    payment = await till.payment(order_id)
    _be_impatient(till)
    await _refund(till, admin, payment, 700)
    till.stripe.fail(fault, path="/v1/refunds", method="POST", delay_s=1.0)
    await till.rounds(5, minutes=1)
    (refund,) = await till.refunds(payment.id)
    assert (refund.status, refund.amount_minor) == (RefundStatus.SUCCEEDED, 700)
    assert [r["amount"] for r in till.stripe.world.refunds.values()] == [700]


@ONLY_SQLITE
async def test_a_refund_that_nothing_proves_is_a_persons_to_decide(
    till: Till, admin: Actor
) -> None:
    """Stripe answers the key with its first failure for a day, and shows no refund."""
    order_id = await _paid(till)
    payment = await till.payment(order_id)
    _be_impatient(till)
    await _refund(till, admin, payment, 700)
    till.stripe.fail(FaultKind.ERROR_BEFORE, path="/v1/refunds", method="POST", calls=9)
    await till.rounds(6, minutes=1)
    (refund,) = await till.refunds(payment.id)
    assert refund.status is RefundStatus.UNKNOWN
    async with till.process.database.write() as session:
        await resolve_refund(
            session, admin, ref=Ref(refund.id, None), outcome=RefundOutcome.FAILED,
            now=till.clock.now(),
        )  # fmt: skip
    assert (await till.order(order_id)).refunded_minor == 0
    assert till.stripe.count_calls("POST", "/v1/refunds") == 3


async def _paid(till: Till) -> int:
    told = await till.check_out()
    till.pay(told["session_id"])
    await till.tell("checkout.session.completed")
    order_id: int = told["order_id"]
    return order_id


async def _cancel(till: Till, admin: Actor, order_id: int) -> None:
    async with till.process.database.write() as session:
        order = await orders.get_order(session, admin, Ref(order_id, None))
        await stop.cancel_order(
            session, admin, order=order, reason="changed his mind", now=till.clock.now()
        )


async def _refund(till: Till, admin: Actor, payment: Payment, amount: int | None) -> None:
    async with till.process.database.write() as session:
        await refund_payment(
            session, admin, ref=Ref(payment.id, None), amount_minor=amount, reason="",
            now=till.clock.now(),
        )  # fmt: skip


def _be_impatient(till: Till) -> None:
    """Half a second is a time-out, and the library tries nothing again by itself."""
    account = account_of_settings(till.process.settings)
    assert account is not None

    async def open_stripe(_process: Process, _ctx: Actor) -> PaymentProvider:
        return StripeProvider(account, timeout_s=0.5, retries=0)

    of_process(till.process).install(STRIPE, open_stripe)
    till.clock.advance(seconds=timedelta(seconds=1).total_seconds())
