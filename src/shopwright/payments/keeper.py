"""The worker's rounds over payments: calls that were left, providers to be asked, orders that
nobody pays.

Webhooks may be lost and browsers closed; whatever hangs is gone on with here.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import and_, exists, or_, select

from shopwright.kernel import effects
from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.collisions import write_again
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.effects import Effect, EffectStatus
from shopwright.kernel.errors import ShopError
from shopwright.kernel.rounds import Rounds
from shopwright.kernel.tenancy import CROSS_TENANT
from shopwright.orders.models import Order
from shopwright.orders.states import OrderStatus
from shopwright.orders.storefront import service as storefront
from shopwright.orders.storefront.pricing import KIOSK, STOREFRONT
from shopwright.payments import queries, refunding, service, starting
from shopwright.payments.closing import CLOSE
from shopwright.payments.models import Payment
from shopwright.payments.port import PaymentProvider, ProviderError
from shopwright.payments.providers import of_process
from shopwright.payments.refunds import REFUND
from shopwright.payments.states import OPEN, PaymentStatus

log = structlog.get_logger()

ROUND_S = 15.0
AT_ONCE = 50
RELEASE_AFTER = timedelta(minutes=30)  # a buyer whose card failed may still try another
ASK_LATER = timedelta(minutes=2)
LIVE = OPEN | {PaymentStatus.ABNORMAL}
NOBODY_PAID = "nobody paid in time"


class PaymentKeeper:
    """One per worker. Two of them do nothing twice: every step is claimed in the database."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._rounds = Rounds[int](
            process.context.hub, "payments", topic=queries.TOPIC, every_s=ROUND_S
        )

    async def run(self) -> None:
        """Until cancelled."""
        try:
            await self._rounds.run(self.round)
        finally:
            await self._rounds.stop()

    async def round(self) -> None:
        """Everything that is due now, one after the other; what fails alone stops nothing else."""
        for effect in await self._list_effects():
            if not await self._try("effect", effect.id, partial(self._send, effect)):
                await self._postpone(effect)
        for payment in await self._list_to_ask():
            await self._try("payment", payment.id, partial(self._ask, payment))
        for order in await self._list_unpaid():
            await self._try("order", order.id, partial(self._release, order))

    async def _try(self, what: str, key: int, work: Callable[[], Awaitable[None]]) -> bool:
        try:
            await work()
        except (ShopError, ProviderError) as err:
            log.info("a payment is looked at again later", what=what, key=key, why=str(err))
        except Exception:
            log.exception("a payment could not be looked at", what=what, key=key)
        else:
            return True
        return False

    async def _postpone(self, effect: Effect) -> None:
        """What is being sent has its own time to be looked at."""
        async with self._process.database.write() as session:
            later = self._process.clock.now() + ASK_LATER
            why, status = effect.detail or "It failed and is tried again.", EffectStatus.INTENDED
            await effects.postpone(session, effect.organization_id, effect.id, status, why, later)

    async def _list_effects(self) -> Sequence[Effect]:
        now = self._process.clock.now()
        is_due = or_(Effect.not_before.is_(None), Effect.not_before <= now)
        is_left = and_(
            Effect.status == EffectStatus.SENDING, Effect.sending_at <= now - starting.PATIENCE
        )
        async with self._process.database.read() as session:
            rows = await session.scalars(
                select(Effect)
                .where(Effect.kind.in_([starting.START, CLOSE, REFUND]), is_due)
                .where(or_(Effect.status == EffectStatus.INTENDED, is_left))
                .order_by(Effect.id)
                .limit(AT_ONCE)
                .execution_options(**CROSS_TENANT)
            )
            return rows.all()

    async def _send(self, effect: Effect) -> None:
        ctx = system_actor(effect.organization_id, "payments")
        provider = await self._provider_of(ctx, effect)
        async with await of_process(self._process).open(self._process, ctx, provider) as adapter:
            if effect.kind == REFUND:
                await refunding.send(self._process, ctx, adapter, effect)
            elif effect.kind == CLOSE:
                await self._close(ctx, adapter, effect)
            else:
                payment = await service.get_payment_of(self._process, ctx, effect.subject_id)
                await starting.send(self._process, ctx, adapter, payment)

    async def _provider_of(self, ctx: Actor, effect: Effect) -> str:
        subject = effect.subject_id
        if effect.kind == REFUND:
            subject = await self._payment_of_refund(ctx, subject)
        return (await service.get_payment_of(self._process, ctx, subject)).provider

    async def _payment_of_refund(self, ctx: Actor, refund_id: int) -> int:
        async with self._process.database.read() as session:
            refund = await queries.find_refund(session, ctx, Ref(refund_id, None))
        if refund is None:
            raise LookupError(f"refund {refund_id} is gone")
        return refund.payment_id

    async def _close(self, ctx: Actor, adapter: PaymentProvider, effect: Effect) -> None:
        """Closing twice is closing once; what it says afterwards may be that it was paid."""
        payment = await service.get_payment_of(self._process, ctx, effect.subject_id)
        if payment.provider_id is not None:
            standing = await adapter.close(payment.key, payment.provider_id)
            await service.settle_now(self._process, ctx, payment.id, standing)

        async def note(session: WriteSession) -> None:
            now, status = self._process.clock.now(), EffectStatus.DONE
            await effects.settle(session, ctx.organization_id, effect.id, status, None, now)

        await write_again(self._process.database, note)

    async def _list_to_ask(self) -> Sequence[Payment]:
        now = self._process.clock.now()
        async with self._process.database.read() as session:
            return await queries.list_to_ask(session, now, AT_ONCE)

    async def _ask(self, payment: Payment) -> None:
        """One that was not started yet has nobody to ask; its start is an effect."""
        ctx = system_actor(payment.organization_id, "payments")
        async with self._process.database.write() as session:
            later = self._process.clock.now() + ASK_LATER
            await queries.note_payment(session, ctx, payment.id, next_ask_at=later)
        if payment.provider_id is not None:
            await service.prove(self._process, ctx, payment.id)

    async def _list_unpaid(self) -> Sequence[Order]:
        """Strangers' orders without a payment under way for a while, or money to decide about."""
        before = self._process.clock.now() - RELEASE_AFTER
        of_order = Payment.order_id == Order.id
        is_live = exists().where(
            of_order, or_(Payment.status.in_(LIVE), Payment.updated_at > before)
        )
        async with self._process.database.read() as session:
            rows = await session.scalars(
                select(Order)
                .where(Order.status == OrderStatus.PENDING_PAYMENT, Order.placed_at <= before)
                .where(Order.channel.in_([STOREFRONT, KIOSK]), ~is_live)
                .order_by(Order.id)
                .limit(AT_ONCE)
                .execution_options(**CROSS_TENANT)
            )
            return rows.all()

    async def _release(self, order: Order) -> None:
        ctx = system_actor(order.organization_id, "payments")

        async def release(session: WriteSession) -> None:
            now: datetime = self._process.clock.now()
            if await storefront.release_order(
                session, ctx, order_id=order.id, reason=NOBODY_PAID, now=now
            ):
                await queries.note_released(session, ctx, order.id, now)

        await write_again(self._process.database, release)
