"""Kill the program at every step of a buyer's way: one order, one payment, nothing lost."""

import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count

import pytest
from sqlalchemy import select, update

from shopwright.catalog.devices.models import DeviceModel
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.effects import Effect, EffectStatus
from shopwright.orders.models import Order
from shopwright.orders.states import OrderStatus
from shopwright.orders.storefront.pricing import Line
from shopwright.orders.storefront.service import Buyer
from shopwright.payments import checkout, notices
from shopwright.payments.checkout import Wish
from shopwright.payments.keeper import PaymentKeeper
from shopwright.payments.providers import STRIPE
from shopwright.payments.refunds import refund_payment
from shopwright.payments.states import PaymentStatus, RefundStatus
from shopwright.sandbox.stripe.webhooks import sign
from tests.payments.mortal import Fate, Killed, mortal
from tests.payments.till import PRICE, STOCK, Till

NEVER = 10_000
MANY = 60  # more than any way has steps
Act = Callable[[Process], Awaitable[None]]


@dataclass
class Person:
    """One buyer, who tries again whatever happens, and pays the page he is shown, once."""

    till: Till
    reference: str
    session_id: str = ""
    events_sent: set[str] = field(default_factory=set)

    async def check_out(self, process: Process) -> None:
        line = Line(template_id=self.till.template.id, device_model_id=self.till.model.id)
        wish = Wish(
            lines=[line],
            buyer=Buyer(name="Ada", email="ada@example.com"),
            expected_minor=PRICE,
            reference=self.reference,
        )
        begun = await checkout.begin_checkout(process, self.till.ctx, wish)
        self.session_id = begun.payment.provider_id or ""

    async def pay(self, _process: Process) -> None:
        if self.till.stripe.world.sessions[self.session_id]["status"] == "open":
            self.till.pay(self.session_id)

    async def webhook(self, process: Process) -> None:
        """Stripe sends it until it is taken, and then once more."""
        for event in self.till.stripe.world.events:
            if event["data"]["object"]["id"] != self.session_id:
                continue
            body = json.dumps(event)
            secret = self.till.stripe.world.config.webhook_secret
            headers = {"stripe-signature": sign(secret, body, self.till.stripe.world.now_s())}
            for _ in range(2):
                await notices.receive(process, self.till.ctx, STRIPE, headers, body.encode())

    async def success_page(self, process: Process) -> None:
        await checkout.confirm(process, self.till.ctx, self.session_id)

    async def worker(self, process: Process) -> None:
        self.till.clock.advance(minutes=3)
        await PaymentKeeper(process).round()


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
        buyer = Person(till, f"{way}-{at}")
        fate = Fate(at)
        before, acts = WAYS[way](buyer)
        await _live_through(till, before, Fate(NEVER))
        await _live_through(till, acts, fate)
        await _check_books(till, buyer, orders=orders)
        if not fate.is_dead:
            break
        await _restock(till)


async def _live_through(till: Till, acts: list[Act], fate: Fate) -> None:
    """Whoever is killed starts anew a while later, and what was cut short is tried again."""
    left = list(acts)
    async with mortal(till.process, fate) as dying:
        with suppress(Killed):
            while left:
                await left[0](dying)
                del left[0]
    async with mortal(till.process, Fate(NEVER)) as reborn:
        for act in left:
            till.clock.advance(seconds=40)
            await act(reborn)
        await PaymentKeeper(reborn).round()


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
        buyer = Person(till, f"refund-{at}")
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
        await _live_through(till, [buyer.worker], fate)
        (refund,) = await till.refunds(payment.id)
        assert (refund.status, refund.amount_minor) == (RefundStatus.SUCCEEDED, 500)
        intent = till.stripe.world.sessions[buyer.session_id]["payment_intent"]
        given = [r for r in till.stripe.world.refunds.values() if r["payment_intent"] == intent]
        assert [r["amount"] for r in given] == [500]
        await _restock(till)
        if not fate.is_dead:
            break
