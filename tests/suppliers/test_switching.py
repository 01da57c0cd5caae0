"""Make or buy, by hand: what both cost, and what changes of a line."""

import pytest
from httpx import AsyncClient

from shopwright.catalog.models import Variant
from shopwright.catalog.states import StepKind
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.orders.models import Order
from shopwright.orders.states import StepStatus
from shopwright.print_jobs.states import JobStatus
from shopwright.sandbox.manufacturer import ManufacturerSandbox
from shopwright.suppliers import offers, queries, switching
from shopwright.suppliers.models import SupplierOffer
from shopwright.suppliers.offers import OfferSpec
from shopwright.suppliers.states import PlacingStage
from shopwright.suppliers.switching import NoOwnRecipe, NothingToSwitch, Way
from tests.clock import START, FixedClock
from tests.suppliers.conftest import MODEL, PICTURE, SHELL, Bench, outsource_step
from tests.workshop import list_jobs, make_recipe


async def offer_lamp(bench: Bench) -> Variant:
    """A lamp of two plates, made here, that the manufacturer offers as well."""
    supplier = await bench.supplier()
    async with bench.process.database.write() as session:
        variant = await make_recipe(session, bench.ctx, "LAMP", plates=2)
        spec = OfferSpec(
            variant=Ref(variant.id, None), partner_model_id=MODEL, partner_shell_id=SHELL,
            cost_minor=900, currency="EUR", lead_days=4, picture_sha256=PICTURE,
        )  # fmt: skip
        await offers.create_offer(session, bench.ctx, Ref(supplier.id, None), spec, START)
    return variant


async def switch(bench: Bench, order: Order, way: Way, as_variant: int | None = None) -> int:
    (item_id, *_) = {step.order_item_id for step in await bench.steps(order)}
    async with bench.process.database.write() as session:
        return await switching.switch_line(
            session, bench.ctx, item_id=item_id, way=way, now=bench.clock.now(),
            as_variant=Ref(as_variant, None) if as_variant else None,
        )  # fmt: skip


async def test_a_line_that_is_made_is_bought_instead(
    bench: Bench, partner: ManufacturerSandbox
) -> None:
    await offer_lamp(bench)
    order = await bench.order(sku="LAMP", quantity=2)
    assert {step.kind for step in await bench.steps(order)} == {StepKind.PRINT}
    assert await switch(bench, order, Way.BUY) == 2
    steps = await bench.steps(order)
    assert [(one.kind, one.status) for one in steps] == [
        (StepKind.OUTSOURCE, StepStatus.ALLOCATED)
    ] * 2
    async with bench.process.database.write() as session:
        jobs = await list_jobs(session, bench.ctx)
    assert {job.status for job in jobs} == {JobStatus.CANCELLED}
    await bench.settle(order)
    assert len(partner.orders) >= 1
    with pytest.raises(NothingToSwitch, match="bought already"):
        await switch(bench, order, Way.BUY)


async def test_a_line_that_is_bought_is_made_here_again(bench: Bench) -> None:
    await offer_lamp(bench)
    order = await bench.order(sku="LAMP")
    await switch(bench, order, Way.BUY)
    assert await switch(bench, order, Way.MAKE) == 1
    assert [one.kind for one in await bench.steps(order)] == [StepKind.PRINT] * 2
    assert (await bench.only(order)).stage is PlacingStage.WITHDRAWN
    assert (await bench.fresh(order)).pieces_total == 1


async def test_what_was_sent_is_not_made_here_as_well(
    bench: Bench, partner: ManufacturerSandbox
) -> None:
    order = await bench.order()
    await bench.settle(order)
    with pytest.raises(NothingToSwitch):
        await switch(bench, order, Way.MAKE)
    assert len(partner.orders) == 1


async def test_what_is_only_bought_is_made_as_another_product(bench: Bench) -> None:
    async with bench.process.database.write() as session:
        lamp = await make_recipe(session, bench.ctx, "OWN-CASE")
    order = await bench.order()
    with pytest.raises(NoOwnRecipe):
        await switch(bench, order, Way.MAKE)
    assert await switch(bench, order, Way.MAKE, lamp.id) == 1
    (step,) = await bench.steps(order)
    assert (step.kind, step.status) == (StepKind.PRINT, StepStatus.ALLOCATED)


