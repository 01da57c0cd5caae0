"""Listings become products and variants, and what lies on the shelf becomes what is offered."""

import asyncio
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select

from shopwright.catalog import listing_queries, products
from shopwright.catalog.models import Listing, Product, Variant
from shopwright.catalog.products import ProductSpec, VariantSpec
from shopwright.channels import listing_queries as readings
from shopwright.channels import listings, quantities, service
from shopwright.channels.listing_sync import ListingReader
from shopwright.channels.models import ListingSync
from shopwright.channels.quantity_push import QuantityPusher
from shopwright.channels.states import SyncStatus
from shopwright.inventory import service as inventory
from shopwright.inventory.states import MovementReason
from shopwright.kernel import effects
from shopwright.kernel.db import Installation
from shopwright.kernel.edge import Ref
from shopwright.kernel.effects import Effect, EffectStatus
from tests.channels.conftest import Shop, Stage
from tests.clock import FixedClock
from tests.conftest import ClientAs
from tests.factories import make_step

SHOP_ID = 500321
PLATE = "1500000001"  # two choices of one listing


async def ask(shop: Shop, *, fresh: bool = True) -> int:
    async with shop.process.database.write() as session:
        (sync,) = await listings.request_all(
            session, shop.ctx, is_fresh_wanted=fresh, now=shop.process.clock.now()
        )
    return sync.id


async def read_listings(shop: Shop) -> ListingSync:
    """Asked for, run to its end."""
    sync_id = await ask(shop)
    await ListingReader(shop.tools).sync_listings(shop.ctx.organization_id, sync_id)
    async with shop.process.database.read() as session:
        sync = await readings.find_sync(session, shop.ctx, sync_id)
    assert sync is not None
    return sync


async def rows_of(shop: Shop, model: Any) -> list[Any]:
    async with shop.process.database.read() as session:
        found = await session.scalars(
            select(model)
            .where(model.organization_id == shop.ctx.organization_id)
            .order_by(model.id)
        )
        return list(found)


async def plate_of(shop: Shop) -> Listing:
    async with shop.process.database.read() as session:
        found = await listing_queries.find_by_external(session, shop.ctx, shop.connection_id, PLATE)
    assert found is not None
    return found


async def push_all(shop: Shop) -> list[Effect]:
    """Every wish, worked on once, as it is afterwards."""
    async with shop.process.database.read() as session:
        wishes = select(Effect).where(Effect.organization_id == shop.ctx.organization_id)
        ids = [effect.id for effect in await session.scalars(wishes.order_by(Effect.id))]
    for effect_id in ids:
        await QuantityPusher(shop.tools).set_quantities(shop.ctx.organization_id, effect_id)
    return await rows_of(shop, Effect)


async def want(shop: Shop, **wanted: int) -> Effect:
    listing = await plate_of(shop)
    named = {f"PLATE-M-{name.upper()}": count for name, count in wanted.items()}
    async with shop.process.database.write() as session:
        return await quantities.ask_quantities(
            session, shop.ctx, listing=listing, quantities=named, now=shop.process.clock.now()
        )


def offered(shop: Shop) -> dict[str, int]:
    inventory = shop.etsy.world.shops[SHOP_ID].inventories[int(PLATE)]
    return {p["sku"]: p["offerings"][0]["quantity"] for p in inventory["products"]}


async def test_listings_become_products_with_their_choices(shop: Shop, stage: Stage) -> None:
    await stage.seed(1)

    sync = await read_listings(shop)

    assert (sync.status, sync.listings_read, sync.products_new, sync.skipped) == (
        SyncStatus.COMPLETED, 5, 5, [],
    )  # fmt: skip
    assert len(await rows_of(shop, Product)) == 5
    plate = await plate_of(shop)
    assert [(o.sku, o.quantity, o.price_minor) for o in plate.offers] == [
        ("PLATE-M-WAL", 50, 4900),
        ("PLATE-M-OAK", 50, 4700),
    ]
    variants = {v.sku: v for v in await rows_of(shop, Variant)}
    walnut = variants["PLATE-M-WAL"]
    assert (walnut.name, walnut.price_minor, walnut.currency) == ("Walnut", 4900, "EUR")
    assert sync.variants_new == len(variants)


async def test_reading_again_changes_nothing_and_keeps_what_people_wrote(
    shop: Shop, stage: Stage
) -> None:
    await stage.seed(1)
    await read_listings(shop)
    plate = await plate_of(shop)
    async with shop.process.database.write() as session:
        ref, spec = Ref(plate.product_id, None), ProductSpec(name="Our plate")
        await products.update_product(session, shop.ctx, ref=ref, spec=spec)

    again = await read_listings(shop)

    assert (again.listings_read, again.products_new, again.variants_new) == (5, 0, 0)
    names = {product.id: product.name for product in await rows_of(shop, Product)}
    assert names[plate.product_id] == "Our plate"
    assert (await plate_of(shop)).id == plate.id


