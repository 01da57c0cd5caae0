"""Listings of the linked shop become product profiles."""

import pytest
from pydantic import SecretStr

from shopwright.channels import listings
from shopwright.channels.listing_sync import ListingReader
from shopwright.channels.sync import SyncTools
from shopwright.kernel.settings import Settings
from shopwright.sandbox.etsy.seeding import SeedPlan, seed_receipts
from shopwright.sandbox.etsy.server import EtsySandbox
from shopwright.sandbox.etsy.world import SandboxConfig
from tests.channels.conftest import REDIRECT, connect_shop, use_patient_adapters, with_etsy
from tests.conftest import make_settings
from tests.contracts.shop_manager.documented import assert_documented, covers
from tests.contracts.shop_manager.shop import Shop

PATH = "/api/products/sync-etsy"


@pytest.fixture(scope="module")
def settings(migrated_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    made = make_settings(migrated_url, tmp_path_factory.mktemp("listings"))
    return made.model_copy(
        update={"etsy_client_id": "key", "etsy_shared_secret": SecretStr("secret")}
    )


async def test_without_a_linked_shop_it_is_refused(empty_shop: Shop) -> None:
    answer = await empty_shop.client.post(PATH)

    assert (answer.status_code, answer.json()["code"]) == (409, "no-shop-linked")


@covers("POST /api/products/sync-etsy")
async def test_listings_are_read_into_profiles(empty_shop: Shop) -> None:
    config = SandboxConfig(redirect_uris=(REDIRECT,), per_second=None, per_minute=None)
    async with EtsySandbox(config) as etsy:
        seed_receipts(etsy.world, etsy.world.shops[500321], SeedPlan())
        process = empty_shop.process
        process.settings = with_etsy(process.settings, etsy)
        use_patient_adapters(process)
        await connect_shop(process, empty_shop.owner)
        async with process.database.write() as session:
            (sync,) = await listings.request_all(
                session, empty_shop.owner, is_fresh_wanted=True, now=process.clock.now()
            )
        tools = SyncTools(process.database, process.clock, process.settings, "worker-1")
        await ListingReader(tools).sync_listings(sync.organization_id, sync.id)

        answer = await empty_shop.client.post(PATH)

    body = assert_documented(
        answer, {"message": str, "success": True, "synced_count": 5, "new_products": 5}
    )
    assert body["running"] is False
    profiles = (await empty_shop.client.get("/api/product-profiles")).json()["profiles"]
    assert len(profiles) == 5
    assert "Moon lamp 15 cm" in [profile["product_name"] for profile in profiles]
