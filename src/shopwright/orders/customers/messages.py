"""What Etsy's buyers wrote: the messages that came with their orders and the logged talks.

Etsy's API has no endpoint for conversations, so this is what the shop knows of them: a
conversation is the talk about one order, and its id is the order's.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime

from sqlalchemy import ColumnElement, Subquery, and_, func, or_, outerjoin, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.kernel.actor import Actor
from shopwright.kernel.bulk import among
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Paging, Ref
from shopwright.kernel.errors import Conflict, NotFound
from shopwright.orders.correspondence.schemas import Direction, TalkChannel
from shopwright.orders.customers import requests as customer_requests
from shopwright.orders.customers.requests import RequestSpec
from shopwright.orders.customers.rules import spot_keywords, title_of
from shopwright.orders.customers.states import RequestPriority
from shopwright.orders.models import CustomerRequest, Order, OrderCommunication

ETSY = "etsy"
SOURCE = str(TalkChannel.ETSY_MESSAGE)


class BuyerUnknown(Conflict):
    code = "buyer-unknown"
    title = "Nobody knows who wrote this"


@dataclass(frozen=True, slots=True)
class Entry:
    direction: str
    message: str
    author: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TalkedOf:
    """What a conversation says of its order."""

    id: int
    number: int
    external_id: str | None
    customer_id: int | None
    buyer_name: str
    channel: str
    buyer_message: str
    placed_at: datetime


COLUMNS = [getattr(Order, field.name) for field in fields(TalkedOf)]


@dataclass(frozen=True, slots=True)
class Conversation:
    """``request_id`` is of the request that was made of it."""

    order: TalkedOf
    entries: Sequence[Entry]
    request_id: int | None

    @property
    def asked(self) -> str:
        """All that the buyer wrote."""
        said = [e.message for e in self.entries if e.direction == Direction.INBOUND]
        return "\n\n".join(said)

    @property
    def keywords(self) -> list[str]:
        return spot_keywords(self.asked)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person says of the request; what is None is taken from the conversation."""

    title: str | None = None
    description: str | None = None
    priority: RequestPriority = RequestPriority.NORMAL
    desired_by: date | None = None


async def list_conversations(
    session: AsyncSession, ctx: Actor, paging: Paging
) -> tuple[list[Conversation], int]:
    """The latest talk first."""
    talks = _last_talks(ctx)
    is_talk = or_(_has_opening(), talks.c.at.is_not(None))
    mine = (Order.organization_id == ctx.organization_id, is_talk)
    joined = outerjoin(Order, talks, talks.c.order_id == Order.id)
    total = await session.scalar(select(func.count()).select_from(joined).where(*mine))
    rows = await session.execute(
        select(*COLUMNS)
        .select_from(joined)
        .where(*mine)
        .order_by(func.coalesce(talks.c.at, Order.placed_at).desc(), Order.id.desc())
        .limit(paging.limit)
        .offset(paging.offset)
    )
    orders = [TalkedOf(*row) for row in rows]
    return await _conversations(session, ctx, orders), total or 0


async def get_conversation(session: AsyncSession, ctx: Actor, ref: Ref) -> Conversation:
    """Raises NotFound, also for an order about which nobody wrote on Etsy."""
    rows = await session.execute(
        select(*COLUMNS)
        .where(Order.organization_id == ctx.organization_id, ref.where(Order))
        .where(_is_talk(ctx))
    )
    row = rows.one_or_none()
    if row is None:
        raise NotFound(f"There is no conversation {ref}.")
    return (await _conversations(session, ctx, [TalkedOf(*row)]))[0]


