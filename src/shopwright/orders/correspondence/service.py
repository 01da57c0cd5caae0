"""What people wrote about an order: internal notes, and a log of talks with the customer."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import NotFound
from shopwright.kernel.live import touch
from shopwright.orders import service
from shopwright.orders.correspondence import queries
from shopwright.orders.customers import service as customers
from shopwright.orders.models import OrderCommunication, OrderNote


async def list_notes(session: AsyncSession, ctx: Actor, order: Ref) -> Sequence[OrderNote]:
    """Oldest first; raises NotFound when there is no such order."""
    order_id = await service.get_order_id(session, ctx, order)
    return await queries.list_entries(session, ctx, OrderNote, order_id)


async def add_note(session: WriteSession, ctx: Actor, *, order: Ref, content: str) -> OrderNote:
    note = OrderNote(
        organization_id=ctx.organization_id,
        order_id=await service.get_order_id(session, ctx, order),
        content=content,
        author=ctx.name,
    )
    return await _keep(session, ctx, note)


async def change_note(
    session: WriteSession, ctx: Actor, *, order: Ref, note: Ref, content: str
) -> OrderNote:
    """The old words stay in the audit log."""
    found = await _get(session, ctx, OrderNote, order, note)
    audit.record(
        session, ctx, "order_note.changed", found.id, before=found.content, order_id=found.order_id
    )
    found.content = content
    return await _keep(session, ctx, found)


async def remove_note(session: WriteSession, ctx: Actor, *, order: Ref, note: Ref) -> None:
    found = await _get(session, ctx, OrderNote, order, note)
    audit.record(
        session, ctx, "order_note.removed", found.id, content=found.content, order_id=found.order_id
    )
    await session.delete(found)
    touch(session, ctx.organization_id, "order", found.order_id)


async def list_communications(
    session: AsyncSession, ctx: Actor, order: Ref
) -> Sequence[OrderCommunication]:
    order_id = await service.get_order_id(session, ctx, order)
    return await queries.list_entries(session, ctx, OrderCommunication, order_id)


async def log_communication(
    session: WriteSession,
    ctx: Actor,
    *,
    order: Ref,
    message: str,
    direction: str,
    channel: str,
    now: datetime,
) -> OrderCommunication:
    """Only the log: nothing is sent to the customer, who was in contact from now on."""
    found = await service.get_order(session, ctx, order)
    entry = OrderCommunication(
        organization_id=ctx.organization_id,
        order_id=found.id,
        message=message,
        direction=direction,
        channel=channel,
        author=ctx.name,
    )
    kept = await _keep(session, ctx, entry)
    await customers.note_contact(session, ctx, found.customer_id, now)
    return kept


async def change_communication(
    session: WriteSession,
    ctx: Actor,
    *,
    order: Ref,
    communication: Ref,
    message: str,
    direction: str,
    channel: str,
) -> OrderCommunication:
    found = await _get(session, ctx, OrderCommunication, order, communication)
    audit.record(
        session,
        ctx,
        "order_communication.changed",
        found.id,
        before=found.message,
        order_id=found.order_id,
    )
    found.message, found.direction, found.channel = message, direction, channel
    return await _keep(session, ctx, found)


async def remove_communication(
    session: WriteSession, ctx: Actor, *, order: Ref, communication: Ref
) -> None:
    found = await _get(session, ctx, OrderCommunication, order, communication)
    audit.record(
        session,
        ctx,
        "order_communication.removed",
        found.id,
        message=found.message,
        order_id=found.order_id,
    )
    await session.delete(found)
    touch(session, ctx.organization_id, "order", found.order_id)


async def _get(
    session: AsyncSession, ctx: Actor, kind: type[queries.E], order: Ref, entry: Ref
) -> queries.E:
    order_id = await service.get_order_id(session, ctx, order)
    found = await queries.find_entry(session, ctx, kind, order_id, entry)
    if found is None:
        raise NotFound(f"There is nothing with the id {entry} at order {order}.")
    return found


async def _keep(session: WriteSession, ctx: Actor, entry: queries.E) -> queries.E:
    session.add(entry)
    await session.flush()
    touch(session, ctx.organization_id, "order", entry.order_id)
    return entry
