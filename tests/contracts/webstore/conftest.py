"""The same process as for the shop manager's document: strangers' clients and the owner's."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from tests.contracts.shop_manager.conftest import (
    client_as,
    clock,
    empty_shop,
    migrated_url,
    process,
    recorder,
    settings,
)
from tests.contracts.shop_manager.shop import Shop
from tests.contracts.webstore.store import Store

__all__ = ["client_as", "clock", "empty_shop", "migrated_url", "process", "recorder", "settings"]


@pytest.fixture
async def nobody(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A stranger: without any header."""
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 50001))
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.test") as client:
        yield client


@pytest.fixture
async def store(empty_shop: Shop, nobody: httpx.AsyncClient) -> Store:
    """The owner's shop under a host name of its own, with a brand, two models and the documented
    templates."""
    return await Store.of(empty_shop, nobody)
