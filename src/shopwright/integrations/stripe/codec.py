"""Between Stripe's objects and ours; pure. Objects are the JSON that the library has read."""

from collections.abc import Mapping
from typing import Any

from shopwright.integrations.stripe.times import moment_of
from shopwright.payments.port import (
    PaymentLine,
    RefundRequest,
    SeenRefund,
    Standing,
    Started,
    StartRequest,
    Word,
)

Json = Mapping[str, Any]

PAID = frozenset({"paid", "no_payment_required"})
FAILED_INTENTS = frozenset({"requires_payment_method", "canceled"})
REASONS = frozenset({"duplicate", "fraudulent", "requested_by_customer"})
MAX_TITLE = 250
MAX_METADATA = 500
MAX_SESSION_S = 24 * 3600


def session_params(request: StartRequest) -> dict[str, Any]:
    """The same request always makes the same parameters: Stripe refuses a key with others."""
    names = {"payment_key": request.key, "order_id": str(request.order_id)}
    params: dict[str, Any] = {
        "mode": "payment",
        "line_items": [_line_item(line, request.currency) for line in request.lines],
        "success_url": request.success_url,
        "client_reference_id": request.key,
        "metadata": names,
        # Charges and refunds carry these, so that their events can be matched.
        "payment_intent_data": {
            "metadata": names,
            "description": f"Order {request.order_number}",
        },
    }
    if request.cancel_url:
        params["cancel_url"] = request.cancel_url
    if request.email:
        params["customer_email"] = request.email
    if request.expires_at is not None:
        params["expires_at"] = int(request.expires_at.timestamp())
    return params


def _line_item(line: PaymentLine, currency: str) -> dict[str, Any]:
    return {
        "quantity": line.quantity,
        "price_data": {
            "currency": currency.lower(),
            "unit_amount": line.price_minor,
            "product_data": {"name": line.title[:MAX_TITLE] or "Item"},
        },
    }


def started_of(session: Json) -> Started:
    return Started(
        provider_id=str(session["id"]),
        url=session.get("url"),
        expires_at=moment_of(session.get("expires_at")),
    )


def standing_of_session(session: Json, refunds: tuple[SeenRefund, ...] | None = None) -> Standing:
    """``payment_intent`` may be expanded; fees are known only then."""
    intent = session.get("payment_intent")
    details = intent if isinstance(intent, Mapping) else {}
    fee, fee_currency = _fee_of(details)
    return Standing(
        word=_word_of(session, details),
        provider_id=str(session["id"]),
        provider_payment_id=_id_of(intent),
        amount_minor=session.get("amount_total"),
        currency=_upper(session.get("currency")),
        fee_minor=fee,
        fee_currency=fee_currency,
        url=session.get("url"),
        sentence=_why_failed(details),
        refunds=refunds,
    )


def _word_of(session: Json, intent: Json) -> Word:
    if session.get("payment_status") in PAID:
        return Word.PAID
    if session.get("status") == "expired":
        return Word.EXPIRED
    if session.get("status") != "complete":
        return Word.OPEN
    return Word.FAILED if intent.get("status") in FAILED_INTENTS else Word.PAYING


def _fee_of(intent: Json) -> tuple[int | None, str | None]:
    """The fee stands in the balance transaction, in the account's own currency."""
    charge = intent.get("latest_charge")
    booked = charge.get("balance_transaction") if isinstance(charge, Mapping) else None
    if not isinstance(booked, Mapping) or booked.get("fee") is None:
        return None, None
    return int(booked["fee"]), _upper(booked.get("currency"))


def _why_failed(intent: Json) -> str | None:
    error = intent.get("last_payment_error")
    return str(error["message"]) if isinstance(error, Mapping) and error.get("message") else None


def refund_params(request: RefundRequest) -> dict[str, Any]:
    params: dict[str, Any] = {
        "payment_intent": request.provider_payment_id,
        "amount": request.amount_minor,
        "metadata": {"refund_key": request.key, "reason": request.reason[:MAX_METADATA]},
    }
    if request.reason in REASONS:
        params["reason"] = request.reason
    return params


def refund_of(refund: Json) -> SeenRefund:
    metadata = refund.get("metadata") or {}
    return SeenRefund(
        provider_id=str(refund["id"]),
        amount_minor=int(refund["amount"]),
        word=str(refund.get("status") or "pending"),
        key=metadata.get("refund_key"),
        detail=refund.get("failure_reason"),
    )


def _id_of(value: Any) -> str | None:
    if isinstance(value, Mapping):
        value = value.get("id")
    return str(value) if value else None


def _upper(code: Any) -> str | None:
    return str(code).upper() if code else None
