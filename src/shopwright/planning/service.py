"""From recipe to work: which pieces an item owes, what stock covers, and who makes the rest."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from shopwright.catalog import service as catalog
from shopwright.catalog.models import RecipeStep
from shopwright.catalog.states import StepKind
from shopwright.inventory import service as inventory
from shopwright.kernel import events
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.live import touch
from shopwright.orders import piece_queries as owed
from shopwright.orders import pieces, queries
from shopwright.orders.models import OrderItem, PieceStep
from shopwright.orders.states import LEFT, STOPPED, WORKABLE
from shopwright.planning import outside, workshop
from shopwright.planning.events import SkusUnknown
from shopwright.print_jobs import order_prints
from shopwright.print_jobs import service as print_jobs

# Imported with the rest of a channel's history, they must not fill the SKU inbox.
LEFT_OR_STOPPED = STOPPED | LEFT
UNKNOWN_SKU = "unknown_sku"


async def plan_items(
    session: WriteSession, ctx: Actor, *, item_ids: Collection[int], now: datetime
) -> None:
    """Plan every item that lacks pieces and may be made; the rest waits with its reason
    stated."""
    await owed.lock_pieces(session, ctx)
    items = [
        item for item in await queries.list_items(session, ctx, item_ids) if _is_unplanned(item)
    ]
    if not items:
        return
    orders = await queries.list_orders_by_id(session, ctx, {item.order_id for item in items})
    items = [item for item in items if orders[item.order_id].status not in LEFT_OR_STOPPED]
    variants = await catalog.find_variants_by_code(
        session, ctx, {item.sku for item in items if item.sku}
    )
    for item in items:
        if item.variant_id is None and item.sku in variants:
            item.variant_id = variants[item.sku].id
    with session.no_autoflush:  # the items are written by `store_plans`, many at once
        recipes = await catalog.list_recipes(
            session, ctx, {i.variant_id for i in items if i.variant_id}
        )
    ready = [
        (item, recipe)
        for item in items
        if (recipe := _state_reason(item, recipes)) and orders[item.order_id].status in WORKABLE
    ]
    await queries.store_plans(session, ctx, items)
    touch(session, ctx.organization_id, "inbox")
    unknown = {item.sku for item in items if item.sku and item.waiting_code == UNKNOWN_SKU}
    if unknown:
        await events.publish(session, SkusUnknown(ctx.organization_id, tuple(sorted(unknown))))
    for item in items:  # the order shows what its items wait for
        touch(session, ctx.organization_id, "order", item.order_id)
    if ready:
        await pieces.owe_pieces(session, ctx, recipes=ready, now=now)
        await order_prints.give_way(session, ctx, item_ids=[item.id for item, _ in ready])
    wanted = {step.id for _, recipe in ready for step in recipe}
    await _cover(session, ctx, wanted, now)


async def plan_steps(
    session: WriteSession, ctx: Actor, *, recipe_step_ids: Collection[int], now: datetime
) -> None:
    """Cover what is owed of these recipe steps: stock first, then print jobs of ``yields`` copies
    each, parts for the workshop and orders at manufacturers."""
    if not recipe_step_ids:
        return
    await owed.lock_pieces(session, ctx)
    await _cover(session, ctx, recipe_step_ids, now)


async def _cover(
    session: WriteSession, ctx: Actor, recipe_step_ids: Collection[int], now: datetime
) -> None:
    if not recipe_step_ids:
        return
    steps = await owed.list_owed_steps(session, ctx, recipe_step_ids)
    personal = await workshop.find_personal(session, ctx, steps)
    groups: dict[int, list[PieceStep]] = defaultdict(list)
    for step in steps:
        if step.id not in personal:
            groups[step.recipe_step_id].append(step)
    remaining = [step for step in steps if step.id in personal]
    for recipe_step_id, group in sorted(groups.items()):  # one order of locks for everybody
        remaining += await _draw_stock(session, ctx, recipe_step_id, group, now)
    makers: dict[StepKind, list[PieceStep]] = defaultdict(list)
    for step in remaining:
        makers[step.kind].append(step)
    await _make_jobs(session, ctx, makers[StepKind.PRINT])
    await workshop.make_parts(session, ctx, makers[StepKind.FABRICATE], now)
    await outside.order_outside(session, ctx, makers[StepKind.OUTSOURCE])


async def use_hardware(session: WriteSession, ctx: Actor, *, order_id: int) -> None:
    """Take from stock what the recipes of a finished order ask for; twice changes nothing."""
    needed = await _hardware_of(session, ctx, order_id)
    await inventory.use_hardware(session, ctx, hardware_quantities=needed, key=f"order:{order_id}")


async def return_hardware(session: WriteSession, ctx: Actor, *, order_id: int) -> None:
    """The order is not finished after all: its hardware lies in the drawer until it is."""
    needed = await _hardware_of(session, ctx, order_id)
    await inventory.return_hardware(session, ctx, hardware_ids=needed, key=f"order:{order_id}")


async def _hardware_of(session: WriteSession, ctx: Actor, order_id: int) -> Counter[int]:
    """How much of each the recipes of the order's items ask for."""
    items = await queries.list_order_items(session, ctx, order_id)
    units = Counter[int]()
    for item in items:
        if item.variant_id and not item.is_cancelled:
            units[item.variant_id] += item.quantity
    needed = Counter[int]()
    for variant_id, lines in (
        await catalog.list_recipe_hardware(session, ctx, list(units))
    ).items():
        for hardware_id, quantity in lines.items():
            needed[hardware_id] += quantity * units[variant_id]
    return needed


