"""Use cases of pieces: owe them, allocate them to work, and settle what became of the work."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from shopwright.catalog.models import RecipeStep
from shopwright.kernel import events
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.errors import Conflict
from shopwright.kernel.live import touch
from shopwright.orders import part_needs, piece_queries, queries
from shopwright.orders.events import OrderReady, StepsMadeByHand, StepsOwed
from shopwright.orders.models import Order, OrderItem, PieceStep
from shopwright.orders.piece_queries import Work
from shopwright.orders.states import OrderStatus, ProductionStatus, StepStatus, WorkKind


class StepsTaken(Conflict):
    code = "steps-taken"
    title = "These pieces are being made already"


@dataclass(frozen=True, slots=True)
class Settled:
    """What a harvest made of the steps a job had: ``surplus`` copies belong to nobody."""

    good: int
    scrap: int
    surplus: int


async def owe_pieces(
    session: WriteSession,
    ctx: Actor,
    *,
    recipes: Sequence[tuple[OrderItem, Sequence[RecipeStep]]],
    now: datetime,
) -> None:
    """Insert the pieces these items still lack with a step per recipe step, in bulk."""
    begun = [item.id for item, _ in recipes if item.pieces_total]
    last = await piece_queries.last_numbers(session, ctx, begun) if begun else {}
    lacking = [
        (item.id, number, recipe)
        for item, recipe in recipes
        for number in _missing_numbers(item, last.get(item.id, 0))
    ]
    piece_ids = await piece_queries.insert_pieces(
        session, [_piece_row(ctx, item_id, number, recipe) for item_id, number, recipe in lacking]
    )
    await piece_queries.insert_steps(
        session,
        [
            step_row(ctx, piece_id, item_id, step)
            for piece_id, (item_id, _, recipe) in zip(piece_ids, lacking, strict=True)
            for step in recipe
        ],
    )
    await piece_queries.recount_items(session, ctx, [item.id for item, _ in recipes], now)
    for item, _ in recipes:
        touch(session, ctx.organization_id, "order", item.order_id)


async def allocate(
    session: WriteSession, ctx: Actor, *, kind: WorkKind, work_ids: Mapping[int, int]
) -> None:
    """Give owed steps to what makes them: its id by step id. Raises StepsTaken when one is owed no
    more."""
    moved = await piece_queries.allocate_steps(session, ctx, kind, work_ids)
    if moved != len(work_ids):
        raise StepsTaken("Some of these pieces were planned by somebody else just now.")


async def give_back(session: WriteSession, ctx: Actor, *, work: Work) -> None:
    """It will not be made there: what it had is owed again."""
    await piece_queries.lock_pieces(session, ctx)
    steps = await piece_queries.list_work_steps(session, ctx, work)
    moved = await piece_queries.move_steps(
        session,
        ctx,
        [step.id for step in steps],
        [StepStatus.ALLOCATED],
        StepStatus.OWED,
        **{work.column: None},
    )
    await _tell_owed(session, ctx, moved)


async def make_good(
    session: WriteSession, ctx: Actor, *, work: Work, count: int | None = None, now: datetime
) -> list[PieceStep]:
    """``count`` of what it makes are there, by default all: the oldest owed pieces are filled, the
    others are still being made."""
    await piece_queries.lock_pieces(session, ctx)
    steps = await piece_queries.list_work_steps(session, ctx, work)
    filled = await piece_queries.move_steps(
        session,
        ctx,
        [step.id for step in steps[:count]],
        [StepStatus.ALLOCATED],
        StepStatus.GOOD,
        source=work.source,
        good_at=now,
    )
    await _recount(session, ctx, filled, now)
    return filled


async def settle(
    session: WriteSession, ctx: Actor, *, work: Work, good: int, now: datetime
) -> Settled:
    """It ended with ``good`` good copies: fill the oldest owed pieces, scrap the rest."""
    await piece_queries.lock_pieces(session, ctx)
    steps = await piece_queries.list_work_steps(session, ctx, work)
    made = [step.id for step in steps[:good]]
    missed = [step.id for step in steps[good:]]
    filled = await piece_queries.move_steps(
        session, ctx, made, [StepStatus.ALLOCATED], StepStatus.GOOD, source=work.source, good_at=now
    )
    scrapped = await _scrap(session, ctx, missed)
    await _recount(session, ctx, filled, now)
    return Settled(good=len(filled), scrap=len(scrapped), surplus=good - len(filled))


async def scrap(session: WriteSession, ctx: Actor, *, work: Work) -> int:
    """It failed: every step it had is scrap and owed anew; other steps stay as they are."""
    await piece_queries.lock_pieces(session, ctx)
    steps = await piece_queries.list_work_steps(session, ctx, work)
    return len(await _scrap(session, ctx, [step.id for step in steps]))


async def fill_from_stock(
    session: WriteSession, ctx: Actor, *, step_ids: Collection[int], now: datetime
) -> list[PieceStep]:
    """Owed steps that stock covers become good; only those that were still owed come back."""
    filled = await piece_queries.move_steps(
        session, ctx, step_ids, [StepStatus.OWED], StepStatus.GOOD, source="stock", good_at=now
    )
    await _recount(session, ctx, filled, now)
    return filled


async def fill_by_hand(
    session: WriteSession, ctx: Actor, *, items: Sequence[OrderItem], now: datetime
) -> None:
    """A person says these items are there: what is missing becomes good, planned or not."""
    unplanned = [item for item in items if item.pieces_total < item.quantity]
    if unplanned:
        await owe_pieces(session, ctx, recipes=[(item, ()) for item in unplanned], now=now)
    item_ids = [item.id for item in items]
    missing = [
        step
        for step in await piece_queries.list_item_steps(session, ctx, item_ids)
        if step.status in {StepStatus.OWED, StepStatus.ALLOCATED}
    ]
    filled = await piece_queries.move_steps(
        session,
        ctx,
        [step.id for step in missing],
        [StepStatus.OWED, StepStatus.ALLOCATED],
        StepStatus.GOOD,
        source="manual",
        good_at=now,
    )
    await piece_queries.recount(session, ctx, {step.piece_id for step in filled}, now)
    await recount_items(session, ctx, item_ids=item_ids, now=now)
    await part_needs.follow_parts(session, ctx, steps=filled, why="completed by hand", now=now)
    job_ids = {step.print_job_id for step in filled if step.print_job_id}
    supplier_ids = {step.supplier_order_id for step in filled if step.supplier_order_id}
    await events.publish(
        session,
        StepsMadeByHand(ctx.organization_id, tuple(sorted(job_ids)), tuple(sorted(supplier_ids))),
    )


async def recount_items(
    session: WriteSession, ctx: Actor, *, item_ids: Collection[int], now: datetime
) -> None:
    """Bring counters in step after items changed; an order that lacks nothing now is complete."""
    orders = await piece_queries.recount_items(session, ctx, item_ids, now)
    await _tell_complete(session, ctx, orders, now)


async def _scrap(session: WriteSession, ctx: Actor, step_ids: Collection[int]) -> list[PieceStep]:
    """Keep the scrap as a record and owe a fresh step in its place."""
    scrapped = await piece_queries.move_steps(
        session, ctx, step_ids, [StepStatus.ALLOCATED], StepStatus.SCRAP
    )
    if scrapped:
        await piece_queries.insert_steps(session, [again(step) for step in scrapped])
        await queries.count_failures(session, ctx, {step.order_item_id for step in scrapped})
        await _tell_owed(session, ctx, scrapped)
    return scrapped


async def _tell_owed(session: WriteSession, ctx: Actor, steps: Sequence[PieceStep]) -> None:
    if not steps:
        return
    item_ids = tuple(sorted({step.order_item_id for step in steps}))
    await events.publish(session, StepsOwed(ctx.organization_id, item_ids))


async def _recount(
    session: WriteSession, ctx: Actor, steps: Sequence[PieceStep], now: datetime
) -> None:
    orders = await piece_queries.recount(session, ctx, {step.piece_id for step in steps}, now)
    await _tell_complete(session, ctx, orders, now)


async def _tell_complete(
    session: WriteSession, ctx: Actor, orders: Sequence[Order], now: datetime
) -> None:
    for order in orders:
        touch(session, ctx.organization_id, "order", order.id)
        if order.production_status is not ProductionStatus.COMPLETED:
            continue
        done = await queries.change_status(
            session,
            ctx,
            order.id,
            [OrderStatus.PAID],
            OrderStatus.COMPLETED,
            updated_at=now,
            print_completed_at=now,
        )
        if done:
            await events.publish(session, OrderReady(ctx.organization_id, order.id))


def _missing_numbers(item: OrderItem, last: int) -> range:
    return range(last + 1, last + 1 + item.quantity - item.pieces_total)


def _piece_row(
    ctx: Actor, item_id: int, number: int, recipe: Sequence[RecipeStep]
) -> dict[str, object]:
    return {
        "organization_id": ctx.organization_id,
        "order_item_id": item_id,
        "number": number,
        "steps_total": len(recipe),
    }


def step_row(ctx: Actor, piece_id: int, item_id: int, step: RecipeStep) -> dict[str, object]:
    return {
        "organization_id": ctx.organization_id,
        "piece_id": piece_id,
        "order_item_id": item_id,
        "recipe_step_id": step.id,
        "kind": step.kind,
        "print_file_id": step.print_file_id,
        "plate_number": step.plate_number,
        "yields": step.yields,
    }


def again(step: PieceStep) -> dict[str, object]:
    """The row of a fresh step in place of one that was spoiled."""
    return {
        "organization_id": step.organization_id,
        "piece_id": step.piece_id,
        "order_item_id": step.order_item_id,
        "recipe_step_id": step.recipe_step_id,
        "kind": step.kind,
        "print_file_id": step.print_file_id,
        "plate_number": step.plate_number,
        "yields": step.yields,
        "failures": step.failures + 1,
    }
