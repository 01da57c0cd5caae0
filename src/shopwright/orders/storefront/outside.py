"""What an outside manufacturer says of an order; suppliers write it by this function alone."""

from sqlalchemy import update

from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.live import touch
from shopwright.orders.models import Order


async def note_outside(
    session: WriteSession,
    ctx: Actor,
    order_id: int,
    *,
    reference: str | None = None,
    status: str | None = None,
    queue_number: str | None = None,
) -> None:
    """Only what is not None changes. The queue number is the partner's own and never invented."""
    said = {
        "outside_reference": reference,
        "outside_status": status,
        "queue_number": queue_number,
    }
    values = {name: value for name, value in said.items() if value is not None}
    if not values:
        return
    await session.execute(
        update(Order)
        .where(Order.id == order_id, Order.organization_id == ctx.organization_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    touch(session, ctx.organization_id, "order", order_id)
