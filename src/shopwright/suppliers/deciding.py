"""A person decides what no answer proves."""

from datetime import datetime

from shopwright.accounts import audit
from shopwright.kernel import effects
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.effects import Effect, EffectStatus
from shopwright.kernel.errors import Conflict, NotFound
from shopwright.orders import piece_queries
from shopwright.suppliers import queries, readiness, standings
from shopwright.suppliers.models import SupplierOrder
from shopwright.suppliers.placing import ORDER_EFFECT, PAYMENT_EFFECT
from shopwright.suppliers.port import Accepted
from shopwright.suppliers.states import PlacingStage


class NothingInDoubt(Conflict):
    code = "supplier-order-not-in-doubt"
    title = "Nothing of this is to be decided"


async def get_order(session: WriteSession, ctx: Actor, ref: Ref) -> SupplierOrder:
    """Raises NotFound."""
    order = await queries.find_order(session, ctx, ref)
    if order is None:
        raise NotFound(f"There is no supplier order {ref}.")
    return order


async def say_placed(session: WriteSession, ctx: Actor, ref: Ref, now: datetime) -> SupplierOrder:
    """Somebody found it at the manufacturer: it goes on from there. Raises NothingInDoubt."""
    order, effect = await _get_doubt(session, ctx, ref)
    said = f"{ctx.name} looked: it was placed."
    await effects.settle(session, ctx.organization_id, effect.id, EffectStatus.DONE, said, now)
    audit.record(session, ctx, "supplier_order.resolved", order.id, outcome="placed")
    if effect.kind == ORDER_EFFECT:
        await standings.accept(session, ctx, order, Accepted(), now)
    else:
        await queries.move_stage(
            session, ctx, order.id, [PlacingStage.DOUBTFUL], PlacingStage.SENDING,
            announced_at=now, problem=None, next_look_at=now, updated_at=now,
        )  # fmt: skip
    readiness.touch_order(session, order)
    return await get_order(session, ctx, ref)


async def say_not_placed(
    session: WriteSession, ctx: Actor, ref: Ref, now: datetime
) -> SupplierOrder:
    """Somebody looked and it is not there: its piece is owed again, and its order held until a
    person wants it ordered anew. Raises NothingInDoubt."""
    order, effect = await _get_doubt(session, ctx, ref)
    said = f"{ctx.name} looked: it was not placed."
    await effects.settle(session, ctx.organization_id, effect.id, EffectStatus.FAILED, said, now)
    audit.record(session, ctx, "supplier_order.resolved", order.id, outcome="not placed")
    await standings.refuse(session, ctx, order, said, None, now)
    return await get_order(session, ctx, ref)


async def dismiss_problem(
    session: WriteSession, ctx: Actor, ref: Ref, now: datetime
) -> SupplierOrder:
    """It was dealt with outside the program. Raises NothingInDoubt while it is to be decided."""
    order = await get_order(session, ctx, ref)
    if order.stage is PlacingStage.DOUBTFUL:
        raise NothingInDoubt("Say whether it was placed; that cannot be put aside.")
    await queries.note_order(session, ctx, order.id, problem=None, updated_at=now)
    audit.record(session, ctx, "supplier_order.problem_dismissed", order.id)
    readiness.touch_order(session, order)
    return await get_order(session, ctx, ref)


async def look_now(session: WriteSession, ctx: Actor, ref: Ref, now: datetime) -> SupplierOrder:
    """Place it, or ask about it, at once."""
    order = await get_order(session, ctx, ref)
    await queries.look_soon(session, ctx, SupplierOrder.id == order.id, now)
    readiness.touch_order(session, order)
    return await get_order(session, ctx, ref)


async def _get_doubt(session: WriteSession, ctx: Actor, ref: Ref) -> tuple[SupplierOrder, Effect]:
    await piece_queries.lock_pieces(session, ctx)  # before the row of the effect
    order = await get_order(session, ctx, ref)
    if order.stage is PlacingStage.DOUBTFUL:
        for kind, key in ((PAYMENT_EFFECT, order.payment_key), (ORDER_EFFECT, order.key)):
            effect = await effects.find_effect(session, ctx.organization_id, kind, key)
            if effect is not None and effect.status is EffectStatus.UNKNOWN:
                return order, effect
    raise NothingInDoubt(f"The order {order.key} is {order.stage}; nothing is to be decided.")
