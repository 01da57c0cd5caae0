"""Order items that owe parts: what the workshop sees, and what its work does to the order."""

from dataclasses import replace
from datetime import date

import pytest
from httpx import AsyncClient

from shopwright.catalog import service as catalog
from shopwright.catalog.rules import StepSpec
from shopwright.catalog.states import StepKind
from shopwright.inventory import service as inventory
from shopwright.inventory.states import MovementReason
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Invalid
from shopwright.orders import holds, progress, stop
from shopwright.orders.part_work import PartGone
from shopwright.orders.states import OrderStatus, ProductionStatus, StepStatus
from shopwright.parts import queries
from shopwright.parts import service as parts
from shopwright.parts.models import PartFile
from shopwright.parts.service import AmountOfOrder, PartHeld
from shopwright.parts.states import FileKind, PartCategory, PartMoveForbidden, PartStatus, PartType
from shopwright.suppliers import offers, switching
from shopwright.suppliers import queries as supplier_queries
from shopwright.suppliers.models import Supplier, SupplierOrder
from shopwright.suppliers.offers import OfferSpec
from shopwright.suppliers.states import PlacingStage
from shopwright.suppliers.switching import NothingToSwitch, Way
from tests.clock import START
from tests.factories import make_part, make_print_file
from tests.planning.workbench import (
    ENGRAVED,
    LID,
    complete,
    list_parts,
    make_product,
    order_boxes,
    statuses,
    with_amount,
)
from tests.workshop import fresh, in_stock, list_items, list_jobs, list_steps, make_recipe

GOOD, OWED, ALLOCATED = StepStatus.GOOD, StepStatus.OWED, StepStatus.ALLOCATED


def ref(part: object) -> Ref:
    return Ref(part.id, None)  # type: ignore[attr-defined]  # a part or an order


