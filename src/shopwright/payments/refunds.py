"""Money given back, from the order's page or in the provider's own dashboard."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from shopwright.accounts import audit
from shopwright.kernel import effects, events, ids
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.effects import EffectStatus
from shopwright.kernel.errors import Conflict, Invalid, NotFound
from shopwright.kernel.live import touch
from shopwright.orders import piece_queries, stop
from shopwright.orders import service as orders
from shopwright.orders.models import Order
from shopwright.orders.states import OrderStatus
from shopwright.payments import queries
from shopwright.payments.events import PaymentRefunded
from shopwright.payments.models import Payment, Refund
from shopwright.payments.port import SeenRefund, Standing
from shopwright.payments.providers import MACHINE
from shopwright.payments.states import REFUND_TRANSITIONS, PaymentStatus, RefundStatus

REFUND = "refund_payment"  # the effect's kind
REFUNDABLE = frozenset({PaymentStatus.PAID, PaymentStatus.ABNORMAL})
STANDING = frozenset({PaymentStatus.PAID, PaymentStatus.ABNORMAL, PaymentStatus.REFUNDED})
ELSEWHERE = "the provider"
SENT_BACK = "The bank sent a refund back: the buyer has not got the money. Pay it another way."
WORDS = {
    "succeeded": RefundStatus.SUCCEEDED,
    "failed": RefundStatus.FAILED,
    "canceled": RefundStatus.FAILED,
}


class NotRefundable(Conflict):
    code = "payment-not-refundable"
    title = "This cannot be given back"


class RefundSettled(Conflict):
    code = "refund-settled"
    title = "Nothing is open about this refund"


class RefundOutcome(StrEnum):
    SUCCEEDED = "succeeded"
    FAILED = "failed"


async def refund_payment(
    session: WriteSession,
    ctx: Actor,
    *,
    ref: Ref,
    amount_minor: int | None,
    reason: str,
    now: datetime,
) -> Refund:
    """Give back a part of it, or all that is left; sent after the commit, once.

    What a kiosk's machine took, a person gives back by hand; that is written down at once.
    Raises NotFound, NotRefundable, or Invalid for more than there is.
    """
    await piece_queries.lock_pieces(session, ctx)
    payment = await _get_locked(session, ctx, ref)
    if payment.status not in REFUNDABLE:
        raise NotRefundable(f"A {payment.status} payment has nothing to give back.")
    amount = await _amount(session, ctx, payment, amount_minor)
    refund = _new_refund(ctx, payment, amount, reason, now)
    session.add(refund)
    await session.flush()
    audit.record(session, ctx, "refund.asked", refund.id, reason=reason, amount_minor=amount)
    if payment.provider == MACHINE:
        await move_refund(session, ctx, refund, RefundStatus.SUCCEEDED, "Given back by hand.", now)
        await recount(session, ctx, payment.id, now)
    else:
        await _intend(session, ctx, refund)
    touch(session, ctx.organization_id, "order", payment.order_id)
    touch(session, ctx.organization_id, queries.TOPIC, payment.id)
    return refund


async def resolve_refund(
    session: WriteSession, ctx: Actor, *, ref: Ref, outcome: RefundOutcome, now: datetime
) -> Refund:
    """A person looked at the provider. Raises NotFound, or RefundSettled when nothing is open."""
    await piece_queries.lock_pieces(session, ctx)
    refund = await queries.find_refund(session, ctx, ref)
    if refund is None:
        raise NotFound(f"There is no refund {ref}.")
    if refund.status is not RefundStatus.UNKNOWN:
        raise RefundSettled(f"This refund is {refund.status}; nothing is to be decided.")
    words = f"{ctx.name} looked: it {outcome}."
    await move_refund(session, ctx, refund, RefundStatus(outcome), words, now)
    effect = await effects.find_effect(session, ctx.organization_id, REFUND, refund.key)
    if effect is not None:
        done = outcome is RefundOutcome.SUCCEEDED
        status = EffectStatus.DONE if done else EffectStatus.FAILED
        await effects.settle(session, ctx.organization_id, effect.id, status, words, now)
    audit.record(session, ctx, "refund.resolved", refund.id, outcome=outcome)
    await recount(session, ctx, refund.payment_id, now)
    return refund


async def follow(
    session: WriteSession, ctx: Actor, *, payment_id: int, standing: Standing, now: datetime
) -> None:
    """Take over what the provider shows of refunds, whoever made them."""
    if standing.refunds is None:
        return
    for seen in standing.refunds:
        await note_seen(session, ctx, payment_id=payment_id, seen=seen, now=now)
    await recount(session, ctx, payment_id, now)


async def note_seen(
    session: WriteSession, ctx: Actor, *, payment_id: int, seen: SeenRefund, now: datetime
) -> Refund:
    refund = await queries.find_refund_by_name(session, ctx, seen.key, seen.provider_id)
    if refund is None:
        refund = await _add_seen(session, ctx, payment_id, seen, now)
    refund.provider_id = seen.provider_id
    await session.flush()
    status = WORDS.get(seen.word)
    if status is not None and status is not refund.status:
        await move_refund(session, ctx, refund, status, seen.detail, now)
    elif refund.status is RefundStatus.UNKNOWN:
        refund.detail = seen.detail
    return refund


async def recount(session: WriteSession, ctx: Actor, payment_id: int, now: datetime) -> None:
    """What was given back, on the payment and its order; all of it makes the order refunded."""
    payment = await queries.lock_payment(session, ctx, payment_id)
    given = await queries.sum_given_back(session, ctx, payment_id)
    if given == payment.refunded_minor or payment.status not in STANDING:
        return
    is_full = given >= _received(payment)
    values: dict[str, Any] = {"refunded_minor": given, "updated_at": now}
    if is_full:
        values["problem"] = None  # nothing is left to decide about
        await queries.move_payment(
            session, ctx, payment_id, REFUNDABLE, PaymentStatus.REFUNDED, **values
        )
    else:
        if payment.status is PaymentStatus.REFUNDED:
            values["problem"] = SENT_BACK
        await queries.note_payment(session, ctx, payment_id, **values)
    audit.record(session, ctx, "payment.refunded", payment_id, refunded_minor=given)
    await _tell_order(session, ctx, payment.order_id, now)
    await events.publish(
        session,
        PaymentRefunded(ctx.organization_id, payment.order_id, payment_id, given, is_full),
    )


async def _tell_order(session: WriteSession, ctx: Actor, order_id: int, now: datetime) -> None:
    order = await orders.get_order(session, ctx, Ref(order_id, None))
    taken = await queries.list_of_order(session, ctx, order_id)
    order.refunded_minor = sum(each.refunded_minor for each in taken)
    await session.flush()
    touch(session, ctx.organization_id, "order", order_id)
    if _is_all_given_back(order, taken):
        await stop.stop_order(
            session, ctx, order=order, status=OrderStatus.REFUNDED,
            reason="all its money was given back", now=now,
        )  # fmt: skip


def _is_all_given_back(order: Order, payments: list[Payment]) -> bool:
    """Nothing of it is paid any more; an order that was paid twice keeps one payment."""
    if order.status in {OrderStatus.PENDING_PAYMENT, OrderStatus.REFUNDED}:
        return False
    kept = [p for p in payments if p.status in {PaymentStatus.PAID, PaymentStatus.ABNORMAL}]
    return not kept


async def _get_locked(session: WriteSession, ctx: Actor, ref: Ref) -> Payment:
    found = await queries.find_payment(session, ctx, ref)
    if found is None:
        raise NotFound(f"There is no payment {ref}.")
    return await queries.lock_payment(session, ctx, found.id)


async def _amount(session: WriteSession, ctx: Actor, payment: Payment, wanted: int | None) -> int:
    left = _received(payment) - await queries.sum_refunds(session, ctx, payment.id)
    amount = left if wanted is None else wanted
    if left <= 0:
        raise NotRefundable("All of this was given back, or is being given back.")
    if not 1 <= amount <= left:
        raise Invalid(
            f"Between 1 and {left} can be given back (in the smallest unit of "
            f"{payment.currency}), not {amount}.",
            refundable_minor=left,
        )
    return amount


def _received(payment: Payment) -> int:
    return payment.amount_minor if payment.received_minor is None else payment.received_minor


def _new_refund(ctx: Actor, payment: Payment, amount: int, reason: str, now: datetime) -> Refund:
    uuid = ids.new_uuid()
    return Refund(
        uuid=uuid,
        organization_id=ctx.organization_id,
        payment_id=payment.id,
        key=f"refund-{payment.order_id}-{uuid}",
        amount_minor=amount,
        currency=payment.received_currency or payment.currency,
        reason=reason,
        by=ctx.name,
        created_at=now,
    )


async def _add_seen(
    session: WriteSession, ctx: Actor, payment_id: int, seen: SeenRefund, now: datetime
) -> Refund:
    payment = await queries.lock_payment(session, ctx, payment_id)
    refund = _new_refund(ctx, payment, seen.amount_minor, "", now)
    refund.key, refund.by = seen.provider_id, ELSEWHERE
    session.add(refund)
    await session.flush()
    audit.record(session, ctx, "refund.seen", refund.id, amount_minor=seen.amount_minor)
    return refund


async def _intend(session: WriteSession, ctx: Actor, refund: Refund) -> None:
    await effects.intend(
        session,
        ctx.organization_id,
        kind=REFUND,
        key=refund.key,
        subject_id=refund.id,
        request={},
    )


async def move_refund(
    session: WriteSession,
    ctx: Actor,
    refund: Refund,
    status: RefundStatus,
    detail: str | None,
    now: datetime,
) -> None:
    sources = [source for source, targets in REFUND_TRANSITIONS.items() if status in targets]
    await queries.move_refund(
        session, ctx, refund.id, sources, status, detail=detail, settled_at=now
    )
