"""One order and one payment, whatever the customer, the machine or the clock does."""

import asyncio

import pytest

from shopwright.kiosk.keeper import KioskKeeper
from shopwright.kiosk.models import KioskSession, MachineTaking
from shopwright.kiosk.states import SessionStatus, TakingOutcome
from shopwright.orders import stop
from shopwright.orders.models import Order
from shopwright.orders.states import OrderStatus
from shopwright.payments.keeper import PaymentKeeper
from shopwright.payments.models import Payment
from shopwright.payments.states import PaymentStatus
from tests.kiosk.stall import MINOR, PRICE, Stall


async def test_a_customer_orders_pays_at_the_machine_and_is_done(stall: Stall) -> None:
    session_id = await stall.begin()
    summed = await stall.order(session_id)
    assert summed.json() == {
        "success": True,
        "message": "Order summary sent to vending machine",
        "session_id": session_id,
        "payment_amount": PRICE,
        "currency": "EUR",
        "status": "payment_pending",
        "user_progress": "payment_pending",
        "security_validated": True,
    }
    info = (await stall.kiosk.get(session_id, "order-info")).json()
    assert info["order_summary"]["model"] == stall.model.display_name
    assert (info["payment_amount"], info["order_id"]) == (PRICE, None)
    begun = (await stall.pay(session_id)).json()
    order = await stall.only_order()
    assert (order.channel, order.status, order.total_minor) == (
        "kiosk", OrderStatus.PENDING_PAYMENT, MINOR,
    )  # fmt: skip
    assert (begun["status"], begun["order_id"]) == ("awaiting_payment", order.id)
    assert (begun["chinese_payment_id"], begun["queue_number"]) == (None, None)
    paid = await stall.confirm(session_id)
    assert paid.json() == {
        "success": True,
        "message": "Payment confirmed successfully",
        "session_id": session_id,
        "transaction_id": "T-1",
        "status": "payment_completed",
        "user_progress": "payment_reached",
        "order_id": order.id,
        "order_number": order.number,
        "payment_amount": PRICE,
        "currency": "EUR",
        "queue_number": None,
        "security_validated": True,
    }
    assert (await stall.only_order()).status is OrderStatus.PAID
    (payment,) = await stall.payments()
    assert (payment.provider, payment.status, payment.provider_payment_id) == (
        "machine", PaymentStatus.PAID, "T-1",
    )  # fmt: skip
    await KioskKeeper(stall.process).look()
    assert (await stall.row(session_id)).status is SessionStatus.PAYMENT_COMPLETED
    stall.clock.advance(minutes=45)
    await KioskKeeper(stall.process).look()
    status = await stall.kiosk.status(session_id)
    assert (status["status"], status["user_progress"]) == ("completed", "order_submitted")
    assert status["order_status"] == "paid"


async def test_init_payment_twice_and_in_two_tabs_is_one_order(stall: Stall) -> None:
    session_id = await stall.summed()
    answers = await asyncio.gather(*(stall.pay(session_id) for _ in range(4)))
    answers.append(await stall.pay(session_id))
    assert {a.status_code for a in answers} == {200}
    assert len({(a.json()["order_id"], a.json()["third_id"]) for a in answers}) == 1
    assert (await stall.count(Order), await stall.count(Payment)) == (1, 1)
    changed = await stall.order(session_id)
    assert changed.status_code == 409
    assert await stall.count(Order) == 1


async def test_the_machine_confirms_five_times(stall: Stall) -> None:
    session_id = await stall.due()
    answers = await asyncio.gather(*(stall.confirm(session_id) for _ in range(5)))
    assert {a.status_code for a in answers} == {200}
    assert len({a.text for a in answers}) == 1
    assert (await stall.count(Order), await stall.count(Payment)) == (1, 1)
    (taking,) = await stall.takings()
    assert (taking.outcome, taking.amount_minor) == (TakingOutcome.ACCEPTED, MINOR)


async def test_a_machine_that_takes_the_money_right_after_the_summary(stall: Stall) -> None:
    session_id = await stall.summed()
    assert (await stall.confirm(session_id)).status_code == 200
    assert (await stall.only_order()).status is OrderStatus.PAID
    again = await stall.pay(session_id)
    assert again.status_code == 409
    assert again.json()["detail"] == "This is paid already."
    assert (await stall.count(Order), await stall.count(Payment)) == (1, 1)


async def test_another_amount_pays_nothing_and_is_written_down(stall: Stall) -> None:
    session_id = await stall.due()
    attempts: dict[str, dict[str, object]] = {
        "T-1": {"payment_amount": 34.99},
        "T-2": {"currency": "USD"},
    }
    for transaction, changes in attempts.items():
        refused = await stall.confirm(session_id, transaction, **changes)
        assert refused.status_code == 409
        assert refused.json()["code"] == "money-not-taken"
        assert (refused.json()["payment_amount"], refused.json()["currency"]) == (PRICE, "EUR")
    assert "Give the money back." in refused.json()["detail"]
    assert (await stall.only_order()).status is OrderStatus.PENDING_PAYMENT
    assert (await stall.confirm(session_id, "T-1", payment_amount=34.99)).status_code == 409
    assert (await stall.confirm(session_id, "T-3")).status_code == 200
    takings = [(t.transaction_id, t.outcome) for t in await stall.takings()]
    assert takings == [
        ("T-1", TakingOutcome.WRONG_AMOUNT),
        ("T-2", TakingOutcome.WRONG_AMOUNT),
        ("T-3", TakingOutcome.ACCEPTED),
    ]
    (payment,) = await stall.payments()
    assert payment.provider_payment_id == "T-3"


