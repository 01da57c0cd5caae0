"""All SQL of pieces and piece steps. Status columns are written here only, by compare-and-set."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, case, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import locks
from shopwright.kernel import bulk
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Paging
from shopwright.orders.models import Order, OrderItem, Piece, PieceStep
from shopwright.orders.states import WORKABLE, OrderStatus, ProductionStatus, StepStatus, WorkKind

T = TypeVar("T")
AnySession = AsyncSession
COLUMNS = {
    WorkKind.PRINT_JOB: PieceStep.print_job_id,
    WorkKind.PART: PieceStep.part_id,
    WorkKind.SUPPLIER_ORDER: PieceStep.supplier_order_id,
}
STEPS_AT_ONCE = 400  # some with two bound values each; SQLite takes 32,766 in a statement


@dataclass(frozen=True, slots=True)
class Work:
    """One print job, part or supplier order that makes piece steps."""

    kind: WorkKind
    id: int

    @property
    def column(self) -> str:
        return COLUMNS[self.kind].key

    @property
    def source(self) -> str:
        """What its good steps say where they came from."""
        return {
            WorkKind.PRINT_JOB: "print",
            WorkKind.PART: "part",
            WorkKind.SUPPLIER_ORDER: "supplier",
        }[self.kind]


def print_of(print_job_id: int) -> Work:
    return Work(WorkKind.PRINT_JOB, print_job_id)


def batched(rows: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """``itertools.batched`` of Python 3.12."""
    iterator = iter(rows)
    while batch := tuple(islice(iterator, size)):
        yield batch


async def lock_pieces(session: WriteSession, ctx: Actor) -> None:
    """Until the commit nobody else plans or counts this shop's pieces.

    Else two plates of one piece, harvested at once, would each count without the other. Take it
    before any row is written.
    """
    await locks.lock_work(session, ctx)


async def insert_pieces(session: WriteSession, rows: Sequence[dict[str, Any]]) -> list[int]:
    """Bulk insert; the ids come back in the order given."""
    return await bulk.insert_rows(session, Piece, rows)


async def insert_steps(session: WriteSession, rows: Sequence[dict[str, Any]]) -> list[int]:
    return await bulk.insert_rows(session, PieceStep, rows)


async def list_owed_steps(
    session: AnySession, ctx: Actor, recipe_step_ids: Collection[int] | None = None
) -> list[PieceStep]:
    """Steps nobody makes yet, of orders that may be worked on: urgent and early orders
    first."""
    statement = (
        select(PieceStep)
        .join(
            OrderItem,
            (OrderItem.id == PieceStep.order_item_id)
            & (OrderItem.organization_id == PieceStep.organization_id),
        )
        .join(
            Order,
            (Order.id == OrderItem.order_id) & (Order.organization_id == PieceStep.organization_id),
        )
        .where(PieceStep.organization_id == ctx.organization_id)
        .where(PieceStep.status == StepStatus.OWED)
        .where(
            OrderItem.is_cancelled.is_(False), Order.status.in_(WORKABLE), Order.is_held.is_(False)
        )
        .order_by(
            Order.priority, Order.promised_on.is_(None), Order.promised_on, Order.id, PieceStep.id
        )
        .execution_options(populate_existing=True)
    )
    if recipe_step_ids is not None:
        statement = statement.where(PieceStep.recipe_step_id.in_(recipe_step_ids))
    return list(await session.scalars(statement))


async def list_pieces(
    session: AnySession, ctx: Actor, order_id: int, paging: Paging
) -> tuple[list[tuple[Piece, list[PieceStep]]], int]:
    """One page of an order's pieces with their steps, scrapped ones included."""
    of_order = select(OrderItem.id).where(
        OrderItem.organization_id == ctx.organization_id, OrderItem.order_id == order_id
    )
    chosen = (Piece.organization_id == ctx.organization_id, Piece.order_item_id.in_(of_order))
    total = await session.scalar(select(func.count()).select_from(Piece).where(*chosen))
    rows = await session.scalars(
        select(Piece)
        .where(*chosen)
        .order_by(Piece.order_item_id, Piece.number)
        .limit(paging.limit)
        .offset(paging.offset)
    )
    pieces = {piece.id: (piece, list[PieceStep]()) for piece in rows}
    steps = await session.scalars(
        select(PieceStep)
        .where(PieceStep.organization_id == ctx.organization_id, PieceStep.piece_id.in_(pieces))
        .order_by(PieceStep.id)
    )
    for step in steps:
        pieces[step.piece_id][1].append(step)
    return list(pieces.values()), total or 0


async def list_job_steps(
    session: AnySession, ctx: Actor, print_job_id: int, status: StepStatus = StepStatus.ALLOCATED
) -> list[PieceStep]:
    return await list_work_steps(session, ctx, print_of(print_job_id), status)


