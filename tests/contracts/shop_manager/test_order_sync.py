"""The document's Etsy sync, against the sandbox Etsy, with the worker that does it."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from shopwright.channels.sync import SyncTools
from shopwright.channels.syncer import ChannelSyncer
from shopwright.kernel.edge import Process
from shopwright.kernel.settings import Settings
from shopwright.sandbox.etsy.server import EtsySandbox
from shopwright.sandbox.etsy.world import SandboxConfig
from tests.channels.conftest import TRUST, connect_shop, use_patient_adapters, with_etsy
from tests.conftest import make_settings
from tests.contracts.shop_manager.documented import assert_documented, covers
from tests.contracts.shop_manager.shop import Shop

REDIRECT = "http://shop.test/etsy/callback"


@pytest.fixture(scope="module")
async def etsy() -> AsyncIterator[EtsySandbox]:
    config = SandboxConfig(
        keystring="sync-key",
        redirect_uris=(REDIRECT,),
        per_second=None,
        per_minute=None,
        per_day=None,
    )
    async with (
        EtsySandbox(config) as sandbox,
        httpx.AsyncClient(base_url=sandbox.url, verify=TRUST) as buyers,
    ):
        assert (await buyers.post("/sandbox/seed", json={"count": 5})).status_code == 201
        yield sandbox


@pytest.fixture(scope="module")
def settings(
    migrated_url: str, tmp_path_factory: pytest.TempPathFactory, etsy: EtsySandbox
) -> Settings:
    return with_etsy(make_settings(migrated_url, tmp_path_factory.mktemp("sync")), etsy)


@pytest.fixture
async def connected(shop: Shop, process: Process) -> AsyncIterator[Shop]:
    """An Etsy shop is connected, and a worker looks for syncs."""
    use_patient_adapters(process)
    await connect_shop(process, shop.owner)
    tools = SyncTools(process.database, process.clock, process.settings, "worker-1")
    syncer = ChannelSyncer(tools, process.context.hub)
    running = asyncio.create_task(syncer.run())
    yield shop
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await syncer.stop()


@covers("POST /api/orders/sync")
async def test_sync_counts_what_came(connected: Shop) -> None:
    answer = await connected.client.post("/api/orders/sync")

    assert_documented(
        answer, {"message": "Synced 5 new orders", "synced_count": 5, "total_orders": 8}
    )
