"""A later version of a channel's order: what grew is made, what shrank is released, or asks."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shopwright.fleet.states import Outcome
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database, WriteSession
from shopwright.orders import holds, intake, progress, queries
from shopwright.orders.drafts import ItemDraft, OrderDraft
from shopwright.orders.models import Order
from shopwright.orders.progress import OrderNotShippable
from shopwright.orders.states import OrderStatus, ProductionStatus
from shopwright.print_jobs import harvest
from tests.clock import START
from tests.factories import make_connection
from tests.workshop import (
    fresh,
    in_stock,
    list_items,
    list_jobs,
    make_recipe,
    print_one,
    ready_printer,
    start,
)


def item(sku: str, quantity: int = 1, number: int = 1) -> ItemDraft:
    return ItemDraft(title=sku.title(), sku=sku, quantity=quantity, external_id=f"t{number}")


class Shop:
    """One order of a channel, in version after version."""

    def __init__(self, session: WriteSession, owner: Actor, connection_id: int) -> None:
        self.session, self.owner = session, owner
        self.draft = OrderDraft(
            status=OrderStatus.PAID,
            currency="EUR",
            placed_at=START,
            items=(),
            channel="etsy",
            connection_id=connection_id,
            external_id="77",
            updated_at=START,
        )

    async def says(self, *items: ItemDraft) -> Order:
        assert self.draft.updated_at is not None
        later = self.draft.updated_at + timedelta(minutes=1)
        self.draft = replace(self.draft, items=items, updated_at=later)
        connection_id = self.draft.connection_id
        assert connection_id is not None
        await intake.import_orders(
            self.session, self.owner, connection_id=connection_id, drafts=[self.draft], now=START
        )
        return await self.order()

    async def order(self) -> Order:
        found = await queries.find_orders_by_external(
            self.session, self.owner, self.draft.connection_id or 0, ["77"]
        )
        return await fresh(self.session, self.owner, found["77"])

    async def make_next(self) -> None:
        """The next waiting job is printed and taken off."""
        job = (await list_jobs(self.session, self.owner, "queued"))[0]
        printer = await ready_printer(self.session, self.owner)
        await print_one(self.session, self.owner, job, printer, Outcome.FINISHED)
        await harvest.harvest_job(
            self.session, self.owner, job_id=job.id, good=job.yields, now=START
        )


async def open_shop(session: WriteSession, owner: Actor) -> Shop:
    await make_recipe(session, owner, "GEAR")
    await make_recipe(session, owner, "LAMP")
    return Shop(session, owner, (await make_connection(session, owner)).id)


async def test_more_of_an_item_is_made(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        shop = await open_shop(session, owner)
        await shop.says(item("GEAR", 2))
        order = await shop.says(item("GEAR", 5))
        assert order.pieces_total == 5
        assert len(await list_jobs(session, owner, "queued")) == 5


async def test_item_added_to_a_complete_order_is_made_before_it_leaves(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        shop = await open_shop(session, owner)
        await shop.says(item("GEAR"))
        await shop.make_next()
        assert (await shop.order()).status is OrderStatus.COMPLETED
        order = await shop.says(item("GEAR"), item("LAMP", number=2))
        assert (order.status, order.production_status) == (
            OrderStatus.PAID,
            ProductionStatus.IN_PROGRESS,
        )
        with pytest.raises(OrderNotShippable, match="1 of 2 pieces are good"):
            await progress.ship_order(session, owner, order=order, now=START)
        await shop.make_next()
        assert (await shop.order()).status is OrderStatus.COMPLETED


async def test_unknown_item_added_to_a_complete_order_keeps_it_from_leaving(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        shop = await open_shop(session, owner)
        await shop.says(item("GEAR"))
        await shop.make_next()
        order = await shop.says(item("GEAR"), item("WHAT", number=2))
        with pytest.raises(OrderNotShippable, match="an item of it waits in the SKU inbox"):
            await progress.ship_order(session, owner, order=order, now=START)


async def test_fewer_of_an_item_drops_what_nobody_began(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        shop = await open_shop(session, owner)
        await shop.says(item("GEAR", 3))
        await shop.make_next()
        order = await shop.says(item("GEAR", 1))
        assert (order.status, order.pieces_total) == (OrderStatus.COMPLETED, 1)
        assert [job.status for job in await list_jobs(session, owner)] == [
            "completed", "cancelled", "cancelled",
        ]  # fmt: skip
        assert await in_stock(session, owner) == 0
        assert await holds.list_open_holds(session, owner, order=order) == []


async def test_finished_pieces_that_are_too_many_go_into_stock(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        shop = await open_shop(session, owner)
        await shop.says(item("GEAR", 2))
        await shop.make_next()
        await shop.make_next()
        order = await shop.says(item("GEAR", 1))
        assert (order.status, order.pieces_good) == (OrderStatus.COMPLETED, 1)
        assert await in_stock(session, owner) == 1


async def test_item_that_is_gone_stops_and_a_running_print_asks(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        shop = await open_shop(session, owner)
        await shop.says(item("GEAR"), item("LAMP", number=2))
        (lamp,) = [j for j in await list_jobs(session, owner) if "Lamp" in j.name]
        await start(session, owner, lamp, await ready_printer(session, owner))
        order = await shop.says(item("GEAR"))
        assert [i.is_cancelled for i in await list_items(session, owner)] == [False, True]
        assert order.pieces_total == 1
        (hold,) = await holds.list_open_holds(session, owner, order=order)
        assert hold.reason == (
            "The order was made smaller while a print is running. Stop it at the printer, "
            "or let it finish: what it makes goes into stock."
        )


async def test_another_product_before_work_is_planned_anew_and_after_it_asks(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        shop = await open_shop(session, owner)
        await shop.says(item("WHAT"))
        order = await shop.says(item("GEAR"))
        assert order.pieces_total == 1
        order = await shop.says(item("LAMP"))
        assert len(await list_jobs(session, owner)) == 1
        (hold,) = await holds.list_open_holds(session, owner, order=order)
        assert hold.reason == (
            "The buyer changed 'Lamp' from GEAR to LAMP after its work was planned. "
            "Make the other one as a new order, or cancel this one."
        )


async def test_what_is_added_after_the_order_left_asks(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        shop = await open_shop(session, owner)
        await shop.says(item("GEAR"))
        await shop.make_next()
        await progress.ship_order(session, owner, order=await shop.order(), now=START)
        order = await shop.says(item("GEAR"), item("LAMP", number=2))
        assert order.status is OrderStatus.SHIPPED
        (hold,) = await holds.list_open_holds(session, owner, order=order)
        assert hold.reason == (
            "The buyer added to an order that had left. Make that a new order, or refund it."
        )
        assert len(await list_jobs(session, owner)) == 1
