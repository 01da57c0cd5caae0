"""Starting a payment at its provider: an effect, so that it happens once however often a process
dies or a buyer tries again."""

import asyncio
from datetime import datetime, timedelta

from shopwright.kernel import effects
from shopwright.kernel.actor import Actor
from shopwright.kernel.collisions import write_again
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.effects import Effect, EffectStatus
from shopwright.kernel.errors import Conflict, Unavailable
from shopwright.kernel.live import touch
from shopwright.orders import service as orders
from shopwright.orders.models import Order
from shopwright.payments import queries
from shopwright.payments.models import Payment
from shopwright.payments.port import (
    PaymentLine,
    PaymentProvider,
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    Standing,
    Started,
    StartRequest,
    Word,
)
from shopwright.payments.settling import settle
from shopwright.payments.states import OPEN

START = "start_payment"  # the effect's kind
PATIENCE = timedelta(seconds=30)  # longer than any call under way
PAUSE = timedelta(seconds=20)
MAX_TRIES = 3  # a provider may answer a key with its first failure for a day
WAIT_S = 10.0
LOOK_S = 0.1
RETRY_AFTER_S = 30
GIVEN_UP = "It was given up before it was started."


class PaymentRefused(Conflict):
    code = "payment-refused"
    title = "The payment provider refuses this"


class PaymentNotReady(Unavailable):
    code = "payment-not-ready"
    title = "The payment provider does not answer right now"


async def intend(session: WriteSession, ctx: Actor, payment: Payment, now: datetime) -> None:
    """Once per payment; nobody is called. The keeper leaves it to the buyer's request for a
    while."""
    known = await effects.find_effect(session, ctx.organization_id, START, payment.key)
    if known is not None:
        return
    effect = await effects.intend(
        session,
        ctx.organization_id,
        kind=START,
        key=payment.key,
        subject_id=payment.id,
        request={},
    )
    effect.not_before = now + PATIENCE


async def send(process: Process, ctx: Actor, adapter: PaymentProvider, payment: Payment) -> Payment:
    """The one call, or what somebody else's call brings; raises PaymentRefused or
    PaymentNotReady."""
    effect = await _find_effect(process, ctx, payment)
    if effect is None or effect.status not in {EffectStatus.INTENDED, EffectStatus.SENDING}:
        return _ready(await _read(process, ctx, payment.id))
    begun = await _begin(process, ctx, adapter, effect)
    if begun is not None:
        return await _call(process, ctx, adapter, payment, begun)
    if effect.status is EffectStatus.SENDING and _is_left(effect, process.clock.now()):
        return await _ask(process, ctx, adapter, payment, effect)
    return await _wait_for_other(process, ctx, payment)


async def _begin(
    process: Process, ctx: Actor, adapter: PaymentProvider, effect: Effect
) -> Effect | None:
    """Committed before the call. What somebody left in the middle is only called again where the
    same again is the same; what was given up meanwhile is not called at all."""
    now, organization_id = process.clock.now(), ctx.organization_id

    async def claim(session: WriteSession) -> Effect | None:
        if effect.status is EffectStatus.INTENDED:
            payment = await queries.lock_payment(session, ctx, effect.subject_id)
            if payment.status not in OPEN:
                await effects.withdraw(session, organization_id, effect.id, GIVEN_UP, now)
                return None
            return await effects.begin_sending(session, organization_id, effect.id, now)
        if not adapter.is_repeatable:
            return None
        return await effects.resume_sending(
            session, organization_id, effect.id, now - PATIENCE, now
        )

    return await write_again(process.database, claim)


async def _call(
    process: Process, ctx: Actor, adapter: PaymentProvider, payment: Payment, effect: Effect
) -> Payment:
    request = await _request(process, ctx, payment)
    try:
        started = await adapter.start(request)
    except ProviderRefused as err:
        await _refuse(process, ctx, payment, effect, err.sentence)
        raise PaymentRefused(err.sentence) from err
    except ProviderUnavailable as err:
        await _take_back(process, ctx, effect, err.sentence)
        raise PaymentNotReady(err.sentence, retry_after_s=RETRY_AFTER_S) from err
    except ProviderError as err:
        await _doubt(process, ctx, adapter, payment, effect, err.sentence)
        raise PaymentNotReady(err.sentence, retry_after_s=RETRY_AFTER_S) from err
    return await _note_started(process, ctx, payment.id, effect, started)


async def _ask(
    process: Process, ctx: Actor, adapter: PaymentProvider, payment: Payment, effect: Effect
) -> Payment:
    """A call that may not be made again was cut short: the provider knows our key, or it does
    not."""
    try:
        standing = await adapter.ask(payment.key, payment.provider_id)
    except ProviderError as err:
        raise PaymentNotReady(err.sentence, retry_after_s=RETRY_AFTER_S) from err
    if standing.word is Word.NOT_THERE:
        sentence = "The provider knows nothing of it; it was not started. Try again."
        await _refuse(process, ctx, payment, effect, sentence)
        raise PaymentNotReady(sentence, retry_after_s=1)
    started = Started(standing.provider_id or payment.key, standing.url)
    await _note_started(process, ctx, payment.id, effect, started)
    await _settle(process, ctx, payment.id, standing)
    return await _read(process, ctx, payment.id)


