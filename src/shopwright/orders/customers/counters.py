"""How often customers bought and for how much: counted anew whenever an order of theirs changes.

Counted, not added to: an order that is cancelled, refunded or changed later leaves no error
behind. Call it last in a use case: it locks the customers' rows, and whoever holds those asks for
nothing else.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, update

from shopwright.accounts.models import Organization
from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.db import Database, WriteSession
from shopwright.kernel.live import touch
from shopwright.kernel.tenancy import CROSS_TENANT
from shopwright.orders.models import Customer, Order
from shopwright.orders.states import LEFT, WORKABLE

BOUGHT = WORKABLE | LEFT  # paid and not given back
PAGE = 500


async def recount(session: WriteSession, ctx: Actor, customer_ids: Iterable[int | None]) -> None:
    """Of these customers, their paid orders and what they paid in the organization's currency."""
    wanted = sorted({customer_id for customer_id in customer_ids if customer_id is not None})
    if not wanted:
        return
    await session.flush()
    mine = (Customer.organization_id == ctx.organization_id, Customer.id.in_(wanted))
    # Locked first: a count waits for the other one, and then sees what that one saw.
    locked = select(Customer.id).where(*mine).order_by(Customer.id)
    await session.execute(locked.with_for_update(key_share=True))
    spend = func.coalesce(func.sum(Order.total_minor - Order.refunded_minor), 0)
    await session.execute(
        update(Customer)
        .where(*mine)
        .values(
            order_count=_of_orders(ctx, func.count()),
            total_spend_minor=_of_orders(ctx, spend, Order.currency == _currency(ctx)),
            counted_at=datetime.now(UTC),
        )
        .execution_options(synchronize_session=False)
    )
    touch(session, ctx.organization_id, "customer")


async def count_older(database: Database) -> int:
    """Once after an upgrade: the customers that were there before the counters."""
    counted = 0
    while page := await _uncounted(database):
        for organization_id, customer_ids in page.items():
            async with database.write() as session:
                await recount(session, system_actor(organization_id), customer_ids)
            counted += len(customer_ids)
    return counted


async def _uncounted(database: Database) -> dict[int, list[int]]:
    """A page of ids by organization."""
    found = defaultdict[int, list[int]](list)
    async with database.read() as session:
        rows = await session.execute(
            select(Customer.organization_id, Customer.id)
            .where(Customer.counted_at.is_(None))
            .order_by(Customer.id)
            .limit(PAGE)
            .execution_options(**CROSS_TENANT)
        )
        for organization_id, customer_id in rows:
            found[organization_id].append(customer_id)
    return found


def _of_orders(ctx: Actor, value: Any, *conditions: ColumnElement[bool]) -> Any:
    return (
        select(value)
        .select_from(Order)
        .where(Order.organization_id == ctx.organization_id, Order.customer_id == Customer.id)
        .where(Order.status.in_(BOUGHT), *conditions)
        .scalar_subquery()
    )


def _currency(ctx: Actor) -> Any:
    own = Organization.id == ctx.organization_id
    return select(Organization.currency).where(own).scalar_subquery()
