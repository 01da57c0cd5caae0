"""Where the manufacturer says that something moved, and where it is read how a payment stands."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import JSONResponse

from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process, ProcessDep, problems
from shopwright.kernel.errors import Invalid
from shopwright.kernel.money import Money
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.kernel.times import zulu
from shopwright.orders.storefront.words import word_of
from shopwright.payments.order_schemas import payment_word
from shopwright.suppliers.partner import hints
from shopwright.suppliers.partner.door import HintCtx, PartnerCtx, SecretCtx
from shopwright.suppliers.partner.hints import PAY_CODES, Hint, PaymentFacts

router = APIRouter(prefix="/api/chinese", tags=["manufacturer"], route_class=RepeatableRoute)
SETTLED = frozenset({3, 4, 5})
SUCCESS, FAIL = "success", "fail"  # after the second it tells us again, ten times at most
NOTHING = "Nothing was told; this address answers."
LATER = "It could not be asked how this stands just now. Tell it again."
UNKNOWN = "Taken. No order of this payment is known yet."
ANY_BODY = {
    "requestBody": {
        "content": {
            "application/json": {
                "schema": {
                    "anyOf": [
                        {"type": "object"},
                        {"type": "array", "items": {"type": "object"}, "maxItems": 50},
                    ]
                }
            }
        }
    }
}
ThirdId = Annotated[str, Path(max_length=100)]


@router.post("/order/payStatus", responses=problems(Invalid), openapi_extra=ANY_BODY)
async def receive_pay_status(request: Request, ctx: HintCtx, process: ProcessDep) -> JSONResponse:
    """A payment moved, says the caller. It is asked how it stands, and that alone counts."""
    return await _take_payments(request, ctx, process)


@router.post(
    "/callbacks/{secret}/order/payStatus", responses=problems(Invalid), openapi_extra=ANY_BODY
)
async def receive_secret_pay_status(
    request: Request, ctx: SecretCtx, process: ProcessDep
) -> JSONResponse:
    """The same by the path that CHINESE_API_CALLBACK_SECRET names."""
    return await _take_payments(request, ctx, process)


@router.post("/order/status-update", openapi_extra=ANY_BODY)
async def receive_order_status(request: Request, ctx: HintCtx, process: ProcessDep) -> JSONResponse:
    """An order moved, says the caller, in one of several spellings; always 200."""
    return await _take_orders(request, ctx, process)


@router.post("/callbacks/{secret}/order/status-update", openapi_extra=ANY_BODY)
async def receive_secret_order_status(
    request: Request, ctx: SecretCtx, process: ProcessDep
) -> JSONResponse:
    """The same by the path that CHINESE_API_CALLBACK_SECRET names."""
    return await _take_orders(request, ctx, process)


@router.get("/payment/{third_id}/status")
async def read_payment_status(
    third_id: ThirdId, ctx: PartnerCtx, process: ProcessDep
) -> dict[str, Any]:
    """How a payment stands, by its id PYEN…, 1 waiting … 5 abnormal."""
    facts = await hints.find_payment(process, ctx, third_id)
    if not facts.is_known or facts.order is None:
        return {
            "success": False,
            "error": "Payment record not found",
            "third_id": third_id,
            "status": 1,
            "polling_complete": False,
        }
    return _standing(third_id, facts)


async def _take_payments(request: Request, ctx: Actor, process: Process) -> JSONResponse:
    told = await hints.read_hints(request)
    _check_codes(told)
    if not told:
        return JSONResponse({"msg": NOTHING, "code": 200, "data": SUCCESS})
    found = [(hint, await hints.take_payment(process, ctx, hint.third_id)) for hint in told]
    hint, facts = found[-1]
    is_lost = any(one.payment is not None and not one.is_asked for _, one in found)
    answer: dict[str, Any] = {
        "msg": LATER if is_lost else _message(facts),
        "code": 503 if is_lost else 200,
        "data": FAIL if is_lost else SUCCESS,
        "third_id": hint.third_id,
        "status": facts.code if facts.is_known else hint.status,
    }
    if facts.order is not None:
        answer["order_status"] = _word(facts)
        answer["payment_status"] = _payment_word(facts)
    return JSONResponse(answer)


async def _take_orders(request: Request, ctx: Actor, process: Process) -> JSONResponse:
    """Whatever it is: the manufacturer must not be kept telling us what we cannot use."""
    try:
        told = await hints.read_hints(request)
    except Invalid as err:
        return JSONResponse({"msg": err.detail, "code": 400, "data": SUCCESS})
    known = 0
    for hint in told:
        found = await hints.take_order(process, ctx, hint.third_id)
        known += found is not None
    return JSONResponse(
        {"msg": f"{known} of {len(told)} orders are known.", "code": 200, "data": SUCCESS}
    )


def _check_codes(told: Sequence[Hint]) -> None:
    for hint in told:
        if hint.status not in PAY_CODES:
            raise Invalid("status is 1 waiting, 2 paying, 3 paid, 4 failed or 5 abnormal.")


def _message(facts: PaymentFacts) -> str:
    return "Payment status updated successfully" if facts.is_known else UNKNOWN


def _standing(third_id: str, facts: PaymentFacts) -> dict[str, Any]:
    order, payment = facts.order, facts.payment
    assert order is not None  # noqa: S101  asked for by the caller
    amount = payment.amount_minor if payment else order.total_minor
    currency = payment.currency if payment else order.currency
    paid_at = payment.paid_at if payment else None
    return {
        "success": True,
        "third_id": third_id,
        "status": facts.code,
        "order_id": order.id,
        "order_status": _word(facts),
        "payment_status": _payment_word(facts),
        "total_amount": float(Money(amount, currency).decimal),
        "currency": currency,
        "created_at": zulu(order.created_at),
        "updated_at": zulu(order.updated_at),
        "paid_at": zulu(paid_at) if paid_at else None,
        "queue_number": order.queue_number,
        "polling_complete": facts.code in SETTLED,
    }


def _word(facts: PaymentFacts) -> str:
    assert facts.order is not None  # noqa: S101  asked for by the caller
    return str(word_of(facts.order, str(facts.payment.status) if facts.payment else None))


def _payment_word(facts: PaymentFacts) -> str:
    assert facts.order is not None  # noqa: S101  asked for by the caller
    return payment_word(facts.order, str(facts.payment.status) if facts.payment else None)
