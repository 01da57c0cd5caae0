"""SQL of finished steps and hardware. ``on_hand`` moves only here, by compare-and-set."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, case, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.catalog.models import Hardware, RecipeStep, Variant
from shopwright.inventory.models import HardwareStock, StepStock, StockMovement
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession, insert_for
from shopwright.kernel.edge import Paging


async def add_movements(session: WriteSession, rows: Sequence[dict[str, Any]]) -> set[str]:
    """The keys that were new; the others had been counted before and are left as they are."""
    if not rows:
        return set()
    statement = (
        insert_for(session, StockMovement)
        .on_conflict_do_nothing(index_elements=["organization_id", "key"])
        .returning(StockMovement.key)
    )
    return set(await session.scalars(statement, rows))


async def find_delta(session: WriteSession, ctx: Actor, key: str) -> int | None:
    """What was counted under this key."""
    delta: int | None = await session.scalar(
        select(StockMovement.delta).where(
            StockMovement.organization_id == ctx.organization_id, StockMovement.key == key
        )
    )
    return delta


async def lock_step(session: WriteSession, ctx: Actor, recipe_step_id: int) -> int | None:
    """How many are on hand, held until the commit; None when there never were any."""
    on_hand: int | None = await session.scalar(
        select(StepStock.on_hand)
        .where(StepStock.organization_id == ctx.organization_id)
        .where(StepStock.recipe_step_id == recipe_step_id)
        .with_for_update()
    )
    return on_hand


async def move_step(
    session: WriteSession, ctx: Actor, recipe_step_id: int, before: int, after: int
) -> bool:
    moved = await session.scalar(
        update(StepStock)
        .where(StepStock.organization_id == ctx.organization_id)
        .where(StepStock.recipe_step_id == recipe_step_id, StepStock.on_hand == before)
        .values(on_hand=after)
        .returning(StepStock.id)
        .execution_options(synchronize_session=False)
    )
    return moved is not None


async def raise_step(session: WriteSession, ctx: Actor, recipe_step_id: int, quantity: int) -> None:
    statement = insert_for(session, StepStock).values(
        organization_id=ctx.organization_id, recipe_step_id=recipe_step_id, on_hand=quantity
    )
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["organization_id", "recipe_step_id"],
            set_={"on_hand": StepStock.on_hand + quantity},
        )
    )


async def count_units(
    session: AsyncSession, ctx: Actor, variant_ids: Collection[int]
) -> dict[int, int]:
    """By variant with a recipe: the least that lies finished of any of its present steps."""
    stock = (
        select(StepStock.recipe_step_id, StepStock.on_hand)
        .where(StepStock.organization_id == ctx.organization_id)
        .subquery()
    )
    rows = await session.execute(
        select(RecipeStep.variant_id, func.min(func.coalesce(stock.c.on_hand, 0)))
        .outerjoin(stock, stock.c.recipe_step_id == RecipeStep.id)
        .where(RecipeStep.organization_id == ctx.organization_id)
        .where(RecipeStep.variant_id.in_(variant_ids), RecipeStep.is_retired.is_(False))
        .group_by(RecipeStep.variant_id)
    )
    return {variant_id: int(units) for variant_id, units in rows}


async def list_step_stock(
    session: AsyncSession, ctx: Actor, conditions: Sequence[ColumnElement[bool]], paging: Paging
) -> tuple[list[Any], int]:
    """One page of what lies finished, by SKU: the step, its variant and how many."""
    statement = (
        select(StepStock.on_hand, RecipeStep, Variant.sku)
        .join(RecipeStep, RecipeStep.id == StepStock.recipe_step_id)
        .join(Variant, Variant.id == RecipeStep.variant_id)
        .where(StepStock.organization_id == ctx.organization_id)
        .where(RecipeStep.organization_id == ctx.organization_id)
        .where(Variant.organization_id == ctx.organization_id, *conditions)
    )
    total = await session.scalar(statement.with_only_columns(func.count()))
    rows = await session.execute(
        statement.order_by(Variant.sku, RecipeStep.position, RecipeStep.id)
        .limit(paging.limit)
        .offset(paging.offset)
    )
    return list(rows), total or 0


async def list_movements(
    session: AsyncSession, ctx: Actor, conditions: Sequence[ColumnElement[bool]], paging: Paging
) -> tuple[list[StockMovement], int]:
    """One page, the latest first."""
    statement = select(StockMovement).where(
        StockMovement.organization_id == ctx.organization_id, *conditions
    )
    total = await session.scalar(statement.with_only_columns(func.count()))
    rows = await session.scalars(
        statement.order_by(StockMovement.id.desc()).limit(paging.limit).offset(paging.offset)
    )
    return list(rows), total or 0


async def lock_hardware(
    session: WriteSession, ctx: Actor, hardware_ids: Collection[int]
) -> dict[int, HardwareStock]:
    """The stock rows, made where missing, held until the commit."""
    rows = [
        {"organization_id": ctx.organization_id, "hardware_id": hardware_id}
        for hardware_id in sorted(hardware_ids)
    ]
    await session.execute(
        insert_for(session, HardwareStock).on_conflict_do_nothing(
            index_elements=["organization_id", "hardware_id"]
        ),
        rows,
    )
    locked = await session.scalars(
        select(HardwareStock)
        .where(HardwareStock.organization_id == ctx.organization_id)
        .where(HardwareStock.hardware_id.in_(hardware_ids))
        .order_by(HardwareStock.hardware_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {stock.hardware_id: stock for stock in locked}


async def move_hardware(
    session: WriteSession, ctx: Actor, changes: Mapping[int, tuple[int, int]]
) -> bool:
    """Set ``on_hand`` from → to by hardware; False when one of them was not as expected."""
    if not changes:
        return True
    before = case({id_: old for id_, (old, _) in changes.items()}, value=HardwareStock.hardware_id)
    after = case({id_: new for id_, (_, new) in changes.items()}, value=HardwareStock.hardware_id)
    moved = await session.scalars(
        update(HardwareStock)
        .where(HardwareStock.organization_id == ctx.organization_id)
        .where(HardwareStock.hardware_id.in_(changes), HardwareStock.on_hand == before)
        .values(on_hand=after)
        .returning(HardwareStock)
        .execution_options(populate_existing=True, synchronize_session=False)
    )
    return len(moved.all()) == len(changes)


async def sum_needed(
    session: WriteSession, ctx: Actor, source: str, hardware_ids: Collection[int]
) -> dict[int, int]:
    """How much of each was needed by what was booked of this source. Lock the hardware first."""
    firsts = [f"{source}:{hardware_id}" for hardware_id in hardware_ids]  # older ones: no source
    rows = await session.execute(
        select(
            StockMovement.hardware_id,
            func.sum(func.coalesce(StockMovement.needed, -StockMovement.delta)),
        )
        .where(StockMovement.organization_id == ctx.organization_id)
        .where((StockMovement.source == source) | StockMovement.key.in_(firsts))
        .group_by(StockMovement.hardware_id)
    )
    return {row[0]: int(row[1]) for row in rows if row[0] is not None}


async def sum_returned(session: WriteSession, ctx: Actor, source: str) -> dict[int, int]:
    """How much of each was needed by this source once, and was given back."""
    rows = await session.execute(
        select(StockMovement.hardware_id, func.sum(-StockMovement.needed))
        .where(StockMovement.organization_id == ctx.organization_id)
        .where(StockMovement.source == source, StockMovement.needed < 0)
        .group_by(StockMovement.hardware_id)
    )
    return {row[0]: int(row[1] or 0) for row in rows if row[0] is not None}


async def sum_taken(
    session: WriteSession, ctx: Actor, source: str, hardware_ids: Collection[int]
) -> dict[int, int]:
    """How much of each really left the drawer for this source. Lock the hardware first."""
    firsts = [f"{source}:{hardware_id}" for hardware_id in hardware_ids]
    rows = await session.execute(
        select(StockMovement.hardware_id, func.sum(-StockMovement.delta))
        .where(StockMovement.organization_id == ctx.organization_id)
        .where((StockMovement.source == source) | StockMovement.key.in_(firsts))
        .group_by(StockMovement.hardware_id)
    )
    return {row[0]: int(row[1]) for row in rows if row[0] is not None}


async def list_hardware(
    session: AsyncSession, ctx: Actor, conditions: Sequence[ColumnElement[bool]], paging: Paging
) -> tuple[list[Any], int]:
    """One page of hardware with how many lie in the drawer, by SKU."""
    stock = (
        select(HardwareStock.hardware_id, HardwareStock.on_hand, HardwareStock.low_stock_threshold)
        .where(HardwareStock.organization_id == ctx.organization_id)
        .subquery()
    )
    on_hand = func.coalesce(stock.c.on_hand, 0)
    threshold = func.coalesce(stock.c.low_stock_threshold, 0)
    statement = (
        select(Hardware, on_hand.label("on_hand"), threshold.label("low_stock_threshold"))
        .outerjoin(stock, stock.c.hardware_id == Hardware.id)
        .where(Hardware.organization_id == ctx.organization_id, Hardware.is_active, *conditions)
    )
    total = await session.scalar(statement.with_only_columns(func.count()))
    rows = await session.execute(
        statement.order_by(Hardware.sku).limit(paging.limit).offset(paging.offset)
    )
    return list(rows), total or 0