async def test_a_known_sku_and_a_known_name_find_their_product(shop: Shop, stage: Stage) -> None:
    await stage.seed(1)
    titles = {x["listing_id"]: x["title"] for x in shop.etsy.world.shops[SHOP_ID].listings.values()}
    async with shop.process.database.write() as session:
        mine = await products.create_product(session, shop.ctx, spec=ProductSpec(name="Mine"))
        await products.create_variant(
            session, shop.ctx, product=Ref(mine.id, None), spec=VariantSpec(sku="PLATE-M-OAK")
        )
        named = ProductSpec(name=unescape(titles[1500000002]).upper())
        other = await products.create_product(session, shop.ctx, spec=named)

    sync = await read_listings(shop)

    assert (sync.products_new, len(await rows_of(shop, Product))) == (3, 5)
    products_of = {row.external_id: row.product_id for row in await rows_of(shop, Listing)}
    assert (products_of[PLATE], products_of["1500000002"]) == (mine.id, other.id)


async def test_what_the_shop_shows_no_more_is_not_offered(
    shop: Shop, stage: Stage, clock: FixedClock
) -> None:
    await stage.seed(1)
    await read_listings(shop)
    shop.etsy.world.shops[SHOP_ID].listings[int(PLATE)]["state"] = "inactive"
    clock.advance(minutes=6)

    assert (await read_listings(shop)).listings_read == 4

    assert not (await plate_of(shop)).is_offered
    with pytest.raises(quantities.NotOffered, match="is not on offer"):
        await want(shop, oak=1)


async def test_a_reading_of_the_last_five_minutes_is_the_answer(
    shop: Shop, stage: Stage, clock: FixedClock
) -> None:
    await stage.seed(1)
    first = await read_listings(shop)

    assert await ask(shop, fresh=False) == first.id
    clock.advance(minutes=6)
    second = await ask(shop, fresh=False)
    assert second != first.id
    assert await asyncio.gather(*(ask(shop) for _ in range(4))) == [second] * 4


async def test_a_listing_that_cannot_be_taken_over_stops_no_other(shop: Shop, stage: Stage) -> None:
    await stage.seed(1)
    for product in shop.etsy.world.shops[SHOP_ID].inventories[int(PLATE)]["products"]:
        product["sku"] = ""

    sync = await read_listings(shop)

    assert (sync.status, sync.listings_read) == (SyncStatus.COMPLETED, 5)
    assert len(sync.skipped) == 1
    assert "has no SKU" in sync.skipped[0]


async def test_a_channel_that_fails_is_told_and_what_was_read_stays(
    shop: Shop, stage: Stage
) -> None:
    await stage.seed(1)
    await stage.break_next("forbidden", path="/listings")

    sync = await read_listings(shop)

    assert (sync.status, sync.error_kind) == (SyncStatus.FAILED, "access_denied")
    assert sync.error is not None
    assert await rows_of(shop, Product) == []


async def test_wishes_that_wait_become_one_and_the_last_counts(shop: Shop, stage: Stage) -> None:
    await stage.seed(1)
    await read_listings(shop)

    await want(shop, oak=7)
    await want(shop, oak=9, wal=3)
    (effect,) = await push_all(shop)

    assert (effect.status, effect.tries) == (EffectStatus.DONE, 1)
    assert offered(shop) == {"PLATE-M-WAL": 3, "PLATE-M-OAK": 9}
    assert [offer.quantity for offer in (await plate_of(shop)).offers] == [3, 9]


async def test_a_lost_answer_is_simply_asked_again(
    shop: Shop, stage: Stage, clock: FixedClock
) -> None:
    await stage.seed(1)
    await read_listings(shop)
    await want(shop, oak=7)
    await stage.break_next("bad_gateway", path="/inventory", method="PUT", calls=10)

    (effect,) = await push_all(shop)
    assert effect.status is EffectStatus.INTENDED
    await stage.repair()
    assert (await push_all(shop))[0].status is EffectStatus.INTENDED  # not its time yet
    clock.advance(minutes=2)
    assert (await push_all(shop))[0].status is EffectStatus.DONE
    assert offered(shop)["PLATE-M-OAK"] == 7


async def test_what_a_crash_left_sending_is_sent_again(
    shop: Shop, stage: Stage, clock: FixedClock
) -> None:
    await stage.seed(1)
    await read_listings(shop)
    effect = await want(shop, oak=7)
    async with shop.process.database.write() as session:
        await effects.begin_sending(session, shop.ctx.organization_id, effect.id, clock.now())
    later = await want(shop, oak=8)
    assert later.id != effect.id

    assert [e.status for e in await push_all(shop)] == [
        EffectStatus.SENDING,  # the other worker may still be at it
        EffectStatus.INTENDED,
    ]
    clock.advance(minutes=3)
    assert [e.status for e in await push_all(shop)] == [EffectStatus.DONE, EffectStatus.DONE]
    assert offered(shop)["PLATE-M-OAK"] == 8


