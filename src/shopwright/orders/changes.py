"""A later version of a channel's order has more, fewer or other items than were planned.

More is owed and made; less is released, the least begun pieces first; what a machine or a parcel
has overtaken is a person's to decide, by a hold.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.orders import holds, part_needs, piece_queries, pieces, queries, stop
from shopwright.orders.drafts import ItemDraft
from shopwright.orders.models import Order, OrderItem, Piece, PieceStep
from shopwright.orders.states import LEFT, STOPPED, OrderStatus, StepStatus

PROGRESS = {StepStatus.OWED: 0, StepStatus.ALLOCATED: 1, StepStatus.GOOD: 2}


async def follow_items(
    session: WriteSession,
    ctx: Actor,
    *,
    order: Order,
    items: Sequence[OrderItem],
    drafts: Sequence[ItemDraft],
    now: datetime,
) -> list[int]:
    """Take over what the source now says of known items; returns those that became new work."""
    wanted = {draft.external_id: draft for draft in drafts}
    grown: list[int] = []
    for item in items:
        draft = wanted.get(item.external_id)
        if draft is None:
            await _remove(session, ctx, order, item, now)
            continue
        was = item.promised_on, item.personalisation
        _describe(item, draft)
        if (item.promised_on, item.personalisation) != was:
            await part_needs.follow_items(session, ctx, order, [item])
        is_new_work = await _follow_sku(session, ctx, order, item, draft)
        if draft.quantity > item.quantity and order.status not in STOPPED:
            item.quantity = draft.quantity
            is_new_work = True
        elif draft.quantity < item.quantity:
            await _shrink(session, ctx, order, item, draft.quantity, now)
        grown += [item.id] if is_new_work else []
    return grown


async def reopen(
    session: WriteSession, ctx: Actor, *, order: Order, item_ids: Sequence[int], now: datetime
) -> None:
    """More is owed than was made: a complete order is not complete, one that left asks a person."""
    await queries.change_status(
        session, ctx, order.id, [OrderStatus.COMPLETED], OrderStatus.PAID, updated_at=now
    )
    if order.status in LEFT:
        reason = "The buyer added to an order that had left. Make that a new order, or refund it."
        await holds.hold_order(session, ctx, order_id=order.id, reason=reason)
    await pieces.recount_items(session, ctx, item_ids=item_ids, now=now)


def _describe(item: OrderItem, draft: ItemDraft) -> None:
    item.title = draft.title
    item.price_minor = draft.price_minor
    item.options = [list(pair) for pair in draft.options]
    item.personalisation = [list(pair) for pair in draft.personalisation]
    item.promised_on = draft.promised_on


async def _follow_sku(
    session: WriteSession, ctx: Actor, order: Order, item: OrderItem, draft: ItemDraft
) -> bool:
    """Another product, as long as nothing of the old one was planned; True when it is."""
    sku = draft.sku.strip() if draft.sku else None
    if sku is None or sku == item.sku:
        return False
    if item.pieces_total:
        if order.status not in LEFT | STOPPED:
            reason = (
                f"The buyer changed {item.title!r} from {item.sku} to {sku} after its work was "
                "planned. Make the other one as a new order, or cancel this one."
            )
            await holds.hold_order(session, ctx, order_id=order.id, reason=reason[:500])
        return False
    item.sku, item.variant_id = sku, None
    return True


async def _remove(
    session: WriteSession, ctx: Actor, order: Order, item: OrderItem, now: datetime
) -> None:
    """Items a person added here have no external id and stay."""
    if item.external_id is None or item.is_cancelled:
        return
    if order.status in LEFT | STOPPED:
        return
    item.is_cancelled = True
    item.waiting_code = item.waiting_reason = None
    await session.flush()
    await _release(session, ctx, order, item, item.pieces_total, now)


async def _shrink(
    session: WriteSession, ctx: Actor, order: Order, item: OrderItem, quantity: int, now: datetime
) -> None:
    if order.status in LEFT | STOPPED:
        return
    item.quantity = quantity
    await session.flush()
    await _release(session, ctx, order, item, item.pieces_total - quantity, now)


async def _release(
    session: WriteSession, ctx: Actor, order: Order, item: OrderItem, count: int, now: datetime
) -> None:
    if count > 0:
        steps = await _release_least_begun(session, ctx, item, count)
        await stop.free_steps(session, ctx, order_id=order.id, steps=steps, why="made smaller")
    await pieces.recount_items(session, ctx, item_ids=[item.id], now=now)


async def _release_least_begun(
    session: WriteSession, ctx: Actor, item: OrderItem, count: int
) -> list[PieceStep]:
    """The steps of ``count`` pieces, which are the item's no longer; the last numbers first."""
    steps_of = defaultdict[int, list[PieceStep]](list)
    for step in await piece_queries.list_item_steps(session, ctx, [item.id]):
        steps_of[step.piece_id].append(step)
    owned = await piece_queries.list_item_pieces(session, ctx, item.id)
    owned.sort(key=lambda piece: (_progress(steps_of[piece.id]), -piece.number))
    chosen = [piece.id for piece in owned[:count]]
    for chunk in piece_queries.batched(chosen, piece_queries.STEPS_AT_ONCE):
        await piece_queries.release_pieces(session, ctx, Piece.id.in_(chunk))
    return [step for piece_id in chosen for step in steps_of[piece_id]]


def _progress(steps: Sequence[PieceStep]) -> int:
    return sum(PROGRESS.get(step.status, 0) for step in steps)
