"""Orders react to the parts that are made for them."""

from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.db import WriteSession
from shopwright.orders import part_work
from shopwright.parts.events import (
    PartBegun,
    PartCompleted,
    PartDropped,
    PartProgressed,
    PartReverted,
)

PartEvent = PartBegun | PartCompleted | PartDropped | PartProgressed | PartReverted


async def on_part_begun(session: WriteSession, event: PartBegun) -> None:
    if event.order_item_id is not None:
        await part_work.begin(session, _actor(event), part_id=event.part_id)


async def on_part_progressed(session: WriteSession, event: PartProgressed) -> None:
    if event.order_item_id is None:
        return
    now = session.context.clock.now()
    await part_work.progress(
        session, _actor(event), part_id=event.part_id, pieces_made=event.pieces, now=now
    )


async def on_part_completed(session: WriteSession, event: PartCompleted) -> None:
    if event.order_item_id is None:
        return
    now = session.context.clock.now()
    await part_work.complete(session, _actor(event), part_id=event.part_id, now=now)


async def on_part_reverted(session: WriteSession, event: PartReverted) -> None:
    if event.order_item_id is None:
        return
    await part_work.revert(
        session,
        _actor(event),
        part_id=event.part_id,
        order_item_id=event.order_item_id,
        now=session.context.clock.now(),
    )


async def on_part_dropped(session: WriteSession, event: PartDropped) -> None:
    """The order still needs it, so that planning makes another."""
    if event.order_item_id is not None:
        await part_work.give_up(session, _actor(event), part_id=event.part_id)


def _actor(event: PartEvent) -> Actor:
    return system_actor(event.organization_id, "workshop")
