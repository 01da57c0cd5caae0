"""Etsy's orders become ours: every version once, later versions taken over."""

from datetime import timedelta

from shopwright.channels import runs
from shopwright.channels.states import ConnectionStatus, SyncStatus
from shopwright.kernel.edge import Process
from shopwright.kernel.inbox import InboundStatus
from shopwright.orders.states import OrderStatus
from tests.channels.conftest import Shop, Stage
from tests.clock import FixedClock


async def test_a_sync_brings_every_order_and_the_shops_facts(shop: Shop, stage: Stage) -> None:
    made = await stage.seed(3)
    sync = await shop.sync()
    assert (sync.status, sync.orders_new, sync.orders_updated) == (SyncStatus.COMPLETED, 3, 0)
    orders = await shop.orders()
    assert [order.external_id for order in orders] == made
    assert {order.connection_id for order in orders} == {shop.connection_id}
    connection = await shop.connection()
    assert connection.status is ConnectionStatus.CONNECTED
    assert (connection.name, connection.external_shop_id) == ("AtelierSandbox", "500321")
    assert (connection.currency, connection.last_error) == ("EUR", None)
    assert connection.last_success_at == shop.process.clock.now()
    newest = max(r["updated_timestamp"] for r in shop.etsy.world.shops[500321].receipts.values())
    assert connection.watermark_s == newest
    assert await shop.inbound() == [InboundStatus.APPLIED] * 3


async def test_an_order_arrives_with_everything_the_buyer_said(shop: Shop, stage: Stage) -> None:
    (made,) = await stage.seed(
        1,
        max_items=1,
        personalised_share=1.0,
        goods=[
            {
                "sku": "PLATE-M-WAL",
                "title": "Engraved door plate",
                "price_minor": 4900,
                "option": ["Material", "Walnut"],
                "is_personalised": True,
            }
        ],
        overrides={
            "name": "Liam O&#039;Neill",
            "first_line": "12 Mill Lane",
            "second_line": None,
            "city": "Bristol",
            "state": None,
            "zip": "BS1 4DJ",
            "country_iso": "GB",
            "message_from_buyer": "It&#039;s for Friday",
            "is_gift": True,
            "gift_message": "Bon anniversaire",
            "gift_sender": "A.",
        },
        transaction_overrides={"quantity": 2},
    )
    await shop.sync()
    order = await shop.order(made)
    assert (order.status, order.channel, order.buyer_name) == (
        OrderStatus.PAID,
        "etsy",
        "Liam O'Neill",
    )
    assert order.ship_to == {
        "name": "Liam O'Neill",
        "line1": "12 Mill Lane",
        "city": "Bristol",
        "postcode": "BS1 4DJ",
        "country": "GB",
    }
    assert (order.buyer_message, order.gift_message) == ("It's for Friday", "Bon anniversaire\nA.")
    assert (order.currency, order.subtotal_minor, order.shipping_minor) == ("EUR", 9800, 490)
    assert (order.total_minor, order.refunded_minor) == (10_290, 0)
    (item,) = await shop.items(order)
    assert (item.sku, item.quantity, item.price_minor) == ("PLATE-M-WAL", 2, 4900)
    assert item.options == [["Material", "Walnut"]]
    ((question, answer),) = item.personalisation
    assert question == "Personalization"
    assert answer in {"Famille Byron", "Milo", "No. 7 & 9", "Team Otter", "L'Atelier"}


async def test_syncing_again_changes_nothing(shop: Shop, stage: Stage, clock: FixedClock) -> None:
    await stage.seed(4, spread_s=60)  # all within the overlap, so Etsy sends them again
    await shop.sync()
    before = [(o.id, o.updated_at) for o in await shop.orders()]
    clock.advance(minutes=5)
    sync = await shop.sync()
    assert (sync.status, sync.orders_new, sync.orders_updated) == (SyncStatus.COMPLETED, 0, 0)
    assert [(o.id, o.updated_at) for o in await shop.orders()] == before
    assert len(await shop.inbound()) == 4


async def test_a_later_version_is_taken_over(shop: Shop, stage: Stage) -> None:
    (made,) = await stage.seed(1)
    await shop.sync()
    await stage.edit(made, first_line="1 New Street", message_from_buyer="Blue, please")
    sync = await shop.sync()
    assert (sync.orders_new, sync.orders_updated) == (0, 1)
    order = await shop.order(made)
    assert (order.ship_to["line1"], order.buyer_message) == ("1 New Street", "Blue, please")
    assert len(await shop.inbound()) == 2


