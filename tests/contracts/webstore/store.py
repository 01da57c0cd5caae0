"""One webstore as clients of reference (d) see it: strangers without a key, and its admin."""

import io
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from typing import Any

import httpx
from PIL import Image

from shopwright.accounts import shop_hosts
from shopwright.catalog.designs import starting
from shopwright.catalog.devices import service as devices
from shopwright.catalog.devices.service import BrandChange, ModelChange
from tests.contracts.shop_manager.shop import Shop

_numbers = count(1)
PHONE = ModelChange(
    code="iphone-15-pro",
    display_name="iPhone 15 Pro",
    width_um=70_600,
    height_um=146_600,
    partner_model_id="MM020250224000010",
    partner_shell_id="MS102503270003",
    stock=7,
    is_featured=True,
)


@dataclass
class Store:
    """``guest`` is a stranger's client, ``admin`` the owner's; both at the shop's own host."""

    shop: Shop
    guest: httpx.AsyncClient
    admin: httpx.AsyncClient

    @classmethod
    async def of(cls, shop: Shop, nobody: httpx.AsyncClient) -> "Store":
        host = f"shop-{next(_numbers)}.test"
        async with shop.process.database.write() as session:
            await shop_hosts.set_host(session, shop.owner, host)
            await starting.add_documented(session, shop.owner)
            apple = BrandChange(code="apple", display_name="iPhone", partner_id="BR20250111000002")
            brand = await devices.create_brand(session, shop.owner, apple)
            await devices.create_model(session, shop.owner, brand=brand, change=PHONE, price=None)
            sold_out = ModelChange(
                code="iphone-14", display_name="iPhone 14", width_um=71_500, height_um=146_700
            )
            await devices.create_model(
                session, shop.owner, brand=brand, change=sold_out, price=Decimal("2.50")
            )
        for client in (nobody, shop.client):
            client.base_url = httpx.URL(f"http://{host}")
        return cls(shop, nobody, shop.client)

    async def get(self, path: str, **params: Any) -> httpx.Response:
        """As a stranger."""
        return await self.guest.get(path, params=params)

    async def sticker(self, category: str = "cat", name: str = "tabby") -> dict[str, Any]:
        """Uploaded by the admin."""
        answer = await self.admin.post(
            f"/api/admin/sticker-categories/{category}/stickers",
            files={"file": (f"{name}.png", picture())},
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()["sticker"]
        return found


def picture(kind: str = "PNG", size: tuple[int, int] = (300, 200), mode: str = "RGBA") -> bytes:
    """A small picture of one colour."""
    target = io.BytesIO()
    color = (200, 30, 90, 128) if mode in {"RGBA", "CMYK"} else (200, 30, 90)
    Image.new(mode, size, color).save(target, kind)
    return target.getvalue()
