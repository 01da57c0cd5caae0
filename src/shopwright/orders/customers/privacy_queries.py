"""SQL of everything that is known of one customer, and of its end."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts.models import AuditEntry
from shopwright.channels.service import ORDER_EVENT, source_of
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.inbox import InboundEvent
from shopwright.orders.models import (
    CustomerFeedback,
    CustomerRequest,
    Hold,
    Order,
    OrderCommunication,
    OrderItem,
    OrderLabel,
    OrderNote,
)

WRITTEN = ("order_note", "order_communication")  # audit subjects that keep the old words
QUIETLY: dict[str, Any] = {"synchronize_session": False}


async def list_orders(session: AsyncSession, ctx: Actor, customer_id: int) -> list[Order]:
    rows = await session.scalars(
        select(Order)
        .where(Order.organization_id == ctx.organization_id, Order.customer_id == customer_id)
        .order_by(Order.id)
    )
    return list(rows)


async def list_items(
    session: AsyncSession, ctx: Actor, order_ids: Collection[int]
) -> list[OrderItem]:
    rows = await session.scalars(
        select(OrderItem)
        .where(OrderItem.organization_id == ctx.organization_id, OrderItem.order_id.in_(order_ids))
        .order_by(OrderItem.order_id, OrderItem.position)
    )
    return list(rows)


async def list_notes(
    session: AsyncSession, ctx: Actor, order_ids: Collection[int]
) -> list[OrderNote]:
    rows = await session.scalars(
        select(OrderNote)
        .where(OrderNote.organization_id == ctx.organization_id, OrderNote.order_id.in_(order_ids))
        .order_by(OrderNote.id)
    )
    return list(rows)


async def list_communications(
    session: AsyncSession, ctx: Actor, order_ids: Collection[int]
) -> list[OrderCommunication]:
    rows = await session.scalars(
        select(OrderCommunication)
        .where(OrderCommunication.organization_id == ctx.organization_id)
        .where(OrderCommunication.order_id.in_(order_ids))
        .order_by(OrderCommunication.id)
    )
    return list(rows)


async def list_requests(
    session: AsyncSession, ctx: Actor, customer_id: int
) -> list[CustomerRequest]:
    rows = await session.scalars(
        select(CustomerRequest)
        .where(CustomerRequest.organization_id == ctx.organization_id)
        .where(CustomerRequest.customer_id == customer_id)
        .order_by(CustomerRequest.id)
    )
    return list(rows)


async def list_feedback(
    session: AsyncSession, ctx: Actor, customer_id: int
) -> list[CustomerFeedback]:
    rows = await session.scalars(
        select(CustomerFeedback)
        .where(CustomerFeedback.organization_id == ctx.organization_id)
        .where(CustomerFeedback.customer_id == customer_id)
        .order_by(CustomerFeedback.id)
    )
    return list(rows)


async def blank_items(session: WriteSession, ctx: Actor, order_ids: Collection[int]) -> None:
    """What was made stays; what was written on it goes."""
    await session.execute(
        update(OrderItem)
        .where(OrderItem.organization_id == ctx.organization_id, OrderItem.order_id.in_(order_ids))
        .values(personalisation=[])
        .execution_options(**QUIETLY)
    )


async def blank_texts(
    session: WriteSession, ctx: Actor, customer_id: int, order_ids: Collection[int], mark: str
) -> None:
    """Notes, talks, requests, comments and reasons keep their place and lose their words; labels,
    on which the address is printed, their link."""
    mine = ctx.organization_id
    statements = [
        update(OrderNote)
        .where(OrderNote.organization_id == mine, OrderNote.order_id.in_(order_ids))
        .values(content=mark),
        update(OrderCommunication)
        .where(OrderCommunication.organization_id == mine)
        .where(OrderCommunication.order_id.in_(order_ids))
        .values(message=mark),
        update(CustomerRequest)
        .where(CustomerRequest.organization_id == mine)
        .where(CustomerRequest.customer_id == customer_id)
        .values(title=mark, description=""),
        update(CustomerFeedback)
        .where(CustomerFeedback.organization_id == mine)
        .where(CustomerFeedback.customer_id == customer_id)
        .values(comment=""),
        update(Hold)
        .where(Hold.organization_id == mine, Hold.order_id.in_(order_ids))
        .values(reason=mark),
        update(AuditEntry)
        .where(AuditEntry.organization_id == mine, AuditEntry.subject == "order")
        .where(AuditEntry.subject_id.in_(order_ids), AuditEntry.reason.is_not(None))
        .values(reason=mark),
        update(OrderLabel)
        .where(OrderLabel.organization_id == mine, OrderLabel.order_id.in_(order_ids))
        .values(label_url=None),
    ]
    for statement in statements:
        await session.execute(statement.execution_options(**QUIETLY))


async def blank_audit(session: WriteSession, ctx: Actor, order_ids: Collection[int]) -> None:
    """The old words of notes and talks, also of those that were removed."""
    mine = ctx.organization_id
    notes = select(OrderNote.id).where(
        OrderNote.organization_id == mine, OrderNote.order_id.in_(order_ids)
    )
    talks = select(OrderCommunication.id).where(
        OrderCommunication.organization_id == mine, OrderCommunication.order_id.in_(order_ids)
    )
    await session.execute(
        update(AuditEntry)
        .where(AuditEntry.organization_id == mine, AuditEntry.subject.in_(WRITTEN))
        .where(
            or_(
                (AuditEntry.subject == WRITTEN[0]) & AuditEntry.subject_id.in_(notes),
                (AuditEntry.subject == WRITTEN[1]) & AuditEntry.subject_id.in_(talks),
                AuditEntry.facts["order_id"].as_integer().in_(order_ids),
            )
        )
        .values(facts={})
        .execution_options(**QUIETLY)
    )


async def blank_inbox(session: WriteSession, ctx: Actor, orders: Sequence[Order]) -> None:
    """What channels sent about these orders: the rows stay, so that nothing comes in twice."""
    for order in orders:
        if order.connection_id is None or not order.external_id:
            continue
        await session.execute(
            update(InboundEvent)
            .where(InboundEvent.organization_id == ctx.organization_id)
            .where(InboundEvent.source == source_of(order.connection_id))
            .where(InboundEvent.kind == ORDER_EVENT)
            .where(InboundEvent.key.startswith(f"{order.external_id}:", autoescape=True))
            .values(payload={})
            .execution_options(**QUIETLY)
        )
