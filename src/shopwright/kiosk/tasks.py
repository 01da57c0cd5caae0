"""What sessions do when their payment moves: in the payment's own transaction."""

from shopwright.kernel.actor import system_actor
from shopwright.kernel.db import WriteSession
from shopwright.kiosk import queries
from shopwright.kiosk.service import touch_session
from shopwright.kiosk.states import SessionStatus, UserProgress
from shopwright.payments.events import PaymentFailed, PaymentInDoubt, PaymentPaid


async def on_payment_paid(session: WriteSession, event: PaymentPaid) -> None:
    """Also when the session was over by then: money that arrives late still counts."""
    row = await queries.find_by_order(session, event.organization_id, event.order_id)
    if row is None:
        return
    paid = await queries.move_session(
        session,
        system_actor(event.organization_id, "kiosk"),
        row.id,
        SessionStatus.PAYMENT_COMPLETED,
        progress=UserProgress.PAYMENT_REACHED,
        payment_id=event.payment_id,
        payment_confirmed_at=session.context.clock.now(),
        ended_at=None,
        error=None,
        error_code=None,
        failed_at=None,
    )
    if paid is not None:
        touch_session(session, paid)


async def on_payment_failed(session: WriteSession, event: PaymentFailed) -> None:
    """The customer may try again while the session lasts."""
    row = await queries.find_by_order(session, event.organization_id, event.order_id)
    if row is None or row.payment_id not in {None, event.payment_id}:
        return
    failed = await queries.move_session(
        session,
        system_actor(event.organization_id, "kiosk"),
        row.id,
        SessionStatus.PAYMENT_FAILED,
        progress=UserProgress.PAYMENT_FAILED,
        error_code="payment_failed",
        error=event.detail,
        failed_at=session.context.clock.now(),
    )
    if failed is not None:
        touch_session(session, failed)


async def on_payment_in_doubt(session: WriteSession, event: PaymentInDoubt) -> None:
    """Money came and not as agreed: the customer is told to ask, and a person decides."""
    row = await queries.find_by_order(session, event.organization_id, event.order_id)
    if row is None:
        return
    told = await queries.change_session(
        session,
        system_actor(event.organization_id, "kiosk"),
        row.id,
        error_code="payment_in_doubt",
        error="The shop looks at this payment. Ask there, and keep your receipt.",
        failed_at=session.context.clock.now(),
    )
    if told is not None:
        touch_session(session, told)
