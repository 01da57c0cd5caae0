"""The same for many orders at once: each succeeds or fails alone, and tells."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import ShopError
from shopwright.orders import filament_use, piece_queries, service
from shopwright.orders.models import Order
from shopwright.orders.service import OrderChange

MAX_ORDERS = 200  # of one call: they share one transaction

Act = Callable[[WriteSession, Actor, Ref, datetime], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """``order`` is None when there is none; ``refusal`` when nothing of it was changed."""

    ref: Ref
    order: Order | None
    sentence: str
    refusal: ShopError | None = None


async def change_orders(
    session: WriteSession, ctx: Actor, *, refs: Sequence[Ref], act: Act, now: datetime
) -> list[Outcome]:
    """Carry ``act`` out for each; a refusal undoes that order's part alone."""
    await piece_queries.lock_pieces(session, ctx)
    return [await _change_one(session, ctx, ref, act, now) for ref in dict.fromkeys(refs)]


def say(change: OrderChange) -> Act:
    """A person's statement, as on a single order."""

    async def act(session: WriteSession, ctx: Actor, ref: Ref, now: datetime) -> str:
        order = await service.update_order(session, ctx, ref=ref, change=change, now=now)
        return f"Order {order.number} is {order.status.replace('_', ' ')}."

    return act


async def assign_filament(session: WriteSession, ctx: Actor, ref: Ref, now: datetime) -> str:
    """What the profiles of its items say; raises NothingAssigned."""
    order, made = await filament_use.assign_filament(session, ctx, ref=ref, now=now)
    return f"Order {order.number}: {filament_use.sentence_of(made)}"


async def _change_one(
    session: WriteSession, ctx: Actor, ref: Ref, act: Act, now: datetime
) -> Outcome:
    try:
        async with session.begin_nested():
            sentence = await act(session, ctx, ref, now)
            await session.flush()
    except ShopError as refusal:
        order_id = await service.find_order_id(session, ctx, ref)
        found = None if order_id is None else await service.get_order(session, ctx, ref)
        return Outcome(ref, found, refusal.detail, refusal)
    return Outcome(ref, await service.get_order(session, ctx, ref), sentence)