async def test_what_is_made_with_something_bought_is_neither_made_nor_bought_alone(
    bench: Bench,
) -> None:
    lamp = await offer_lamp(bench)
    async with bench.process.database.write() as session:
        session.add(outsource_step(bench.ctx, lamp))
    order = await bench.order(sku="LAMP")
    for way in Way:
        with pytest.raises(NothingToSwitch, match="neither alone is all of it"):
            await switch(bench, order, way)
    found = await bench.fresh(order)
    async with bench.process.database.read() as session:
        assert await switching.list_choices(session, bench.ctx, found, START) == []
    kinds = [step.kind for step in await bench.steps(order)]
    assert sorted(kinds) == [StepKind.OUTSOURCE, StepKind.PRINT, StepKind.PRINT]


async def test_made_as_another_product_it_owes_all_of_its_recipe(bench: Bench) -> None:
    async with bench.process.database.write() as session:
        own = await make_recipe(session, bench.ctx, "OWN-CASE")
        session.add(outsource_step(bench.ctx, own))
    order = await bench.order()
    assert await switch(bench, order, Way.MAKE, own.id) == 1
    kinds = [step.kind for step in await bench.steps(order)]
    assert sorted(kinds) == [StepKind.OUTSOURCE, StepKind.PRINT]


async def test_the_page_and_the_api_show_cost_and_date_of_both(
    bench: Bench, client: AsyncClient
) -> None:
    await offer_lamp(bench)
    order = await bench.order(sku="LAMP", quantity=2)
    (way,) = (await client.get(f"/api/orders/{order.id}/ways")).json()["ways"]
    assert (way["open_pieces"], way["current"]) == (2, "make")
    assert way["buy"] == {
        "name": "Manufacturer", "cost_minor": 1800, "currency": "EUR", "ready_on": "2026-03-06",
        "notes": [],
    }  # fmt: skip
    assert way["make"]["name"] == "Our own machines"
    body = {"way": "buy"}
    switched = await client.post(f"/api/items/{way['item_id']}/switch", json=body)
    assert switched.json() == {"way": "buy", "pieces": 2}
    again = await client.post(f"/api/items/{way['item_id']}/switch", json=body)
    assert again.status_code == 409


async def test_an_offer_orders_what_waited_for_it(
    bench: Bench, partner: ManufacturerSandbox, client: AsyncClient
) -> None:
    supplier = await bench.supplier()
    async with bench.process.database.write() as session:
        offer = await only_offer(session, bench.ctx)
        await offers.remove_offer(session, bench.ctx, Ref(offer.id, None), START)
    order = await bench.order()
    assert await bench.supplier_orders(order) == []
    body = {
        "variant_id": offer.variant_id, "partner_model_id": MODEL, "partner_shell_id": SHELL,
        "cost_minor": 1250, "currency": "EUR", "lead_days": 5, "picture_sha256": PICTURE,
    }  # fmt: skip
    answer = await client.post(f"/api/suppliers/{supplier.id}/offers", json=body)
    assert answer.status_code == 201
    assert (await bench.settle(order)).stage is PlacingStage.ACCEPTED


async def test_a_new_address_does_not_get_the_old_secrets(
    bench: Bench, client: AsyncClient
) -> None:
    supplier = await bench.supplier()
    moved = {"base_url": "https://elsewhere.example"}
    answer = await client.put(f"/api/suppliers/{supplier.id}", json=moved)
    assert (answer.status_code, answer.json()["detail"]) == (
        400, "Enter the password and the fixed key with the address.",
    )  # fmt: skip
    checked = await client.post(f"/api/suppliers/{supplier.id}/check")
    assert checked.json()["health"] == "working"
    assert "sandbox-password" not in checked.text


async def test_the_pages_show_and_decide(
    bench: Bench, client: AsyncClient, partner: ManufacturerSandbox, clock: FixedClock
) -> None:
    partner.knobs.turn({"silent_before": "order/orderData"})
    order = await bench.order()
    row = await bench.settle(order)
    page = (await client.get("/suppliers")).text
    assert "Was it placed?" in page
    assert row.key in (await client.get(f"/orders/{order.id}")).text


async def only_offer(session: WriteSession, ctx: Actor) -> SupplierOffer:
    (offer,) = await queries.list_offers(session, ctx)
    return offer
