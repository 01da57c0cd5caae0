"""SQL of what is in printers' slots, and of the filament a description means."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.inventory.models import Filament, SlotSpool, Spool
from shopwright.kernel.actor import Actor


async def list_loaded(
    session: AsyncSession, ctx: Actor, printer_ids: Collection[int]
) -> dict[tuple[int, int], Any]:
    """By (printer, slot): since when, the spool and its filament."""
    rows = await session.execute(
        select(SlotSpool.printer_id, SlotSpool.slot, SlotSpool.loaded_at, Spool, Filament)
        .join(Spool, Spool.id == SlotSpool.spool_id)
        .join(Filament, Filament.id == Spool.filament_id)
        .where(SlotSpool.organization_id == ctx.organization_id)
        .where(Spool.organization_id == ctx.organization_id)
        .where(Filament.organization_id == ctx.organization_id)
        .where(SlotSpool.printer_id.in_(printer_ids))
        .execution_options(populate_existing=True)
    )
    return {(row.printer_id, row.slot): row for row in rows}


async def find_filament(
    session: AsyncSession,
    ctx: Actor,
    *,
    material: str,
    color_name: str,
    vendor: str,
    cost_per_gram_micros: int,
) -> Filament | None:
    """The oldest of exactly this description."""
    filament: Filament | None = await session.scalar(
        select(Filament)
        .where(Filament.organization_id == ctx.organization_id, Filament.is_hidden.is_(False))
        .where(func.lower(Filament.material) == material.lower())
        .where(func.lower(Filament.color_name) == color_name.lower())
        .where(func.lower(Filament.vendor) == vendor.lower())
        .where(Filament.cost_per_gram_micros == cost_per_gram_micros)
        .order_by(Filament.id)
        .limit(1)
    )
    return filament


async def count_rolls(session: AsyncSession, ctx: Actor, filament_id: int) -> int:
    """Spools of the filament that are in use."""
    count = await session.scalar(
        select(func.count())
        .select_from(Spool)
        .where(Spool.organization_id == ctx.organization_id, Spool.filament_id == filament_id)
        .where(Spool.is_empty.is_(False))
    )
    return count or 0