def _state_reason(item: OrderItem, recipes: dict[int, list[RecipeStep]]) -> Sequence[RecipeStep]:
    """The item's recipe; without one, the item says in the inbox what it waits for."""
    recipe = recipes.get(item.variant_id, []) if item.variant_id else []
    item.waiting_code, item.waiting_reason = _why_waiting(item, recipe)
    return recipe


def _is_unplanned(item: OrderItem) -> bool:
    return not item.is_cancelled and item.pieces_total < item.quantity


def _why_waiting(item: OrderItem, recipe: Sequence[RecipeStep]) -> tuple[str | None, str | None]:
    """The SKU inbox: its code for programs and its sentence for people."""
    if item.variant_id is None and not item.sku:
        return "no_sku", "The item has no SKU. Choose the product it means."
    if item.variant_id is None:
        return UNKNOWN_SKU, f"The SKU {item.sku} is not known. Map it to a product once."
    if not recipe:
        return "no_recipe", "The product has no recipe yet. Say what makes it."
    return None, None


async def _draw_stock(
    session: WriteSession, ctx: Actor, recipe_step_id: int, steps: list[PieceStep], now: datetime
) -> list[PieceStep]:
    """Fill the most urgent steps from finished stock; returns the steps still to be made."""
    first = steps[0]
    taken = await inventory.take_from_stock(
        session,
        ctx,
        recipe_step_id=recipe_step_id,
        wanted=len(steps),
        key=f"draw:{first.id}:{first.failures}",
    )
    if taken:
        await pieces.fill_from_stock(session, ctx, step_ids=[s.id for s in steps[:taken]], now=now)
    return steps[taken:]


async def _make_jobs(session: WriteSession, ctx: Actor, steps: Sequence[PieceStep]) -> None:
    """One job per run of a plate; a plate with several copies may serve several orders."""
    plates: dict[tuple[int, int, int], list[PieceStep]] = defaultdict(list)
    for step in steps:
        plates[(step.recipe_step_id, step.print_file_id or 0, step.plate_number or 0)].append(step)
    batches = [
        group[start : start + group[0].yields]
        for group in plates.values()
        for start in range(0, len(group), group[0].yields)
    ]
    await print_jobs.create_jobs(session, ctx, batches=batches)