async def create_request(
    session: WriteSession, ctx: Actor, *, conversation: Ref, wish: Wish, now: datetime
) -> tuple[CustomerRequest, bool]:
    """The request, and whether it is new: a conversation makes one.

    Raises NotFound, or BuyerUnknown when the order names no customer.
    """
    found = await get_conversation(session, ctx, conversation)
    order = found.order
    known = await _find_request(session, ctx, order.id)
    if known is not None:
        return known, False
    if order.customer_id is None:
        raise BuyerUnknown(
            f"Order #{order.number} names no buyer. Write the customer down and add the request "
            "there."
        )
    spec = RequestSpec(
        title=wish.title or title_of(found.asked) or f"Request about order #{order.number}",
        description=found.asked if wish.description is None else wish.description,
        priority=wish.priority,
        desired_by=wish.desired_by,
        order=Ref(order.id, None),
        source=SOURCE,
    )
    customer = Ref(order.customer_id, None)
    return await customer_requests.create_request(
        session, ctx, customer=customer, spec=spec, now=now
    ), True


async def _conversations(
    session: AsyncSession, ctx: Actor, orders: Sequence[TalkedOf]
) -> list[Conversation]:
    ids = [order.id for order in orders]
    talks = defaultdict[int, list[Entry]](list)
    said = OrderCommunication
    rows = await session.execute(
        select(said.order_id, said.direction, said.message, said.author, said.created_at)
        .where(_is_etsy_talk(ctx), among(session, said.order_id, ids))
        .order_by(said.id)
    )
    for row in rows:
        entry = Entry(row.direction, row.message, row.author, row.created_at)
        talks[row.order_id].append(entry)
    requests = await _requests_of(session, ctx, ids)
    return [
        Conversation(order, _opening(order) + talks[order.id], requests.get(order.id))
        for order in orders
    ]


def _opening(order: TalkedOf) -> list[Entry]:
    """The message that came with the order."""
    if order.channel != ETSY or not order.buyer_message:
        return []
    author = order.buyer_name or "the buyer"
    return [Entry(Direction.INBOUND, order.buyer_message, author, order.placed_at)]


async def _requests_of(
    session: AsyncSession, ctx: Actor, order_ids: Sequence[int]
) -> dict[int, int]:
    rows = await session.execute(
        select(CustomerRequest.order_id, CustomerRequest.id).where(
            _is_etsy_request(ctx), among(session, CustomerRequest.order_id, order_ids)
        )
    )
    return {row[0]: row[1] for row in rows if row[0] is not None}


async def _find_request(session: WriteSession, ctx: Actor, order_id: int) -> CustomerRequest | None:
    # Locked, so that two at once do not both find none.
    locked = select(Order.id).where(
        Order.organization_id == ctx.organization_id, Order.id == order_id
    )
    await session.execute(locked.with_for_update(key_share=True))
    found: CustomerRequest | None = await session.scalar(
        select(CustomerRequest)
        .where(_is_etsy_request(ctx), CustomerRequest.order_id == order_id)
        .order_by(CustomerRequest.id)
        .limit(1)
    )
    return found


def _is_talk(ctx: Actor) -> ColumnElement[bool]:
    talk = (
        select(OrderCommunication.id)
        .where(_is_etsy_talk(ctx), OrderCommunication.order_id == Order.id)
        .exists()
    )
    return or_(_has_opening(), talk)


def _has_opening() -> ColumnElement[bool]:
    return and_(Order.channel == ETSY, Order.buyer_message != "")


def _last_talks(ctx: Actor) -> Subquery:
    """When each order was last talked about: read once, not once per order."""
    return (
        select(OrderCommunication.order_id, func.max(OrderCommunication.created_at).label("at"))
        .where(_is_etsy_talk(ctx))
        .group_by(OrderCommunication.order_id)
        .subquery()
    )


def _is_etsy_talk(ctx: Actor) -> ColumnElement[bool]:
    return and_(
        OrderCommunication.organization_id == ctx.organization_id,
        OrderCommunication.channel == TalkChannel.ETSY_MESSAGE,
    )


def _is_etsy_request(ctx: Actor) -> ColumnElement[bool]:
    return and_(
        CustomerRequest.organization_id == ctx.organization_id, CustomerRequest.source == SOURCE
    )
