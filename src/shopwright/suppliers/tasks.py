"""Suppliers react: an order was stopped or its pieces are owed no more."""

from shopwright.accounts import audit
from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.db import WriteSession
from shopwright.orders.events import OrderStopped
from shopwright.suppliers import queries, readiness
from shopwright.suppliers.models import SupplierOrder
from shopwright.suppliers.states import TERMINAL, PlacingStage


async def on_order_stopped(session: WriteSession, event: OrderStopped) -> None:
    """What was not sent stays here; of the rest a person tells the manufacturer."""
    ctx = system_actor(event.organization_id, "suppliers")
    for order in await queries.list_of_order(session, ctx, event.order_id):
        await withdraw(session, ctx, order, f"The order was {event.status}")


async def withdraw(session: WriteSession, ctx: Actor, order: SupplierOrder, why: str) -> bool:
    """True when nothing had been sent; else the page asks somebody to call the manufacturer."""
    now = session.context.clock.now()
    withdrawn = await queries.move_stage(
        session, ctx, order.id, [PlacingStage.WAITING], PlacingStage.WITHDRAWN,
        next_look_at=None, waiting_reason=f"{why}."[:500], updated_at=now,
    )  # fmt: skip
    if withdrawn is not None:
        audit.record(session, ctx, "supplier_order.withdrawn", order.id, reason=why)
    elif order.stage in queries.LIVE and order.status not in TERMINAL:
        sentence = f"{why} after {order.key} had been sent to the manufacturer. Call it back there."
        await queries.note_order(session, ctx, order.id, problem=sentence)
    readiness.touch_order(session, order)
    return withdrawn is not None
