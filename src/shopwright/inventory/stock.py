"""Use cases of the shelf: finished steps and hardware as people see, count and correct them."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.catalog import products
from shopwright.catalog import service as catalog
from shopwright.catalog.models import Hardware
from shopwright.inventory import stock_queries
from shopwright.inventory.service import StockMoved, tell_stock_moved
from shopwright.inventory.states import MovementReason
from shopwright.kernel import ids
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Paging, Ref
from shopwright.kernel.errors import NotFound
from shopwright.kernel.live import touch

ONE = Paging(limit=1, offset=0)


async def count_step(
    session: WriteSession, ctx: Actor, *, step: Ref, on_hand: int, note: str
) -> int:
    """A person counted the finished copies of a step; returns its id."""
    recipe_step = await catalog.get_step(session, ctx, step)
    await stock_queries.raise_step(session, ctx, recipe_step.id, 0)
    before = await stock_queries.lock_step(session, ctx, recipe_step.id) or 0
    if before != on_hand:
        row = _correction(ctx, on_hand - before, note) | {"recipe_step_id": recipe_step.id}
        await stock_queries.add_movements(session, [row])
        if not await stock_queries.move_step(session, ctx, recipe_step.id, before, on_hand):
            raise StockMoved("The stock moved while it was counted. Look again.")
    audit.record(session, ctx, "stock.counted", recipe_step.id, on_hand=on_hand, before=before)
    await tell_stock_moved(session, ctx, recipe_step.id)
    return recipe_step.id


async def count_units(
    session: AsyncSession, ctx: Actor, variant_ids: Collection[int]
) -> dict[int, int]:
    """Whole units of each variant that lie finished: as many as of its rarest step. Variants
    without a recipe are left out."""
    return await stock_queries.count_units(session, ctx, variant_ids)


async def get_hardware(session: AsyncSession, ctx: Actor, ref: Ref) -> Any:
    """The hardware, how many there are, and when they are few."""
    rows, _ = await stock_queries.list_hardware(session, ctx, [ref.where(Hardware)], ONE)
    if not rows:
        raise NotFound(f"There is no hardware {ref}.")
    return rows[0]


async def list_hardware(
    session: AsyncSession, ctx: Actor, text: str | None, paging: Paging
) -> tuple[Sequence[Any], int]:
    conditions: list[ColumnElement[bool]] = []
    if text:
        named = Hardware.name.icontains(text, autoescape=True)
        conditions.append(named | Hardware.sku.icontains(text, autoescape=True))
    return await stock_queries.list_hardware(session, ctx, conditions, paging)


async def create_hardware(
    session: WriteSession,
    ctx: Actor,
    *,
    sku: str,
    name: str,
    on_hand: int,
    low_stock_threshold: int,
) -> Any:
    hardware = await products.create_hardware(session, ctx, sku=sku, name=name)
    reason = MovementReason.PURCHASE
    await _count(session, ctx, hardware.id, on_hand, low_at=low_stock_threshold, reason=reason)
    return await get_hardware(session, ctx, Ref(hardware.id, None))


async def update_hardware(
    session: WriteSession,
    ctx: Actor,
    *,
    ref: Ref,
    sku: str,
    name: str,
    on_hand: int,
    low_stock_threshold: int,
) -> Any:
    """Another ``on_hand`` is a correction."""
    hardware = await products.update_hardware(session, ctx, ref=ref, sku=sku, name=name)
    reason = MovementReason.CORRECTION
    await _count(session, ctx, hardware.id, on_hand, low_at=low_stock_threshold, reason=reason)
    return await get_hardware(session, ctx, ref)


async def _count(
    session: WriteSession,
    ctx: Actor,
    hardware_id: int,
    on_hand: int,
    *,
    low_at: int,
    reason: MovementReason,
) -> None:
    stock = (await stock_queries.lock_hardware(session, ctx, [hardware_id]))[hardware_id]
    stock.low_stock_threshold = low_at
    await session.flush()
    before = stock.on_hand
    if before == on_hand:
        return
    row = _correction(ctx, on_hand - before, "") | {"hardware_id": hardware_id, "reason": reason}
    await stock_queries.add_movements(session, [row])
    changes = {hardware_id: (before, on_hand)}
    if not await stock_queries.move_hardware(session, ctx, changes):
        raise StockMoved("The hardware moved while it was counted. Look again.")
    touch(session, ctx.organization_id, "stock")


def _correction(ctx: Actor, delta: int, note: str) -> dict[str, object]:
    return {
        "organization_id": ctx.organization_id,
        "key": f"correction:{ids.new_uuid()}",
        "delta": delta,
        "reason": MovementReason.CORRECTION,
        "note": note,
    }
