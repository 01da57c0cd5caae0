"""A sandbox whose clock stands still, and clients with and without its keys."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from shopwright.sandbox.etsy.server import EtsySandbox
from shopwright.sandbox.etsy.world import SandboxConfig

REDIRECT = "http://127.0.0.1:8000/etsy/callback"
NOW_S = 1_795_000_000
KEY = "sandbox-keystring:sandbox-secret"
SHOP = "/v3/application/shops/500321"


@pytest.fixture
async def etsy() -> AsyncIterator[EtsySandbox]:
    config = SandboxConfig(redirect_uris=(REDIRECT,), start_epoch_s=NOW_S, is_clock_frozen=True)
    async with EtsySandbox(config) as sandbox:
        yield sandbox


@pytest.fixture
async def http(etsy: EtsySandbox) -> AsyncIterator[httpx.AsyncClient]:
    """A visitor without any key."""
    async with httpx.AsyncClient(base_url=etsy.url, timeout=10) as client:
        yield client


@pytest.fixture
async def api(etsy: EtsySandbox) -> AsyncIterator[httpx.AsyncClient]:
    """An app with the first seller's consent to everything."""
    async with httpx.AsyncClient(base_url=etsy.url, timeout=10) as client:
        tokens = (await client.post("/sandbox/tokens", json={})).json()
        client.headers["x-api-key"] = KEY
        client.headers["authorization"] = f"Bearer {tokens['access_token']}"
        yield client


@pytest.fixture
async def free_api(api: httpx.AsyncClient) -> httpx.AsyncClient:
    """The same with the rate limits off."""
    off = {"per_second": None, "per_minute": None, "per_day": None}
    await api.put("/sandbox/limits", json=off)
    return api


async def seed(api: httpx.AsyncClient, count: int = 1, **plan: Any) -> list[int]:
    answer = await api.post("/sandbox/seed", json={"count": count, **plan})
    assert answer.status_code == 201, answer.text
    made: list[int] = answer.json()["receipt_ids"]
    return made
