"""What customers ask for beside what is on offer, until it is delivered or given up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Paging, Ref
from shopwright.kernel.errors import Conflict, NotFound
from shopwright.kernel.live import touch
from shopwright.orders import service
from shopwright.orders.customers import queries
from shopwright.orders.customers import service as customers
from shopwright.orders.customers.states import RequestPriority, RequestStatus
from shopwright.orders.models import CustomerRequest


class OrderOfAnother(Conflict):
    code = "order-of-another-customer"
    title = "This order is another customer's"


@dataclass(frozen=True, slots=True)
class RequestSpec:
    title: str
    description: str = ""
    status: RequestStatus = RequestStatus.OPEN
    priority: RequestPriority = RequestPriority.NORMAL
    desired_by: date | None = None
    order: Ref | None = None
    source: str = "hand"


async def list_requests(
    session: AsyncSession, ctx: Actor, customer: Ref, paging: Paging
) -> tuple[Sequence[CustomerRequest], int]:
    """The newest first; raises NotFound when there is no such customer."""
    found = await customers.get_customer(session, ctx, customer)
    return await queries.list_of_customer(session, ctx, CustomerRequest, found.id, paging)


async def create_request(
    session: WriteSession, ctx: Actor, *, customer: Ref, spec: RequestSpec, now: datetime
) -> CustomerRequest:
    """Raises NotFound, or OrderOfAnother when its order was bought by somebody else."""
    found = await customers.get_customer(session, ctx, customer)
    request = CustomerRequest(
        organization_id=ctx.organization_id,
        customer_id=found.id,
        order_id=await order_of(session, ctx, found.id, spec.order),
        title=spec.title,
        description=spec.description,
        status=spec.status,
        priority=spec.priority,
        desired_by=spec.desired_by,
        source=spec.source,
        created_by=ctx.name[:120],
        updated_at=now,
    )
    session.add(request)
    await session.flush()
    audit.record(session, ctx, "customer_request.created", request.id, customer_id=found.id)
    touch(session, ctx.organization_id, "customer", found.id)
    return request


async def update_request(
    session: WriteSession, ctx: Actor, *, ref: Ref, changes: Mapping[str, Any], now: datetime
) -> CustomerRequest:
    """``changes`` by column; raises NotFound."""
    request = await queries.find_request(session, ctx, ref)
    if request is None:
        raise NotFound(f"There is no request {ref}.")
    before = request.status
    for name, value in changes.items():
        setattr(request, name, value)
    request.updated_at = now
    await session.flush()
    facts = {"before": before, "status": request.status} if request.status is not before else {}
    audit.record(
        session, ctx, "customer_request.updated", request.id, changed=sorted(changes), **facts
    )
    touch(session, ctx.organization_id, "customer", request.customer_id)
    return request


async def order_of(
    session: AsyncSession, ctx: Actor, customer_id: int, order: Ref | None
) -> int | None:
    """The order's id; an order of nobody may be named with any customer."""
    if order is None:
        return None
    found = await service.get_order(session, ctx, order)
    if found.customer_id not in {None, customer_id}:
        raise OrderOfAnother(f"Order #{found.number} was bought by another customer.")
    return found.id
