"""Make or buy, decided by hand for one order line: what both cost, when both are there, and the
change of what nobody has begun."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.catalog import service as catalog
from shopwright.catalog.models import Product, RecipeStep, Variant
from shopwright.catalog.states import StepKind
from shopwright.fleet.models import Printer
from shopwright.fleet.states import ConnectionState
from shopwright.inventory import pricing
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Conflict, NotFound
from shopwright.orders import piece_queries, replanning
from shopwright.orders.models import Order, OrderItem, PieceStep
from shopwright.orders.states import WORKABLE, StepStatus
from shopwright.parts.order_part_queries import list_unbegun
from shopwright.print_jobs import late
from shopwright.print_jobs.models import PrintJob
from shopwright.print_jobs.states import ACTIVE, WAITING
from shopwright.suppliers import ordering, queries, rules, tasks
from shopwright.suppliers.models import SupplierOrder
from shopwright.suppliers.queries import Line
from shopwright.suppliers.rules import Source
from shopwright.suppliers.states import PlacingStage

DAY_S = 86_400
MADE_HERE = frozenset({StepKind.PRINT, StepKind.FABRICATE})
MIXED = (
    "This product is made here with something that is bought; neither alone is all of it. Change "
    "its recipe, or choose another product to make."
)


class Way(StrEnum):
    MAKE = "make"
    BUY = "buy"


class NothingToSwitch(Conflict):
    code = "nothing-to-switch"
    title = "Nothing of this line can be made another way"


class NoOffer(Conflict):
    code = "no-offer"
    title = "Nobody offers this"


class NoOwnRecipe(Conflict):
    code = "no-own-recipe"
    title = "This is not made here"


@dataclass(frozen=True, slots=True)
class WayOption:
    """One way to have the open pieces of a line: what all of them cost, and when they are there.

    None is what nobody said; ``notes`` are sentences about that.
    """

    way: Way
    name: str
    cost_minor: int | None
    currency: str
    ready_on: date | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """What can be decided about one line now. ``count`` pieces are untouched; ``current`` is how
    they are to come about, None when they differ or there are none."""

    item: OrderItem
    count: int
    current: Way | None
    make: WayOption | None
    buy: WayOption | None


@dataclass(frozen=True, slots=True)
class _Open:
    """The untouched pieces of a line; ``free`` are steps given to work that nobody has begun."""

    line: Line
    steps: tuple[PieceStep, ...]
    pieces: tuple[int, ...]
    free: frozenset[int]


async def list_choices(
    session: AsyncSession, ctx: Actor, order: Order, now: datetime
) -> list[Choice]:
    """For every line of a paid order that could come about in both ways, or does in one."""
    if order.status not in WORKABLE:
        return []
    item_ids = [item.id for item in order.items if not item.is_cancelled]
    lines = await queries.list_lines(session, ctx, item_ids, with_held=True)
    sources = await _find_sources(session, ctx, list(lines.values()))
    found = [
        await _choice(session, ctx, lines[one], sources[one], now.date())
        for one in item_ids
        if one in sources
    ]
    return [choice for choice in found if choice is not None]


async def switch_line(
    session: WriteSession,
    ctx: Actor,
    *,
    item_id: int,
    way: Way,
    as_variant: Ref | None = None,
    now: datetime,
) -> int:
    """The untouched pieces of a line come about the other way; returns how many. What is being
    made, or was sent to a manufacturer, stays as it is.

    ``as_variant`` is made in place of the line's own product, where that one is only bought. Raises
    NothingToSwitch, NoOffer or NoOwnRecipe.
    """
    await piece_queries.lock_pieces(session, ctx)
    lines = await queries.list_lines(session, ctx, [item_id], with_held=True)
    if item_id not in lines:
        raise NothingToSwitch("The order of this line is not paid, or was stopped.")
    found = await _open_pieces(session, ctx, lines[item_id])
    if as_variant is None and _is_mixed(found):
        raise NothingToSwitch(MIXED)
    wanted = [p for p in found.pieces if _way_of(found, p) is not way]
    if not wanted:
        raise NothingToSwitch(f"Every open piece of this line is to be {_past(way)} already.")
    if way is Way.BUY:
        recipe = [await _bought_step(session, ctx, found.line)]
    else:
        recipe = await _own_recipe(session, ctx, found.line, as_variant)
    await _replace(session, ctx, found, wanted, recipe, now)
    audit.record(session, ctx, "order_item.switched", item_id, way=way.value, pieces=len(wanted))
    return len(wanted)


async def _replace(
    session: WriteSession,
    ctx: Actor,
    found: _Open,
    wanted: Sequence[int],
    recipe: Sequence[RecipeStep],
    now: datetime,
) -> None:
    item = found.line.item
    gone = await replanning.replace_steps(
        session, ctx, item=item, pieces=wanted, free=found.free, recipe=recipe, now=now
    )
    for order in await _orders_of(session, ctx, gone):
        await tasks.withdraw(session, ctx, order, "Its piece is made another way")
    job_ids = tuple({step.print_job_id for step in gone if step.print_job_id})
    if job_ids:
        await late.drop_jobs(
            session, ctx, job_ids=job_ids, reason="its pieces are bought instead", now=now
        )
    await replanning.tell_owed(session, ctx, item.id)


async def _choice(
    session: AsyncSession, ctx: Actor, line: Line, source: Source, today: date
) -> Choice | None:
    """None for a line of which only a part is bought."""
    found = await _open_pieces(session, ctx, line)
    if _is_mixed(found):
        return None
    ways = {_way_of(found, piece) for piece in found.pieces}
    count = len(found.pieces)
    return Choice(
        item=line.item,
        count=count,
        current=ways.pop() if len(ways) == 1 else None,
        make=await _make_option(session, ctx, line, count, today),
        buy=_buy_option(source, count, today),
    )


async def _open_pieces(session: AsyncSession, ctx: Actor, line: Line) -> _Open:
    steps = await piece_queries.list_item_steps(session, ctx, [line.item.id])
    free = await _list_free(session, ctx, steps)
    known = replanning.untouched(steps, free)
    own = tuple(step for steps_of in known.values() for step in steps_of)
    return _Open(line, own, tuple(sorted(known)), frozenset(free))


async def _list_free(session: AsyncSession, ctx: Actor, steps: Sequence[PieceStep]) -> set[int]:
    """Steps that a waiting print job, a part that nobody has begun, or an unsent supplier order
    has. Whoever will write locks them, so that none is begun meanwhile."""
    given = [step for step in steps if step.status is StepStatus.ALLOCATED]
    jobs = (
        select(PrintJob.id)
        .where(PrintJob.organization_id == ctx.organization_id)
        .where(PrintJob.id.in_({step.print_job_id for step in given if step.print_job_id}))
        .where(PrintJob.status.in_(WAITING))
    )
    orders = (
        select(SupplierOrder.id)
        .where(SupplierOrder.organization_id == ctx.organization_id)
        .where(SupplierOrder.id.in_({one.supplier_order_id for one in given}))
        .where(SupplierOrder.stage == PlacingStage.WAITING)
    )
    if isinstance(session, WriteSession):
        jobs, orders = jobs.with_for_update(), orders.with_for_update()
    waiting_jobs = set(await session.scalars(jobs))
    waiting_orders = set(await session.scalars(orders))
    part_ids = {step.part_id for step in given if step.part_id}
    unbegun = await list_unbegun(session, ctx, part_ids)
    return {
        step.id
        for step in given
        if step.print_job_id in waiting_jobs
        or step.part_id in unbegun
        or step.supplier_order_id in waiting_orders
    }


async def _orders_of(
    session: WriteSession, ctx: Actor, steps: Collection[PieceStep]
) -> list[SupplierOrder]:
    ids = {step.supplier_order_id for step in steps if step.supplier_order_id}
    if not ids:
        return []
    return await queries.list_orders(session, ctx, SupplierOrder.id.in_(ids))


def _is_mixed(found: _Open) -> bool:
    """Whether a piece is made here with something that is bought."""
    kinds: dict[int, set[bool]] = {}
    for step in found.steps:
        kinds.setdefault(step.piece_id, set()).add(step.kind is StepKind.OUTSOURCE)
    return any(len(both) > 1 for both in kinds.values())


def _way_of(found: _Open, piece_id: int) -> Way:
    own = [step for step in found.steps if step.piece_id == piece_id]
    is_bought = any(step.kind is StepKind.OUTSOURCE for step in own)
    return Way.BUY if is_bought else Way.MAKE


async def _bought_step(session: WriteSession, ctx: Actor, line: Line) -> RecipeStep:
    """The step that belongs to no recipe, made with the offer's first use."""
    source = (await _find_sources(session, ctx, [line])).get(line.item.id)
    variant_id = line.item.variant_id
    if source is None or variant_id is None:
        raise NoOffer("No manufacturer offers this. Add an offer on the Suppliers page.")
    known = await session.scalar(
        select(RecipeStep)
        .where(RecipeStep.organization_id == ctx.organization_id)
        .where(RecipeStep.variant_id == variant_id, RecipeStep.kind == StepKind.OUTSOURCE)
        .where(RecipeStep.supplier_id == source.supplier.id)
        .order_by(RecipeStep.is_retired, RecipeStep.id)
        .limit(1)
    )
    if known is not None:
        return known
    step = RecipeStep(
        organization_id=ctx.organization_id,
        variant_id=variant_id,
        position=0,
        kind=StepKind.OUTSOURCE,
        name=f"Bought from {source.supplier.name}"[:200],
        supplier_id=source.supplier.id,
        is_retired=True,
    )
    session.add(step)
    await session.flush()
    return step


