"""What a provider proved about a payment, told to its order. Only here an order becomes paid."""

from datetime import datetime

from shopwright.accounts import audit
from shopwright.kernel import events
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.live import touch
from shopwright.orders import piece_queries
from shopwright.orders import service as orders
from shopwright.orders.models import Order
from shopwright.orders.states import OrderStatus
from shopwright.orders.storefront import service as storefront
from shopwright.payments import queries, refunds, rules
from shopwright.payments.events import PaymentFailed, PaymentInDoubt, PaymentPaid
from shopwright.payments.models import Payment
from shopwright.payments.port import Standing, Word
from shopwright.payments.providers import MACHINE
from shopwright.payments.states import OPEN, PaymentStatus

UNSETTLED = OPEN | {PaymentStatus.FAILED}  # money may come after everybody gave up
WITH_MONEY = frozenset({PaymentStatus.PAID, PaymentStatus.REFUNDED, PaymentStatus.ABNORMAL})
FAILED_WORDS = {Word.FAILED: "The payment was refused.", Word.EXPIRED: "Nobody paid in time."}


async def settle(
    session: WriteSession, ctx: Actor, payment_id: int, standing: Standing, *, now: datetime
) -> Payment:
    """Take over how a payment stands; the same again changes nothing. Every word must come from the
    provider itself (an answer, a signed notice) or a machine that took the money."""
    await piece_queries.lock_pieces(session, ctx)
    payment = await queries.lock_payment(session, ctx, payment_id)
    await _note_facts(session, ctx, payment, standing, now)
    match standing.word:
        case Word.PAID:
            await _take_money(session, ctx, payment, standing, now)
        case Word.FAILED | Word.EXPIRED:
            await _fail(session, ctx, payment, standing, now)
        case Word.PAYING:
            sources = [PaymentStatus.PENDING, PaymentStatus.FAILED]
            await _move_open(session, ctx, payment, sources, now)
        case Word.ABNORMAL:
            sentence = standing.sentence or "The provider reports something abnormal. Look there."
            await _doubt(session, ctx, payment, sentence, now)
        case _:
            pass
    await refunds.follow(session, ctx, payment_id=payment.id, standing=standing, now=now)
    return await _plan_next(session, ctx, payment_id, now)


async def _note_facts(
    session: WriteSession, ctx: Actor, payment: Payment, standing: Standing, now: datetime
) -> None:
    said = {
        "provider_id": standing.provider_id,
        "provider_payment_id": standing.provider_payment_id,
        "fee_minor": standing.fee_minor,
        "fee_currency": standing.fee_currency,
        "received_minor": standing.amount_minor,
        "received_currency": standing.currency,
        "url": standing.url,
    }
    values = {name: value for name, value in said.items() if value is not None}
    if any(getattr(payment, name) != value for name, value in values.items()):
        await queries.note_payment(session, ctx, payment.id, updated_at=now, **values)
        touch(session, ctx.organization_id, "order", payment.order_id)


async def _take_money(
    session: WriteSession, ctx: Actor, payment: Payment, standing: Standing, now: datetime
) -> None:
    wrong = rules.difference(payment.amount_minor, payment.currency, standing)
    if wrong is not None:
        await _doubt(session, ctx, payment, wrong, now)
        return
    paid = await queries.move_payment(
        session, ctx, payment.id, UNSETTLED, PaymentStatus.PAID,
        paid_at=now, detail=None, updated_at=now,
    )  # fmt: skip
    if paid is None:
        return
    audit.record(session, ctx, "payment.paid", paid.id, order_id=paid.order_id)
    await _give_to_order(session, ctx, paid, now)


async def _give_to_order(
    session: WriteSession, ctx: Actor, payment: Payment, now: datetime
) -> None:
    order = await orders.get_order(session, ctx, Ref(payment.order_id, None))
    if _was_given_up(order, payment):
        await storefront.revive_order(session, ctx, order=order, now=now)
    elif not await storefront.pay_order(session, ctx, order=order, now=now):
        await _ask_person(session, ctx, payment, _why_untaken(order))
        return
    touch(session, ctx.organization_id, "order", order.id)
    paid = PaymentPaid(ctx.organization_id, order.id, payment.id, payment.provider)
    await events.publish(session, paid)


def _was_given_up(order: Order, payment: Payment) -> bool:
    """We cancelled it because nobody paid; an order that a person cancelled stays cancelled."""
    return (
        order.status is OrderStatus.CANCELED
        and payment.released_at is not None
        and payment.released_at == order.cancelled_at
    )


def _why_untaken(order: Order) -> str:
    if order.status is OrderStatus.CANCELED:
        return (
            f"The money came after order {order.number} had been cancelled. "
            "Refund it, or take the order up again by hand."
        )
    return f"Order {order.number} was {order.status} already when this money came. Refund it."


async def _fail(
    session: WriteSession, ctx: Actor, payment: Payment, standing: Standing, now: datetime
) -> None:
    detail = standing.sentence or FAILED_WORDS[standing.word]
    failed = await queries.move_payment(
        session, ctx, payment.id, OPEN, PaymentStatus.FAILED, detail=detail, updated_at=now
    )
    if failed is None:
        return
    audit.record(session, ctx, "payment.failed", failed.id, reason=detail[:500])
    touch(session, ctx.organization_id, "order", failed.order_id)
    await events.publish(
        session,
        PaymentFailed(ctx.organization_id, failed.order_id, failed.id, failed.provider, detail),
    )


async def _move_open(
    session: WriteSession,
    ctx: Actor,
    payment: Payment,
    sources: list[PaymentStatus],
    now: datetime,
) -> None:
    """The buyer did his part. Another attempt may be open beside it: then that one is asked."""
    other = await queries.find_open(session, ctx, payment.order_id)
    if other is not None and other.id != payment.id:
        return
    if await queries.move_payment(
        session, ctx, payment.id, sources, PaymentStatus.PAYING, updated_at=now
    ):
        touch(session, ctx.organization_id, "order", payment.order_id)


async def _doubt(
    session: WriteSession, ctx: Actor, payment: Payment, sentence: str, now: datetime
) -> None:
    moved = await queries.move_payment(
        session, ctx, payment.id, UNSETTLED, PaymentStatus.ABNORMAL, updated_at=now
    )
    if moved is not None:
        await _ask_person(session, ctx, moved, sentence)


async def _ask_person(session: WriteSession, ctx: Actor, payment: Payment, sentence: str) -> None:
    await queries.note_payment(session, ctx, payment.id, problem=sentence)
    audit.record(session, ctx, "payment.in_doubt", payment.id, reason=sentence[:500])
    touch(session, ctx.organization_id, "order", payment.order_id)
    touch(session, ctx.organization_id, queries.TOPIC, payment.id)
    await events.publish(
        session, PaymentInDoubt(ctx.organization_id, payment.order_id, payment.id, sentence)
    )


async def _plan_next(session: WriteSession, ctx: Actor, payment_id: int, now: datetime) -> Payment:
    payment = await queries.lock_payment(session, ctx, payment_id)
    payment.next_ask_at = (
        None
        if payment.provider == MACHINE
        else rules.next_ask(
            payment.status,
            created_at=payment.created_at,
            expires_at=payment.expires_at,
            has_fee=payment.fee_minor is not None,
            now=now,
        )
    )
    await session.flush()
    return payment
