"""What the rest of the house asks the catalogue: codes to variants, variants to recipes."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.catalog import queries, recipe_queries, recipe_steps, rules
from shopwright.catalog.events import CodeMapped, RecipeChanged
from shopwright.catalog.models import Hardware, RecipeHardware, RecipeStep, SkuAlias, Variant
from shopwright.catalog.recipe_queries import StepFile
from shopwright.catalog.rules import RecipeChange, StepSpec
from shopwright.kernel import events
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Conflict, Invalid, NotFound
from shopwright.kernel.live import touch

MAX_CODE = 200
MAX_PER_UNIT = 10_000


class StepThereAlready(Conflict):
    code = "recipe-step-there-already"
    title = "The recipe has this step already"


class CodeTaken(Conflict):
    code = "code-taken"
    title = "This code means something else already"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What one unit is made of; ``files`` by step."""

    variant_id: int
    steps: list[RecipeStep]
    files: dict[int, StepFile]
    hardware: list[tuple[RecipeHardware, Hardware]]


@dataclass(frozen=True, slots=True)
class Adoption:
    """What a new file version did to recipes; those kept name a plate that it does not have."""

    moved_variant_ids: tuple[int, ...]
    kept_variant_ids: tuple[int, ...]


async def get_variant(session: AsyncSession, ctx: Actor, ref: Ref) -> Variant:
    variant = await queries.find_variant(session, ctx, ref)
    if variant is None:
        raise NotFound(f"There is no variant {ref}.")
    return variant


async def find_variants_by_code(
    session: AsyncSession, ctx: Actor, codes: Collection[str]
) -> dict[str, Variant]:
    """Active variants by the codes as given: trimmed, case counts, a SKU goes before an alias."""
    trimmed = {code: code.strip() for code in codes if code.strip()}
    if not trimmed:
        return {}
    found = await queries.find_variants_by_code(session, ctx, set(trimmed.values()))
    return {code: found[key] for code, key in trimmed.items() if key in found}


async def list_recipes(
    session: AsyncSession, ctx: Actor, variant_ids: Collection[int]
) -> dict[int, list[RecipeStep]]:
    """The present steps of each variant that has any, in order."""
    if not variant_ids:
        return {}
    recipes: dict[int, list[RecipeStep]] = defaultdict(list)
    for step in await recipe_queries.list_active_steps(session, ctx, variant_ids):
        recipes[step.variant_id].append(step)
    return dict(recipes)


async def get_recipe(session: AsyncSession, ctx: Actor, variant_id: int) -> Recipe:
    """The present recipe with its file versions, empty when there is none."""
    steps = await recipe_queries.list_active_steps(session, ctx, [variant_id])
    return Recipe(
        variant_id=variant_id,
        steps=steps,
        files=await recipe_queries.list_step_files(session, ctx, steps),
        hardware=await recipe_queries.list_hardware(session, ctx, [variant_id]),
    )


async def get_step(session: AsyncSession, ctx: Actor, ref: Ref) -> RecipeStep:
    """Retired ones too: their finished copies still lie on the shelf."""
    step = await recipe_queries.find_step(session, ctx, ref)
    if step is None:
        raise NotFound(f"There is no recipe step {ref}.")
    return step


async def list_steps(
    session: AsyncSession, ctx: Actor, step_ids: Collection[int]
) -> dict[int, RecipeStep]:
    """By id, retired ones too."""
    return {step.id: step for step in await recipe_queries.list_steps(session, ctx, step_ids)}


async def list_recipe_hardware(
    session: AsyncSession, ctx: Actor, variant_ids: Collection[int]
) -> dict[int, dict[int, int]]:
    """By variant: how many of which hardware one unit takes."""
    needed: dict[int, dict[int, int]] = defaultdict(dict)
    for line, _ in await recipe_queries.list_hardware(session, ctx, variant_ids):
        needed[line.variant_id][line.hardware_id] = line.quantity
    return dict(needed)


async def map_code(session: WriteSession, ctx: Actor, *, code: str, variant_id: int) -> SkuAlias:
    """Let ``code`` mean the variant from now on; whoever waits for it hears CodeMapped.

    The same mapping again is fine; raises CodeTaken when the code means another variant.
    """
    code = _check_code(code)
    variant = await get_variant(session, ctx, Ref(variant_id, None))
    owner = await queries.find_code_owner(session, ctx, code)
    if owner is not None:
        raise CodeTaken(f"{code} is itself the SKU of variant {owner.id}; it needs no alias.")
    added = await queries.add_alias(session, ctx, code, variant.id)
    alias = added or await queries.find_alias(session, ctx, SkuAlias.code == code)
    if alias is None or alias.variant_id != variant.id:
        raise CodeTaken(f"{code} is an alias of another variant. Remove that alias first.")
    if added:
        audit.record(session, ctx, "sku_alias.created", alias.id, code=code, variant_id=variant.id)
    touch(session, ctx.organization_id, "product", variant.product_id)
    await events.publish(session, CodeMapped(ctx.organization_id, code, variant.id))
    return alias


async def unmap_code(session: WriteSession, ctx: Actor, alias_ref: Ref) -> None:
    """Orders that came in with the code keep what they were planned with."""
    alias = await queries.find_alias(session, ctx, alias_ref.where(SkuAlias))
    if alias is None:
        raise NotFound(f"There is no SKU alias {alias_ref}.")
    audit.record(session, ctx, "sku_alias.deleted", alias.id, code=alias.code)
    await session.delete(alias)
    touch(session, ctx.organization_id, "product")


