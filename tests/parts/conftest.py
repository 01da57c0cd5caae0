"""A part of a shop, and what an upload needs."""

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process
from shopwright.parts import conversions
from shopwright.parts.models import CadConversion
from tests.parts.step_files import plate_with_holes, step_file

PLATE = step_file(plate_with_holes(), name="plate")


@dataclass
class Bench:
    """A workbench: the owner's client and the process behind it."""

    process: Process
    owner: Actor
    client: httpx.AsyncClient

    async def part(self, **changes: Any) -> int:
        answer = await self.client.post("/api/parts", json={"name": "Plate"} | changes)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    async def upload(
        self, part_id: int, content: bytes = PLATE, name: str = "plate.step", *, wait: bool = True
    ) -> dict[str, Any]:
        url = f"/api/parts/{part_id}/upload" + ("" if wait else "?async=true")
        answer = await self.client.post(url, files={"file": (name, content)})
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self.client.get(f"/api/parts/{path}", params=params)

    async def conversion(self, conversion_id: int = 1) -> CadConversion:
        async with self.process.database.read() as session:
            found = await conversions.find_conversion(
                session, self.owner.organization_id, conversion_id
            )
        assert found is not None
        return found


@pytest.fixture
def bench(process: Process, owner: Actor, client: httpx.AsyncClient) -> Bench:
    return Bench(process, owner, client)
