"""Recipes: changed steps get new rows, the others keep theirs; file versions move by plate."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import select

from shopwright.catalog import service
from shopwright.catalog.events import RecipeChanged
from shopwright.catalog.models import RecipeStep
from shopwright.catalog.rules import PartDesign, Purchase, StepSpec
from shopwright.catalog.service import Adoption
from shopwright.catalog.states import StepKind
from shopwright.kernel import events
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database, WriteSession
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.parts.states import PartType
from shopwright.print_files.events import PrintFileVersionAdded
from shopwright.print_files.models import PrintFile
from tests.factories import make_hardware, make_part, make_print_file, make_variant


@pytest.fixture
def heard(process: Process) -> list[RecipeChanged]:
    changes: list[RecipeChanged] = []

    async def hear(_session: WriteSession, happened: RecipeChanged) -> None:
        changes.append(happened)

    process.context.subscriptions.subscribe(RecipeChanged, hear)
    return changes


def on(file: PrintFile, plate: int, yields: int = 1, name: str = "") -> StepSpec:
    return StepSpec(Ref(file.id, None), plate, yields, name)


def made(design: PartDesign, name: str = "lid") -> StepSpec:
    return StepSpec(None, None, name=name, kind=StepKind.FABRICATE, part=design)


async def change(session: WriteSession, ctx: Actor, variant_id: int, *steps: StepSpec) -> None:
    await service.change_recipe(session, ctx, variant_id=variant_id, steps=steps)


async def active(session: WriteSession, ctx: Actor, variant_id: int) -> list[RecipeStep]:
    return (await service.list_recipes(session, ctx, [variant_id])).get(variant_id, [])


async def test_a_recipe_lists_its_steps_in_order(
    database: Database, owner: Actor, heard: list[RecipeChanged]
) -> None:
    async with database.write() as session:
        variant, file = await make_variant(session, owner), await make_print_file(session, owner)
        await change(session, owner, variant.id, on(file, 2, 3, "lid"), on(file, 1))
        steps = await active(session, owner, variant.id)

    assert [(s.position, s.plate_number, s.yields, s.name) for s in steps] == [
        (1, 2, 3, "lid"),
        (2, 1, 1, ""),
    ]
    assert heard == [RecipeChanged(owner.organization_id, variant.id)]


async def test_changed_steps_retire_and_unchanged_ones_keep_their_row(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        variant, file = await make_variant(session, owner), await make_print_file(session, owner)
        await change(session, owner, variant.id, on(file, 1), on(file, 2))
        lid, base = await active(session, owner, variant.id)

        await change(session, owner, variant.id, on(file, 2, name="base"), on(file, 1, yields=4))
        steps = await active(session, owner, variant.id)
        old = await session.get_one(RecipeStep, lid.id, execution_options={"cross_tenant": True})

    assert [(s.position, s.name, s.yields) for s in steps] == [(1, "base", 1), (2, "", 4)]
    assert steps[0].id == base.id
    assert steps[1].id not in {lid.id, base.id}
    assert (old.is_retired, old.plate_number, old.yields) == (True, 1, 1)


async def test_a_plate_that_is_needed_twice_is_two_steps(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        variant, file = await make_variant(session, owner), await make_print_file(session, owner)
        await change(session, owner, variant.id, on(file, 1), on(file, 1))
        before = {step.id for step in await active(session, owner, variant.id)}
        await change(session, owner, variant.id, on(file, 1), on(file, 1), on(file, 1))
        after = {step.id for step in await active(session, owner, variant.id)}

    assert len(before) == 2
    assert len(after) == 3
    assert before < after


async def test_impossible_steps_are_refused_in_words(
    database: Database, owner: Actor, stranger: Actor
) -> None:
    async with database.write() as session:
        variant, file = await make_variant(session, owner), await make_print_file(session, owner)
        foreign = await make_print_file(session, stranger, "theirs.gcode.3mf")
        part, theirs = await make_part(session, owner), await make_part(session, stranger)
        await change(session, owner, variant.id, on(file, 1))

        refusals = []
        for step in (
            on(file, 4),
            StepSpec(None, None),
            StepSpec(None, None, kind=StepKind.FABRICATE),
            StepSpec(None, None, name="plate", kind=StepKind.FABRICATE),
            StepSpec(Ref(file.id, None), 1, kind=StepKind.OUTSOURCE),
            StepSpec(Ref(file.id, None), 1, part=PartDesign(PartType.CNC)),
            StepSpec(Ref(file.id, None), 1, purchase=Purchase(sku="X")),
            made(PartDesign(PartType.CNC, template_version=1)),
            made(PartDesign(PartType.CNC, template=Ref(part.id, None), template_version=2)),
        ):
            with pytest.raises(Invalid) as refusal:
                await change(session, owner, variant.id, step)
            refusals.append(refusal.value.detail)
        with pytest.raises(NotFound):
            await change(session, owner, variant.id, on(foreign, 1))
        with pytest.raises(NotFound):
            await change(session, stranger, variant.id, on(foreign, 1))
        for step in (
            made(PartDesign(PartType.CNC, template=Ref(theirs.id, None))),
            StepSpec(None, None, kind=StepKind.OUTSOURCE, purchase=Purchase(Ref(404, None))),
        ):
            with pytest.raises(NotFound):
                await change(session, owner, variant.id, step)
        steps = await active(session, owner, variant.id)

    assert refusals == [
        "Step 1 names plate 4 of gear.gcode.3mf, which has the plates 1, 2.",
        "Step 1 is a print: name its print_file_id and plate.",
        "Step 1 is made in the workshop: give it a name and a part.",
        "Step 1 is made in the workshop: give it a name and a part.",
        "Step 1 is not printed: leave print_file_id, plate and yields out.",
        "Step 1 has a part; only a step of kind fabricate has one.",
        "Step 1 has a supplier; only a step of kind outsource has one.",
        "Step 1 names a version; name its template_part_id as well.",
        "Step 1 names version 2 of Drive Gear, which has no versions.",
    ]
    assert [step.plate_number for step in steps] == [1]


async def test_steps_of_all_kinds_are_kept_while_they_make_the_same(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        variant, file = await make_variant(session, owner), await make_print_file(session, owner)
        template = await make_part(session, owner)
        lid = PartDesign(
            PartType.HAND, "Oak", "12 mm", "Sand it", 2, is_approved=True,
            template=Ref(template.id, None),
        )  # fmt: skip
        bought = StepSpec(None, None, kind=StepKind.OUTSOURCE, purchase=Purchase(sku="CASE-7"))
        await change(session, owner, variant.id, on(file, 1), made(lid), bought)
        first = await active(session, owner, variant.id)
        await change(session, owner, variant.id, bought, made(lid, "cover"), on(file, 1))
        second = await active(session, owner, variant.id)
        await change(session, owner, variant.id, bought, made(replace(lid, amount=3)))
        third = await active(session, owner, variant.id)

    assert [step.id for step in second] == [step.id for step in reversed(first)]
    assert second[1].name == "cover"
    cover = second[1]
    assert (cover.kind, cover.part_type, cover.part_material, cover.part_thickness) == (
        StepKind.FABRICATE, PartType.HAND, "Oak", "12 mm",
    )  # fmt: skip
    assert (cover.part_notes, cover.part_amount, cover.is_approved, cover.template_part_id) == (
        "Sand it", 2, True, template.id,
    )  # fmt: skip
    assert (second[0].kind, second[0].supplier_id, second[0].supplier_sku) == (
        StepKind.OUTSOURCE, None, "CASE-7",
    )  # fmt: skip
    assert third[0].id == second[0].id
    assert (third[1].id == cover.id, third[1].part_amount) == (False, 3)


async def test_hardware_of_a_recipe_adds_up_and_is_replaced(
    database: Database, owner: Actor, stranger: Actor
) -> None:
    async with database.write() as session:
        variant, file = await make_variant(session, owner), await make_print_file(session, owner)
        screw, magnet = await make_hardware(session, owner), await make_hardware(session, owner)
        foreign = await make_hardware(session, stranger)

        async def needing(*lines: tuple[int, int]) -> dict[int, dict[int, int]]:
            await service.change_recipe(
                session,
                owner,
                variant_id=variant.id,
                steps=[on(file, 1)],
                hardware=[(Ref(hardware_id, None), count) for hardware_id, count in lines],
            )
            return await service.list_recipe_hardware(session, owner, [variant.id])

        assert await needing((screw.id, 4), (magnet.id, 1), (screw.id, 2)) == {
            variant.id: {screw.id: 6, magnet.id: 1}
        }
        with pytest.raises(NotFound):
            await needing((foreign.id, 1))
        assert await needing((magnet.id, 2)) == {variant.id: {magnet.id: 2}}


async def test_a_new_file_version_moves_the_plates_it_still_has(
    database: Database, owner: Actor, stranger: Actor, heard: list[RecipeChanged]
) -> None:
    async with database.write() as session:
        first = await make_print_file(session, owner, plates=3)
        box, lid, other = [await make_variant(session, owner) for _ in range(3)]
        elsewhere = await make_print_file(session, owner, "other.gcode.3mf")
        await change(
            session, owner, box.id, on(first, 1, 2, "base"), on(elsewhere, 1), on(first, 3)
        )
        await change(session, owner, lid.id, on(first, 3))
        await change(session, owner, other.id, on(elsewhere, 1))
        before = await active(session, owner, box.id)
        heard.clear()

        second = await make_print_file(session, owner, version=2, plates=2)
        adopted = await service.adopt_print_file_version(
            session, owner, old_file_ids=[first.id], new_file_id=second.id, plate_numbers=[1, 2]
        )
        after = await active(session, owner, box.id)
        recipe = await service.get_recipe(session, owner, lid.id)

    assert adopted == Adoption(moved_variant_ids=(box.id,), kept_variant_ids=(box.id, lid.id))
    assert [(s.position, s.print_file_id, s.plate_number, s.yields, s.name) for s in after] == [
        (1, second.id, 1, 2, "base"),
        (2, elsewhere.id, 1, 1, ""),
        (3, first.id, 3, 1, ""),
    ]
    assert after[0].id != before[0].id
    assert [step.id for step in after[1:]] == [step.id for step in before[1:]]
    assert heard == [RecipeChanged(owner.organization_id, box.id)]
    file = recipe.files[recipe.steps[0].id]
    assert (file.version, file.newest_version, file.has_plate_in_newest) == (1, 2, False)


async def test_an_uploaded_version_moves_recipes_by_its_event(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        variant, first = await make_variant(session, owner), await make_print_file(session, owner)
        await change(session, owner, variant.id, on(first, 2))
        second = await make_print_file(session, owner, version=2)
        await events.publish(
            session, PrintFileVersionAdded(owner.organization_id, second.id, (first.id,))
        )
        steps = await active(session, owner, variant.id)

    assert [step.print_file_id for step in steps] == [second.id]


async def test_another_shops_recipes_do_not_follow(
    database: Database, owner: Actor, stranger: Actor
) -> None:
    async with database.write() as session:
        variant, first = await make_variant(session, owner), await make_print_file(session, owner)
        await change(session, owner, variant.id, on(first, 1))
        second = await make_print_file(session, stranger, version=2)
        adopted = await service.adopt_print_file_version(
            session, stranger, old_file_ids=[first.id], new_file_id=second.id, plate_numbers=[1, 2]
        )
        steps = await active(session, owner, variant.id)

    assert adopted == Adoption((), ())
    assert [step.print_file_id for step in steps] == [first.id]


async def test_changes_of_one_recipe_at_once_leave_exactly_one_recipe(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        variant = await make_variant(session, owner)
        file = await make_print_file(session, owner, plates=8)

    async def put(plate: int) -> None:
        async with database.write() as session:
            await change(session, owner, variant.id, on(file, plate), on(file, plate, yields=2))

    await asyncio.gather(*(put(plate) for plate in range(1, 9)))

    async with database.write() as session:
        steps = await active(session, owner, variant.id)
        rows = await session.scalars(
            select(RecipeStep.is_retired).where(RecipeStep.organization_id == owner.organization_id)
        )
        retired = list(rows)
    assert [step.position for step in steps] == [1, 2]
    assert len({step.plate_number for step in steps}) == 1
    assert (len(retired), sum(retired)) == (16, 14)
