"""A buyer who tries again whatever happens, and a program that is killed under him."""

import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process
from shopwright.orders.storefront.pricing import Line
from shopwright.orders.storefront.service import Buyer
from shopwright.payments import checkout, notices
from shopwright.payments.checkout import Wish
from shopwright.payments.keeper import PaymentKeeper
from shopwright.payments.providers import STRIPE
from shopwright.sandbox.stripe import sessions
from shopwright.sandbox.stripe.server import StripeSandbox
from shopwright.sandbox.stripe.webhooks import sign
from tests.clock import FixedClock
from tests.payments.mortal import Fate, Killed, mortal

NEVER = 10_000
Act = Callable[[Process], Awaitable[None]]


@dataclass
class Person:
    """One buyer of one thing, who pays the page he is shown, once."""

    ctx: Actor
    stripe: StripeSandbox
    clock: FixedClock
    line: Line
    price_minor: int
    reference: str
    session_id: str = ""
    order_id: int = 0

    async def check_out(self, process: Process) -> None:
        wish = Wish(
            lines=[self.line],
            buyer=Buyer(name="Ada", email="ada@example.com"),
            expected_minor=self.price_minor,
            reference=self.reference,
        )
        begun = await checkout.begin_checkout(process, self.ctx, wish)
        self.session_id, self.order_id = begun.payment.provider_id or "", begun.order.id

    async def pay(self, _process: Process) -> None:
        if self.stripe.world.sessions[self.session_id]["status"] == "open":
            sessions.pay(self.stripe.world, self.session_id)

    async def webhook(self, process: Process) -> None:
        """Stripe sends it until it is taken, and then once more."""
        for event in self.stripe.world.events:
            if event["data"]["object"]["id"] != self.session_id:
                continue
            body = json.dumps(event)
            secret = self.stripe.world.config.webhook_secret
            headers = {"stripe-signature": sign(secret, body, self.stripe.world.now_s())}
            for _ in range(2):
                await notices.receive(process, self.ctx, STRIPE, headers, body.encode())

    async def success_page(self, process: Process) -> None:
        await checkout.confirm(process, self.ctx, self.session_id)

    async def worker(self, process: Process) -> None:
        self.clock.advance(minutes=3)
        await PaymentKeeper(process).round()


async def live_through(
    process: Process, clock: FixedClock, acts: Sequence[Act], fate: Fate
) -> None:
    """Whoever is killed starts anew a while later, and what was cut short is tried again."""
    left = list(acts)
    async with mortal(process, fate) as dying:
        with suppress(Killed):
            while left:
                await left[0](dying)
                del left[0]
    async with mortal(process, Fate(NEVER)) as reborn:
        for act in left:
            clock.advance(seconds=40)
            await act(reborn)
        await PaymentKeeper(reborn).round()
