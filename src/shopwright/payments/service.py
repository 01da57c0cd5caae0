"""Having an order paid: open a payment, start it at its provider, ask how it stands, settle it.

The order of things: the order and the payment are committed, then the provider is called, then its
answer is written down. A process that dies between two of these leaves rows that ``keeper`` or the
buyer's next try goes on with.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.kernel.actor import Actor
from shopwright.kernel.collisions import write_again
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.errors import Conflict, NotFound, Unavailable
from shopwright.orders import piece_queries
from shopwright.orders import service as orders
from shopwright.orders.models import Order
from shopwright.orders.storefront.service import UNPAID
from shopwright.payments import closing, queries, starting
from shopwright.payments.models import Payment
from shopwright.payments.port import ProviderError, Standing
from shopwright.payments.providers import MACHINE, of_process
from shopwright.payments.refunds import refund_payment
from shopwright.payments.settling import settle
from shopwright.payments.states import PaymentStatus

__all__ = [
    "Terms",
    "find_by_key",
    "get_payment",
    "open_payment",
    "prove",
    "refund_payment",
    "settle",
    "start_payment",
]

CHECKOUT_LASTS = timedelta(hours=2)  # Stripe allows 30 minutes to 24 hours
ASK_AGAIN = timedelta(minutes=1)
LAST_MOMENTS = timedelta(minutes=1)  # too late to send a buyer there


class OrderNotPayable(Conflict):
    code = "order-not-payable"
    title = "This order is not waiting for money"


class PaymentMissing(NotFound):
    code = "payment-missing"
    title = "There is no such payment"


class PaymentUnproven(Unavailable):
    code = "payment-unproven"
    title = "The payment provider does not answer"


@dataclass(frozen=True, slots=True)
class Terms:
    """``key`` is our id for the payment where the provider prescribes its form, else
    ``checkout-{order}-{attempt}``. ``extra`` is what only its adapter understands."""

    success_url: str = ""
    cancel_url: str = ""
    key: str | None = None
    lasts: timedelta = CHECKOUT_LASTS
    extra: dict[str, str] = field(default_factory=dict)


async def start_payment(
    process: Process, ctx: Actor, *, order_id: int, provider: str, terms: Terms
) -> Payment:
    """Something to pay the order by: the one that is open already, else a new attempt.

    Raises OrderNotPayable, ProviderNotSetUp, ``starting.PaymentRefused`` or, when it may be tried
    again in a moment, ``starting.PaymentNotReady``.
    """
    async with await of_process(process).open(process, ctx, provider) as adapter:

        async def intend(session: WriteSession) -> Payment:
            now = process.clock.now()
            payment = await open_payment(
                session, ctx, order_id=order_id, provider=provider, terms=terms, now=now
            )
            if payment.provider_id is None:
                await starting.intend(session, ctx, payment, now)
            return payment

        payment = await write_again(process.database, intend)
        if payment.provider_id is not None:
            return payment
        return await starting.send(process, ctx, adapter, payment)


async def open_payment(
    session: WriteSession,
    ctx: Actor,
    *,
    order_id: int,
    provider: str,
    terms: Terms,
    now: datetime,
) -> Payment:
    """The order's open payment by this provider, else a new row; nobody is called.

    A payment that is open elsewhere is given up for it. Raises NotFound or OrderNotPayable.
    """
    await piece_queries.lock_pieces(session, ctx)
    order = await orders.get_order(session, ctx, Ref(order_id, None))
    if order.status not in UNPAID:
        raise OrderNotPayable(_why_not(order), order_id=order.id, status=order.status)
    known = await queries.find_open(session, ctx, order_id)
    if known is not None:
        if _is_usable(known, provider, order, now):
            return known
        why = "Its time was over." if known.provider == provider else "Another way was chosen."
        await closing.give_up(session, ctx, known, why, now=now)
    return await _add_payment(session, ctx, order, provider, terms, now)


async def prove(process: Process, ctx: Actor, payment_id: int) -> Payment:
    """Ask the provider how it stands, then settle; raises PaymentMissing or PaymentUnproven."""
    payment = await get_payment_of(process, ctx, payment_id)
    try:
        async with await of_process(process).open(process, ctx, payment.provider) as adapter:
            standing = await adapter.ask(payment.key, payment.provider_id)
    except ProviderError as err:
        await _ask_later(process, ctx, payment_id)
        raise PaymentUnproven(err.sentence) from err
    return await settle_now(process, ctx, payment_id, standing)


async def settle_now(process: Process, ctx: Actor, payment_id: int, standing: Standing) -> Payment:
    """``settle`` in a transaction of its own."""

    async def note(session: WriteSession) -> Payment:
        return await settle(session, ctx, payment_id, standing, now=process.clock.now())

    return await write_again(process.database, note)


async def get_payment(session: AsyncSession, ctx: Actor, ref: Ref) -> Payment:
    """Raises PaymentMissing."""
    payment = await queries.find_payment(session, ctx, ref)
    if payment is None:
        raise PaymentMissing(f"There is no payment {ref}.")
    return payment


async def get_payment_of(process: Process, ctx: Actor, payment_id: int) -> Payment:
    async with process.database.read() as session:
        return await get_payment(session, ctx, Ref(payment_id, None))


async def find_by_key(session: AsyncSession, ctx: Actor, provider: str, key: str) -> Payment | None:
    """By our own key."""
    return await queries.find_by_key(session, ctx, provider, key)


def _is_usable(payment: Payment, provider: str, order: Order, now: datetime) -> bool:
    is_over = payment.expires_at is not None and payment.expires_at <= now + LAST_MOMENTS
    if payment.status is PaymentStatus.PAYING:
        return True  # the money is under way: there must not be a second way to pay
    return (
        payment.provider == provider
        and not is_over
        and payment.amount_minor == order.total_minor
        and payment.currency == order.currency
    )


def _why_not(order: Order) -> str:
    if order.cancelled_at is not None:
        return f"Order {order.number} was stopped. Begin the checkout anew."
    return f"Order {order.number} is paid already."


async def _add_payment(
    session: WriteSession, ctx: Actor, order: Order, provider: str, terms: Terms, now: datetime
) -> Payment:
    attempt = await queries.take_attempt(session, ctx, order.id)
    payment = Payment(
        organization_id=ctx.organization_id,
        order_id=order.id,
        provider=provider,
        attempt=attempt,
        key=terms.key or f"checkout-{order.uuid}-{attempt}",
        amount_minor=order.total_minor,
        currency=order.currency,
        request={
            "success_url": terms.success_url,
            "cancel_url": terms.cancel_url,
            "extra": terms.extra,
        },
        expires_at=(now + terms.lasts).replace(microsecond=0),
        next_ask_at=None if provider == MACHINE else now + ASK_AGAIN,
        created_at=now,
        updated_at=now,
    )
    session.add(payment)
    await session.flush()
    audit.record(session, ctx, "payment.opened", payment.id, order_id=order.id, provider=provider)
    return payment


async def _ask_later(process: Process, ctx: Actor, payment_id: int) -> None:
    async with process.database.write() as session:
        later = process.clock.now() + ASK_AGAIN
        await queries.note_payment(session, ctx, payment_id, next_ask_at=later)
