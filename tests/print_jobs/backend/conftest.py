"""A shop, and the printer backend that it hands jobs to; all on real sockets."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shopwright.print_jobs.backend_keeper import BackendKeeper
from shopwright.sandbox.printer_backend import PrinterBackendSandbox
from tests.clock import FixedClock
from tests.print_jobs.backend.shop import Shop, backend_settings, open_shop


@pytest.fixture
async def backend() -> AsyncIterator[PrinterBackendSandbox]:
    async with PrinterBackendSandbox() as sandbox:
        yield sandbox


@pytest.fixture
async def shop(
    backend: PrinterBackendSandbox, migrated_url: str, tmp_path: Path, clock: FixedClock
) -> AsyncIterator[Shop]:
    settings = backend_settings(backend.url, backend.key)
    async with open_shop(migrated_url, tmp_path, clock, **settings) as opened:
        yield opened


@pytest.fixture
def keeper(shop: Shop) -> BackendKeeper:
    """Its loop does not run: a test lets it look once at a time."""
    return BackendKeeper(shop.process)