async def _own_recipe(
    session: WriteSession, ctx: Actor, line: Line, as_variant: Ref | None
) -> list[RecipeStep]:
    variant_id = line.item.variant_id
    if as_variant is not None:
        variant_id = await session.scalar(
            select(Variant.id).where(
                Variant.organization_id == ctx.organization_id, as_variant.where(Variant)
            )
        )
        if variant_id is None:
            raise NotFound(f"There is no variant {as_variant}.")
    recipe = await _made_steps(session, ctx, variant_id)
    if not recipe:
        raise NoOwnRecipe(
            "Its product has no recipe for our own machines. Choose a product that has one."
        )
    return recipe


async def _made_steps(
    session: AsyncSession, ctx: Actor, variant_id: int | None
) -> list[RecipeStep]:
    """The whole recipe, what it buys for the product included; empty when all is bought."""
    if variant_id is None:
        return []
    recipes = await catalog.list_recipes(session, ctx, [variant_id])
    recipe = list(recipes.get(variant_id, []))
    return recipe if any(step.kind in MADE_HERE for step in recipe) else []


async def _find_sources(
    session: AsyncSession, ctx: Actor, lines: Sequence[Line]
) -> dict[int, Source]:
    """Who would make each line, by item id; those that nobody offers are not in the answer."""
    suppliers = await queries.list_suppliers(session, ctx, is_active=True)
    if not suppliers:
        return {}
    items = [line.item for line in lines]
    offers = await queries.list_offers(
        session,
        ctx,
        variant_ids={item.variant_id for item in items if item.variant_id},
        device_model_ids={item.device_model_id for item in items if item.device_model_id},
    )
    wanted = {line.item.id: ordering.wanted_of(line) for line in lines}
    found = {item_id: rules.choose(one, suppliers, offers) for item_id, one in wanted.items()}
    return {item_id: source for item_id, source in found.items() if source is not None}


