"""Sending a refund to its provider, once. What cannot be proven is a person's to decide."""

from datetime import datetime, timedelta

from shopwright.kernel import effects
from shopwright.kernel.actor import Actor
from shopwright.kernel.collisions import write_again
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.effects import Effect, EffectStatus
from shopwright.kernel.live import touch
from shopwright.orders import piece_queries
from shopwright.payments import queries, refunds
from shopwright.payments.models import Payment, Refund
from shopwright.payments.port import (
    PaymentProvider,
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    RefundRequest,
    SeenRefund,
)
from shopwright.payments.starting import MAX_TRIES, PATIENCE, PAUSE
from shopwright.payments.states import RefundStatus

KEY_LASTS = timedelta(hours=20)  # providers keep idempotency keys for 24 hours at least
UNPROVEN = "Nothing proves whether the money was given back. Look at the provider, then decide."


async def send(process: Process, ctx: Actor, adapter: PaymentProvider, effect: Effect) -> None:
    """One execution for one effect."""
    refund, payment = await _read(process, ctx, effect)
    if effect.status is EffectStatus.SENDING:
        if await _is_settled_by_asking(process, ctx, adapter, effect, refund, payment):
            return
        begun = await _resume(process, ctx, effect)
    else:
        begun = await _begin(process, ctx, effect)
    if begun is not None:
        await _call(process, ctx, adapter, begun, refund, payment)


async def _call(
    process: Process,
    ctx: Actor,
    adapter: PaymentProvider,
    effect: Effect,
    refund: Refund,
    payment: Payment,
) -> None:
    request = RefundRequest(
        key=refund.key,
        provider_payment_id=payment.provider_payment_id or payment.provider_id or payment.key,
        amount_minor=refund.amount_minor,
        currency=refund.currency,
        reason=refund.reason,
    )
    try:
        seen = await adapter.refund(request)
    except ProviderRefused as err:
        status, word = EffectStatus.FAILED, RefundStatus.FAILED
        await _end(process, ctx, effect, refund, status, word, err.sentence)
    except ProviderUnavailable as err:
        async with process.database.write() as session:
            later = process.clock.now() + PAUSE
            await effects.take_back(session, ctx.organization_id, effect.id, err.sentence, later)
    except ProviderError as err:
        await _wait(process, ctx, effect, err.sentence)
    else:
        await _note(process, ctx, effect, payment.id, seen)


async def _is_settled_by_asking(
    process: Process,
    ctx: Actor,
    adapter: PaymentProvider,
    effect: Effect,
    refund: Refund,
    payment: Payment,
) -> bool:
    """An earlier call was cut short: the provider may show it. True also when it is too late to
    call again, or nobody answers."""
    try:
        standing = await adapter.ask(payment.key, payment.provider_id)
    except ProviderError as err:
        await _wait(process, ctx, effect, err.sentence)
        return True
    for seen in standing.refunds or ():
        if seen.key == refund.key:
            await _note(process, ctx, effect, payment.id, seen)
            return True
    is_too_late = process.clock.now() - effect.created_at > KEY_LASTS
    if adapter.is_repeatable and effect.tries < MAX_TRIES and not is_too_late:
        return False
    status, word = EffectStatus.UNKNOWN, RefundStatus.UNKNOWN
    await _end(process, ctx, effect, refund, status, word, UNPROVEN)
    return True


async def _begin(process: Process, ctx: Actor, effect: Effect) -> Effect | None:
    now = process.clock.now()
    return await write_again(
        process.database,
        lambda session: effects.begin_sending(session, ctx.organization_id, effect.id, now),
    )


async def _resume(process: Process, ctx: Actor, effect: Effect) -> Effect | None:
    now = process.clock.now()
    return await write_again(
        process.database,
        lambda session: effects.resume_sending(
            session, ctx.organization_id, effect.id, now - PATIENCE, now
        ),
    )


async def _note(
    process: Process, ctx: Actor, effect: Effect, payment_id: int, seen: SeenRefund
) -> None:
    async def note(session: WriteSession) -> None:
        now = process.clock.now()
        await piece_queries.lock_pieces(session, ctx)
        await effects.settle(
            session, ctx.organization_id, effect.id, EffectStatus.DONE, seen.detail, now
        )
        named = SeenRefund(seen.provider_id, seen.amount_minor, seen.word, effect.key, seen.detail)
        await refunds.note_seen(session, ctx, payment_id=payment_id, seen=named, now=now)
        await refunds.recount(session, ctx, payment_id, now)
        await queries.note_payment(session, ctx, payment_id, next_ask_at=now + PAUSE)

    await write_again(process.database, note)


async def _end(
    process: Process,
    ctx: Actor,
    effect: Effect,
    refund: Refund,
    status: EffectStatus,
    word: RefundStatus,
    sentence: str,
) -> None:
    async def note(session: WriteSession) -> None:
        now = process.clock.now()
        await effects.settle(session, ctx.organization_id, effect.id, status, sentence, now)
        await refunds.move_refund(session, ctx, refund, word, sentence, now)
        await _tell(session, ctx, refund, now)

    await write_again(process.database, note)


async def _tell(session: WriteSession, ctx: Actor, refund: Refund, now: datetime) -> None:
    payment = await queries.lock_payment(session, ctx, refund.payment_id)
    payment.updated_at = now
    await session.flush()
    touch(session, ctx.organization_id, "order", payment.order_id)


async def _wait(process: Process, ctx: Actor, effect: Effect, sentence: str) -> None:
    async with process.database.write() as session:
        later = process.clock.now() + PATIENCE
        await effects.postpone(
            session, ctx.organization_id, effect.id, EffectStatus.SENDING, sentence, later
        )


async def _read(process: Process, ctx: Actor, effect: Effect) -> tuple[Refund, Payment]:
    async with process.database.read() as session:
        refund = await queries.find_refund(session, ctx, Ref(effect.subject_id, None))
        if refund is None:
            raise LookupError(f"refund {effect.subject_id} is gone")
        payment = await queries.find_payment(session, ctx, Ref(refund.payment_id, None))
        if payment is None:
            raise LookupError(f"payment {refund.payment_id} is gone")
    return refund, payment