async def test_a_refusal_is_told_and_nothing_is_written(shop: Shop, stage: Stage) -> None:
    await stage.seed(1)
    await read_listings(shop)
    await want(shop, oak=0, wal=0)

    (effect,) = await push_all(shop)

    assert effect.status is EffectStatus.FAILED
    assert "at least one choice with stock" in str(effect.detail)
    assert offered(shop) == {"PLATE-M-WAL": 50, "PLATE-M-OAK": 50}


async def test_nothing_is_sent_while_effects_are_held(shop: Shop, stage: Stage) -> None:
    await stage.seed(1)
    await read_listings(shop)
    await want(shop, oak=7)
    async with shop.process.database.write() as session:
        installation = (await session.scalars(select(Installation))).one()
        installation.are_effects_held = True

    (effect,) = await push_all(shop)

    assert effect.status is EffectStatus.INTENDED
    assert offered(shop)["PLATE-M-OAK"] == 50


async def test_what_a_backup_left_sending_waits_for_the_owner_too(
    shop: Shop, stage: Stage, clock: FixedClock
) -> None:
    await stage.seed(1)
    await read_listings(shop)
    effect = await want(shop, oak=7)
    async with shop.process.database.write() as session:
        await effects.begin_sending(session, shop.ctx.organization_id, effect.id, clock.now())
        (await session.scalars(select(Installation))).one().are_effects_held = True
    clock.advance(minutes=3)

    (waiting,) = await push_all(shop)

    assert (waiting.status, waiting.tries) == (EffectStatus.SENDING, 1)
    assert offered(shop)["PLATE-M-OAK"] == 50


async def test_one_worker_alone_takes_a_call_over(shop: Shop, clock: FixedClock) -> None:
    organization_id = shop.ctx.organization_id
    async with shop.process.database.write() as session:
        effect = await effects.intend(
            session, organization_id, kind="x", key="x", subject_id=1, request={}
        )
        await effects.begin_sending(session, organization_id, effect.id, clock.now())
    begun = clock.now()
    clock.advance(minutes=3)

    async with shop.process.database.write() as session:
        first, second = [
            await effects.resume_sending(session, organization_id, effect.id, begun, clock.now())
            for _ in range(2)
        ]

    assert (first is not None, second) == (True, None)


async def test_the_shelf_is_offered_once_for_all_that_moved(
    shop: Shop, stage: Stage, clock: FixedClock
) -> None:
    await stage.seed(1)
    await read_listings(shop)
    async with shop.process.database.write() as session:
        variants = {v.sku: v for v in await session.scalars(
            select(Variant).where(Variant.organization_id == shop.ctx.organization_id)
        )}  # fmt: skip
        step = await make_step(session, shop.ctx, variants["PLATE-M-OAK"])

    async def harvest(key: str, count: int) -> None:
        async with shop.process.database.write() as session:
            await inventory.add_to_stock(
                session, shop.ctx, recipe_step_id=step.id, quantity=count,
                reason=MovementReason.SURPLUS, key=key,
            )  # fmt: skip

    await harvest("before", 2)
    assert await rows_of(shop, Effect) == []  # the shop does not want it
    async with shop.process.database.write() as session:
        connection = await service.get_connection(session, shop.ctx, shop.connection_id)
        await listings.push_stock(
            session, shop.ctx, connection=connection, is_on=True, now=clock.now()
        )
    await harvest("first", 3)
    await harvest("second", 1)

    assert (await push_all(shop))[0].status is EffectStatus.INTENDED
    clock.advance(seconds=11)
    (effect,) = await push_all(shop)
    assert (effect.status, effect.request["quantities"]) == (EffectStatus.DONE, {"PLATE-M-OAK": 6})
    assert offered(shop) == {"PLATE-M-WAL": 50, "PLATE-M-OAK": 6}


async def test_a_person_sets_quantities_over_http_and_sees_what_became_of_it(
    shop: Shop, stage: Stage, client_as: ClientAs
) -> None:
    await stage.seed(1)
    await read_listings(shop)
    client = await client_as(shop.ctx)
    plate = await plate_of(shop)
    path = f"/api/listings/{plate.id}"

    asked = await client.post(f"{path}/quantity", json={"quantities": {"PLATE-M-OAK": 4}})
    strange = await client.post(f"{path}/quantity", json={"quantities": {"NOT-MINE": 4}})
    none = await client.post(f"{path}/quantity", json={"from_stock": True})
    both = await client.post(f"{path}/quantity", json={})
    await push_all(shop)
    read = (await client.get(path)).json()
    listed = (await client.get("/api/listings", params={"product_id": plate.product_id})).json()

    assert (asked.status_code, asked.json()["status"]) == (200, "intended")
    assert [a.status_code for a in (strange, none, both)] == [400, 409, 400]
    assert read["last_push"]["status"] == "done"
    assert {o["sku"]: o["quantity"] for o in read["offers"]}["PLATE-M-OAK"] == 4
    assert listed["listings"] == [read]
