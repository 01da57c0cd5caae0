"""The same shop as for the shop manager's document: a database and a process for all tests of a
file, and a fresh shop in it for each test."""

import os
from collections.abc import Iterator

import pytest
from fastapi import FastAPI

from tests.architecture.walk import endpoints
from tests.contracts.printpro3d.backend import Backend
from tests.contracts.printpro3d.documented import documented_endpoints
from tests.contracts.shop_manager import documented as shop_manager
from tests.contracts.shop_manager.conftest import (
    client_as,
    clock,
    empty_shop,
    migrated_url,
    process,
    settings,
)
from tests.contracts.shop_manager.recorder import Recorder
from tests.contracts.shop_manager.shop import Shop

__all__ = [
    "client_as",
    "clock",
    "empty_shop",
    "migrated_url",
    "process",
    "settings",
]


@pytest.fixture(scope="session")
def recorder(application: FastAPI) -> Iterator[Recorder | None]:
    """Of what only this document has; what both have is recorded by the other's tests."""
    if "RECORD_EXAMPLES" not in os.environ:
        yield None
        return
    own = documented_endpoints() - shop_manager.documented_endpoints()
    recorder = Recorder((str(endpoint) for endpoint in endpoints(application)), own)
    yield recorder
    recorder.write()


@pytest.fixture
async def backend(empty_shop: Shop) -> Backend:
    """Nothing in it but its owner."""
    return await Backend.of(empty_shop)
