"""When a filament runs low, and how long what is left will last."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.inventory import filament_queries
from shopwright.inventory.events import FilamentLow
from shopwright.inventory.filament_queries import FilamentStock
from shopwright.inventory.models import Spool
from shopwright.kernel import events
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref

USAGE_DAYS = 30
REORDER_DAYS = 14  # a usual delivery, and some days to notice


@dataclass(frozen=True, slots=True)
class Outlook:
    """What was used lately; ``days_left`` None when nothing was."""

    used_mg: int
    days_left: int | None
    should_reorder: bool


async def tell_low(
    session: WriteSession, ctx: Actor, spools: Collection[Spool], changes: Mapping[int, int]
) -> None:
    """After spools moved by ``changes`` mg: publish FilamentLow for filaments that fell to their
    threshold by it. Lock the spools before the filament, as this does."""
    moved = Counter[int]()
    for spool in spools:
        moved[spool.filament_id] += changes.get(spool.id, 0)
    for filament_id, change in sorted(moved.items()):
        if change < 0:
            await _tell_if_fallen(session, ctx, filament_id, -change)


async def list_outlooks(
    session: AsyncSession, ctx: Actor, stocks: Sequence[FilamentStock], now: datetime
) -> dict[int, Outlook]:
    """By filament, from what prints and people used in the last 30 days."""
    used = await filament_queries.sum_usage(
        session, ctx, [s.filament.id for s in stocks], now - timedelta(days=USAGE_DAYS)
    )
    return {
        s.filament.id: foresee(
            s.remaining_mg,
            used.get(s.filament.id, 0),
            age=now - s.filament.created_at,
            is_low=s.is_low,
        )
        for s in stocks
    }


def foresee(remaining_mg: int, used_mg: int, *, age: timedelta, is_low: bool) -> Outlook:
    """A filament younger than 30 days is judged by the days it has been there."""
    days_left = None
    if used_mg > 0:
        days_left = remaining_mg * min(max(age.days, 1), USAGE_DAYS) // used_mg
    is_short = days_left is not None and days_left <= REORDER_DAYS
    return Outlook(used_mg, days_left, is_short or is_low)


async def _tell_if_fallen(
    session: WriteSession, ctx: Actor, filament_id: int, lowered_mg: int
) -> None:
    """Two who take from two spools of one filament come one after the other, so that the second
    sees what the first took."""
    await filament_queries.lock_filament(session, ctx, filament_id)
    stock = await filament_queries.find_filament(session, ctx, Ref(filament_id, None))
    if stock is None or not stock.is_low:
        return
    threshold = stock.filament.low_stock_threshold_mg
    if stock.remaining_mg + lowered_mg > threshold:
        await events.publish(
            session,
            FilamentLow(ctx.organization_id, filament_id, stock.remaining_mg, threshold),
        )