async def list_work_steps(
    session: AnySession, ctx: Actor, work: Work, status: StepStatus = StepStatus.ALLOCATED
) -> list[PieceStep]:
    """The oldest first."""
    rows = await session.scalars(
        select(PieceStep)
        .where(PieceStep.organization_id == ctx.organization_id)
        .where(COLUMNS[work.kind] == work.id, PieceStep.status == status)
        .order_by(PieceStep.id)
        .execution_options(populate_existing=True)
    )
    return list(rows)


async def list_item_steps(
    session: AnySession, ctx: Actor, item_ids: Collection[int]
) -> list[PieceStep]:
    rows = await session.scalars(
        select(PieceStep)
        .where(PieceStep.organization_id == ctx.organization_id)
        .where(PieceStep.order_item_id.in_(item_ids))
        .order_by(PieceStep.id)
        .execution_options(populate_existing=True)
    )
    return list(rows)


async def list_owed_recipe_steps(
    session: AnySession, ctx: Actor, item_ids: Collection[int]
) -> set[int]:
    """Of what something is still owed to these items."""
    rows = await session.scalars(
        select(PieceStep.recipe_step_id)
        .where(PieceStep.organization_id == ctx.organization_id)
        .where(bulk.among(session, PieceStep.order_item_id, item_ids))
        .where(PieceStep.status == StepStatus.OWED)
        .distinct()
    )
    return set(rows)


async def list_items_owing(session: AnySession, ctx: Actor, step_ids: Collection[int]) -> set[int]:
    """The items of those of these steps that nobody makes yet."""
    rows = await session.scalars(
        select(PieceStep.order_item_id)
        .where(PieceStep.organization_id == ctx.organization_id)
        .where(bulk.among(session, PieceStep.id, step_ids), PieceStep.status == StepStatus.OWED)
        .distinct()
    )
    return set(rows)


async def state_waiting(
    session: WriteSession, ctx: Actor, item_ids: Collection[int], reason: str | None
) -> None:
    """What planned items wait for; one of the SKU inbox keeps what it says there."""
    await session.execute(
        update(OrderItem)
        .where(OrderItem.organization_id == ctx.organization_id, OrderItem.waiting_code.is_(None))
        .where(bulk.among(session, OrderItem.id, item_ids))
        .values(waiting_reason=reason)
        .execution_options(synchronize_session=False)
    )


async def move_steps(
    session: WriteSession,
    ctx: Actor,
    step_ids: Collection[int],
    sources: Collection[StepStatus],
    target: StepStatus,
    **values: Any,
) -> list[PieceStep]:
    """Compare-and-set many; only the rows that really moved come back."""
    moved: list[PieceStep] = []
    for chunk in batched(step_ids, STEPS_AT_ONCE):
        moved += await session.scalars(
            update(PieceStep)
            .where(PieceStep.id.in_(chunk), PieceStep.organization_id == ctx.organization_id)
            .where(PieceStep.status.in_(sources))
            .values(status=target, **values)
            .returning(PieceStep)
            .execution_options(populate_existing=True)
        )
    return sorted(moved, key=lambda step: step.id)


async def allocate_steps(
    session: WriteSession, ctx: Actor, kind: WorkKind, work_ids: Mapping[int, int]
) -> int:
    """Owed steps to what makes them, in one statement; returns how many were still owed."""
    pair = bulk.pairs(session, work_ids)
    result = await session.execute(
        update(PieceStep)
        .where(PieceStep.organization_id == ctx.organization_id)
        .where(PieceStep.id == pair.key, PieceStep.status == StepStatus.OWED)
        .values({PieceStep.status: StepStatus.ALLOCATED, COLUMNS[kind]: pair.value})
        .returning(PieceStep.id)
        .execution_options(synchronize_session=False)
    )
    return len(result.all())


async def recount(
    session: WriteSession, ctx: Actor, piece_ids: Collection[int], now: datetime
) -> list[Order]:
    """Bring the counters of these pieces, their items and orders in step; the orders come back."""
    if not piece_ids:
        return []
    good_steps = (
        select(func.count())
        .where(PieceStep.organization_id == ctx.organization_id)
        .where(PieceStep.piece_id == Piece.id, PieceStep.status == StepStatus.GOOD)
        .scalar_subquery()
    )
    item_ids: set[int] = set()
    for chunk in batched(piece_ids, STEPS_AT_ONCE):
        item_ids.update(
            await session.scalars(
                update(Piece)
                .where(Piece.id.in_(chunk), Piece.organization_id == ctx.organization_id)
                .values(steps_good=good_steps)
                .returning(Piece.order_item_id)
                .execution_options(synchronize_session=False)
            )
        )
    return await recount_items(session, ctx, item_ids, now)