async def test_a_transaction_counts_once(stall: Stall) -> None:
    first, second = await stall.due(), await stall.due()
    assert (await stall.confirm(first)).status_code == 200
    used = await stall.confirm(second)
    assert used.status_code == 409
    assert used.json()["code"] == "transaction-used"
    assert (await stall.row(second)).status is SessionStatus.PAYMENT_PENDING


async def test_money_a_second_time_is_told_to_be_given_back(stall: Stall) -> None:
    session_id = await stall.due()
    await stall.confirm(session_id)
    refused = await stall.confirm(session_id, "T-2")
    assert refused.status_code == 409
    assert refused.json()["outcome"] == "paid_already"
    assert await stall.count(Payment) == 1
    assert [t.outcome for t in await stall.takings()] == [
        TakingOutcome.ACCEPTED, TakingOutcome.PAID_ALREADY,
    ]  # fmt: skip


@pytest.mark.parametrize("is_begun", [True, False])
async def test_money_that_comes_when_the_session_is_over_still_counts(
    stall: Stall, is_begun: bool
) -> None:
    session_id = await (stall.due() if is_begun else stall.summed())
    stall.clock.advance(minutes=31)
    assert (await stall.kiosk.get(session_id, "status")).status_code == 410
    assert (await stall.row(session_id)).status is SessionStatus.EXPIRED
    assert (await stall.confirm(session_id)).status_code == 200
    row = await stall.row(session_id)
    assert (row.status, row.ended_at) == (SessionStatus.PAYMENT_COMPLETED, None)
    assert (await stall.only_order()).status is OrderStatus.PAID
    assert (await stall.kiosk.status(session_id))["status"] == "payment_completed"


async def test_money_for_an_order_that_was_given_up_takes_it_up_again(stall: Stall) -> None:
    session_id = await stall.due()
    stall.clock.advance(minutes=40)
    await KioskKeeper(stall.process).look()
    assert [p.status for p in await stall.payments()] == [PaymentStatus.FAILED]
    stall.clock.advance(minutes=31)
    await PaymentKeeper(stall.process).round()
    assert (await stall.only_order()).status is OrderStatus.CANCELED
    assert (await stall.confirm(session_id)).status_code == 200
    assert (await stall.only_order()).status is OrderStatus.PAID
    assert (await stall.row(session_id)).status is SessionStatus.PAYMENT_COMPLETED


async def test_an_order_that_a_person_stopped_takes_no_money(stall: Stall) -> None:
    session_id = await stall.due()
    order = await stall.only_order()
    async with stall.process.database.write() as session:
        await stop.cancel_order(
            session, stall.ctx, order=order, reason="Nobody wants it.", now=stall.clock.now()
        )
    refused = await stall.confirm(session_id)
    assert refused.status_code == 409
    assert refused.json()["outcome"] == "not_possible"
    assert (await stall.takings())[0].reason == f"Order {order.number} was canceled."


async def test_money_without_an_order_is_written_down(stall: Stall) -> None:
    session_id = await stall.begin()
    refused = await stall.confirm(session_id)
    assert refused.status_code == 409
    assert refused.json()["outcome"] == "nothing_to_pay"
    assert [t.session_id for t in await stall.takings()] == [(await stall.row(session_id)).id]
    assert (await stall.count(Order), await stall.count(Payment)) == (0, 0)


async def test_money_for_what_cannot_be_ordered_any_more_is_written_down(stall: Stall) -> None:
    session_id = await stall.summed()
    async with stall.process.database.write() as session:
        stall.model.is_available = False
        session.add(stall.model)
    refused = await stall.confirm(session_id)
    assert refused.status_code == 409
    assert refused.json()["outcome"] == "not_possible"
    assert (await stall.count(Order), await stall.count(MachineTaking)) == (0, 1)


async def test_a_paid_session_is_not_ended_by_the_machine(stall: Stall) -> None:
    session_id = await stall.due()
    await stall.confirm(session_id)
    answer = await stall.kiosk.client.delete(f"/api/vending/session/{session_id}")
    assert answer.status_code == 409
    assert (await stall.row(session_id)).status is SessionStatus.PAYMENT_COMPLETED


async def test_old_sessions_are_cleared_away_and_the_money_stays_known(stall: Stall) -> None:
    session_id = await stall.due()
    await stall.confirm(session_id)
    await stall.kiosk.open()
    stall.clock.advance(days=7, hours=1)
    await KioskKeeper(stall.process).look()
    await KioskKeeper(stall.process).look()
    assert await stall.count(KioskSession) == 0
    assert [t.session_id for t in await stall.takings()] == [None]
    assert (await stall.only_order()).status is OrderStatus.PAID
