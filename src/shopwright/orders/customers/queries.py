"""SQL of customers, their requests and what they say."""

from typing import TypeVar

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts.models import Organization
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Paging, Ref
from shopwright.orders.customers.rules import REPEAT_ORDERS, VIP_ORDERS, vip_spend_minor
from shopwright.orders.customers.states import Segment
from shopwright.orders.models import Customer, CustomerFeedback, CustomerRequest, Order

T = TypeVar("T", CustomerRequest, CustomerFeedback)


async def list_customers(
    session: AsyncSession, ctx: Actor, *, text: str | None, segment: Segment | None, paging: Paging
) -> tuple[list[Customer], int, str]:
    """One page by name, how many customers there are in all, and the currency of their spend."""
    currency = await get_currency(session, ctx)
    conditions = [Customer.organization_id == ctx.organization_id]
    conditions += [_mentions(text)] if text else []
    conditions += [in_segment(segment, currency)] if segment else []
    total = await session.scalar(select(func.count()).select_from(Customer).where(*conditions))
    rows = await session.scalars(
        select(Customer)
        .where(*conditions)
        .order_by(func.lower(Customer.name), Customer.id)
        .limit(paging.limit)
        .offset(paging.offset)
    )
    return list(rows), total or 0, currency


async def count_segments(session: AsyncSession, ctx: Actor) -> dict[str, int]:
    """By segment, and ``total``."""
    currency = await get_currency(session, ctx)
    spends = Customer.total_spend_minor >= vip_spend_minor(currency)
    wanted = {segment: in_segment(segment, currency) for segment in Segment}
    wanted[Segment.VIP] = spends  # the counts ask for the spend alone
    row = (
        await session.execute(
            select(func.count(), *(func.sum(case((c, 1), else_=0)) for c in wanted.values())).where(
                Customer.organization_id == ctx.organization_id
            )
        )
    ).one()
    counts = {str(segment): int(value or 0) for segment, value in zip(wanted, row[1:], strict=True)}
    return counts | {"total": row[0]}


async def find_customer(session: AsyncSession, ctx: Actor, ref: Ref) -> Customer | None:
    customer: Customer | None = await session.scalar(
        select(Customer)
        .where(Customer.organization_id == ctx.organization_id, ref.where(Customer))
        .execution_options(populate_existing=True)
    )
    return customer


async def count_orders(session: AsyncSession, ctx: Actor, customer_id: int) -> int:
    """All of them, whatever became of them."""
    count: int | None = await session.scalar(
        select(func.count())
        .select_from(Order)
        .where(Order.organization_id == ctx.organization_id, Order.customer_id == customer_id)
    )
    return count or 0


async def list_of_customer(
    session: AsyncSession, ctx: Actor, kind: type[T], customer_id: int, paging: Paging
) -> tuple[list[T], int]:
    """The newest first."""
    mine = (kind.organization_id == ctx.organization_id, kind.customer_id == customer_id)
    total = await session.scalar(select(func.count()).select_from(kind).where(*mine))
    rows = await session.scalars(
        select(kind).where(*mine).order_by(kind.id.desc()).limit(paging.limit).offset(paging.offset)
    )
    return list(rows), total or 0


async def find_request(session: AsyncSession, ctx: Actor, ref: Ref) -> CustomerRequest | None:
    request: CustomerRequest | None = await session.scalar(
        select(CustomerRequest).where(
            CustomerRequest.organization_id == ctx.organization_id, ref.where(CustomerRequest)
        )
    )
    return request


async def get_currency(session: AsyncSession, ctx: Actor) -> str:
    currency: str = (
        await session.scalars(
            select(Organization.currency).where(Organization.id == ctx.organization_id)
        )
    ).one()
    return currency


def in_segment(segment: Segment, currency: str) -> ColumnElement[bool]:
    """As the list filters: a VIP also is who bought often."""
    match segment:
        case Segment.VIP:
            spend = Customer.total_spend_minor >= vip_spend_minor(currency)
            return or_(spend, Customer.order_count >= VIP_ORDERS)
        case Segment.REPEAT:
            return Customer.order_count >= REPEAT_ORDERS
        case Segment.NEW:
            return Customer.order_count == 1
        case Segment.PROSPECT:
            return Customer.order_count == 0


def _mentions(text: str) -> ColumnElement[bool]:
    columns = (Customer.name, Customer.email, Customer.phone)
    return or_(*(column.icontains(text, autoescape=True) for column in columns))
