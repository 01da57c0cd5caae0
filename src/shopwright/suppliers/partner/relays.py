"""payData and orderData of somebody else's making, handed on once.

The reference's own pages called these; they are kept for clients that do. The same id again gets
the first answer again, and an order goes out only for a payment the manufacturer calls paid.
"""

import json
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

from shopwright.kernel import effects
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process
from shopwright.kernel.effects import Effect, EffectStatus
from shopwright.kernel.errors import Conflict
from shopwright.kernel.money import Money
from shopwright.payments import service as payments
from shopwright.suppliers import queries
from shopwright.suppliers.connections import get_default, open_port
from shopwright.suppliers.models import SupplierOrder
from shopwright.suppliers.partner.schemas import OrderData, PayData, Relayed
from shopwright.suppliers.port import (
    Accepted,
    Answer,
    Declined,
    PaymentNotice,
    Submission,
    SupplierError,
    SupplierPort,
)
from shopwright.suppliers.states import CODE_OF

PAYMENT_RELAY = "supplier.relay.payment"
ORDER_RELAY = "supplier.relay.order"
PAID = 3
DONE = "操作成功"


class IdUsed(Conflict):
    code = "third-id-used"
    title = "This id stands for something else"


class PaymentNotProven(Conflict):
    code = "payment-not-proven"
    title = "The manufacturer does not call this payment paid"


async def relay_payment(process: Process, ctx: Actor, body: PayData) -> Relayed:
    """Announce a payment, once; raises IdUsed when the id is another's."""
    port = await _open(process, ctx)
    async with process.database.read() as session:
        ours = await payments.find_by_key(session, ctx, queries.MANUFACTURER, body.third_id)
        taken = await queries.list_orders(session, ctx, SupplierOrder.payment_key == body.third_id)
    if ours is not None:
        return _told(body.third_id, Accepted(ours.provider_id))
    if taken:
        raise IdUsed(f"{body.third_id} is the payment of {taken[0].key}.")
    supplier = await get_default(process, ctx)
    amount = Money.from_decimal(Decimal(str(body.pay_amount)), supplier.currency)
    notice = PaymentNotice(
        key=body.third_id,
        model_id=body.mobile_model_id,
        device_id=body.device_id,
        amount_minor=amount.minor,
        currency=supplier.currency,
        pay_type=body.pay_type,
    )

    async def find() -> Accepted | None:
        known = (await port.ask_payments([notice.key])).get(notice.key)
        return Accepted(known.external_id) if known else None

    return await _once(
        process, ctx, PAYMENT_RELAY, body.third_id, body.model_dump(),
        lambda: port.announce_payment(notice), find,
    )  # fmt: skip


async def relay_order(process: Process, ctx: Actor, body: OrderData) -> Relayed:
    """Place an order whose payment is proven, once. Raises PaymentNotProven, or IdUsed when the
    payment's order was sent already."""
    port = await _open(process, ctx)
    async with process.database.read() as session:
        ours = await payments.find_by_key(session, ctx, queries.MANUFACTURER, body.third_pay_id)
        known = await queries.list_orders(
            session, ctx, SupplierOrder.payment_key == body.third_pay_id
        )
    if known:
        return _of_known(known, body)
    if ours is not None:
        raise IdUsed(f"{body.third_pay_id} pays an order of ours, which goes out by itself.")
    supplier = await get_default(process, ctx)
    submission = Submission(
        key=body.third_id,
        payment_key=body.third_pay_id,
        model_id=body.mobile_model_id,
        shell_id=body.mobile_shell_id,
        picture_url=body.pic,
        device_id=body.device_id,
        amount_minor=0,
        currency=supplier.currency,
    )

    async def find() -> Accepted | None:
        placed = (await port.ask([body.third_id])).get(body.third_id)
        if placed is None:
            return None
        return Accepted(placed.external_id, placed.queue_number, placed.status)

    await _check_paid(port, body.third_pay_id)
    # Keyed by the payment: one order for one payment, whatever it is called.
    return await _once(
        process, ctx, ORDER_RELAY, body.third_pay_id, body.model_dump(),
        lambda: port.submit(submission), find,
    )  # fmt: skip