async def _wait_for_other(process: Process, ctx: Actor, payment: Payment) -> Payment:
    """Another tab's request is calling just now; its answer is ours as well."""
    for _ in range(int(WAIT_S / LOOK_S)):
        await asyncio.sleep(LOOK_S)
        effect = await _find_effect(process, ctx, payment)
        if effect is None or effect.status is not EffectStatus.SENDING:
            break
    return _ready(await _read(process, ctx, payment.id))


def _ready(payment: Payment) -> Payment:
    if payment.provider_id is None:
        raise PaymentNotReady(
            payment.detail or "The payment is being opened. Try again in a moment.",
            retry_after_s=RETRY_AFTER_S,
        )
    return payment


async def _note_started(
    process: Process, ctx: Actor, payment_id: int, effect: Effect, started: Started
) -> Payment:
    async def note(session: WriteSession) -> Payment:
        now = process.clock.now()
        organization_id = ctx.organization_id
        await effects.settle(session, organization_id, effect.id, EffectStatus.DONE, None, now)
        payment = await queries.lock_payment(session, ctx, payment_id)
        payment.provider_id = started.provider_id
        payment.url = started.url or payment.url
        payment.expires_at = started.expires_at or payment.expires_at
        payment.updated_at = now
        await session.flush()
        touch(session, organization_id, "order", payment.order_id)
        return payment

    return await write_again(process.database, note)


async def _refuse(
    process: Process, ctx: Actor, payment: Payment, effect: Effect, sentence: str
) -> None:
    async def note(session: WriteSession) -> None:
        now = process.clock.now()
        await effects.settle(
            session, ctx.organization_id, effect.id, EffectStatus.FAILED, sentence, now
        )
        await settle(session, ctx, payment.id, Standing(Word.FAILED, sentence=sentence), now=now)

    await write_again(process.database, note)


async def _take_back(process: Process, ctx: Actor, effect: Effect, sentence: str) -> None:
    async with process.database.write() as session:
        later = process.clock.now() + PAUSE
        await effects.take_back(session, ctx.organization_id, effect.id, sentence, later)


async def _doubt(
    process: Process,
    ctx: Actor,
    adapter: PaymentProvider,
    payment: Payment,
    effect: Effect,
    sentence: str,
) -> None:
    """It stays begun, to be gone on with. Nobody has the address of what may have been opened, so
    after some tries a new attempt with a new key is safe."""
    if adapter.is_repeatable and effect.tries >= MAX_TRIES:
        await _refuse(process, ctx, payment, effect, sentence)
        return
    async with process.database.write() as session:
        later = process.clock.now() + PATIENCE
        await effects.postpone(
            session, ctx.organization_id, effect.id, EffectStatus.SENDING, sentence, later
        )


async def _settle(process: Process, ctx: Actor, payment_id: int, standing: Standing) -> None:
    async def note(session: WriteSession) -> None:
        await settle(session, ctx, payment_id, standing, now=process.clock.now())

    await write_again(process.database, note)


async def _find_effect(process: Process, ctx: Actor, payment: Payment) -> Effect | None:
    async with process.database.read() as session:
        return await effects.find_effect(session, ctx.organization_id, START, payment.key)


async def _read(process: Process, ctx: Actor, payment_id: int) -> Payment:
    async with process.database.read() as session:
        payment = await queries.find_payment(session, ctx, Ref(payment_id, None))
    if payment is None:
        raise LookupError(f"payment {payment_id} is gone")
    return payment


async def _request(process: Process, ctx: Actor, payment: Payment) -> StartRequest:
    async with process.database.read() as session:
        order = await orders.get_order(session, ctx, Ref(payment.order_id, None))
    return StartRequest(
        key=payment.key,
        order_id=order.id,
        order_number=order.number,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        lines=lines_of(order),
        expires_at=payment.expires_at,
        success_url=payment.request["success_url"],
        cancel_url=payment.request["cancel_url"],
        email=order.buyer_email,
        extra=payment.request["extra"],
    )


def lines_of(order: Order) -> tuple[PaymentLine, ...]:
    """What the buyer sees that he pays for; their sum is the order's total."""
    lines = [PaymentLine(item.title, item.quantity, item.price_minor) for item in order.items]
    if order.shipping_minor:
        lines.append(PaymentLine("Shipping", 1, order.shipping_minor))
    rest = order.total_minor - sum(line.quantity * line.price_minor for line in lines)
    if rest > 0:
        lines.append(PaymentLine("Tax", 1, rest))
    if rest < 0:
        return (PaymentLine(f"Order {order.number}", 1, order.total_minor),)
    return tuple(lines)


def _is_left(effect: Effect, now: datetime) -> bool:
    return effect.sending_at is not None and effect.sending_at <= now - PATIENCE