async def test_two_changes_within_one_second_both_arrive(shop: Shop, stage: Stage) -> None:
    (made,) = await stage.seed(1)
    await shop.sync()
    second = (await shop.connection()).watermark_s
    await stage.edit(made, city="Lille", updated_timestamp=second, update_timestamp=second)
    await shop.sync()
    await stage.edit(made, city="Metz", updated_timestamp=second, update_timestamp=second)
    await shop.sync()
    assert (await shop.order(made)).ship_to["city"] == "Metz"


async def test_a_cancellation_midway_stops_the_order(shop: Shop, stage: Stage) -> None:
    kept, cancelled = await stage.seed(2)
    await shop.sync()
    await stage.act(cancelled, "cancel")
    await shop.sync()
    assert (await shop.order(cancelled)).status is OrderStatus.CANCELED
    assert all(item.is_cancelled for item in await shop.items(await shop.order(cancelled)))
    assert (await shop.order(kept)).status is OrderStatus.PAID


async def test_a_part_refund_is_only_money_and_a_full_one_stops(shop: Shop, stage: Stage) -> None:
    (made,) = await stage.seed(1)
    await shop.sync()
    await stage.act(made, "refund", amount=100)
    await shop.sync()
    order = await shop.order(made)
    assert (order.status, order.refunded_minor) == (OrderStatus.PAID, 100)
    await stage.act(made, "refund")
    await shop.sync()
    order = await shop.order(made)
    assert (order.status, order.refunded_minor) == (OrderStatus.REFUNDED, order.total_minor)


async def test_an_unpaid_order_waits_until_it_is_paid(shop: Shop, stage: Stage) -> None:
    (made,) = await stage.seed(1, unpaid_share=1.0)
    await shop.sync()
    assert (await shop.order(made)).status is OrderStatus.PENDING
    await stage.edit(made, is_paid=True, status="Paid")
    await shop.sync()
    assert (await shop.order(made)).status is OrderStatus.PAID


async def test_an_order_paid_and_refunded_between_two_syncs_is_refunded(
    shop: Shop, stage: Stage
) -> None:
    (made,) = await stage.seed(1, unpaid_share=1.0)
    await shop.sync()
    await stage.edit(made, is_paid=True)
    await stage.act(made, "refund")
    await shop.sync()
    assert (await shop.order(made)).status is OrderStatus.REFUNDED


async def test_old_syncs_are_forgotten(shop: Shop, clock: FixedClock) -> None:
    first = await shop.sync()
    clock.advance(days=7, seconds=1)
    second = await shop.sync()
    progress = await runs.read_progress(shop.process, shop.ctx, [first.id, second.id])
    assert [sync.id for sync in progress.syncs] == [second.id]


async def test_what_left_long_ago_is_not_made_again(shop: Shop, stage: Stage) -> None:
    (made,) = await stage.seed(1, overrides={"status": "Completed", "is_shipped": True})
    await shop.sync()
    order = await shop.order(made)
    assert order.status is OrderStatus.SHIPPED
    items = await shop.items(order)
    assert [item.waiting_code for item in items] == [None] * len(items)
    assert order.pieces_total == 0


async def test_files_that_etsy_delivers_itself_are_not_owed(shop: Shop, stage: Stage) -> None:
    (made,) = await stage.seed(1, transaction_overrides={"is_digital": True})
    await shop.sync()
    assert (await shop.order(made)).status is OrderStatus.SHIPPED


async def test_a_long_history_arrives_page_by_page(shop: Shop, stage: Stage) -> None:
    made = await stage.seed(230, max_items=1)
    sync = await shop.sync()
    assert (sync.orders_new, sync.remaining) == (230, 0)
    assert {order.external_id for order in await shop.orders()} == set(made)


async def test_the_worker_polls_by_itself(shop: Shop, stage: Stage, clock: FixedClock) -> None:
    await shop.sync()
    await stage.seed(1)
    await shop.syncer.round()
    await shop.syncer.finish()
    assert await shop.orders() == []  # not due yet
    assert (await shop.connection()).next_sync_at == clock.now() + timedelta(minutes=5)
    clock.advance(minutes=5)
    await shop.syncer.round()
    await shop.syncer.finish()
    assert len(await shop.orders()) == 1


async def test_two_syncs_at_once_are_one(shop: Shop, stage: Stage, process: Process) -> None:
    await stage.seed(2)
    first, second = await shop.ask(), await shop.ask()
    assert first == second
    await shop.syncer.round()
    joined = await shop.ask()
    await shop.syncer.round()
    assert joined == first
    await shop.syncer.finish()
    assert (await shop.look_at(first)).orders_new == 2
    assert len(await shop.orders()) == 2