async def _check_paid(port: SupplierPort, key: str) -> None:
    try:
        standing = (await port.ask_payments([key])).get(key)
    except SupplierError as err:
        raise PaymentNotProven(f"Nobody can say whether {key} is paid: {err.sentence}") from err
    if standing is None or standing.code != PAID:
        raise PaymentNotProven(f"The manufacturer does not call {key} paid.")


async def _once(
    process: Process,
    ctx: Actor,
    kind: str,
    key: str,
    request: dict[str, Any],
    call: Callable[[], Awaitable[Answer]],
    find: Callable[[], Awaitable[Accepted | None]],
) -> Relayed:
    """The one call, or what became of it."""
    effect = await _intend(process, ctx, kind, key, request)
    third_id = str(request["third_id"])
    if effect.request != request:
        raise IdUsed(f"{key} was sent before with another content.")
    if effect.status in {EffectStatus.DONE, EffectStatus.FAILED}:
        return Relayed.model_validate(json.loads(effect.detail or "{}"))
    now = process.clock.now()
    try:
        if effect.status is EffectStatus.INTENDED:
            async with process.database.write() as session:
                begun = await effects.begin_sending(session, ctx.organization_id, effect.id, now)
            answer: Answer | None = await call() if begun else await find()
        else:
            answer = await find()
    except SupplierError as err:
        await _take_back(process, ctx, effect, err.sentence)
        return _failed(third_id, err.sentence, err.code)
    if isinstance(answer, Accepted | Declined):
        return await _settle(process, ctx, effect, third_id, answer)
    sentence = answer.sentence if answer else "The manufacturer does not know it yet. Ask again."
    return _failed(third_id, sentence, answer.code if answer else 504)


async def _intend(
    process: Process, ctx: Actor, kind: str, key: str, request: dict[str, Any]
) -> Effect:
    async with process.database.write() as session:
        known = await effects.find_effect(session, ctx.organization_id, kind, key)
        return known or await effects.intend(
            session, ctx.organization_id, kind=kind, key=key, subject_id=0, request=request
        )


async def _take_back(process: Process, ctx: Actor, effect: Effect, sentence: str) -> None:
    """It was surely not taken; an effect that an earlier call left in doubt stays as it was."""
    if effect.status is not EffectStatus.INTENDED:
        return
    now = process.clock.now()
    async with process.database.write() as session:
        await effects.take_back(session, ctx.organization_id, effect.id, sentence, now)


async def _settle(
    process: Process, ctx: Actor, effect: Effect, third_id: str, answer: Accepted | Declined
) -> Relayed:
    is_done = isinstance(answer, Accepted)
    told = _told(third_id, answer)
    status = EffectStatus.DONE if is_done else EffectStatus.FAILED
    async with process.database.write() as session:
        await effects.settle(
            session, ctx.organization_id, effect.id, status, told.model_dump_json(),
            process.clock.now(),
        )  # fmt: skip
    return told


def _of_known(known: list[SupplierOrder], body: OrderData) -> Relayed:
    """The payment is of an order of ours, which goes out by itself."""
    (order, *_) = known
    if order.key != body.third_id:
        raise IdUsed(f"The order of {body.third_pay_id} is {order.key} and goes out by itself.")
    answer = Accepted(order.external_id, order.queue_number, order.status)
    return _told(body.third_id, answer)


def _told(third_id: str, answer: Accepted | Declined) -> Relayed:
    if isinstance(answer, Declined):
        return _failed(third_id, answer.sentence, answer.code)
    data: dict[str, Any] = {"id": answer.external_id or "", "third_id": third_id}
    if answer.status is not None:
        data |= {"queue_no": answer.queue_number, "status": CODE_OF[answer.status]}
    return Relayed(msg=DONE, code=200, data=data)


def _failed(third_id: str, sentence: str, code: int) -> Relayed:
    return Relayed(msg=sentence, code=code, data={"id": "", "third_id": third_id})


async def _open(process: Process, ctx: Actor) -> SupplierPort:
    return open_port(process, await get_default(process, ctx))
