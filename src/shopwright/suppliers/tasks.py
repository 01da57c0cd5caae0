"""Suppliers react: pieces that they were to make are owed no more."""

from collections.abc import Sequence

from shopwright.accounts import audit
from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.db import WriteSession
from shopwright.orders.events import PiecesReleased, StepsMadeByHand
from shopwright.suppliers import queries, readiness
from shopwright.suppliers.models import SupplierOrder
from shopwright.suppliers.states import TERMINAL, PlacingStage


async def on_pieces_released(session: WriteSession, event: PiecesReleased) -> None:
    """What was not sent stays here; of the rest a person tells the manufacturer."""
    why = f"The order was {event.why}"
    await _withdraw_all(session, event.organization_id, event.supplier_order_ids, why)


async def on_steps_made_by_hand(session: WriteSession, event: StepsMadeByHand) -> None:
    """The pieces are there: none is bought any more."""
    why = "Its piece was made by hand"
    await _withdraw_all(session, event.organization_id, event.supplier_order_ids, why)


async def _withdraw_all(
    session: WriteSession, organization_id: int, order_ids: Sequence[int], why: str
) -> None:
    if not order_ids:
        return
    ctx = system_actor(organization_id, "suppliers")
    for order in await queries.list_orders(session, ctx, SupplierOrder.id.in_(order_ids)):
        await withdraw(session, ctx, order, why)


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
