"""A way to pay that nobody shall use any more: given up here, then closed at the provider."""

from datetime import datetime

from shopwright.accounts import audit
from shopwright.kernel import effects, events
from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.live import touch
from shopwright.orders.events import OrderPaid, OrderStopped
from shopwright.payments import queries
from shopwright.payments.events import PaymentFailed
from shopwright.payments.models import Payment
from shopwright.payments.providers import MACHINE
from shopwright.payments.states import OPEN, PaymentStatus

CLOSE = "close_payment"  # the effect's kind
PAID_OTHERWISE = "It was paid another way."


async def give_up(
    session: WriteSession, ctx: Actor, payment: Payment, why: str, *, now: datetime
) -> None:
    """Failed here at once; the provider is told after the commit. Money that comes nevertheless is
    still taken note of."""
    failed = await queries.move_payment(
        session, ctx, payment.id, OPEN, PaymentStatus.FAILED,
        detail=why, updated_at=now, next_ask_at=None,
    )  # fmt: skip
    if failed is None:
        return
    audit.record(session, ctx, "payment.given_up", failed.id, reason=why)
    touch(session, ctx.organization_id, "order", failed.order_id)
    touch(session, ctx.organization_id, queries.TOPIC, failed.id)
    if failed.provider != MACHINE:
        await _intend_close(session, ctx, failed)
    await events.publish(
        session,
        PaymentFailed(ctx.organization_id, failed.order_id, failed.id, failed.provider, why),
    )


async def on_order_stopped(session: WriteSession, event: OrderStopped) -> None:
    """Nobody shall pay for what is not made."""
    await _give_up_open(session, event, f"The order was {event.status}.")


async def on_order_paid(session: WriteSession, event: OrderPaid) -> None:
    """Also when a person says so: nobody shall pay for it a second time."""
    await _give_up_open(session, event, PAID_OTHERWISE)


async def _give_up_open(session: WriteSession, event: OrderStopped | OrderPaid, why: str) -> None:
    ctx = system_actor(event.organization_id, "payments")
    payment = await queries.find_open(session, ctx, event.order_id)
    if payment is not None:
        await give_up(session, ctx, payment, why, now=session.context.clock.now())


async def _intend_close(session: WriteSession, ctx: Actor, payment: Payment) -> None:
    known = await effects.find_effect(session, ctx.organization_id, CLOSE, payment.key)
    if known is None:
        await effects.intend(
            session,
            ctx.organization_id,
            kind=CLOSE,
            key=payment.key,
            subject_id=payment.id,
            request={},
        )
