"""A database and a process for all tests of a file, on both kinds, and a fresh shop in it for each
test: what one test writes, no other can see."""

import os
from collections.abc import AsyncIterator, Iterator

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process
from shopwright.kernel.settings import Settings
from shopwright.server.process import open_process
from tests.architecture.walk import endpoints
from tests.clock import START, FixedClock
from tests.conftest import ClientAs, build_migrated, make_settings
from tests.contracts.shop_manager.documented import documented_endpoints
from tests.contracts.shop_manager.recorder import Recorder
from tests.contracts.shop_manager.shop import Shop
from tests.databases import Databases

_clock = FixedClock()  # one process looks at it through many tests


@pytest.fixture
def clock() -> FixedClock:
    _clock.moment = START
    return _clock


@pytest.fixture(scope="module")
def migrated_url(databases: Databases) -> Iterator[str]:
    url = databases.create_from("migrated", build_migrated)
    yield url
    databases.drop(url)


@pytest.fixture(scope="module")
def settings(migrated_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Override this, module-scoped, where the shop manager needs more than the defaults."""
    return make_settings(migrated_url, tmp_path_factory.mktemp("contract"))


@pytest.fixture(scope="module")
async def process(settings: Settings) -> AsyncIterator[Process]:
    async with open_process(settings, _clock) as running:
        running.is_ready = True
        yield running


@pytest.fixture(scope="session")
def recorder(application: FastAPI) -> Iterator[Recorder | None]:
    """None unless ``RECORD_EXAMPLES`` is set; see ``recorder``."""
    if "RECORD_EXAMPLES" not in os.environ:
        yield None
        return
    known = documented_endpoints()
    recorder = Recorder((str(endpoint) for endpoint in endpoints(application)), known)
    yield recorder
    recorder.write()


@pytest.fixture
def client_as(client_as: ClientAs, recorder: Recorder | None) -> ClientAs:
    async def open_client(actor: Actor | None) -> AsyncClient:
        client = await client_as(actor)
        if recorder is not None:
            client.event_hooks = {"response": [recorder.look]}
        return client

    return open_client


@pytest.fixture
async def empty_shop(
    process: Process, clock: FixedClock, owner: Actor, client: AsyncClient
) -> Shop:
    """Nothing in it but its owner."""
    return Shop(process, owner, client)


@pytest.fixture
async def shop(empty_shop: Shop) -> Shop:
    """Three orders, two filaments, one printer."""
    for title in ("Custom Bracket", "Gear", "Vase"):
        await empty_shop.add_order(title)
    await empty_shop.add_filament("PLA", "Red")
    await empty_shop.add_filament("PETG", "Black")
    await empty_shop.add_printer()
    return empty_shop