async def change_recipe(
    session: WriteSession,
    ctx: Actor,
    *,
    variant_id: int,
    steps: Sequence[StepSpec],
    hardware: Sequence[tuple[Ref, int]] = (),
) -> Variant:
    """Replace what one unit is made of; ``hardware`` with how many of each one unit takes.

    Changed steps become new rows, the old ones retire: pieces keep what they were planned with.
    """
    rules.check_steps(steps)
    variant = await _lock_variant(session, ctx, variant_id)
    wanted = await recipe_steps.find_steps(session, ctx, steps)
    needed = await _find_hardware(session, ctx, hardware)
    current = await recipe_queries.list_active_steps(session, ctx, [variant.id])
    change = rules.compare({step.id: recipe_steps.work_of(step) for step in current}, wanted)
    await _apply(session, ctx, variant, current, change)
    await recipe_queries.replace_hardware(session, ctx, variant.id, needed)
    await _tell_changed(session, ctx, variant, steps=len(steps), retired=len(change.retired))
    return variant


async def add_step(
    session: WriteSession, ctx: Actor, *, variant_id: int, step: StepSpec
) -> Variant:
    """One more step at the end of a recipe; raises StepThereAlready when it makes the same thing
    as another."""
    variant = await _lock_variant(session, ctx, variant_id)
    current = await recipe_queries.list_active_steps(session, ctx, [variant.id])
    number = len(current) + 1
    if number > rules.MAX_STEPS:
        raise Invalid(f"A recipe has at most {rules.MAX_STEPS} steps.")
    rules.check_steps([step])
    (planned,) = await recipe_steps.find_steps(session, ctx, [step])
    if planned.work in [recipe_steps.work_of(one) for one in current]:
        raise StepThereAlready(f"The recipe of {variant.sku} has this step already.")
    position = max((one.position for one in current), default=0) + 1
    change = RecipeChange(kept={}, retired=[], added=[(position, planned)])
    await _apply(session, ctx, variant, current, change)
    await _tell_changed(session, ctx, variant, steps=number, retired=0)
    return variant


async def adopt_print_file_version(
    session: WriteSession,
    ctx: Actor,
    *,
    old_file_ids: Collection[int],
    new_file_id: int,
    plate_numbers: Collection[int],
) -> Adoption:
    """Move recipes that print an older version of a file onto the new one, plate by plate.

    A step whose plate the new version lacks keeps its file, and the recipe says so. Work already
    planned keeps the version it was planned with.
    """
    using = await recipe_queries.list_variants_using(session, ctx, old_file_ids)
    variants = await queries.lock_variants(session, ctx, using)
    active = await recipe_queries.list_active_steps(session, ctx, using)
    steps = [step for step in active if step.print_file_id in old_file_ids]
    moving = [step for step in steps if step.plate_number in plate_numbers]
    await recipe_queries.retire_steps(session, ctx, [step.id for step in moving])
    session.add_all(recipe_steps.on_new_file(ctx, step, new_file_id) for step in moving)
    await session.flush()
    moved = {step.variant_id for step in moving}
    for variant in variants:
        if variant.id in moved:
            await _tell_changed(session, ctx, variant, print_file_id=new_file_id)
    kept = {step.variant_id for step in steps if step.plate_number not in plate_numbers}
    return Adoption(tuple(sorted(moved)), tuple(sorted(kept)))


def _check_code(code: str) -> str:
    code = code.strip()
    if not code or len(code) > MAX_CODE or not code.isprintable():
        raise Invalid(f"A code has 1 to {MAX_CODE} visible characters.", code=code[:MAX_CODE])
    return code


async def _lock_variant(session: WriteSession, ctx: Actor, variant_id: int) -> Variant:
    locked = await queries.lock_variants(session, ctx, [variant_id])
    if not locked:
        raise NotFound(f"There is no variant {variant_id}.")
    return locked[0]


async def _find_hardware(
    session: WriteSession, ctx: Actor, lines: Sequence[tuple[Ref, int]]
) -> dict[int, int]:
    """Quantity by id; the same hardware on two lines adds up."""
    if not lines:
        return {}
    found = await recipe_queries.find_hardware(session, ctx, [ref for ref, _ in lines])
    needed: dict[int, int] = defaultdict(int)
    for ref, quantity in lines:
        row = next((row for row in found if ref.id == row.id or ref.uuid == row.uuid), None)
        if row is None or not row.is_active:
            raise NotFound(f"There is no hardware {ref}.")
        needed[row.id] += quantity
        if not 1 <= quantity <= needed[row.id] <= MAX_PER_UNIT:
            raise Invalid(f"One unit takes 1 to {MAX_PER_UNIT} of hardware {row.sku}.")
    return dict(needed)


async def _apply(
    session: WriteSession,
    ctx: Actor,
    variant: Variant,
    current: Sequence[RecipeStep],
    change: RecipeChange,
) -> None:
    await recipe_queries.retire_steps(session, ctx, change.retired)
    for step in current:
        if step.id in change.kept:
            step.position, wanted = change.kept[step.id]
            step.name = wanted.name
    session.add_all(
        recipe_steps.new_step(
            ctx, variant_id=variant.id, position=position, name=step.name, work=step.work
        )
        for position, step in change.added
    )
    await session.flush()


async def _tell_changed(session: WriteSession, ctx: Actor, variant: Variant, **facts: Any) -> None:
    audit.record(session, ctx, "recipe.changed", variant.id, **facts)
    touch(session, ctx.organization_id, "product", variant.product_id)
    await events.publish(session, RecipeChanged(ctx.organization_id, variant.id))
