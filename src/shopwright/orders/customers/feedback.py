"""What customers say about what they got."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Paging, Ref
from shopwright.kernel.live import touch
from shopwright.orders.customers import queries, service
from shopwright.orders.customers.requests import order_of
from shopwright.orders.models import CustomerFeedback


@dataclass(frozen=True, slots=True)
class FeedbackSpec:
    """``rating`` from 1 to 5."""

    rating: int
    comment: str = ""
    source: str = "hand"
    order: Ref | None = None


async def list_feedback(
    session: AsyncSession, ctx: Actor, customer: Ref, paging: Paging
) -> tuple[Sequence[CustomerFeedback], int]:
    """The newest first; raises NotFound when there is no such customer."""
    found = await service.get_customer(session, ctx, customer)
    return await queries.list_of_customer(session, ctx, CustomerFeedback, found.id, paging)


async def add_feedback(
    session: WriteSession, ctx: Actor, *, customer: Ref, spec: FeedbackSpec
) -> CustomerFeedback:
    """Raises NotFound, or OrderOfAnother when the order was bought by somebody else."""
    found = await service.get_customer(session, ctx, customer)
    feedback = CustomerFeedback(
        organization_id=ctx.organization_id,
        customer_id=found.id,
        order_id=await order_of(session, ctx, found.id, spec.order),
        rating=spec.rating,
        comment=spec.comment,
        source=spec.source,
        author=ctx.name[:120],
    )
    session.add(feedback)
    await session.flush()
    audit.record(session, ctx, "customer_feedback.added", feedback.id, customer_id=found.id)
    touch(session, ctx.organization_id, "customer", found.id)
    return feedback
