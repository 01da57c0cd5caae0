"""The same shop as for the shop manager's document, with a key as the part clients have one."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from tests.contracts.part_management.team import Team
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

__all__ = ["client_as", "clock", "empty_shop", "migrated_url", "process", "recorder", "settings"]


@pytest.fixture
async def team(empty_shop: Shop) -> Team:
    """A client with an API key of the scope ``parts``, as nothing more is needed."""
    return await Team.of(empty_shop)


@pytest.fixture
async def nobody(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Without any header."""
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 50001))
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.test") as client:
        yield client
