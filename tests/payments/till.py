"""One shop at its till: a stranger's client, Stripe, and what the shop's books say."""

from dataclasses import dataclass
from typing import Any

import httpx
from sqlalchemy import func, select

from shopwright.accounts.models import Organization
from shopwright.catalog.designs.models import Template
from shopwright.catalog.devices.models import Brand, DeviceModel
from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.edge import Process, Ref
from shopwright.orders import service as orders
from shopwright.orders.models import Order
from shopwright.payments import queries
from shopwright.payments.keeper import PaymentKeeper
from shopwright.payments.models import Payment, Refund
from shopwright.sandbox.stripe import sessions
from shopwright.sandbox.stripe.server import StripeSandbox
from shopwright.sandbox.stripe.world import Json
from tests import factories
from tests.clock import FixedClock

STOCK = 5
PRICE = 3500
HOOK = "/stripe-webhook"


@dataclass
class Till:
    process: Process
    ctx: Actor
    stripe: StripeSandbox
    guest: httpx.AsyncClient
    clock: FixedClock
    template: Template
    model: DeviceModel
    brand: Brand

    @classmethod
    async def of(
        cls,
        process: Process,
        organization: Organization,
        stripe: StripeSandbox,
        guest: httpx.AsyncClient,
        clock: FixedClock,
    ) -> "Till":
        ctx = system_actor(organization.id, "test")
        async with process.database.write() as session:
            brand = await factories.make_brand(session, ctx)
            model = await factories.make_device_model(session, ctx, brand, stock=STOCK)
            template = await factories.make_template(session, ctx, price_minor=PRICE)
        return cls(process, ctx, stripe, guest, clock, template, model, brand)

    def body(self, **changes: Any) -> dict[str, Any]:
        """As the document prints it."""
        return {
            "amount_pence": PRICE,
            "template_id": self.template.code,
            "brand": self.brand.code,
            "model": self.model.code,
            "customer_email": "ada@example.com",
            "customer_name": "Ada Lovelace",
            **changes,
        }

    async def check_out(self, **changes: Any) -> dict[str, Any]:
        answer = await self.guest.post("/create-checkout-session", json=self.body(**changes))
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def confirm(self, session_id: str) -> httpx.Response:
        return await self.guest.post("/process-payment-success", json={"session_id": session_id})

    def pay(self, session_id: str) -> None:
        """On Stripe's page. Nobody hears of it by itself."""
        sessions.pay(self.stripe.world, session_id)

    async def tell(self, kind: str, times: int = 1, status: int = 200) -> Json:
        """Deliver the newest event of this kind, signed, so often."""
        event = next(e for e in self.stripe.world.events[::-1] if e["type"] == kind)
        for _ in range(times):
            assert await self.deliver(event) == status
        return event

    async def deliver(self, event: Json) -> int:
        return await self.stripe.notifier.deliver(self.guest, HOOK, event)

    async def rounds(self, count: int = 1, minutes: float = 0) -> None:
        """The worker's loop, as it comes by."""
        for _ in range(count):
            self.clock.advance(minutes=minutes)
            await PaymentKeeper(self.process).round()

    async def order(self, order_id: int) -> Order:
        async with self.process.database.read() as session:
            return await orders.get_order(session, self.ctx, Ref(order_id, None))

    async def payments(self, order_id: int) -> list[Payment]:
        async with self.process.database.read() as session:
            return await queries.list_of_order(session, self.ctx, order_id)

    async def payment(self, order_id: int) -> Payment:
        (payment,) = await self.payments(order_id)
        return payment

    async def refunds(self, payment_id: int) -> list[Refund]:
        async with self.process.database.read() as session:
            return await queries.list_refunds(session, self.ctx, [payment_id])

    async def count(self, model: Any) -> int:
        async with self.process.database.read() as session:
            return (
                await session.scalar(
                    select(func.count(model.id)).where(
                        model.organization_id == self.ctx.organization_id
                    )
                )
                or 0
            )

    async def stock(self) -> int:
        async with self.process.database.read() as session:
            rows = await session.scalars(
                select(DeviceModel.stock).where(
                    DeviceModel.organization_id == self.ctx.organization_id,
                    DeviceModel.id == self.model.id,
                )
            )
            return rows.one()
