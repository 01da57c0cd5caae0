"""Designs for the tests of this slice, made over HTTP as a customer makes them."""

from dataclasses import dataclass
from typing import Any

from httpx import AsyncClient, Response

from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from tests import factories
from tests.artwork.samples import picture


@dataclass
class Customer:
    """A stranger with one design."""

    client: AsyncClient
    id: str
    token: str
    canvas: dict[str, Any]
    template: str
    model: str

    @property
    def headers(self) -> dict[str, str]:
        return {"X-Design-Token": self.token}

    @property
    def url(self) -> str:
        return f"/api/designs/{self.id}"

    async def read(self) -> dict[str, Any]:
        answer = await self.client.get(self.url, headers=self.headers)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def upload(self, content: bytes | None = None, name: str = "photo.png") -> Response:
        files = {"file": (name, content or picture())}
        return await self.client.post(f"{self.url}/images", headers=self.headers, files=files)

    async def save(self, *layers: dict[str, Any], version: int = 1, **values: Any) -> Response:
        body = {"version": version, "layers": list(layers), **values}
        return await self.client.put(self.url, headers=self.headers, json=body)


async def begin(client: AsyncClient, database: Database, owner: Actor) -> Customer:
    async with database.write() as session:
        template = await factories.make_template(session, owner)
        model = await factories.make_device_model(session, owner)
        codes = {"template": template.code, "model": model.code}
    answer = await client.post("/api/designs", json=codes)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    return Customer(client, made["id"], made["token"], made["canvas"], **codes)


def text_layer(text: str = "Hi", name: str = "t1", **values: Any) -> dict[str, Any]:
    return {"id": name, "kind": "text", "text": text, **values}


def image_layer(image: str, name: str = "i1", **values: Any) -> dict[str, Any]:
    return {"id": name, "kind": "image", "image": image, **values}
