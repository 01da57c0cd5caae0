"""Codes to variants: SKU first, then alias; mapping tells whoever waits."""

import asyncio

import pytest
from sqlalchemy import event

from shopwright.catalog import products, service
from shopwright.catalog.events import CodeMapped, VariantCreated
from shopwright.catalog.products import ProductSpec, SkuTaken, VariantSpec
from shopwright.catalog.service import CodeTaken
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database, WriteSession
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.errors import Invalid, NotFound
from tests.factories import make_product, make_variant


@pytest.fixture
def heard(process: Process) -> list[object]:
    """The catalogue's events, as a higher slice hears them."""
    events: list[object] = []

    async def hear(_session: WriteSession, happened: object) -> None:
        events.append(happened)

    process.context.subscriptions.subscribe(CodeMapped, hear)
    process.context.subscriptions.subscribe(VariantCreated, hear)
    return events


async def test_codes_are_found_by_sku_then_by_alias_in_one_statement(
    database: Database, owner: Actor, stranger: Actor
) -> None:
    async with database.write() as session:
        gear = await make_variant(session, owner, "GEAR")
        hidden = await make_variant(session, owner, "OLD")
        hidden.is_active = False
        await make_variant(session, stranger, "THEIRS")
        await service.map_code(session, owner, code="etsy-gear", variant_id=gear.id)
        await service.map_code(session, owner, code="etsy-old", variant_id=hidden.id)

    statements: list[str] = []
    engine = database.read_engine.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    async with database.read() as session:
        found = await service.find_variants_by_code(
            session,
            owner,
            ["GEAR", " etsy-gear ", "gear", "OLD", "etsy-old", "THEIRS", "", "  ", "unknown"],
        )

    assert {code: variant.id for code, variant in found.items()} == {
        "GEAR": gear.id,
        " etsy-gear ": gear.id,
    }
    assert len(statements) == 1


async def test_mapping_a_code_tells_those_who_wait(
    database: Database, owner: Actor, heard: list[object]
) -> None:
    async with database.write() as session:
        gear = await make_variant(session, owner, "GEAR")
        alias = await service.map_code(session, owner, code="  ETSY 7 ", variant_id=gear.id)

    assert (alias.code, alias.variant_id) == ("ETSY 7", gear.id)
    assert heard == [CodeMapped(owner.organization_id, "ETSY 7", gear.id)]


async def test_a_code_means_one_variant(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        gear = await make_variant(session, owner, "GEAR")
        cog = await make_variant(session, owner, "COG")
        first = await service.map_code(session, owner, code="X", variant_id=gear.id)
        again = await service.map_code(session, owner, code="X", variant_id=gear.id)
        assert again.id == first.id

        with pytest.raises(CodeTaken):
            await service.map_code(session, owner, code="X", variant_id=cog.id)
        with pytest.raises(CodeTaken):
            await service.map_code(session, owner, code="COG", variant_id=gear.id)


async def test_impossible_codes_and_foreign_variants_are_refused(
    database: Database, owner: Actor, stranger: Actor
) -> None:
    async with database.write() as session:
        gear = await make_variant(session, owner)
        for code in ("", "   ", "x" * 201, "a\x00b", "a\nb"):
            with pytest.raises(Invalid):
                await service.map_code(session, owner, code=code, variant_id=gear.id)
        with pytest.raises(NotFound):
            await service.map_code(session, stranger, code="X", variant_id=gear.id)


async def test_eight_who_map_one_code_to_eight_variants_at_once_leave_one_meaning(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        ids = [(await make_variant(session, owner)).id for _ in range(8)]

    async def map_to(variant_id: int) -> bool:
        try:
            async with database.write() as session:
                await service.map_code(session, owner, code="X", variant_id=variant_id)
        except CodeTaken:
            return False
        return True

    won = await asyncio.gather(*(map_to(variant_id) for variant_id in ids))

    assert sum(won) == 1
    async with database.read() as reading:
        found = await service.find_variants_by_code(reading, owner, ["X"])
    assert found["X"].id == ids[won.index(True)]


async def test_a_new_variant_is_announced_with_its_sku(
    database: Database, owner: Actor, heard: list[object]
) -> None:
    async with database.write() as session:
        product = await make_product(session, owner)
        variant = await products.create_variant(
            session, owner, product=Ref(product.id, None), spec=VariantSpec(sku=" RING-1 ")
        )

    assert variant.sku == "RING-1"
    assert heard == [VariantCreated(owner.organization_id, variant.id, "RING-1")]


async def test_a_new_sku_and_a_variant_shown_again_release_those_who_wait(
    database: Database, owner: Actor, heard: list[object]
) -> None:
    async with database.write() as session:
        variant = await make_variant(session, owner, "A")
        ref = Ref(variant.id, None)
        await products.update_variant(session, owner, ref=ref, spec=VariantSpec(sku="B"))
        await products.update_variant(
            session, owner, ref=ref, spec=VariantSpec(sku="B", is_active=False)
        )
        await products.update_variant(session, owner, ref=ref, spec=VariantSpec(sku="B"))
        product = Ref(variant.product_id, None)
        await products.hide_product(session, owner, ref=product)
        await products.update_product(session, owner, ref=product, spec=ProductSpec("Gear"))

    assert heard == [CodeMapped(owner.organization_id, "B", variant.id)] * 3


async def test_a_sku_belongs_to_one_variant_even_when_it_is_hidden(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        old = await make_variant(session, owner, "OLD")
        old.is_active = False
        product = Ref(old.product_id, None)
        with pytest.raises(SkuTaken) as refusal:
            await products.create_variant(
                session, owner, product=product, spec=VariantSpec(sku="OLD")
            )
    assert refusal.value.detail == (
        f"The SKU OLD belongs to variant {old.id}, which is hidden; show that one again."
    )