async def test_an_item_owes_one_part_with_what_its_customer_wants(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await make_product(session, owner, design=with_amount(2))
        due = date(2026, 3, 9)
        order = await order_boxes(session, owner, 3, personal=ENGRAVED, promised_on=due)
        later = await order_boxes(session, owner, 1)
        (item, _) = await list_items(session, owner)

    listed = (await client.get("/api/parts?sort_by=dueOn&sort_order=asc")).json()["parts"]
    assert [part["order"]["number"] for part in listed] == [order.number, later.number]
    part = listed[0]
    assert (part["name"], part["type"], part["category"], part["status"]) == (
        "Lid", "cnc", "cnc", "Approved",
    )  # fmt: skip
    assert (part["amount"], part["amountMade"], part["material"], part["materialThickness"]) == (
        6, 0, "Oak", "12 mm",
    )  # fmt: skip
    assert (part["notes"], part["subsystem"], part["dueOn"]) == ("Sand it", "Box", "2026-03-09")
    assert part["order"] == {"id": order.id, "number": order.number, "itemId": item.id}
    assert part["personalisation"] == [
        {"question": "Name", "answer": "Anna"},
        {"question": "Font", "answer": "Serif"},
    ]


async def test_a_part_that_is_not_approved_waits_for_review_with_its_template_s_files(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        template = await make_part(session, owner)
        for number, kind in enumerate((FileKind.STEP, FileKind.PDF, FileKind.STEP), 1):
            session.add(
                PartFile(
                    organization_id=owner.organization_id, part_id=template.id, version=number,
                    name=f"lid{number}.{kind}", kind=kind, sha256=f"{number:064}", size_bytes=9,
                    uploaded_by="Ada",
                )
            )  # fmt: skip
        template.version, template.onshape_url = 3, "https://cad.test/lid"
        await session.flush()
        design = replace(LID, is_approved=False, template=Ref(template.id, None))
        await make_product(session, owner, "NEWEST", design)
        await make_product(session, owner, "FIRST", replace(design, template_version=1))
        await order_boxes(session, owner, sku="NEWEST")
        await order_boxes(session, owner, sku="FIRST")
        made = (await list_parts(session, owner))[1:]
        files = [await queries.list_files(session, owner, part.id) for part in made]

    assert [(p.category, p.status) for p in made] == [(PartCategory.REVIEW, PartStatus.PENDING)] * 2
    assert [[(f.version, f.name) for f in reversed(found)] for found in files] == [
        [(1, "lid2.pdf"), (2, "lid3.step")],
        [(1, "lid2.pdf"), (2, "lid1.step")],
    ]
    assert [(p.version, p.file_name, p.onshape_url) for p in made] == [
        (2, "lid3.step", "https://cad.test/lid"),
        (2, "lid1.step", "https://cad.test/lid"),
    ]


async def test_a_completed_part_completes_its_pieces_and_a_reverted_one_takes_them_back(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await make_product(session, owner)
        order = await order_boxes(session, owner, 2)
        (part,) = await list_parts(session, owner)
        await parts.assign_part(session, owner, ref=ref(part), name="Ada", now=START)
        begun = await fresh(session, owner, order)
        assert begun.production_status is ProductionStatus.IN_PROGRESS

        done = await complete(session, owner, part)
        assert (done.category, done.made) == (PartCategory.COMPLETED, 2)
        ready = await fresh(session, owner, order)
        assert (ready.status, ready.pieces_good) == (OrderStatus.COMPLETED, 2)
        assert {step.source for step in await list_steps(session, owner)} == {"part"}

        back = (await parts.revert_part(session, owner, ref=ref(part), now=START)).part
        assert (back.category, back.made, back.amount) == (PartCategory.CNC, 0, 2)
        waiting = await fresh(session, owner, order)
        assert (waiting.status, waiting.pieces_good) == (OrderStatus.PAID, 0)
        assert await statuses(session, owner) == {ALLOCATED: 2}

        await complete(session, owner, part)
        again = await fresh(session, owner, order)
        assert (again.status, again.pieces_good) == (OrderStatus.COMPLETED, 2)


async def test_some_of_a_part_may_be_made_before_the_rest(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await make_product(session, owner, design=with_amount(2))
        order = await order_boxes(session, owner, 3)
        (part,) = await list_parts(session, owner)
    path = f"/api/parts/{part.id}/complete"

    three = (await client.post(path, json={"amount": 3})).json()
    assert (three["category"], three["amount"], three["amountMade"]) == ("cnc", 6, 3)
    too_many = await client.post(path, json={"amount": 4})
    assert (too_many.status_code, too_many.json()["error"]) == (
        400, "Only 3 of 6 are left to be made.",
    )  # fmt: skip
    async with database.write() as session:
        assert (await fresh(session, owner, order)).pieces_good == 1
    one_more = (await client.post(path, json={"amount": 1})).json()
    assert one_more["amountMade"] == 4
    async with database.write() as session:
        assert (await fresh(session, owner, order)).pieces_good == 2
    rest = (await client.post(path, json={"amount": 2})).json()
    assert (rest["category"], rest["amountMade"]) == ("completed", 6)
    async with database.write() as session:
        ready = await fresh(session, owner, order)
        assert (ready.status, ready.pieces_good) == (OrderStatus.COMPLETED, 3)


async def test_what_left_the_shop_is_not_taken_back(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        await make_product(session, owner)
        order = await order_boxes(session, owner)
        (part,) = await list_parts(session, owner)
        await complete(session, owner, part)
        await progress.ship_order(session, owner, order=order, now=START)
    with pytest.raises(PartGone) as refusal:
        async with database.write() as session:
            await parts.revert_part(session, owner, ref=ref(part), now=START)
    async with database.write() as session:
        (kept,) = await list_parts(session, owner)
        assert kept.category is PartCategory.COMPLETED
        assert await statuses(session, owner) == {GOOD: 1}
    assert refusal.value.detail == f"Order #{order.number} was shipped; what left stays made."


async def test_a_stopped_order_cancels_its_parts_which_are_not_completed_into_nothing(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await make_product(session, owner)
        order = await order_boxes(session, owner, 2)
        (part,) = await list_parts(session, owner)
        await complete(session, owner, part, amount=1)
        await stop.cancel_order(session, owner, order=order, reason="changed mind", now=START)
        (stopped,) = await list_parts(session, owner)
        assert stopped.status is PartStatus.CANCELLED
        assert await in_stock(session, owner) == 1  # the one that was made
        why = f"order #{order.number} was stopped"
        assert stopped.cancelled_reason == why
        with pytest.raises(PartMoveForbidden) as completed:
            await complete(session, owner, part)
        with pytest.raises(PartMoveForbidden) as reopened:
            await parts.update_part(
                session, owner, ref=ref(part), changes={"status": PartStatus.PENDING}, now=START
            )
    assert completed.value.detail == f"This part is cancelled: {why}. It cannot be completed."
    assert reopened.value.detail == f"This part is cancelled: {why}."


async def test_parts_of_a_held_order_wait_and_say_why(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        await make_product(session, owner)
        order = await order_boxes(session, owner)
        (part,) = await list_parts(session, owner)
        first = await holds.hold_order(session, owner, order_id=order.id, reason="Wrong address.")
        second = await holds.hold_order(session, owner, order_id=order.id, reason="No answer")
        with pytest.raises(PartHeld) as completed:
            await complete(session, owner, part)
        with pytest.raises(PartHeld) as taken:
            await parts.assign_part(session, owner, ref=ref(part), name="Ada", now=START)
        await holds.release_hold(session, owner, hold_id=second.id, now=START)
        assert [p.held_reason for p in await list_parts(session, owner)] == ["Wrong address."]
        await holds.release_hold(session, owner, hold_id=first.id, now=START)
        await complete(session, owner, part)
        assert (await fresh(session, owner, order)).status is OrderStatus.COMPLETED
    assert [completed.value.detail, taken.value.detail] == [
        f"Order #{order.number} is held: No answer. Its parts cannot be {done} before the hold is "
        "released."
        for done in ("completed", "taken")
    ]


@pytest.mark.parametrize("how", ["deleted", "cancelled"])
async def test_a_part_that_a_person_drops_is_made_anew(
    database: Database, owner: Actor, how: str
) -> None:
    async with database.write() as session:
        await make_product(session, owner)
        order = await order_boxes(session, owner, 2)
        (part,) = await list_parts(session, owner)
        await complete(session, owner, part, amount=1)
        if how == "deleted":
            await parts.delete_part(session, owner, ref=ref(part), now=START)
        else:
            changes = {"status": PartStatus.CANCELLED}
            await parts.update_part(session, owner, ref=ref(part), changes=changes, now=START)
        another = (await list_parts(session, owner))[-1]
        assert (another.id != part.id, another.amount) == (True, 1)
        assert await statuses(session, owner) == {GOOD: 1, ALLOCATED: 1}
        await complete(session, owner, another)
        ready = await fresh(session, owner, order)
        assert (ready.status, ready.pieces_good) == (OrderStatus.COMPLETED, 2)


async def test_the_amount_is_the_order_s_word(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        await make_product(session, owner)
        order = await order_boxes(session, owner, 2)
        (part,) = await list_parts(session, owner)
        with pytest.raises(AmountOfOrder) as refusal:
            await parts.update_part(session, owner, ref=ref(part), changes={"amount": 3}, now=START)
        own = await make_part(session, owner, PartCategory.CNC)
        own.amount = 5
        await session.flush()
        await complete(session, owner, own.id, amount=3)
        with pytest.raises(Invalid) as fewer:
            await parts.update_part(
                session, owner, ref=Ref(own.id, None), changes={"amount": 2}, now=START
            )
    assert refusal.value.detail == (
        f"Order #{order.number} needs 2 of this part. Change the order's quantity, and this "
        "follows."
    )
    assert fewer.value.detail == "3 of them are made; the amount cannot be 2."


async def test_pieces_stated_as_made_by_hand_need_no_part(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        await make_product(session, owner)
        order = await order_boxes(session, owner, 2)
        begun = await order_boxes(session, owner, 2)
        (idle, half) = await list_parts(session, owner)
        await complete(session, owner, half, amount=1)
        await progress.complete_by_hand(session, owner, order_id=order.id, now=START)
        await progress.complete_by_hand(session, owner, order_id=begun.id, now=START)
        idle, half = await list_parts(session, owner)
        assert (idle.status, idle.cancelled_reason) == (
            PartStatus.CANCELLED, f"order #{order.number} was completed by hand",
        )  # fmt: skip
        assert (half.status, half.amount, half.made) == (PartStatus.COMPLETED, 1, 1)
        assert await statuses(session, owner) == {GOOD: 4}


async def test_stock_is_drawn_before_the_workshop_works_but_not_for_what_is_personal(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        variant = await make_product(session, owner)
        (step,) = (await catalog.list_recipes(session, owner, [variant.id]))[variant.id]
        await inventory.add_to_stock(
            session, owner, recipe_step_id=step.id, quantity=3, reason=MovementReason.SURPLUS,
            key="found",
        )  # fmt: skip
        personal = await order_boxes(session, owner, 1, personal=ENGRAVED)
        plain = await order_boxes(session, owner, 4)
        made = await list_parts(session, owner)
        assert [(part.order_id, part.amount) for part in made] == [(personal.id, 1), (plain.id, 1)]
        assert await in_stock(session, owner) == 0
        await complete(session, owner, made[0])
        for order in (personal, plain):
            await stop.cancel_order(session, owner, order=order, reason="no", now=START)
        assert await in_stock(session, owner) == 3  # Anna's name is on the other one


async def test_a_piece_of_a_print_and_a_part_is_good_when_both_are(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        file = await make_print_file(session, owner)
        await make_product(session, owner, others=[StepSpec(Ref(file.id, None), 1)])
        order = await order_boxes(session, owner, 2)
        (part,) = await list_parts(session, owner)
        assert len(await list_jobs(session, owner)) == 2
        await complete(session, owner, part)
        half = await fresh(session, owner, order)
        assert (half.status, half.pieces_good) == (OrderStatus.PAID, 0)
        assert half.production_status is not ProductionStatus.COMPLETED


async def test_what_no_manufacturer_offers_says_so_and_stays_out_of_the_sku_inbox(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        bought = StepSpec(None, None, kind=StepKind.OUTSOURCE)
        await make_product(session, owner, others=[bought])
        order = await order_boxes(session, owner)
        (item,) = await list_items(session, owner)
        assert await statuses(session, owner) == {ALLOCATED: 1, OWED: 1}
    assert (item.waiting_code, item.waiting_reason) == (
        None,
        "No manufacturer offers this yet. Add an offer of a supplier, and it is ordered.",
    )
    assert (await client.get("/api/sku-inbox")).json()["entries"] == []
    async with database.write() as session:
        await progress.complete_by_hand(session, owner, order_id=order.id, now=START)
        (item,) = await list_items(session, owner)
        assert item.waiting_reason is None


async def test_a_part_of_the_workshop_s_own_is_no_order_s_business(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await make_product(session, owner)
        part = await make_part(session, owner, PartCategory.CNC)
        part.type = PartType.CNC
        await complete(session, owner, part.id)
        back = await parts.revert_part(session, owner, ref=ref(part), now=START)
        assert back.part.category is PartCategory.CNC
        await parts.delete_part(session, owner, ref=ref(part), now=START)
        assert await statuses(session, owner) == {}


async def test_an_unbegun_part_goes_when_its_line_is_bought_instead(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        variant = await make_product(session, owner)
        supplier = Supplier(
            organization_id=owner.organization_id, adapter="manufacturer", name="Oak & Co",
            currency="EUR", updated_at=START,
        )  # fmt: skip
        session.add(supplier)
        await session.flush()
        spec = OfferSpec(
            variant=Ref(variant.id, None), partner_model_id="M1", partner_shell_id="S1",
            cost_minor=900, currency="EUR", lead_days=4,
        )  # fmt: skip
        await offers.create_offer(session, owner, Ref(supplier.id, None), spec, START)
        order, begun = await order_boxes(session, owner, 2), await order_boxes(session, owner)
        idle, taken = await list_parts(session, owner)
        await parts.assign_part(session, owner, ref=ref(taken), name="Ada", now=START)
        (item, other) = await list_items(session, owner)
        switched = await switching.switch_line(
            session, owner, item_id=item.id, way=Way.BUY, now=START
        )
        with pytest.raises(NothingToSwitch):
            await switching.switch_line(session, owner, item_id=other.id, way=Way.BUY, now=START)
        idle, taken = await list_parts(session, owner)
        kinds = {step.kind for step in await list_steps(session, owner)}
        await progress.complete_by_hand(session, owner, order_id=order.id, now=START)
        bought = await supplier_queries.list_orders(session, owner, SupplierOrder.id > 0)
    assert [one.stage for one in bought] == [PlacingStage.WITHDRAWN] * 2
    assert (switched, begun.id == order.id) == (2, False)
    assert (idle.status, idle.cancelled_reason) == (
        PartStatus.CANCELLED, f"order #{order.number} was changed to be made another way",
    )  # fmt: skip
    assert taken.status is PartStatus.IN_PROGRESS
    assert kinds == {StepKind.OUTSOURCE, StepKind.FABRICATE}


async def test_a_forgotten_customer_s_words_leave_the_parts(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await make_product(session, owner)
    item = {"title": "Box", "sku": "BOX", "quantity": 1, "personalisation": [["Name", "Anna"]]}
    sold = {"buyer_name": "Anna", "currency": "EUR", "status": "paid", "items": [item]}
    order = (await client.post("/api/orders", json=sold)).json()
    held = await client.post(f"/api/orders/{order['id']}/holds", json={"reason": "Call Anna"})
    assert held.status_code == 201, held.text
    await client.put(f"/api/orders/{order['id']}", json={"status": "shipped"})
    customer = f"/api/customers/{order['customer_id']}"
    done = await client.post(f"{customer}/anonymise", json={"confirm": "Anna"})
    assert done.status_code == 200, done.text
    (part,) = (await client.get("/api/parts")).json()["parts"]
    assert (part["personalisation"], part["heldReason"]) == ([], "its order is held.")