def _buy_option(source: Source, count: int, today: date) -> WayOption:
    cost = source.cost_minor
    notes = () if cost is not None else ("The offer names no price.",)
    ready_on = today + timedelta(days=source.lead_days)
    return WayOption(
        Way.BUY,
        source.supplier.name,
        None if cost is None else cost * count,
        source.currency,
        ready_on if source.offer else None,
        notes,
    )


async def _make_option(
    session: AsyncSession, ctx: Actor, line: Line, count: int, today: date
) -> WayOption | None:
    """Material and time as the product's profile says; the date as the queue stands now."""
    recipe = await _made_steps(session, ctx, line.item.variant_id)
    if not recipe:
        return None
    product = await session.scalar(
        select(Product)
        .join(Variant, Variant.product_id == Product.id)
        .where(Product.organization_id == ctx.organization_id)
        .where(Variant.organization_id == ctx.organization_id)
        .where(Variant.id == line.item.variant_id)
    )
    if product is None:
        return None
    cost = await pricing.calculate(session, ctx, product)
    own_s = (product.print_time_minutes or 0) * 60 * count
    return WayOption(
        Way.MAKE,
        "Our own machines",
        cost.cost_minor * count if not cost.missing else None,
        cost.currency,
        await _ready_on(session, ctx, own_s, today),
        cost.missing,
    )


async def _ready_on(session: AsyncSession, ctx: Actor, own_s: int, today: date) -> date | None:
    """When the queue and this are printed, by the printers that are there; None without any."""
    waiting_s = await session.scalar(
        select(func.coalesce(func.sum(PrintJob.estimated_s), 0))
        .where(PrintJob.organization_id == ctx.organization_id)
        .where(PrintJob.status.in_(WAITING | ACTIVE))
    )
    printers = await session.scalar(
        select(func.count(Printer.id))
        .where(Printer.organization_id == ctx.organization_id)
        .where(Printer.connection == ConnectionState.ONLINE, Printer.is_active.is_(True))
    )
    if not printers:
        return None
    seconds = (int(waiting_s or 0) + own_s) / printers
    return today + timedelta(days=int(seconds // DAY_S) + 1)


def _past(way: Way) -> str:
    return "bought" if way is Way.BUY else "made here"
