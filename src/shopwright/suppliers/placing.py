"""Placing one order at a manufacturer: tell of the payment, wait, send the order. Never twice.

Every execution reads anew how far an earlier one came, and does the next step. What was begun is
asked about by our keys and not called again; what nobody can prove is a person's to decide.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shopwright.kernel import effects
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.effects import Effect, EffectStatus
from shopwright.orders import piece_queries
from shopwright.suppliers import pictures, queries, readiness, standings
from shopwright.suppliers.models import Supplier, SupplierOrder
from shopwright.suppliers.port import (
    Accepted,
    AccountRefused,
    Answer,
    Declined,
    PaymentNotice,
    Submission,
    SupplierError,
    SupplierPort,
    Unconfirmed,
)
from shopwright.suppliers.states import PlacingStage, SupplierHealth

PAYMENT_EFFECT = "supplier.payment"
ORDER_EFFECT = "supplier.order"
SETTLE_WAIT = timedelta(seconds=3)  # until the machine knows of the payment (reference-facts d.5)
MAX_TRIES = 3  # as it is, after telling of the payment again, without the query of the picture
PROOF_AFTER = timedelta(minutes=2)  # what it does not know by then a person decides
ASK_AGAIN = timedelta(seconds=10)
RETRY_AFTER = timedelta(minutes=1)
DOUBT_WAIT = timedelta(minutes=10)  # while a person looks, an answer may still come
ACCOUNT_WAIT = timedelta(minutes=10)
SERVER_ERROR = 500
NOT_ANSWERED = "Nothing there shows whether it was taken."
SWITCHED_OFF = "The manufacturer is switched off. Switch it on, or have the piece made here."
HELD = "Outside effects are held after a restore; the owner releases them."

Found = Callable[[], Awaitable[Accepted | None]]
Call = Callable[[], Awaitable[Answer]]
Record = Callable[[WriteSession, Accepted], Awaitable[None]]


class _Later(Exception):
    """This execution has done what it can. ``wait`` None leaves the time of the next look as it
    is."""

    def __init__(self, reason: str | None, wait: timedelta | None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait


@dataclass(slots=True)
class Placing:
    """One execution for one order."""

    process: Process
    ctx: Actor
    order: SupplierOrder
    supplier: Supplier
    port: SupplierPort

    async def run(self) -> None:
        try:
            await self._begin()
            await self._announce()
            await self._confirm()
            await self._submit()
        except _Later as later:
            await self._wait(later)
        except SupplierError as err:
            await readiness.note_trouble(self.process, self.ctx, self.supplier, err)
            wait = ACCOUNT_WAIT if isinstance(err, AccountRefused) else RETRY_AFTER
            await self._wait(_Later(err.sentence, wait), code=err.code)
        else:
            await readiness.note_health(
                self.process, self.ctx, self.supplier, SupplierHealth.WORKING
            )

    async def _begin(self) -> None:
        """Everything it needs is there: from here on it may only be asked about."""
        if self.order.stage is not PlacingStage.WAITING:
            return
        if not self.supplier.is_active:
            raise _Later(SWITCHED_OFF, RETRY_AFTER)
        now = self._now()
        async with self.process.database.write() as session:
            found = await readiness.check(session, self.ctx, self.order)
            if found.reason is None:
                begun = await queries.move_stage(
                    session, self.ctx, self.order.id, [PlacingStage.WAITING], PlacingStage.SENDING,
                    sent_at=now, picture_sha256=found.picture_sha256, waiting_reason=None,
                )  # fmt: skip
                if begun is not None:
                    await self._intend(session, begun)
        if found.reason is not None:
            raise _Later(found.reason, found.wait)
        if begun is None:
            raise _Later(None, None)
        self.order = begun

    async def _intend(self, session: WriteSession, order: SupplierOrder) -> None:
        kinds = {PAYMENT_EFFECT: order.payment_key} if order.is_payment_ours else {}
        for kind, key in (kinds | {ORDER_EFFECT: order.key}).items():
            await effects.intend(
                session, order.organization_id, kind=kind, key=key, subject_id=order.id, request={}
            )

    async def _announce(self) -> None:
        """payData, once; a kiosk's payment was announced before it was paid."""
        order = self.order
        if not order.is_payment_ours or order.announced_at is not None:
            return
        notice = PaymentNotice(
            key=order.payment_key,
            model_id=order.partner_model_id,
            device_id=self._device_id(),
            amount_minor=order.amount_minor,
            currency=order.currency,
            pay_type=order.pay_type,
        )

        async def find() -> Accepted | None:
            known = (await self.port.ask_payments([notice.key])).get(notice.key)
            return Accepted(known.external_id) if known else None

        async def record(session: WriteSession, _answer: Accepted) -> None:
            now = self._now()
            sending = [PlacingStage.SENDING, PlacingStage.DOUBTFUL]
            moved = await queries.move_stage(
                session, self.ctx, order.id, sending, PlacingStage.SENDING,
                announced_at=now, problem=None, last_error=None,
            )  # fmt: skip
            self.order = moved or self.order

        effect = await self._effect(PAYMENT_EFFECT, notice.key)
        await self._do_once(effect, lambda: self.port.announce_payment(notice), find, record)

    async def _confirm(self) -> None:
        """payStatus 3 before each try of the order; the same again changes nothing there."""
        effect = await self._effect(ORDER_EFFECT, self.order.key)
        if effect.status is EffectStatus.INTENDED:
            await self._check_wanted()
        is_told = self.order.confirmed_at is not None and self.order.confirmed_try >= effect.tries
        if effect.status is EffectStatus.INTENDED and not is_told:
            answer = await self.port.confirm_payment(
                self.order.payment_key, self.order.amount_minor, self.order.currency
            )
            if isinstance(answer, Unconfirmed):
                raise _Later(answer.sentence, ASK_AGAIN)
            if isinstance(answer, Declined):
                await self._refuse(effect, answer)
                raise _Later(None, None)
            await self._note(confirmed_at=self._now(), confirmed_try=effect.tries)
        told_at = self.order.confirmed_at or self._now()
        if effect.status is EffectStatus.INTENDED and self._now() < told_at + SETTLE_WAIT:
            raise _Later(None, told_at + SETTLE_WAIT - self._now())

    async def _check_wanted(self) -> None:
        """Between the tries of a manufacturer that is down hours may pass, and holds come."""
        item_id = self.order.order_item_id
        async with self.process.database.read() as session:
            lines = await queries.list_lines(session, self.ctx, [item_id])
        if item_id not in lines:
            raise _Later(readiness.NOT_NOW, readiness.LATER)

    async def _submit(self) -> None:
        """orderData, once."""
        order = self.order
        effect = await self._effect(ORDER_EFFECT, order.key)

        async def find() -> Accepted | None:
            known = (await self.port.ask([order.key])).get(order.key)
            return Accepted(known.external_id, known.queue_number, known.status) if known else None

        is_last = effect.tries >= MAX_TRIES - 1
        url = await pictures.make_link(self.process, self.ctx, order, is_plain=is_last)
        submission = self._submission(url)

        async def record(session: WriteSession, answer: Accepted) -> None:
            await standings.accept(session, self.ctx, order, answer, self._now())

        await self._do_once(effect, lambda: self.port.submit(submission), find, record)

    async def _do_once(self, effect: Effect, call: Call, find: Found, record: Record) -> None:
        """Until it is done, or raise _Later."""
        if effect.status is EffectStatus.DONE:
            return
        if effect.status is EffectStatus.INTENDED and not effect.tries:
            answer = await self._send(effect, call, find)
        else:
            answer = await self._prove(effect, call, find)
        async with self.process.database.write() as session:
            await piece_queries.lock_pieces(session, self.ctx)  # before the row of the effect
            await effects.settle(
                session, effect.organization_id, effect.id, EffectStatus.DONE, None, self._now()
            )
            await record(session, answer)

    async def _prove(self, effect: Effect, call: Call, find: Found) -> Accepted:
        """What an earlier execution began: ask first. Only what was refused is sent again."""
        found = await find()
        if found is not None:
            return found
        if effect.status is EffectStatus.INTENDED:
            return await self._send(effect, call, find)
        begun = effect.sending_at or self._now()
        if effect.status is EffectStatus.SENDING and self._now() >= begun + PROOF_AFTER:
            await self._doubt(effect)
            raise _Later(None, None)
        wait = DOUBT_WAIT if effect.status is EffectStatus.UNKNOWN else ASK_AGAIN
        raise _Later(self.order.last_error or NOT_ANSWERED, wait)

    async def _send(self, effect: Effect, call: Call, find: Found) -> Accepted:
        """The one call, begun and committed before it is made."""
        async with self.process.database.write() as session:
            begun = await effects.begin_sending(
                session, effect.organization_id, effect.id, self._now()
            )
        if begun is None:
            raise _Later(HELD, RETRY_AFTER)
        try:
            answer = await call()
        except SupplierError as err:
            await self._take_back(begun, err.sentence)
            raise
        if isinstance(answer, Unconfirmed):
            raise _Later(answer.sentence, ASK_AGAIN)
        if isinstance(answer, Declined):
            found = await find() if _may_have_done_it(answer) else None
            if found is not None:
                return found
            await self._decline(begun, answer)
            raise _Later(answer.sentence, timedelta(seconds=answer.retry_after_s or 0))
        return answer

    async def _decline(self, effect: Effect, answer: Declined) -> None:
        """The refusal is the proof that nothing was placed; of an error there, its own answer to
        our key was."""
        if answer.retry_after_s is not None and effect.tries < MAX_TRIES:
            await self._take_back(effect, answer.sentence)
        else:
            await self._refuse(effect, answer)

    async def _take_back(self, effect: Effect, sentence: str) -> None:
        async with self.process.database.write() as session:
            await effects.take_back(
                session, effect.organization_id, effect.id, sentence, self._now()
            )

    async def _refuse(self, effect: Effect, answer: Declined) -> None:
        now = self._now()
        async with self.process.database.write() as session:
            await piece_queries.lock_pieces(session, self.ctx)
            await effects.settle(
                session, effect.organization_id, effect.id, EffectStatus.FAILED,
                answer.sentence, now,
            )  # fmt: skip
            await standings.refuse(session, self.ctx, self.order, answer.sentence, answer.code, now)

    async def _doubt(self, effect: Effect) -> None:
        now = self._now()
        what = "the payment" if effect.kind == PAYMENT_EFFECT else "the order"
        sentence = (
            f"We began to tell the manufacturer of {what} {effect.key}, and it does not know it. "
            "Look there, then say here whether it was placed."
        )
        async with self.process.database.write() as session:
            await effects.settle(
                session, effect.organization_id, effect.id, EffectStatus.UNKNOWN, sentence, now
            )
            await standings.doubt(session, self.ctx, self.order, sentence, now)

    async def _effect(self, kind: str, key: str) -> Effect:
        async with self.process.database.write() as session:
            found = await effects.find_effect(session, self.order.organization_id, kind, key)
        if found is None:
            raise RuntimeError(f"supplier order {self.order.id} has no effect {kind}")
        return found

    async def _note(self, **values: object) -> None:
        async with self.process.database.write() as session:
            noted = await queries.note_order(session, self.ctx, self.order.id, **values)
        self.order = noted or self.order

    async def _wait(self, later: _Later, *, code: int | None = None) -> None:
        """In the stage it is in now; what has moved on meanwhile has its own time."""
        if later.wait is None:
            return
        async with self.process.database.write() as session:
            known = await queries.find_order(session, self.ctx, Ref(self.order.id, None))
            if known is None or known.stage is not self.order.stage:
                return
            values: dict[str, object] = {"next_look_at": self._now() + later.wait}
            if later.reason and known.stage is PlacingStage.WAITING:
                values["waiting_reason"] = later.reason[:500]
            elif later.reason:
                values |= {"last_error": later.reason, "last_error_code": code}
            await queries.note_order(session, self.ctx, known.id, **values)
            readiness.touch_order(session, known)

    def _submission(self, picture_url: str) -> Submission:
        order = self.order
        return Submission(
            key=order.key,
            payment_key=order.payment_key,
            model_id=order.partner_model_id,
            shell_id=order.partner_shell_id,
            picture_url=picture_url,
            device_id=self._device_id(),
            amount_minor=order.amount_minor,
            currency=order.currency,
        )

    def _device_id(self) -> str:
        return self.order.device_id or readiness.device_of(self.process, self.supplier)

    def _now(self) -> datetime:
        return self.process.clock.now()


def _may_have_done_it(answer: Declined) -> bool:
    """An error of its own server says nothing of how far it came."""
    return answer.code >= SERVER_ERROR and answer.retry_after_s is None
