"""From a stranger's wish to a paid order."""

from shopwright.orders.models import Order
from shopwright.orders.states import OrderStatus
from shopwright.payments.models import Payment
from shopwright.payments.states import PaymentStatus
from tests.payments.till import PRICE, STOCK, Till


async def test_an_order_waits_for_money_before_stripe_is_asked_for_a_page(till: Till) -> None:
    told = await till.check_out()
    order = await till.order(told["order_id"])
    payment = await till.payment(order.id)
    assert (order.status, order.total_minor, order.channel) == (
        "pending_payment",
        PRICE,
        "storefront",
    )
    assert (payment.status, payment.amount_minor, payment.key) == (
        PaymentStatus.PENDING,
        PRICE,
        f"checkout-{order.uuid}-1",
    )
    session = till.stripe.world.sessions[told["session_id"]]
    assert session["client_reference_id"] == payment.key
    assert (session["amount_total"], session["currency"]) == (PRICE, "eur")
    assert told["checkout_url"] == session["url"]
    assert await till.stock() == STOCK - 1


async def test_the_webhook_five_times_pays_one_order_once(till: Till) -> None:
    told = await till.check_out()
    till.pay(told["session_id"])
    await till.tell("checkout.session.completed", times=5)
    order, payment = await till.order(told["order_id"]), await till.payment(told["order_id"])
    assert (order.status, payment.status) == (OrderStatus.PAID, PaymentStatus.PAID)
    assert (await till.count(Order), await till.count(Payment)) == (1, 1)


async def test_the_success_page_may_come_before_and_after_the_webhook(till: Till) -> None:
    told = await till.check_out()
    early = await till.confirm(told["session_id"])
    assert (early.status_code, early.json()["code"]) == (400, "payment-not-completed")
    till.pay(told["session_id"])
    for _ in range(3):
        answer = await till.confirm(told["session_id"])
        assert answer.status_code == 200, answer.text
        assert answer.json() == {
            "success": True,
            "order_id": told["order_id"],
            "payment_id": till.stripe.world.sessions[told["session_id"]]["payment_intent"],
            "queue_no": None,
            "status": "paid",
            "chinese_order_id": None,
            "amount": PRICE,
            "currency": "EUR",
        }
    await till.tell("checkout.session.completed", times=2)
    assert (await till.order(told["order_id"])).status is OrderStatus.PAID


async def test_a_closed_browser_and_a_lost_webhook_are_made_good_by_asking(till: Till) -> None:
    told = await till.check_out()
    till.pay(told["session_id"])
    await till.rounds(minutes=2)
    payment = await till.payment(told["order_id"])
    assert (payment.status, payment.fee_minor, payment.fee_currency) == (
        PaymentStatus.PAID,
        77,
        "EUR",
    )


async def test_two_tabs_with_the_same_reference_get_one_order_and_one_page(till: Till) -> None:
    first = await till.check_out(order_id="ORDER_17")
    second = await till.check_out(order_id="ORDER_17")
    assert first == second
    assert (await till.count(Order), await till.count(Payment)) == (1, 1)
    assert await till.stock() == STOCK - 1


async def test_nobody_pays_and_everything_is_free_again(till: Till) -> None:
    told = await till.check_out()
    await till.rounds(minutes=125)
    assert (await till.payment(told["order_id"])).status is PaymentStatus.FAILED
    assert (await till.order(told["order_id"])).status is OrderStatus.PENDING_PAYMENT
    await till.rounds(minutes=31)
    order = await till.order(told["order_id"])
    assert (order.status, await till.stock()) == (OrderStatus.CANCELED, STOCK)
