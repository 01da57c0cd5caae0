"""The people who buy; a channel's import finds them by its own buyer id, a person by e-mail."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Conflict, NotFound
from shopwright.kernel.live import touch
from shopwright.orders import customer_queries as queries
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


async def get_customer(session: AsyncSession, ctx: Actor, ref: Ref) -> tuple[Customer, int]:
    """With how many orders there are; raises NotFound."""
    found = await queries.find_customer(session, ctx, ref)
    if found is None:
        raise NotFound(f"There is no customer {ref}.")
    return found


async def create_customer(session: WriteSession, ctx: Actor, *, spec: CustomerSpec) -> Customer:
    customer = Customer(organization_id=ctx.organization_id)
    session.add(customer)
    return await _describe(session, ctx, customer, spec, "customer.created")


async def update_customer(
    session: WriteSession, ctx: Actor, *, ref: Ref, spec: CustomerSpec
) -> tuple[Customer, int]:
    customer, orders = await get_customer(session, ctx, ref)
    return await _describe(session, ctx, customer, spec, "customer.updated"), orders


async def remove_customer(session: WriteSession, ctx: Actor, *, ref: Ref) -> None:
    """Raises CustomerHasOrders: orders keep saying who bought."""
    customer, orders = await get_customer(session, ctx, ref)
    if orders:
        raise CustomerHasOrders(f"{customer.name} has {orders} orders and is kept with them.")
    audit.record(session, ctx, "customer.removed", customer.id)
    await session.delete(customer)
    touch(session, ctx.organization_id, "customer")


async def _describe(
    session: WriteSession, ctx: Actor, customer: Customer, spec: CustomerSpec, action: str
) -> Customer:
    customer.name, customer.email = spec.name, spec.email
    customer.phone, customer.notes = spec.phone, spec.notes
    await session.flush()
    audit.record(session, ctx, action, customer.id)
    touch(session, ctx.organization_id, "customer", customer.id)
    return customer
