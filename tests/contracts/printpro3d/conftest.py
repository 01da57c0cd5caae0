"""The same shop as for the shop manager's document: a database and a process for all tests of a
file, and a fresh shop in it for each test."""

import pytest

from tests.contracts.printpro3d.backend import Backend
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

__all__ = [
    "client_as",
    "clock",
    "empty_shop",
    "migrated_url",
    "process",
    "recorder",
    "settings",
]


@pytest.fixture
async def backend(empty_shop: Shop) -> Backend:
    """Nothing in it but its owner."""
    return await Backend.of(empty_shop)
