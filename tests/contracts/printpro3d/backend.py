"""One shop as a client of the printer backend's document sees it: every request names the
organization."""

from dataclasses import dataclass
from typing import Any

import httpx
from sqlalchemy import select

from shopwright.accounts.models import Organization
from shopwright.catalog.models import Product
from shopwright.fleet.models import Printer
from shopwright.fleet.states import DrivenBy
from tests.contracts.shop_manager.shop import Shop
from tests.factories import make_printer
from tests.workshop import make_recipe, ready_printer

EXTERNAL = {
    "name": "Bambu Lab X1C #1",
    "brand": "Bambu Lab",
    "model": "X1 Carbon",
    "connection_type": "network",
    "ip_address": "192.168.1.100",
}


@dataclass
class Backend:
    """``organization`` is its uuid, as the document's clients know it."""

    shop: Shop
    organization: str

    @classmethod
    async def of(cls, shop: Shop) -> "Backend":
        async with shop.process.database.read() as session:
            found = await session.scalar(
                select(Organization.uuid).where(Organization.id == shop.owner.organization_id)
            )
        return cls(shop, str(found))

    async def get(self, path: str, **params: Any) -> httpx.Response:
        named = {"organizationId": self.organization} | params
        return await self.shop.client.get(path, params=named)

    async def post(self, path: str, **body: Any) -> httpx.Response:
        return await self.shop.client.post(path, json=self._named(body))

    async def put(self, path: str, **body: Any) -> httpx.Response:
        return await self.shop.client.put(path, json=self._named(body))

    async def delete(self, path: str) -> httpx.Response:
        return await self.shop.client.delete(path, params={"organizationId": self.organization})

    async def external_printer(self, name: str = "Outside") -> Printer:
        """Whose own program polls our commands and reports."""
        async with self.shop.process.database.write() as session:
            printer = await make_printer(session, self.shop.owner, name)
            printer.driver, printer.driven_by = "network", DrivenBy.EXTERNAL
        return printer

    async def own_printer(self) -> Printer:
        """A P1S that we drive, online and idle."""
        async with self.shop.process.database.write() as session:
            return await ready_printer(session, self.shop.owner)

    async def product(self, sku: str = "GEAR", *, plates: int = 1) -> Product:
        """Printed from one file, 20 g and an hour a plate."""
        async with self.shop.process.database.write() as session:
            variant = await make_recipe(session, self.shop.owner, sku, plates=plates)
            return await session.get_one(
                Product, variant.product_id, execution_options={"cross_tenant": True}
            )

    async def job(self, printer: Printer, **changes: Any) -> dict[str, Any]:
        """A pending job of a new product for this printer."""
        product = await self.product(changes.pop("sku", "GEAR"))
        body = {"product_id": product.uuid, "printer_id": printer.uuid} | changes
        answer = await self.post("/api/print-jobs", **body)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def sent_job(self, printer: Printer, **changes: Any) -> dict[str, Any]:
        """And sent."""
        job = await self.job(printer, **changes)
        answer = await self.post(f"/api/print-jobs/{job['uuid']}/send", printerId=printer.uuid)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def _named(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"organizationId": self.organization} | body
