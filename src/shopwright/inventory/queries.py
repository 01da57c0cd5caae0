"""SQL of spools, slots, reservations and filament movements. ``remaining_mg`` moves only here."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, case, delete, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.inventory.events import FilamentMoved
from shopwright.inventory.models import Filament, FilamentMovement, Reservation, SlotSpool, Spool
from shopwright.kernel import events
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession, insert_for
from shopwright.kernel.edge import Paging, Ref


async def list_slot_spools(
    session: AsyncSession, ctx: Actor, printer_ids: Collection[int]
) -> list[Any]:
    """Loaded spools of these printers with what is left and what is promised."""
    reserved = _reserved(ctx)
    rows = await session.execute(
        select(
            SlotSpool.printer_id, SlotSpool.slot, Spool.id.label("spool_id"), Spool.filament_id,
            Filament.material, Filament.color, Spool.remaining_mg,
            func.coalesce(reserved.c.amount_mg, 0).label("reserved_mg"),
        )
        .join(Spool, Spool.id == SlotSpool.spool_id)
        .join(Filament, Filament.id == Spool.filament_id)
        .outerjoin(reserved, reserved.c.spool_id == Spool.id)
        .where(SlotSpool.organization_id == ctx.organization_id)
        .where(Spool.organization_id == ctx.organization_id)
        .where(Filament.organization_id == ctx.organization_id)
        .where(SlotSpool.printer_id.in_(printer_ids))
    )  # fmt: skip
    return list(rows)


def _reserved(ctx: Actor) -> Subquery:
    return (
        select(Reservation.spool_id, func.sum(Reservation.amount_mg).label("amount_mg"))
        .where(Reservation.organization_id == ctx.organization_id)
        .group_by(Reservation.spool_id)
        .subquery()
    )


async def lock_spools(
    session: WriteSession, ctx: Actor, condition: ColumnElement[bool]
) -> list[Spool]:
    """Oldest first, held until the commit; always in this order, so that no two deadlock."""
    rows = await session.scalars(
        select(Spool)
        .where(Spool.organization_id == ctx.organization_id, condition)
        .order_by(Spool.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(rows)


async def move_spools(
    session: WriteSession, ctx: Actor, changes: Mapping[int, tuple[int, int]]
) -> bool:
    """Set ``remaining_mg`` from → to by spool; False when one of them was not as expected.

    A roll that holds more than it ever had was entered too small: its initial amount follows.
    """
    if not changes:
        return True
    before = case({spool: old for spool, (old, _) in changes.items()}, value=Spool.id)
    after = case({spool: new for spool, (_, new) in changes.items()}, value=Spool.id)
    moved = await session.scalars(
        update(Spool)
        .where(Spool.organization_id == ctx.organization_id, Spool.id.in_(changes))
        .where(Spool.remaining_mg == before)
        .values(
            remaining_mg=after,
            initial_mg=case((Spool.initial_mg < after, after), else_=Spool.initial_mg),
        )
        .returning(Spool)
        .execution_options(populate_existing=True, synchronize_session=False)
    )
    return len(moved.all()) == len(changes)


async def add_movements(session: WriteSession, rows: Sequence[dict[str, Any]]) -> set[str]:
    """The keys that were new; the others had been booked before and are left as they are."""
    if not rows:
        return set()
    statement = (
        insert_for(session, FilamentMovement)
        .on_conflict_do_nothing(index_elements=["organization_id", "key"])
        .returning(FilamentMovement.key)
    )
    keys = set(await session.scalars(statement, rows))
    if keys:
        moved = FilamentMoved(rows[0]["organization_id"], tuple(sorted(keys)))
        await events.publish(session, moved)
    return keys


async def list_movements(
    session: AsyncSession, ctx: Actor, condition: ColumnElement[bool], paging: Paging
) -> tuple[list[FilamentMovement], int]:
    """One page, the latest first."""
    statement = select(FilamentMovement).where(
        FilamentMovement.organization_id == ctx.organization_id, condition
    )
    total = await session.scalar(statement.with_only_columns(func.count()))
    rows = await session.scalars(
        statement.order_by(FilamentMovement.id.desc()).limit(paging.limit).offset(paging.offset)
    )
    return list(rows), total or 0


async def reserve(
    session: WriteSession, ctx: Actor, attempt_id: int, spool_id: int, amount_mg: int
) -> bool:
    """Promise what is free; False when less is left. Lock the spool first."""
    promised = (
        select(func.coalesce(func.sum(Reservation.amount_mg), 0))
        .where(Reservation.organization_id == ctx.organization_id)
        .where(Reservation.spool_id == spool_id)
        .scalar_subquery()
    )
    free = (
        select(literal(amount_mg))
        .select_from(Spool)
        .where(Spool.organization_id == ctx.organization_id, Spool.id == spool_id)
        .where(Spool.remaining_mg - promised >= amount_mg)
    )
    if await session.scalar(free) is None:
        return False
    session.add(
        Reservation(
            organization_id=ctx.organization_id,
            attempt_id=attempt_id,
            spool_id=spool_id,
            amount_mg=amount_mg,
        )
    )
    await session.flush()
    return True


async def release(session: WriteSession, ctx: Actor, attempt_id: int) -> int:
    """How many reservations the attempt had."""
    rows = await session.scalars(
        delete(Reservation)
        .where(Reservation.organization_id == ctx.organization_id)
        .where(Reservation.attempt_id == attempt_id)
        .returning(Reservation.id)
    )
    return len(rows.all())


async def list_spools(
    session: AsyncSession, ctx: Actor, conditions: Sequence[ColumnElement[bool]], paging: Paging
) -> tuple[list[Any], int]:
    """One page of spools with filament, slot and promises, the oldest first."""
    statement = _spool_facts(ctx).where(*conditions)
    counted = select(func.count()).select_from(Spool)
    total = await session.scalar(
        counted.join(Filament, Filament.id == Spool.filament_id)
        .where(Spool.organization_id == ctx.organization_id)
        .where(Filament.organization_id == ctx.organization_id, Filament.is_hidden.is_(False))
        .where(*conditions)
    )
    rows = await session.execute(
        statement.order_by(Spool.id).limit(paging.limit).offset(paging.offset)
    )
    return list(rows), total or 0


async def find_spool(session: AsyncSession, ctx: Actor, ref: Ref) -> Any | None:
    """The row of ``list_spools`` for one."""
    rows = await session.execute(
        _spool_facts(ctx).where(ref.where(Spool)).execution_options(populate_existing=True)
    )
    return rows.first()


def _spool_facts(ctx: Actor) -> Select[Any]:
    reserved = _reserved(ctx)
    loaded = (
        select(SlotSpool.spool_id, SlotSpool.printer_id, SlotSpool.slot)
        .where(SlotSpool.organization_id == ctx.organization_id)
        .subquery()
    )
    statement: Select[Any] = (
        select(
            Spool, Filament, loaded.c.printer_id, loaded.c.slot,
            func.coalesce(reserved.c.amount_mg, 0).label("reserved_mg"),
        )
        .join(Filament, Filament.id == Spool.filament_id)
        .outerjoin(loaded, loaded.c.spool_id == Spool.id)
        .outerjoin(reserved, reserved.c.spool_id == Spool.id)
        .where(Spool.organization_id == ctx.organization_id)
        .where(Filament.organization_id == ctx.organization_id, Filament.is_hidden.is_(False))
    )  # fmt: skip
    return statement


async def list_slots(
    session: AsyncSession, ctx: Actor, printer_id: int
) -> dict[int, tuple[int, str | None]]:
    """By slot: the spool a person or its tag put there, and that spool's own tag."""
    rows = await session.execute(
        select(SlotSpool.slot, Spool.id, Spool.tag)
        .join(Spool, Spool.id == SlotSpool.spool_id)
        .where(SlotSpool.organization_id == ctx.organization_id)
        .where(Spool.organization_id == ctx.organization_id)
        .where(SlotSpool.printer_id == printer_id)
    )
    return {slot: (spool_id, tag) for slot, spool_id, tag in rows}


