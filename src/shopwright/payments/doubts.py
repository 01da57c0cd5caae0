"""Payments about which a person decides: refund them, or say that it was seen to."""

from datetime import datetime

from shopwright.accounts import audit
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Conflict
from shopwright.kernel.live import touch
from shopwright.payments import queries, service
from shopwright.payments.models import Payment


class NothingInDoubt(Conflict):
    code = "payment-not-in-doubt"
    title = "Nothing is open about this payment"


async def resolve(
    session: WriteSession, ctx: Actor, *, ref: Ref, note: str, now: datetime
) -> Payment:
    """The question is answered outside of the program; raises PaymentMissing or NothingInDoubt."""
    payment = await service.get_payment(session, ctx, ref)
    if payment.problem is None:
        raise NothingInDoubt("Somebody has seen to it already.")
    reason = note.strip() or "seen to"
    audit.record(session, ctx, "payment.resolved", payment.id, reason=reason)
    payment.problem, payment.updated_at = None, now
    payment.detail = f"{ctx.name}: {reason}"
    await session.flush()
    touch(session, ctx.organization_id, "order", payment.order_id)
    touch(session, ctx.organization_id, queries.TOPIC, payment.id)
    return payment
