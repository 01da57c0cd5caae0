"""Suppliers react: pieces that they were to make are owed no more."""

from collections.abc import Sequence

from shopwright.accounts import audit
from shopwright.kernel import effects
from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.db import WriteSession
from shopwright.orders.events import PiecesReleased, StepsMadeByHand
from shopwright.suppliers import queries, readiness
from shopwright.suppliers.models import SupplierOrder
from shopwright.suppliers.placing import ORDER_EFFECT
from shopwright.suppliers.states import TERMINAL, PlacingStage

BEGUN = frozenset({PlacingStage.SENDING, PlacingStage.DOUBTFUL})


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
    """True when it had not been sent; else the page asks somebody to call the manufacturer."""
    stages = {PlacingStage.WAITING}
    if await _call_off(session, ctx, order, why):
        stages |= BEGUN
    withdrawn = await queries.move_stage(
        session, ctx, order.id, stages, PlacingStage.WITHDRAWN,
        next_look_at=None, waiting_reason=f"{why}."[:500], problem=None,
        updated_at=session.context.clock.now(),
    )  # fmt: skip
    if withdrawn is not None:
        audit.record(session, ctx, "supplier_order.withdrawn", order.id, reason=why)
    elif order.stage in queries.LIVE and order.status not in TERMINAL:
        sentence = f"{why} after {order.key} had been sent to the manufacturer. Call it back there."
        await queries.note_order(session, ctx, order.id, problem=sentence)
    readiness.touch_order(session, order)
    return withdrawn is not None


async def _call_off(session: WriteSession, ctx: Actor, order: SupplierOrder, why: str) -> bool:
    """Whether its order was still to be sent, and never will be: of a payment alone nothing is
    made."""
    effect = await effects.find_effect(session, ctx.organization_id, ORDER_EFFECT, order.key)
    if effect is None:
        return False
    now = session.context.clock.now()
    return await effects.withdraw(session, ctx.organization_id, effect.id, f"{why}.", now)