async def list_tagged(session: AsyncSession, ctx: Actor, tags: Collection[str]) -> dict[str, int]:
    """Spools in use by the tag on them."""
    rows = await session.execute(
        select(Spool.tag, Spool.id)
        .where(Spool.organization_id == ctx.organization_id, Spool.tag.in_(tags))
        .where(Spool.is_empty.is_(False))
    )
    return {str(tag): spool_id for tag, spool_id in rows}


async def load_slot(
    session: WriteSession, ctx: Actor, *, printer_id: int, slot: int, spool_id: int, now: datetime
) -> list[int]:
    """Put a spool into a slot, out of where it was; returns other printers it left.

    Lock the spool first: its old place and its new one change together.
    """
    left = await unload(session, ctx, SlotSpool.spool_id == spool_id)
    statement = insert_for(session, SlotSpool).values(
        organization_id=ctx.organization_id,
        printer_id=printer_id,
        slot=slot,
        spool_id=spool_id,
        loaded_at=now,
    )
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["organization_id", "printer_id", "slot"],
            set_={"spool_id": spool_id, "loaded_at": now},
        )
    )
    return [printer for printer in left if printer != printer_id]


async def unload(session: WriteSession, ctx: Actor, *conditions: ColumnElement[bool]) -> list[int]:
    """Empty the slots that meet the conditions; returns their printers."""
    rows = await session.scalars(
        delete(SlotSpool)
        .where(SlotSpool.organization_id == ctx.organization_id, *conditions)
        .returning(SlotSpool.printer_id)
    )
    return list(rows)
