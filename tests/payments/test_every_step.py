"""Kill the program at every step of a buyer's way: one order, one payment, nothing lost."""

from collections.abc import Callable
from itertools import count

import pytest
from sqlalchemy import select, update

from shopwright.catalog.devices.models import DeviceModel
from shopwright.kernel.edge import Ref
from shopwright.kernel.effects import Effect, EffectStatus
from shopwright.orders.models import Order
from shopwright.orders.states import OrderStatus
from shopwright.orders.storefront.pricing import Line
from shopwright.payments import checkout
from shopwright.payments.refunds import refund_payment
from shopwright.payments.states import PaymentStatus, RefundStatus
from tests.payments.mortal import Fate, mortal
from tests.payments.people import NEVER, Act, Person, live_through
from tests.payments.till import PRICE, STOCK, Till

MANY = 60  # more than any way has steps


# What happens safely before, and in what the program is killed at every step.
WAYS: dict[str, Callable[[Person], tuple[list[Act], list[Act]]]] = {
    "webhook": lambda b: ([], [b.check_out, b.pay, b.webhook, b.success_page, b.worker]),
    "success page first": lambda b: ([b.check_out, b.pay], [b.success_page, b.webhook]),
    "browser closed, webhook lost": lambda b: ([b.check_out, b.pay], [b.worker]),
}


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
@pytest.mark.parametrize("way", WAYS)
async def test_killed_at_any_step_a_buyer_pays_one_order_once(till: Till, way: str) -> None:
    await _die_everywhere(till, way, steps=1)


@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
async def test_killed_at_many_steps_a_buyer_pays_one_order_once(till: Till) -> None:
    """The same on the other database; every step there would take too long."""
    await _die_everywhere(till, "webhook", steps=4)


async def _die_everywhere(till: Till, way: str, steps: int) -> None:
    for orders, at in enumerate(count(1, steps), 1):
        assert at < MANY
        buyer = _person(till, f"{way}-{at}")
        fate = Fate(at)
        before, acts = WAYS[way](buyer)
        await live_through(till.process, till.clock, before, Fate(NEVER))
        await live_through(till.process, till.clock, acts, fate)
        await _check_books(till, buyer, orders=orders)
        if not fate.is_dead:
            break
        await _restock(till)


def _person(till: Till, reference: str) -> Person:
    line = Line(template_id=till.template.id, device_model_id=till.model.id)
    return Person(till.ctx, till.stripe, till.clock, line, PRICE, reference)


async def _check_books(till: Till, buyer: Person, orders: int) -> None:
    assert await till.count(Order) == orders
    async with till.process.database.read() as session:
        newest = (
            await session.scalars(
                select(Order)
                .where(Order.organization_id == till.ctx.organization_id)
                .order_by(Order.id.desc())
                .limit(1)
            )
        ).one()
        effects = await session.scalars(
            select(Effect.status).where(Effect.organization_id == till.ctx.organization_id)
        )
        assert set(effects) == {EffectStatus.DONE}
    (payment,) = await till.payments(newest.id)
    assert (newest.status, payment.status) == (OrderStatus.PAID, PaymentStatus.PAID)
    assert payment.provider_id == buyer.session_id
    mine = [
        session
        for session in till.stripe.world.sessions.values()
        if session["client_reference_id"] == payment.key
    ]
    assert [session["payment_status"] for session in mine] == ["paid"]
    assert await till.stock() == STOCK - 1


async def _restock(till: Till) -> None:
    async with till.process.database.write() as session:
        await session.execute(
            update(DeviceModel)
            .where(DeviceModel.organization_id == till.ctx.organization_id)
            .values(stock=STOCK)
        )


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_killed_at_any_step_money_is_given_back_once(till: Till) -> None:
    for at in count(1):
        assert at < MANY
        buyer = _person(till, f"refund-{at}")
        async with mortal(till.process, Fate(NEVER)) as living:
            for act in (buyer.check_out, buyer.pay, buyer.success_page):
                await act(living)
        payment = await checkout.find_payment(till.process, till.ctx, buyer.session_id)
        async with till.process.database.write() as session:
            await refund_payment(
                session, till.ctx, ref=Ref(payment.id, None), amount_minor=500, reason="",
                now=till.clock.now(),
            )  # fmt: skip
        fate = Fate(at)
        await live_through(till.process, till.clock, [buyer.worker], fate)
        (refund,) = await till.refunds(payment.id)
        assert (refund.status, refund.amount_minor) == (RefundStatus.SUCCEEDED, 500)
        intent = till.stripe.world.sessions[buyer.session_id]["payment_intent"]
        given = [r for r in till.stripe.world.refunds.values() if r["payment_intent"] == intent]
        assert [r["amount"] for r in given] == [500]
        await _restock(till)
        if not fate.is_dead:
            break
