"""Customers as people look for them, and everything on the page of one."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.kernel.money import Money
from shopwright.orders.customers.queries import in_segment
from shopwright.orders.customers.rules import segment_of, spot_keywords
from shopwright.orders.customers.states import RequestStatus, Segment
from shopwright.orders.models import (
    Customer,
    CustomerFeedback,
    CustomerRequest,
    Order,
    OrderCommunication,
)
from shopwright.orders.states import OrderStatus, ProductionStatus
from shopwright.web.formats import Chip
from shopwright.web.paging import Window
from shopwright.web.pips import Pip, order_pip

SHOWN = 50  # orders, requests, comments and messages on the page of one
WORDS = {
    Segment.VIP: "VIP",
    Segment.REPEAT: "Came back",
    Segment.NEW: "New",
    Segment.PROSPECT: "Has not bought",
}
TONES = {
    Segment.VIP: "violet", Segment.REPEAT: "green", Segment.NEW: "blue", Segment.PROSPECT: "grey",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """One line of the list."""

    id: int
    name: str
    email: str | None
    channel: str | None
    order_count: int
    total_spend_minor: int
    last_order_at: datetime | None
    open_requests: int
    currency: str

    @property
    def chip(self) -> Chip:
        return segment_chip(self.order_count, self.total_spend_minor, self.currency)


@dataclass(frozen=True, slots=True)
class BoughtOrder:
    id: int
    number: int
    status: OrderStatus
    production_status: ProductionStatus
    is_held: bool
    placed_at: datetime
    total_minor: int
    currency: str

    @property
    def pip(self) -> Pip:
        return order_pip(self.status, self.production_status, is_held=self.is_held)


@dataclass(frozen=True, slots=True)
class Talk:
    """Something said about one of the customer's orders; ``keywords`` point to a request."""

    order_id: int
    order_number: int
    author: str
    channel: str
    message: str
    at: datetime
    is_inbound: bool

    @property
    def keywords(self) -> list[str]:
        return spot_keywords(self.message) if self.is_inbound else []


def segment_chip(order_count: int, spend_minor: int, currency: str) -> Chip:
    segment = segment_of(order_count, Money(spend_minor, currency))
    return Chip(WORDS[segment], TONES[segment])


async def list_customers(
    session: AsyncSession,
    organization_id: int,
    *,
    search: str,
    segment: Segment | None,
    currency: str,
    window: Window,
) -> tuple[list[CustomerRow], int]:
    """A page, the newest first, and how many match."""
    conditions = [Customer.organization_id == organization_id]
    if search:
        columns = (Customer.name, Customer.email, Customer.phone)
        conditions.append(or_(*(column.icontains(search, autoescape=True) for column in columns)))
    if segment:
        conditions.append(in_segment(segment, currency))
    total = await session.scalar(select(func.count()).select_from(Customer).where(*conditions))
    last = (
        select(func.max(Order.placed_at))
        .where(Order.organization_id == organization_id, Order.customer_id == Customer.id)
        .scalar_subquery()
    )
    requests = (
        select(func.count())
        .where(CustomerRequest.organization_id == organization_id)
        .where(CustomerRequest.customer_id == Customer.id, _is_open())
        .scalar_subquery()
    )
    rows = await session.execute(
        select(
            Customer.id, Customer.name, Customer.email, Customer.channel, Customer.order_count,
            Customer.total_spend_minor, last, requests, literal(currency),
        )
        .where(*conditions)
        .order_by(Customer.id.desc())
        .limit(window.limit)
        .offset(window.offset)
    )  # fmt: skip
    return [CustomerRow(*row) for row in rows], total or 0


async def list_orders(
    session: AsyncSession, organization_id: int, customer_id: int
) -> list[BoughtOrder]:
    """The latest first."""
    rows = await session.execute(
        select(
            Order.id, Order.number, Order.status, Order.production_status, Order.is_held,
            Order.placed_at, Order.total_minor, Order.currency,
        )
        .where(Order.organization_id == organization_id, Order.customer_id == customer_id)
        .order_by(Order.placed_at.desc(), Order.id.desc())
        .limit(SHOWN)
    )  # fmt: skip
    return [BoughtOrder(*row) for row in rows]


async def list_requests(
    session: AsyncSession, organization_id: int, customer_id: int
) -> list[CustomerRequest]:
    rows = await session.scalars(
        select(CustomerRequest)
        .where(CustomerRequest.organization_id == organization_id)
        .where(CustomerRequest.customer_id == customer_id)
        .order_by(CustomerRequest.id.desc())
        .limit(SHOWN)
    )
    return list(rows)


async def list_feedback(
    session: AsyncSession, organization_id: int, customer_id: int
) -> list[CustomerFeedback]:
    rows = await session.scalars(
        select(CustomerFeedback)
        .where(CustomerFeedback.organization_id == organization_id)
        .where(CustomerFeedback.customer_id == customer_id)
        .order_by(CustomerFeedback.id.desc())
        .limit(SHOWN)
    )
    return list(rows)


async def list_talks(session: AsyncSession, organization_id: int, customer_id: int) -> list[Talk]:
    """Messages that came with orders and logged talks, the latest first."""
    orders = await session.execute(
        select(
            Order.id, Order.number, Order.buyer_name, Order.channel, Order.buyer_message,
            Order.placed_at,
        )
        .where(Order.organization_id == organization_id, Order.customer_id == customer_id)
        .where(Order.buyer_message != "")
        .order_by(Order.id.desc())
        .limit(SHOWN)
    )  # fmt: skip
    talks = [Talk(*row, is_inbound=True) for row in orders]
    rows = await session.execute(
        select(
            Order.id, Order.number, OrderCommunication.author, OrderCommunication.channel,
            OrderCommunication.message, OrderCommunication.created_at,
            OrderCommunication.direction == "inbound",
        )
        .join(
            OrderCommunication,
            and_(
                OrderCommunication.order_id == Order.id,
                OrderCommunication.organization_id == organization_id,
            ),
        )
        .where(Order.organization_id == organization_id, Order.customer_id == customer_id)
        .order_by(OrderCommunication.id.desc())
        .limit(SHOWN)
    )  # fmt: skip
    talks += [Talk(*row) for row in rows]
    return sorted(talks, key=lambda talk: talk.at, reverse=True)[:SHOWN]


def _is_open() -> ColumnElement[bool]:
    return CustomerRequest.status.in_([RequestStatus.OPEN, RequestStatus.IN_PROGRESS])
