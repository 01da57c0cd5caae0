"""A machine in a shop that sells designs for one phone: how a customer comes to the paying, and
what the shop's books say afterwards."""

from dataclasses import dataclass
from typing import Any

from httpx import Response
from sqlalchemy import func, select

from shopwright.artwork import service as artwork
from shopwright.catalog.designs.models import Template
from shopwright.catalog.devices.models import DeviceModel
from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.edge import Process, Ref
from shopwright.kiosk import queries
from shopwright.kiosk.models import KioskSession, MachineTaking
from shopwright.orders import service as orders
from shopwright.orders.models import Order
from shopwright.payments import queries as payment_queries
from shopwright.payments.models import Payment
from tests import factories
from tests.clock import FixedClock
from tests.kiosk.machines import Kiosk, row_of

PRICE, MINOR = 35.0, 3500


@dataclass
class Stall:
    process: Process
    ctx: Actor
    clock: FixedClock
    kiosk: Kiosk
    template: Template
    model: DeviceModel

    @classmethod
    async def of(cls, process: Process, clock: FixedClock, kiosk: Kiosk) -> "Stall":
        ctx = system_actor(kiosk.machine.organization_id, "test")
        async with process.database.write() as session:
            model = await factories.make_device_model(session, ctx)
            template = await factories.make_template(session, ctx, price_minor=MINOR)
        return cls(process, ctx, clock, kiosk, template, model)

    async def wish(self) -> dict[str, Any]:
        """A fresh design, as the designer's page sends it."""
        async with self.process.database.write() as session:
            made = await artwork.create_design(
                session,
                self.ctx,
                template=self.template,
                model=self.model,
                now=self.clock.now(),
            )
        return {
            "design_id": made.design.uuid,
            "design_token": made.token,
            "brand": "Phone",
            "model": self.model.display_name,
            "template": {"id": self.template.code},
        }

    async def begin(self) -> str:
        """A session that a phone has registered with."""
        session_id = await self.kiosk.open(metadata={})
        await self.kiosk.scan(session_id)
        return session_id

    async def order(self, session_id: str, **changes: Any) -> Response:
        """The order summary."""
        body = {
            "order_data": await self.wish(), "payment_amount": PRICE, "currency": "EUR", **changes,
        }  # fmt: skip
        return await self.kiosk.post(session_id, "order-summary", **body)

    async def summed(self) -> str:
        """A session with its order summary."""
        session_id = await self.begin()
        answer = await self.order(session_id)
        assert answer.status_code == 200, answer.text
        return session_id

    async def due(self) -> str:
        """A session that waits for the money."""
        session_id = await self.summed()
        answer = await self.pay(session_id)
        assert answer.status_code == 200, answer.text
        return session_id

    async def pay(self, session_id: str) -> Response:
        return await self.kiosk.post(session_id, "init-payment")

    async def confirm(self, session_id: str, transaction: str = "T-1", **changes: Any) -> Response:
        """The machine says that it has the money."""
        body = {
            "payment_method": "card",
            "payment_amount": PRICE,
            "currency": "EUR",
            "transaction_id": transaction,
            **changes,
        }
        return await self.kiosk.say(session_id, "confirm-payment", **body)

    async def row(self, session_id: str) -> KioskSession:
        return await row_of(self.process.database, session_id)

    async def only_order(self) -> Order:
        async with self.process.database.read() as session:
            ids = await session.scalars(
                select(Order.id).where(Order.organization_id == self.ctx.organization_id)
            )
            return await orders.get_order(session, self.ctx, Ref(ids.one(), None))

    async def payments(self) -> list[Payment]:
        order = await self.only_order()
        async with self.process.database.read() as session:
            return await payment_queries.list_of_order(session, self.ctx, order.id)

    async def takings(self) -> list[MachineTaking]:
        """The oldest first."""
        async with self.process.database.read() as session:
            rows = await queries.list_takings(session, self.ctx, self.kiosk.machine.id, 100)
        return list(rows)[::-1]

    async def count(self, model: Any) -> int:
        async with self.process.database.read() as session:
            found = await session.scalar(
                select(func.count(model.id)).where(
                    model.organization_id == self.ctx.organization_id
                )
            )
        return found or 0
