"""SQL of filament used for orders."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.catalog.states import StepKind
from shopwright.inventory.models import Filament
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Paging
from shopwright.orders.models import FilamentUsage, PieceStep
from shopwright.orders.states import StepStatus

MANUAL = "manual"  # a person said it is there; no attempt booked anything


@dataclass(frozen=True, slots=True)
class UsageRow:
    usage: FilamentUsage
    material: str
    color: str


async def list_usages(
    session: AsyncSession, ctx: Actor, order_id: int, paging: Paging
) -> tuple[list[UsageRow], int]:
    is_its = (
        FilamentUsage.organization_id == ctx.organization_id,
        FilamentUsage.order_id == order_id,
    )
    total = await session.scalar(select(func.count()).select_from(FilamentUsage).where(*is_its))
    rows = await session.execute(
        select(FilamentUsage, Filament.material, Filament.color_name)
        .join(
            Filament,
            (Filament.id == FilamentUsage.filament_id)
            & (Filament.organization_id == ctx.organization_id),
        )
        .where(*is_its)
        .order_by(FilamentUsage.id)
        .limit(paging.limit)
        .offset(paging.offset)
    )
    return [UsageRow(*row) for row in rows], total or 0


async def list_assigned(session: AsyncSession, ctx: Actor, item_ids: Collection[int]) -> set[int]:
    """Those of the items that have their filament."""
    rows = await session.scalars(
        select(FilamentUsage.order_item_id)
        .where(FilamentUsage.organization_id == ctx.organization_id)
        .where(FilamentUsage.order_item_id.in_(item_ids))
    )
    return {item_id for item_id in rows if item_id is not None}


async def list_made_by_machine(
    session: AsyncSession, ctx: Actor, item_ids: Collection[int]
) -> set[int]:
    """Those of which a print makes, or made, something; its attempt books the filament."""
    rows = await session.scalars(
        select(PieceStep.order_item_id)
        .where(PieceStep.organization_id == ctx.organization_id)
        .where(PieceStep.order_item_id.in_(item_ids), PieceStep.kind == StepKind.PRINT)
        .where(PieceStep.status != StepStatus.RELEASED)
        .where(or_(PieceStep.source.is_(None), PieceStep.source != MANUAL))
        .distinct()
    )
    return set(rows)
