"""From a page of Etsy's orders to print jobs: known SKUs are planned, unknown ones wait."""

from sqlalchemy import select

from shopwright.catalog import service as catalog
from shopwright.catalog.models import Variant
from shopwright.channels import push
from shopwright.channels.pushing import TrackingPusher
from shopwright.kernel.edge import Paging, Ref
from shopwright.kernel.effects import EffectStatus
from shopwright.orders import progress
from shopwright.orders.states import OrderStatus
from shopwright.print_jobs.models import PrintJob
from shopwright.print_jobs.states import JobStatus
from shopwright.shipping import service as shipping
from tests import factories
from tests.channels.conftest import Shop, Stage

MUG = {"sku": "MUG", "price_minor": 1000}
ONE_MUG = {"goods": [MUG], "max_items": 1, "transaction_overrides": {"quantity": 2}}


async def add_variant(shop: Shop, sku: str) -> Variant:
    async with shop.process.database.write() as session:
        variant = await factories.make_variant(session, shop.ctx, sku)
        await factories.make_step(session, shop.ctx, variant)
        return variant


async def jobs(shop: Shop) -> list[JobStatus]:
    async with shop.process.database.read() as session:
        rows = await session.scalars(
            select(PrintJob.status)
            .where(PrintJob.organization_id == shop.ctx.organization_id)
            .order_by(PrintJob.id)
        )
        return list(rows)


async def test_a_known_sku_is_planned_in_the_pages_transaction(shop: Shop, stage: Stage) -> None:
    await add_variant(shop, "MUG")
    (made,) = await stage.seed(1, **ONE_MUG)
    await shop.sync()
    order = await shop.order(made)
    assert (order.pieces_total, order.pieces_good) == (2, 0)
    assert await jobs(shop) == [JobStatus.QUEUED, JobStatus.QUEUED]


async def test_an_unknown_sku_waits_and_one_mapping_releases_all(shop: Shop, stage: Stage) -> None:
    variant = await add_variant(shop, "CUP")
    made = await stage.seed(3, **ONE_MUG)
    await shop.sync()
    for external_id in made:
        (item,) = await shop.items(await shop.order(external_id))
        assert (item.waiting_code, item.pieces_total) == ("unknown_sku", 0)
    assert await jobs(shop) == []
    async with shop.process.database.write() as session:
        await catalog.map_code(session, shop.ctx, code="MUG", variant_id=variant.id)
    for external_id in made:
        (item,) = await shop.items(await shop.order(external_id))
        assert (item.waiting_code, item.pieces_total) == (None, 2)
    assert len(await jobs(shop)) == 6


async def test_a_cancellation_at_etsy_drops_the_jobs_nobody_began(shop: Shop, stage: Stage) -> None:
    await add_variant(shop, "MUG")
    kept, cancelled = await stage.seed(2, **ONE_MUG)
    await shop.sync()
    await stage.act(cancelled, "cancel")
    await shop.sync()
    assert sorted(await jobs(shop)) == [
        JobStatus.CANCELLED,
        JobStatus.CANCELLED,
        JobStatus.QUEUED,
        JobStatus.QUEUED,
    ]
    assert (await shop.order(kept)).pieces_total == 2


async def test_personalisation_changed_at_etsy_reaches_the_item(shop: Shop, stage: Stage) -> None:
    (made,) = await stage.seed(1, **ONE_MUG)
    await shop.sync()
    receipt = shop.etsy.world.shops[500321].receipts[int(made)]
    (transaction,) = receipt["transactions"]
    engraved = {
        "property_id": 54,
        "value_id": None,
        "formatted_name": "Personalization",
        "formatted_value": "L&#039;Atelier",
        "question_id": 71,
    }
    await stage.edit(made, transactions=[{**transaction, "variations": [engraved]}])
    await shop.sync()
    (item,) = await shop.items(await shop.order(made))
    assert item.personalisation == [["Personalization", "L'Atelier"]]


async def test_a_parcel_of_etsys_order_is_told_to_etsy_once(shop: Shop, stage: Stage) -> None:
    await add_variant(shop, "MUG")
    (made,) = await stage.seed(1, **ONE_MUG, overrides={"country_iso": "FR"})
    await shop.sync()
    order = await shop.order(made)
    now = shop.process.clock.now()
    async with shop.process.database.write() as session:
        await progress.complete_by_hand(session, shop.ctx, order_id=order.id, now=now)
        parcel = await shipping.ship_order(
            session,
            shop.ctx,
            order_ref=Ref(order.id, None),
            carrier="La Poste",
            tracking_code="6A1",
            now=now,
        )
    async with shop.process.database.read() as session:
        (effect,), _ = await push.list_pushes(
            session, shop.ctx, [EffectStatus.INTENDED], Paging(10, 0)
        )
    assert (effect.subject_id, effect.request["external_id"]) == (parcel.id, made)
    await TrackingPusher(shop.tools).post_tracking(shop.ctx.organization_id, effect.id)
    (mail,) = await stage.mails()
    assert (mail["receipt_id"], mail["tracking_code"]) == (int(made), "6A1")
    sync = await shop.sync()  # Etsy now says "Completed"
    assert sync.orders_updated == 1
    assert (await shop.order(made)).status is OrderStatus.SHIPPED
    assert len(await stage.mails()) == 1