async def recount_items(
    session: WriteSession, ctx: Actor, item_ids: Collection[int], now: datetime
) -> list[Order]:
    """Counters of items and orders from their pieces; ``production_status`` follows."""
    own_pieces = (
        select(func.count())
        .where(Piece.organization_id == ctx.organization_id)
        .where(Piece.order_item_id == OrderItem.id, Piece.is_released.is_(False))
    )
    order_ids = set(
        await session.scalars(
            update(OrderItem)
            .where(OrderItem.organization_id == ctx.organization_id)
            .where(bulk.among(session, OrderItem.id, item_ids))
            .values(
                pieces_total=own_pieces.scalar_subquery(),
                pieces_good=own_pieces.where(
                    Piece.steps_good >= Piece.steps_total
                ).scalar_subquery(),
            )
            .returning(OrderItem.order_id)
            .execution_options(synchronize_session=False)
        )
    )
    return await _recount_orders(session, ctx, order_ids, now)


async def _recount_orders(
    session: WriteSession, ctx: Actor, order_ids: Collection[int], now: datetime
) -> list[Order]:
    items = (
        select(func.coalesce(func.sum(OrderItem.pieces_total), 0))
        .where(OrderItem.organization_id == ctx.organization_id, OrderItem.order_id == Order.id)
        .where(OrderItem.is_cancelled.is_(False))
    )
    total = items.scalar_subquery()
    good = items.with_only_columns(
        func.coalesce(func.sum(OrderItem.pieces_good), 0), maintain_column_froms=True
    ).scalar_subquery()
    unplanned = (
        select(OrderItem.id)
        .where(OrderItem.organization_id == ctx.organization_id, OrderItem.order_id == Order.id)
        .where(OrderItem.is_cancelled.is_(False), OrderItem.pieces_total < OrderItem.quantity)
        .exists()
    )
    production = case(
        (~unplanned & (total > 0) & (good >= total), ProductionStatus.COMPLETED.value),
        (good > 0, ProductionStatus.IN_PROGRESS.value),
        (
            Order.production_status == ProductionStatus.IN_PROGRESS,
            ProductionStatus.IN_PROGRESS.value,
        ),
        else_=ProductionStatus.QUEUED.value,
    )
    rows = await session.scalars(
        update(Order)
        .where(Order.organization_id == ctx.organization_id)
        .where(bulk.among(session, Order.id, order_ids))
        .values(pieces_total=total, pieces_good=good, production_status=production, updated_at=now)
        .returning(Order)
        .execution_options(populate_existing=True, synchronize_session=False)
    )
    return list(rows)


async def mark_in_progress(
    session: WriteSession, ctx: Actor, order_item_ids: Collection[int]
) -> None:
    """Work on these items has begun."""
    now = session.context.clock.now()
    orders = select(OrderItem.order_id).where(
        OrderItem.organization_id == ctx.organization_id, OrderItem.id.in_(order_item_ids)
    )
    await session.execute(
        update(Order)
        .where(Order.organization_id == ctx.organization_id, Order.id.in_(orders))
        .where(Order.production_status == ProductionStatus.QUEUED)
        .where(Order.status.in_([OrderStatus.PAID]))
        .values(
            production_status=ProductionStatus.IN_PROGRESS,
            print_started_at=func.coalesce(
                Order.print_started_at, literal(now, Order.print_started_at.type)
            ),
        )
        .execution_options(synchronize_session=False)
    )


async def list_item_pieces(session: AnySession, ctx: Actor, item_id: int) -> list[Piece]:
    """Those still owed to the item."""
    rows = await session.scalars(
        select(Piece)
        .where(Piece.organization_id == ctx.organization_id, Piece.order_item_id == item_id)
        .where(Piece.is_released.is_(False))
        .order_by(Piece.number)
    )
    return list(rows)


async def last_numbers(
    session: AnySession, ctx: Actor, item_ids: Collection[int]
) -> dict[int, int]:
    """The highest piece number of each item that has pieces, released ones included."""
    rows = await session.execute(
        select(Piece.order_item_id, func.max(Piece.number))
        .where(Piece.organization_id == ctx.organization_id, Piece.order_item_id.in_(item_ids))
        .group_by(Piece.order_item_id)
    )
    return {row[0]: row[1] for row in rows}


async def release_pieces(session: WriteSession, ctx: Actor, which: ColumnElement[bool]) -> None:
    await session.execute(
        update(Piece)
        .where(Piece.organization_id == ctx.organization_id, which)
        .values(is_released=True)
        .execution_options(synchronize_session=False)
    )
