"""One team as a client of the part-management document sees it: a key and its parts."""

from dataclasses import dataclass
from typing import Any

import httpx

from shopwright.accounts import keys
from shopwright.kernel.actor import Role
from tests.contracts.shop_manager.shop import Shop
from tests.parts.step_files import plate_with_holes, step_file

PLATE = step_file(plate_with_holes(), name="plate")
GEAR = {
    "type": "cnc",
    "name": "Drive Gear",
    "subsystem": "Drive System",
    "notes": "Check tooth profile",
    "onshapeUrl": "https://cad.onshape.com/documents/1",
    "material": "Aluminum",
}


@dataclass
class Team:
    shop: Shop
    key: str

    @classmethod
    async def of(cls, shop: Shop) -> "Team":
        async with shop.process.database.write() as session:
            made = await keys.create_key(
                session, shop.owner, name="shop floor", role=Role.MEMBER, scopes=["parts"],
                expires_at=None,
            )  # fmt: skip
        return cls(shop, made.secret)

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self.shop.client.get(f"/api/parts{path}", headers=self._key(), params=params)

    async def post(self, path: str, **body: Any) -> httpx.Response:
        return await self.shop.client.post(f"/api/parts{path}", headers=self._key(), json=body)

    async def put(self, path: str, **body: Any) -> httpx.Response:
        return await self.shop.client.put(f"/api/parts{path}", headers=self._key(), json=body)

    async def delete(self, path: str) -> httpx.Response:
        return await self.shop.client.delete(f"/api/parts{path}", headers=self._key())

    async def upload(
        self, part_id: int, content: bytes, name: str = "plate.step", **params: Any
    ) -> httpx.Response:
        return await self.shop.client.post(
            f"/api/parts/{part_id}/upload",
            headers=self._key(),
            params=params,
            files={"file": (name, content)},
        )

    async def part(self, *actions: str, **changes: Any) -> dict[str, Any]:
        """A new part, moved by ``actions`` in turn."""
        answer = await self.post("/", **(GEAR | changes))
        assert answer.status_code == 201, answer.text
        for action in actions:
            body = {"assigned": "John Doe"} if action == "assign" else {}
            answer = await self.post(f"/{answer.json()['id']}/{action}", **body)
            assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def _key(self) -> dict[str, str]:
        """The signed-in owner's token must not decide."""
        self.shop.client.headers.pop("authorization", None)
        return {"X-API-Key": self.key}
