"""SQL of filaments with the sums of their spools."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.inventory import rules
from shopwright.inventory.models import Filament, FilamentMovement, Spool
from shopwright.inventory.states import MovementReason
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Paging, Ref


@dataclass(frozen=True, slots=True)
class FilamentStock:
    """A filament, and what its spools held when new and hold now."""

    filament: Filament
    initial_mg: int
    remaining_mg: int

    @property
    def is_low(self) -> bool:
        return self.remaining_mg <= self.filament.low_stock_threshold_mg


@dataclass(frozen=True, slots=True)
class FilamentFilter:
    material: str | None = None
    color: str | None = None
    is_low: bool = False


async def list_filaments(
    session: AsyncSession, ctx: Actor, wanted: FilamentFilter, paging: Paging
) -> tuple[list[FilamentStock], int]:
    """One page, the oldest first; thrown away spools count no longer."""
    statement = _stocks(ctx).where(*_conditions(wanted))
    if wanted.is_low:
        left = func.coalesce(func.sum(Spool.remaining_mg), 0)
        statement = statement.having(left <= Filament.low_stock_threshold_mg)
    found = statement.with_only_columns(Filament.id).subquery()
    total = await session.scalar(select(func.count()).select_from(found))
    rows = await session.execute(
        statement.order_by(Filament.id).limit(paging.limit).offset(paging.offset)
    )
    return [_fold(row) for row in rows], total or 0


async def find_with(
    session: AsyncSession, ctx: Actor, wanted: FilamentFilter, needed_mg: int
) -> FilamentStock | None:
    """The oldest one that has so much left."""
    left = func.coalesce(func.sum(Spool.remaining_mg), 0)
    rows = await session.execute(
        _stocks(ctx)
        .where(*_conditions(wanted))
        .having(left >= needed_mg)
        .order_by(Filament.id)
        .limit(1)
    )
    row = rows.first()
    return _fold(row) if row else None


async def find_filament(session: AsyncSession, ctx: Actor, ref: Ref) -> FilamentStock | None:
    rows = await session.execute(
        _stocks(ctx).where(ref.where(Filament)).execution_options(populate_existing=True)
    )
    row = rows.first()
    return _fold(row) if row else None


async def lock_filament(session: WriteSession, ctx: Actor, filament_id: int) -> None:
    await session.execute(
        select(Filament.id)
        .where(Filament.organization_id == ctx.organization_id, Filament.id == filament_id)
        .with_for_update(key_share=True)  # movements refer to it meanwhile
    )


async def sum_usage(
    session: AsyncSession, ctx: Actor, filament_ids: Collection[int], since: datetime
) -> dict[int, int]:
    """Milligrams that prints and people used of each, corrections left out."""
    rows = await session.execute(
        select(FilamentMovement.filament_id, func.sum(-FilamentMovement.delta_mg))
        .where(FilamentMovement.organization_id == ctx.organization_id)
        .where(FilamentMovement.filament_id.in_(filament_ids))
        .where(FilamentMovement.created_at >= since)
        .where(FilamentMovement.reason.in_([MovementReason.PRINT, MovementReason.USAGE]))
        .group_by(FilamentMovement.filament_id)
    )
    return {row[0]: int(row[1]) for row in rows if row[0] is not None}


def _stocks(ctx: Actor) -> Select[Filament, int, int]:
    is_its_spool = and_(
        Spool.filament_id == Filament.id,
        Spool.organization_id == ctx.organization_id,
        Spool.is_empty.is_(False),
    )
    return (
        select(
            Filament,
            func.coalesce(func.sum(Spool.initial_mg), 0),
            func.coalesce(func.sum(Spool.remaining_mg), 0),
        )
        .outerjoin(Spool, is_its_spool)
        .where(Filament.organization_id == ctx.organization_id, Filament.is_hidden.is_(False))
        .group_by(Filament.id)
    )


def _conditions(wanted: FilamentFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.material:
        conditions.append(func.lower(Filament.material) == wanted.material.strip().lower())
    if wanted.color:
        named = func.lower(Filament.color_name) == wanted.color.strip().lower()
        coded = Filament.color == rules.hex_of(wanted.color)
        conditions.append(or_(named, coded) if wanted.color.strip().startswith("#") else named)
    return conditions


def _fold(row: Sequence[object]) -> FilamentStock:
    filament, initial, remaining = row
    assert isinstance(filament, Filament)  # noqa: S101  the first column of _stocks
    return FilamentStock(filament, int(str(initial)), int(str(remaining)))
