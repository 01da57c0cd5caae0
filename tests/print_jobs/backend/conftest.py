"""A shop, and the printer backend that it hands jobs to; all on real sockets.

A file's tests share the databases and processes, and each has a shop of its own in them.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from shopwright.print_jobs.backend.files import BackendFetcher
from shopwright.print_jobs.backend.keeper import BackendKeeper
from shopwright.sandbox.printer_backend import PrinterBackendSandbox
from tests.clock import START, FixedClock
from tests.conftest import build_migrated
from tests.databases import Databases
from tests.print_jobs.backend.shop import Server, Shop, backend_settings, serve

_clock = FixedClock()  # the processes of a file look at it through many tests


@pytest.fixture
def clock() -> FixedClock:
    _clock.moment = START
    return _clock


@pytest.fixture(scope="module")
def urls(databases: Databases) -> Iterator[list[str]]:
    made = [databases.create_from("migrated", build_migrated) for _ in range(2)]
    yield made
    for url in made:
        databases.drop(url)


@pytest.fixture(scope="module")
async def servers(
    urls: list[str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[dict[str, Server]]:
    """Of ``near``, who hands jobs over, and of ``far``, who is a printer backend."""
    folder: Path = tmp_path_factory.mktemp("backend")
    async with AsyncExitStack() as stack:
        yield {
            role: await stack.enter_async_context(serve(role, url, folder / role, _clock))
            for role, url in zip(("near", "far"), urls, strict=True)
        }


@pytest.fixture
async def backend() -> AsyncIterator[PrinterBackendSandbox]:
    async with PrinterBackendSandbox() as sandbox:
        yield sandbox


@pytest.fixture
async def shop(
    backend: PrinterBackendSandbox, servers: dict[str, Server], clock: FixedClock
) -> AsyncIterator[Shop]:
    """It hands jobs to the sandbox."""
    settings = backend_settings(backend.url, backend.key)
    async with servers["near"].open_shop(settings) as opened:
        yield opened


@pytest.fixture
def keeper(shop: Shop) -> BackendKeeper:
    """Its loop does not run: a test lets it look once at a time."""
    return BackendKeeper(shop.process)


@pytest.fixture
async def far(servers: dict[str, Server], clock: FixedClock) -> AsyncIterator[Shop]:
    """It is a printer backend for others, with printers of its own."""
    async with servers["far"].open_shop({}) as opened:
        yield opened


@pytest.fixture
def fetcher(far: Shop) -> BackendFetcher:
    return BackendFetcher(far.process)
