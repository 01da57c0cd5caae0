"""Pack and ship: one parcel per order, and its channel is told once."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.kernel import events
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import NotFound
from shopwright.kernel.live import touch
from shopwright.orders import labels, progress
from shopwright.orders import queries as order_queries
from shopwright.orders import service as orders
from shopwright.orders.models import Order
from shopwright.orders.states import LabelStatus
from shopwright.shipping import queries
from shopwright.shipping.events import OrderShipped
from shopwright.shipping.models import Parcel, ParcelItem
from shopwright.shipping.states import ParcelStatus


async def ship_order(
    session: WriteSession,
    ctx: Actor,
    *,
    order_ref: Ref,
    carrier: str | None,
    tracking_code: str | None,
    now: datetime,
) -> Parcel:
    """A completed order that is not held leaves in one parcel; raises OrderNotShippable else, and
    the second time."""
    order = await orders.get_order(session, ctx, order_ref)
    await progress.ship_order(session, ctx, order=order, now=now)
    parcel = await pack_parcel(
        session, ctx, order=order, carrier=carrier, tracking_code=tracking_code, now=now
    )
    await tell_shipped(session, order, parcel, now)
    return parcel


async def pack_parcel(
    session: WriteSession,
    ctx: Actor,
    *,
    order: Order,
    carrier: str | None,
    tracking_code: str | None,
    now: datetime,
) -> Parcel:
    """The parcel of an order that has just left, with everything that was not cancelled.

    Without a carrier or tracking code it has those of the order's label, unless that failed.
    """
    label = await labels.find_label(session, ctx, order.id)
    if label is not None and label.status is not LabelStatus.FAILED:
        carrier = carrier or label.provider or None
        tracking_code = tracking_code or label.tracking_number
    parcel = Parcel(
        organization_id=ctx.organization_id,
        order_id=order.id,
        number=await queries.next_number(session, ctx, order.id),
        status=ParcelStatus.SHIPPED,
        carrier=carrier,
        tracking_code=tracking_code,
        packed_by=ctx.name,
        shipped_at=now,
    )
    session.add(parcel)
    await session.flush()
    session.add_all(
        [
            ParcelItem(
                organization_id=ctx.organization_id,
                parcel_id=parcel.id,
                order_item_id=item.id,
                quantity=item.quantity,
            )
            for item in await order_queries.list_order_items(session, ctx, order.id)
            if not item.is_cancelled
        ]
    )
    await session.flush()
    audit.record(session, ctx, "parcel.shipped", parcel.id, order_id=order.id, carrier=carrier)
    touch(session, ctx.organization_id, "parcel", parcel.id)
    return parcel


async def tell_shipped(session: WriteSession, order: Order, parcel: Parcel, now: datetime) -> None:
    await events.publish(
        session,
        OrderShipped(
            organization_id=order.organization_id,
            order_id=order.id,
            parcel_id=parcel.id,
            connection_id=order.connection_id,
            external_id=order.external_id,
            carrier=parcel.carrier,
            tracking_code=parcel.tracking_code,
            shipped_at=now,
        ),
    )


async def get_parcel(session: AsyncSession, ctx: Actor, ref: Ref) -> Parcel:
    """Raises NotFound."""
    parcel = await queries.find_parcel(session, ctx, ref)
    if parcel is None:
        raise NotFound(f"There is no parcel {ref}.")
    return parcel
