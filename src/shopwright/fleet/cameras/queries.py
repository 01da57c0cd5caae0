"""All SQL of pictures that agents take."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from shopwright.fleet.cameras.models import CameraShot
from shopwright.fleet.queries import AnySession
from shopwright.kernel import ids
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession, insert_for


async def ask(session: WriteSession, ctx: Actor, printer_id: int, now: datetime) -> int:
    """Ask for one more picture; its number. The one before is dropped."""
    statement = insert_for(session, CameraShot).values(
        uuid=ids.new_uuid(),
        organization_id=ctx.organization_id,
        printer_id=printer_id,
        asked=1,
        asked_at=now,
        taken=0,
        is_missing=False,
        created_at=now,
    )
    fresh = {"asked": CameraShot.asked + 1, "asked_at": now, "content": None, "trouble": None}
    number: int = (
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=["printer_id"], set_={**fresh, "is_missing": False}
            ).returning(CameraShot.asked)
        )
    ).scalar_one()
    return number


async def list_wanted(
    session: AnySession, ctx: Actor, printer_ids: Collection[int], since: datetime
) -> dict[int, int]:
    """The number that is asked for, by printer; what was asked before ``since`` nobody awaits."""
    rows = await session.execute(
        select(CameraShot.printer_id, CameraShot.asked)
        .where(CameraShot.organization_id == ctx.organization_id)
        .where(CameraShot.printer_id.in_(printer_ids))
        .where(CameraShot.asked > CameraShot.taken, CameraShot.asked_at >= since)
    )
    return {row.printer_id: row.asked for row in rows}


async def hand_over(
    session: WriteSession, ctx: Actor, printer_id: int, number: int, **values: Any
) -> bool:
    """False when nobody asks for this number any more."""
    found = await session.scalar(
        update(CameraShot)
        .where(CameraShot.organization_id == ctx.organization_id)
        .where(CameraShot.printer_id == printer_id, CameraShot.asked == number)
        .where(CameraShot.taken < number)
        .values(taken=number, **values)
        .returning(CameraShot.id)
    )
    return found is not None


async def find_shot(session: AnySession, ctx: Actor, printer_id: int) -> CameraShot | None:
    shot: CameraShot | None = await session.scalar(
        select(CameraShot)
        .where(CameraShot.organization_id == ctx.organization_id)
        .where(CameraShot.printer_id == printer_id)
        .execution_options(populate_existing=True)
    )
    return shot


async def drop(session: WriteSession, ctx: Actor, printer_id: int) -> None:
    """Nobody looks: nothing is kept of what was seen."""
    await session.execute(
        update(CameraShot)
        .where(CameraShot.organization_id == ctx.organization_id)
        .where(CameraShot.printer_id == printer_id)
        .values(content=None)
        .execution_options(synchronize_session=False)
    )
