"""The same shop as for the other documents, and a partner with a key for its printer backend."""

import pytest
from httpx import AsyncClient

from tests.conftest import ClientAs
from tests.contracts.printpro3d.backend import Backend
from tests.contracts.printpro3d.conftest import (
    backend,
    client_as,
    clock,
    empty_shop,
    migrated_url,
    process,
    recorder,
    settings,
)

__all__ = [
    "backend",
    "client_as",
    "clock",
    "empty_shop",
    "migrated_url",
    "process",
    "recorder",
    "settings",
]


@pytest.fixture
async def partner(backend: Backend, client_as: ClientAs) -> AsyncClient:
    """Whoever hands jobs over, and the devices that poll."""
    asked = {"name": "partner", "role": "member", "scopes": ["printer_backend"]}
    made = await backend.shop.client.post("/api/keys", json=asked)
    client = await client_as(None)
    client.headers["X-API-Key"] = made.json()["key"]
    client.base_url = "http://shop.test/printer-backend"
    return client
