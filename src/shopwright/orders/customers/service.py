"""The people who buy: what is known of them, and what a person changes of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Conflict, NotFound
from shopwright.kernel.live import touch
from shopwright.orders.customers import queries
from shopwright.orders.models import Customer


class CustomerHasOrders(Conflict):
    code = "customer-has-orders"
    title = "This customer has orders"


@dataclass(frozen=True, slots=True)
class CustomerSpec:
    name: str
    email: str | None = None
    phone: str | None = None
    notes: str = ""


async def get_customer(session: AsyncSession, ctx: Actor, ref: Ref) -> Customer:
    """Raises NotFound, also for another organization's customer."""
    found = await queries.find_customer(session, ctx, ref)
    if found is None:
        raise NotFound(f"There is no customer {ref}.")
    return found


async def create_customer(session: WriteSession, ctx: Actor, *, spec: CustomerSpec) -> Customer:
    customer = Customer(
        organization_id=ctx.organization_id,
        name=spec.name,
        email=spec.email,
        phone=spec.phone,
        notes=spec.notes,
    )
    session.add(customer)
    await session.flush()
    audit.record(session, ctx, "customer.created", customer.id)
    touch(session, ctx.organization_id, "customer", customer.id)
    return customer


async def update_customer(
    session: WriteSession, ctx: Actor, *, ref: Ref, changes: Mapping[str, str | None]
) -> Customer:
    """``changes`` by column; the audit log names the columns and none of their contents."""
    customer = await get_customer(session, ctx, ref)
    changed = {name: value for name, value in changes.items() if getattr(customer, name) != value}
    for name, value in changed.items():
        setattr(customer, name, value)
    await session.flush()
    if changed:
        audit.record(session, ctx, "customer.updated", customer.id, changed=sorted(changed))
        touch(session, ctx.organization_id, "customer", customer.id)
    return customer


async def remove_customer(session: WriteSession, ctx: Actor, *, ref: Ref) -> None:
    """Raises CustomerHasOrders: orders keep saying who bought."""
    customer = await get_customer(session, ctx, ref)
    orders = await queries.count_orders(session, ctx, customer.id)
    if orders:
        raise CustomerHasOrders(
            f"{customer.name} has {orders} orders and is kept with them. Anonymise the customer "
            "to remove what is personal."
        )
    audit.record(session, ctx, "customer.removed", customer.id)
    await session.delete(customer)
    touch(session, ctx.organization_id, "customer")


async def note_contact(
    session: WriteSession, ctx: Actor, customer_id: int | None, now: datetime
) -> None:
    """Somebody talked with this customer just now."""
    await session.execute(
        update(Customer)
        .where(Customer.organization_id == ctx.organization_id, Customer.id == customer_id)
        .values(last_customer_contact_at=now)
        .execution_options(synchronize_session=False)
    )
