"""The product page: profile, price, listings; and the catalogue's reading of listings."""

import pytest
from sqlalchemy import select

from shopwright.catalog import profiles
from shopwright.catalog.models import Listing, Product
from shopwright.channels.models import ListingSync
from shopwright.channels.states import SyncStatus
from shopwright.inventory.models import FilamentMovement
from shopwright.inventory.states import MovementReason
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Ref
from shopwright.kernel.effects import Effect
from tests import factories
from tests.clock import START
from tests.web.conftest import BrowserAs
from tests.web.test_pages import text_of

PROFILE = {
    "product_name": "Gear",
    "preferred_material": "PLA",
    "standard_filament_amount": "40,5",
    "layer_height_mm": "0.2",
    "infill_percent": "15",
    "material_cost": "1,25",
    "overhead_cost": "0.75",
    "labor_minutes": "10",
    "target_margin_pct": "50",
}


async def make_gear(database: Database, actor: Actor) -> int:
    async with database.write() as session:
        return (await factories.make_product(session, actor, "Gear")).id


async def test_a_profile_is_typed_and_its_price_shown_with_its_calculation(
    browser_as: BrowserAs, owner: Actor, database: Database
) -> None:
    product_id = await make_gear(database, owner)
    browser = await browser_as(owner)

    saved = await browser.post(f"/catalog/{product_id}/profile", data=PROFILE)
    hour = await browser.post("/catalog/labor-rate", data={"per_hour": "30"})

    assert (saved.status_code, hour.status_code) == (303, 303)
    async with database.read() as session:
        product: Product = await profiles.get_profile(session, owner, Ref(product_id, None))
    assert (product.standard_filament_mg, product.layer_height_um, product.infill_bp) == (
        40_500, 200, 1500,
    )  # fmt: skip
    text = text_of((await browser.get(f"/catalog/{product_id}")).text)
    assert "Work 10 min at 30.00 EUR/h 5.00 EUR" in text
    assert "Suggested price 8.62 EUR" in text  # (5 + 0.75) × 1.5
    assert "(1.25 EUR + 0.75 EUR) × 1.5 = 3.00 EUR" in text
    assert "No PLA on the shelf has a price." in text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"infill_percent": "150"}, "Infill: input should be less than or equal to 100."),
        ({"nozzle_temp_c": "hot"}, "Nozzle: input should be a valid integer"),
        ({"product_name": ""}, "The name: string should have at least 1 character."),
    ],
)
async def test_a_profile_that_cannot_be_is_refused_in_the_forms_words(
    browser_as: BrowserAs, owner: Actor, database: Database, change: dict[str, str], words: str
) -> None:
    product_id = await make_gear(database, owner)
    browser = await browser_as(owner)

    refused = await browser.post(f"/catalog/{product_id}/profile", data=PROFILE | change)

    assert refused.status_code == 400
    assert words in refused.text


async def test_quantities_are_typed_and_the_shop_is_told(
    browser_as: BrowserAs, member: Actor, database: Database
) -> None:
    async with database.write() as session:
        listing_id = int(await factories.make_listing_id(session, member))
        mine = Listing.organization_id == member.organization_id
        listing = (await session.scalars(select(Listing).where(mine))).one()
    browser = await browser_as(member)
    page = text_of((await browser.get(f"/catalog/{listing.product_id}")).text)
    assert "5 offered" in page
    sku = page.split(" 5 offered")[0].split()[-1]
    path = f"/catalog/listings/{listing_id}/quantity"

    told = await browser.post(path, data={"sku": [sku], "quantity": ["7"]})
    nothing = await browser.post(path, data={"sku": [sku], "quantity": [""]})
    words = await browser.post(path, data={"sku": [sku], "quantity": ["many"]})
    shelf = await browser.post(path, data={"from_stock": "yes"})

    assert [a.status_code for a in (told, nothing, words, shelf)] == [303, 400, 400, 409]
    async with database.read() as session:
        mine = Effect.organization_id == member.organization_id
        (effect,) = await session.scalars(select(Effect).where(mine))
    assert effect.request["quantities"] == {sku: 7}
    page = text_of((await browser.get(f"/catalog/{listing.product_id}")).text)
    assert "quantity waits to be told" in page


async def test_an_administrator_lets_a_shop_follow_the_shelf(
    browser_as: BrowserAs, admin: Actor, member: Actor, database: Database
) -> None:
    async with database.write() as session:
        await factories.make_listing_id(session, admin)
        mine = Listing.organization_id == admin.organization_id
        listing = (await session.scalars(select(Listing).where(mine))).one()
    path = f"/catalog/shops/{listing.connection_id}/follow"
    browser = await browser_as(admin)

    assert (await (await browser_as(member)).post(path, data={"is_on": "true"})).status_code == 403
    assert (await browser.post(path, data={"is_on": "true"})).status_code == 303

    page = text_of((await browser.get(f"/catalog/{listing.product_id}")).text)
    assert "follows the shelf" in page
    assert "Let Atelier follow the shelf no longer" in page


async def test_the_catalogue_shows_what_the_last_reading_of_listings_brought(
    browser_as: BrowserAs, member: Actor, database: Database
) -> None:
    browser = await browser_as(member)
    assert "Read the shop" not in (await browser.get("/catalog")).text
    refused = await browser.post("/catalog/listings/sync")
    assert refused.status_code == 409
    async with database.write() as session:
        connection = await factories.make_connection(session, member)
        session.add(
            ListingSync(
                organization_id=member.organization_id, connection_id=connection.id,
                status=SyncStatus.COMPLETED, requested_at=START, moved_at=START,
                finished_at=START, listings_read=12, products_new=3, variants_new=5,
                skipped=["'Lamp' has no SKU. Give its choices one at the channel."],
            )
        )  # fmt: skip

    text = text_of((await browser.get("/catalog")).text)
    assert "12, of them 3 new products with 5 SKUs." in text
    assert "Lamp&#39; has no SKU." in text
    assert (await browser.post("/catalog/listings/sync")).status_code == 303
    assert "Reading the shop's listings" in text_of((await browser.get("/catalog")).text)


async def test_filament_that_will_not_last_is_named_with_its_days(
    browser_as: BrowserAs, member: Actor, database: Database
) -> None:
    async with database.write() as session:
        spool = await factories.make_spool(session, member, remaining_mg=300_000)
        session.add(
            FilamentMovement(
                organization_id=member.organization_id, key="attempt:1:1",
                filament_id=spool.filament_id, spool_id=spool.id, material="PLA",
                delta_mg=-100_000, reason=MovementReason.PRINT, created_at=START,
            )
        )  # fmt: skip

    text = text_of((await (await browser_as(member)).get("/filament")).text)

    assert "Buy soon PLA Black 300 g left, 100 g used in 30 days" in text
    assert "about 3 days" in text
