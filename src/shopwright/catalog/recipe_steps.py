"""From the steps a person asks for to the steps of a recipe: what they name is looked up."""

from collections.abc import Sequence
from dataclasses import asdict, fields, replace

from shopwright.catalog import recipe_queries, rules
from shopwright.catalog.models import RecipeStep
from shopwright.catalog.recipe_queries import PlateRow
from shopwright.catalog.rules import PartDesign, PlannedStep, Purchase, StepSpec, Work
from shopwright.catalog.states import StepKind
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.parts import queries as parts

COLUMNS = tuple(field.name for field in fields(Work))


async def find_steps(
    session: WriteSession, ctx: Actor, steps: Sequence[StepSpec]
) -> list[PlannedStep]:
    """Raises NotFound or Invalid, with the step's number, for what is not there."""
    files = {step.print_file for step in steps if step.print_file}
    plates = await recipe_queries.list_plates(session, ctx, files)
    return [
        PlannedStep(step.name, await _find_work(session, ctx, number, step, plates))
        for number, step in enumerate(steps, 1)
    ]


def work_of(step: RecipeStep) -> Work:
    return Work(**{name: getattr(step, name) for name in COLUMNS})


def new_step(ctx: Actor, *, variant_id: int, position: int, name: str, work: Work) -> RecipeStep:
    return RecipeStep(
        organization_id=ctx.organization_id,
        variant_id=variant_id,
        position=position,
        name=name,
        **asdict(work),
    )


def on_new_file(ctx: Actor, step: RecipeStep, print_file_id: int) -> RecipeStep:
    """The same step, printed from another version of its file."""
    return new_step(
        ctx,
        variant_id=step.variant_id,
        position=step.position,
        name=step.name,
        work=replace(work_of(step), print_file_id=print_file_id),
    )


async def _find_work(
    session: WriteSession, ctx: Actor, number: int, step: StepSpec, plates: Sequence[PlateRow]
) -> Work:
    if step.part is not None:
        return await _find_part(session, ctx, number, step.part)
    if step.kind is StepKind.OUTSOURCE:
        return await _find_supplier(session, ctx, number, step.purchase or Purchase())
    return _find_plate(number, step, plates)


def _find_plate(number: int, step: StepSpec, plates: Sequence[PlateRow]) -> Work:
    ref, plate = step.print_file, step.plate
    if ref is None or plate is None:
        raise Invalid(f"Step {number} is a print: name its print_file_id and plate.")
    of_file = [row for row in plates if row.is_of(ref)]
    if not of_file:
        raise NotFound(f"Step {number} names print file {ref}, which is not there.")
    rules.check_plate(number, of_file[0].file_name, plate, {row.number for row in of_file})
    return Work(StepKind.PRINT, of_file[0].print_file_id, plate, step.yields)


async def _find_part(session: WriteSession, ctx: Actor, number: int, design: PartDesign) -> Work:
    template_id = None
    if design.template is not None:
        found = await parts.find_part(session, ctx, design.template)
        if found is None:
            raise NotFound(f"Step {number} names part {design.template}, which is not there.")
        template_id = found.part.id
        version = design.template_version
        if version is not None and not 1 <= version <= found.part.version:
            raise Invalid(
                f"Step {number} names version {version} of {found.part.name}, which has "
                f"{found.part.version or 'no'} versions."
            )
    return _part_work(design, template_id)


async def _find_supplier(session: WriteSession, ctx: Actor, number: int, wanted: Purchase) -> Work:
    supplier_id = None
    if wanted.supplier is not None:
        supplier_id = await recipe_queries.find_supplier(session, ctx, wanted.supplier)
        if supplier_id is None:
            raise NotFound(f"Step {number} names supplier {wanted.supplier}, who is not there.")
    return Work(StepKind.OUTSOURCE, supplier_id=supplier_id, supplier_sku=wanted.sku)


def _part_work(design: PartDesign, template_id: int | None) -> Work:
    return Work(
        StepKind.FABRICATE,
        part_type=design.type,
        part_material=design.material,
        part_thickness=design.thickness,
        part_notes=design.notes,
        part_amount=design.amount,
        is_approved=design.is_approved,
        template_part_id=template_id,
        template_version=design.template_version,
    )
