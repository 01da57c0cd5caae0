"""One shop as the tests of the document see it: an owner who is signed in, and some rows."""

from dataclasses import dataclass
from typing import Any

import httpx

from shopwright.fleet.models import Printer
from shopwright.inventory.models import Filament, Spool
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process
from shopwright.orders import intake
from shopwright.orders.drafts import ItemDraft, OrderDraft
from shopwright.orders.models import Order
from shopwright.orders.states import OrderStatus
from tests import factories
from tests.clock import START


@dataclass
class Shop:
    """``client`` is the owner's; every other actor of the shop comes from ``client_as``."""

    process: Process
    owner: Actor
    client: httpx.AsyncClient

    async def add_order(self, title: str = "Custom Bracket", **changes: Any) -> Order:
        """A paid order by hand of one item at 49.99 dollars."""
        draft: dict[str, Any] = {
            "status": OrderStatus.PAID,
            "currency": "USD",
            "placed_at": self.process.clock.now(),
            "items": (ItemDraft(title=title, quantity=1, price_minor=4999),),
            "buyer_name": "John Doe",
            "buyer_email": "john@example.com",
            "total_minor": 4999,
        }
        async with self.process.database.write() as session:
            return await intake.place_order(
                session,
                self.owner,
                draft=OrderDraft(**(draft | changes)),
                now=self.process.clock.now(),
            )

    async def add_filament(self, material: str = "PLA", color: str = "Red") -> Filament:
        """750 g left of a roll of 1000 g, at 0.02 a gram."""
        async with self.process.database.write() as session:
            filament = Filament(
                organization_id=self.owner.organization_id,
                material=material,
                color_name=color,
                color="FF0000",
                cost_per_gram_micros=20_000,
                updated_at=START,
            )
            session.add(filament)
            await session.flush()
            session.add(
                Spool(
                    organization_id=self.owner.organization_id,
                    filament_id=filament.id,
                    initial_mg=1_000_000,
                    remaining_mg=750_000,
                )
            )
        return filament

    async def add_printer(self, name: str = "Main Printer") -> Printer:
        """A P1S on the LAN that nobody reached yet."""
        async with self.process.database.write() as session:
            return await factories.make_printer(session, self.owner, name)
