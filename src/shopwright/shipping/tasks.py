"""Shipping reacts to what people say about orders, and tells the channel of what left."""

from shopwright.accounts import audit
from shopwright.channels import push
from shopwright.kernel.actor import system_actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.live import touch
from shopwright.orders import service as orders
from shopwright.orders.events import OrderDeclaredShipped, OrderDelivered
from shopwright.shipping import queries, service
from shopwright.shipping.events import OrderShipped


async def on_order_declared_shipped(session: WriteSession, event: OrderDeclaredShipped) -> None:
    """It left by other means: a parcel for the record; the channel hears of it only if asked."""
    ctx = system_actor(event.organization_id, event.by)
    now = session.context.clock.now()
    order = await orders.get_order(session, ctx, Ref(event.order_id, None))
    parcel = await service.pack_parcel(
        session,
        ctx,
        order=order,
        carrier=event.carrier,
        tracking_code=event.tracking_code,
        now=order.shipped_at or now,
    )
    if event.is_channel_told:
        await service.tell_shipped(session, order, parcel, now)


async def on_order_delivered(session: WriteSession, event: OrderDelivered) -> None:
    ctx = system_actor(event.organization_id, "shipping")
    for parcel in await queries.deliver_parcels(
        session, ctx, event.order_id, session.context.clock.now()
    ):
        audit.record(session, ctx, "parcel.delivered", parcel.id)
        touch(session, event.organization_id, "parcel", parcel.id)


async def on_order_shipped(session: WriteSession, event: OrderShipped) -> None:
    """The channel the order came from is told after the commit, at most once per parcel."""
    if event.connection_id is None or event.external_id is None:
        return
    await push.intend_tracking(
        session,
        system_actor(event.organization_id, "shipping"),
        connection_id=event.connection_id,
        external_id=event.external_id,
        parcel_id=event.parcel_id,
        carrier=event.carrier,
        tracking_code=event.tracking_code,
        now=event.shipped_at,
    )
