"""From recipe to work: what is owed, what stock covers, which plates are printed."""

from httpx import AsyncClient
from sqlalchemy import select

from shopwright.catalog import service as catalog
from shopwright.catalog.models import RecipeHardware
from shopwright.catalog.rules import StepSpec
from shopwright.inventory import service as inventory
from shopwright.inventory.models import HardwareStock
from shopwright.inventory.states import MovementReason
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Ref
from shopwright.orders import holds, progress
from shopwright.orders.states import OrderStatus, StepStatus
from shopwright.planning import service
from tests.clock import START
from tests.factories import make_hardware_id, make_print_file, make_variant
from tests.workshop import (
    fresh,
    in_stock,
    list_items,
    list_jobs,
    list_steps,
    make_recipe,
    place,
)


async def test_every_unit_owes_every_plate(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "LAMP", plates=2)
        order = await place(session, owner, ("LAMP", 3))
        jobs = await list_jobs(session, owner)
        assert [job.plate_number for job in jobs] == [1, 1, 1, 2, 2, 2]
        assert {job.order_id for job in jobs} == {order.id}
        steps = await list_steps(session, owner)
        assert len(steps) == 6
        assert {step.status for step in steps} == {StepStatus.ALLOCATED}
        assert (await fresh(session, owner, order)).pieces_total == 3


async def test_plate_of_several_copies_is_run_as_often_as_needed(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR", yields=4)
        await place(session, owner, ("GEAR", 9))
        jobs = await list_jobs(session, owner)
        steps = await list_steps(session, owner)
        per_job = [sum(s.print_job_id == job.id for s in steps) for job in jobs]
        assert per_job == [4, 4, 1]


async def test_stock_is_drawn_before_anything_is_printed(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        variant = await make_recipe(session, owner, "GEAR")
        (step,) = (await catalog.list_recipes(session, owner, [variant.id]))[variant.id]
        await inventory.add_to_stock(
            session,
            owner,
            recipe_step_id=step.id,
            quantity=3,
            reason=MovementReason.SURPLUS,
            key="found",
        )
        order = await place(session, owner, ("GEAR", 2))
        done = await fresh(session, owner, order)
        assert (done.status, done.pieces_good) == (OrderStatus.COMPLETED, 2)
        assert (await list_jobs(session, owner), await in_stock(session, owner)) == ([], 1)
        await place(session, owner, ("GEAR", 2))
        assert (len(await list_jobs(session, owner)), await in_stock(session, owner)) == (1, 0)


async def test_unknown_sku_waits_and_mapping_it_once_releases_all(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        variant = await make_recipe(session, owner, "GEAR")
        for quantity in (1, 2):
            await place(session, owner, ("ETSY-77", quantity))
        await place(session, owner, ("OTHER", 1))
        assert await list_jobs(session, owner) == []
    inbox = (await client.get("/api/sku-inbox")).json()
    assert [
        (e["sku"], e["waiting_code"], e["item_count"], e["order_count"], e["quantity"])
        for e in inbox["entries"]
    ] == [("ETSY-77", "unknown_sku", 2, 2, 3), ("OTHER", "unknown_sku", 1, 1, 1)]
    assert inbox["entries"][0]["waiting_reason"] == (
        "The SKU ETSY-77 is not known. Map it to a product once."
    )
    async with database.write() as session:
        await catalog.map_code(session, owner, code="ETSY-77", variant_id=variant.id)
        assert len(await list_jobs(session, owner)) == 3
    left = (await client.get("/api/sku-inbox")).json()
    assert [entry["sku"] for entry in left["entries"]] == ["OTHER"]


async def test_product_without_recipe_waits_for_it(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        variant = await make_variant(session, owner, "GEAR")
        file = await make_print_file(session, owner)
        order = await place(session, owner, ("GEAR", 1))
        (item,) = await list_items(session, owner)
        assert (item.waiting_code, item.variant_id) == ("no_recipe", variant.id)
        plate = StepSpec(print_file=Ref(file.id, None), plate=1)
        await catalog.change_recipe(
            session, owner, variant_id=variant.id, steps=[plate], hardware=[]
        )
        assert (await fresh(session, owner, order)).pieces_total == 1
        assert len(await list_jobs(session, owner)) == 1


async def test_item_without_sku_says_so(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        await place(session, owner, (None, 1))
        (item,) = await list_items(session, owner)
        assert (item.waiting_code, item.waiting_reason) == (
            "no_sku", "The item has no SKU. Choose the product it means.",
        )  # fmt: skip


async def test_unpaid_order_makes_no_work(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        await place(session, owner, ("GEAR", 1), status=OrderStatus.PENDING)
        assert await list_jobs(session, owner) == []
        assert [item.waiting_code for item in await list_items(session, owner)] == [None]


async def test_order_keeps_the_file_it_was_planned_with(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        variant = await make_recipe(session, owner, "GEAR")
        await place(session, owner, ("GEAR", 1))
        (before,) = await list_steps(session, owner)
        newer = await make_print_file(session, owner, "GEAR.gcode.3mf", version=2, plates=1)
        await catalog.adopt_print_file_version(
            session,
            owner,
            old_file_ids=[before.print_file_id or 0],
            new_file_id=newer.id,
            plate_numbers=[1],
        )
        await place(session, owner, ("GEAR", 1))
        first, second = await list_jobs(session, owner)
        assert (first.print_file_id, second.print_file_id) == (before.print_file_id, newer.id)
        assert variant.id > 0


async def test_released_hold_plans_what_was_owed_meanwhile(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        order = await place(session, owner, ("GEAR", 1))
        hold = await holds.hold_order(session, owner, order_id=order.id, reason="address?")
        variant = await make_recipe(session, owner, "GEAR")
        await catalog.map_code(session, owner, code="G", variant_id=variant.id)
        assert await list_jobs(session, owner) == []
        await holds.release_hold(session, owner, hold_id=hold.id, now=START)
        assert len(await list_jobs(session, owner)) == 1


async def test_thousand_pieces_are_planned_in_bulk(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR", yields=50)
        order = await place(session, owner, ("GEAR", 1000))
        assert len(await list_jobs(session, owner)) == 20
        assert (await fresh(session, owner, order)).pieces_total == 1000


async def test_finished_order_uses_up_its_hardware_once(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        variant = await make_recipe(session, owner, "GEAR")
        screws = int(await make_hardware_id(session, owner))
        session.add_all(
            [
                HardwareStock(
                    organization_id=owner.organization_id, hardware_id=screws, on_hand=20
                ),
                RecipeHardware(
                    organization_id=owner.organization_id,
                    variant_id=variant.id,
                    hardware_id=screws,
                    quantity=3,
                ),
            ]
        )
        order = await place(session, owner, ("GEAR", 2))
        found = await fresh(session, owner, order)
        await progress.complete_by_hand(session, owner, order_id=found.id, now=START)
        await service.use_hardware(session, owner, order_id=found.id)
        left = await session.scalar(
            select(HardwareStock.on_hand)
            .where(HardwareStock.organization_id == owner.organization_id)
            .execution_options(populate_existing=True)
        )
        assert left == 14
