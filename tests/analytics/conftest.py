"""A process for all tests of a file, on both databases, and a fresh organization for each."""

from collections.abc import AsyncIterator, Iterator

import pytest

from shopwright.kernel.edge import Process
from shopwright.kernel.settings import Settings
from shopwright.server.process import open_process
from tests.clock import START, FixedClock
from tests.conftest import build_migrated, make_settings
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
    return make_settings(migrated_url, tmp_path_factory.mktemp("analytics"))


@pytest.fixture(scope="module")
async def process(settings: Settings) -> AsyncIterator[Process]:
    async with open_process(settings, _clock) as running:
        running.is_ready = True
        yield running
