"""SQL of customers."""

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Paging, Ref
from shopwright.orders.models import Customer, Order


async def list_customers(
    session: AsyncSession, ctx: Actor, text: str | None, paging: Paging
) -> tuple[list[tuple[Customer, int]], int]:
    """One page by name, each with how many orders there are, and how many customers in all."""
    conditions = [_mentions(text)] if text else []
    total = await session.scalar(
        select(func.count())
        .select_from(Customer)
        .where(Customer.organization_id == ctx.organization_id, *conditions)
    )
    rows = await session.execute(
        _with_orders(ctx)
        .where(*conditions)
        .order_by(func.lower(Customer.name), Customer.id)
        .limit(paging.limit)
        .offset(paging.offset)
    )
    return [(customer, count) for customer, count in rows], total or 0


async def find_customer(session: AsyncSession, ctx: Actor, ref: Ref) -> tuple[Customer, int] | None:
    """With how many orders there are."""
    rows = await session.execute(_with_orders(ctx).where(ref.where(Customer)))
    row = rows.first()
    return (row[0], row[1]) if row else None


def _with_orders(ctx: Actor) -> Select[Customer, int]:
    own = ctx.organization_id
    orders = (
        select(func.count())
        .select_from(Order)
        .where(Order.organization_id == own, Order.customer_id == Customer.id)
        .scalar_subquery()
    )
    return select(Customer, orders).where(Customer.organization_id == own)


def _mentions(text: str) -> ColumnElement[bool]:
    columns = (Customer.name, Customer.email, Customer.phone)
    return or_(*(column.icontains(text, autoescape=True) for column in columns))
