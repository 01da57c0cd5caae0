"""Checkout sessions: made, read, expired, and paid on the page they lead to."""

from typing import Any

from shopwright.sandbox.stripe.refusals import Refusal, missing, parameter_missing
from shopwright.sandbox.stripe.world import Json, World, fee_of

MIN_LIFE_S, MAX_LIFE_S = 30 * 60, 24 * 3600
MIN_AMOUNT = 30  # about what Stripe takes at least, in the smallest unit


def create(world: World, url: str, params: Json) -> Json:
    """``url`` is where the stand-in's own pages are."""
    lines = _lines(params)
    if params.get("mode") != "payment":
        raise parameter_missing("mode")
    if not params.get("success_url"):
        raise parameter_missing("success_url")
    currency, total = _total(lines)
    session_id = world.new_id("cs_test")
    session = {
        "id": session_id,
        "object": "checkout.session",
        "mode": "payment",
        "status": "open",
        "payment_status": "unpaid",
        "amount_subtotal": total,
        "amount_total": total,
        "currency": currency,
        "payment_intent": None,
        "client_reference_id": params.get("client_reference_id"),
        "customer": None,
        "customer_email": params.get("customer_email"),
        "customer_details": None,
        "metadata": params.get("metadata") or {},
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "success_url": params["success_url"],
        "cancel_url": params.get("cancel_url"),
        "created": world.now_s(),
        "expires_at": _expiry(world, params),
        "livemode": False,
        "url": f"{url}/pay/{session_id}",
    }
    world.sessions[session_id] = session
    session["_intent"] = params.get("payment_intent_data") or {}
    session["_lines"] = [_shown(line) for line in lines]
    return session


def find(world: World, session_id: str) -> Json:
    session = world.sessions.get(session_id)
    if session is None:
        raise missing("checkout.session", session_id)
    if session["status"] == "open" and world.now_s() >= session["expires_at"]:
        _close(world, session)
    return session


def expire(world: World, session_id: str) -> Json:
    session = find(world, session_id)
    if session["status"] != "open":
        raise Refusal(
            400, f"Only Checkout Sessions with a status in [\"open\"] can be expired. "
            f"This Checkout Session has a status of {session['status']}."
        )  # fmt: skip
    _close(world, session)
    return session


def pay(world: World, session_id: str, *, email: str | None = None) -> Json:
    """As a buyer whose card is good."""
    session = _complete(world, session_id, email)
    _charge(world, session)
    world.emit("payment_intent.succeeded", world.intents[session["payment_intent"]])
    world.emit("checkout.session.completed", shown(session))
    return session


def pay_later(world: World, session_id: str) -> Json:
    """As a buyer by bank debit: complete at once, the money comes or does not."""
    session = _complete(world, session_id, None)
    world.intents[session["payment_intent"]]["status"] = "processing"
    world.emit("checkout.session.completed", shown(session))
    return session


def finish_later(world: World, session_id: str, *, is_good: bool) -> Json:
    session = find(world, session_id)
    intent = world.intents[session["payment_intent"]]
    if is_good:
        _charge(world, session)
        world.emit("checkout.session.async_payment_succeeded", shown(session))
    else:
        intent["status"] = "requires_payment_method"
        intent["last_payment_error"] = {"message": "The bank did not honour the debit."}
        world.emit("payment_intent.payment_failed", intent)
        world.emit("checkout.session.async_payment_failed", shown(session))
    return session


def refuse_card(world: World, session_id: str) -> Json:
    """As a buyer whose card is declined; the session stays open for another try."""
    session = find(world, session_id)
    intent = _intent(world, session)
    intent["status"] = "requires_payment_method"
    intent["last_payment_error"] = {"message": "Your card was declined."}
    world.emit("payment_intent.payment_failed", intent)
    return session


def shown(session: Json) -> Json:
    """Without the stand-in's own members."""
    return {name: value for name, value in session.items() if not name.startswith("_")}


def expanded(world: World, session: Json, wanted: list[str]) -> Json:
    """``payment_intent`` and what hangs on it, as far as ``expand`` asks."""
    answer = shown(session)
    if not any(word.startswith("payment_intent") for word in wanted):
        return answer
    intent = world.intents.get(session["payment_intent"] or "")
    if intent is None:
        return answer
    answer["payment_intent"] = dict(intent)
    charge = world.charges.get(intent.get("latest_charge") or "")
    if charge is not None and any("latest_charge" in word for word in wanted):
        answer["payment_intent"]["latest_charge"] = _charge_shown(charge, wanted)
    return answer


def _charge_shown(charge: Json, wanted: list[str]) -> Json:
    answer = dict(charge)
    if not any("balance_transaction" in word for word in wanted):
        answer["balance_transaction"] = charge["balance_transaction"]["id"]
    return answer


def _complete(world: World, session_id: str, email: str | None) -> Json:
    session = find(world, session_id)
    if session["status"] != "open":
        raise Refusal(400, f"This session is {session['status']}.")
    _intent(world, session)
    session["status"], session["url"] = "complete", None
    session["customer_details"] = {"email": email or session["customer_email"], "name": None}
    return session


def _intent(world: World, session: Json) -> Json:
    """Made by the first try to pay."""
    known = world.intents.get(session["payment_intent"] or "")
    if known is not None:
        return known
    wanted = session["_intent"]
    intent = {
        "id": world.new_id("pi"),
        "object": "payment_intent",
        "amount": session["amount_total"],
        "currency": session["currency"],
        "status": "requires_payment_method",
        "latest_charge": None,
        "last_payment_error": None,
        "description": wanted.get("description"),
        "metadata": wanted.get("metadata") or {},
        "created": world.now_s(),
    }
    world.intents[intent["id"]] = intent
    session["payment_intent"] = intent["id"]
    return intent


def _charge(world: World, session: Json) -> None:
    intent = world.intents[session["payment_intent"]]
    amount = session["amount_total"]
    charge = {
        "id": world.new_id("ch"),
        "object": "charge",
        "amount": amount,
        "amount_refunded": 0,
        "refunded": False,
        "disputed": False,
        "currency": session["currency"],
        "payment_intent": intent["id"],
        "metadata": intent["metadata"],
        "balance_transaction": {
            "id": world.new_id("txn"),
            "object": "balance_transaction",
            "amount": amount,
            "fee": fee_of(amount),
            "net": amount - fee_of(amount),
            "currency": session["currency"],
        },
    }
    world.charges[charge["id"]] = charge
    intent["status"], intent["latest_charge"] = "succeeded", charge["id"]
    session["payment_status"] = "paid"


def _close(world: World, session: Json) -> None:
    session["status"], session["url"] = "expired", None
    world.emit("checkout.session.expired", shown(session))


def _lines(params: Json) -> list[Json]:
    lines = params.get("line_items")
    if not isinstance(lines, list) or not lines:
        raise parameter_missing("line_items")
    return lines


def _total(lines: list[Json]) -> tuple[str, int]:
    prices = [line.get("price_data") or {} for line in lines]
    currencies = {str(price.get("currency", "")).lower() for price in prices}
    if len(currencies) != 1 or "" in currencies:
        raise Refusal(400, "All line items must have the same currency.", param="line_items")
    total = sum(
        _number(price.get("unit_amount"), "unit_amount") * _number(line.get("quantity"), "quantity")
        for line, price in zip(lines, prices, strict=True)
    )
    if total < MIN_AMOUNT:
        raise Refusal(400, "The total is below the minimum amount.", code="amount_too_small")
    return currencies.pop(), total


def _number(value: Any, param: str) -> int:
    text = str(value)
    if not text.isdigit():
        raise Refusal(400, f"Invalid integer: {text}", param=param)
    return int(text)


def _expiry(world: World, params: Json) -> int:
    now = world.now_s()
    if "expires_at" not in params:
        return now + MAX_LIFE_S
    at = _number(params["expires_at"], "expires_at")
    if not now + MIN_LIFE_S <= at <= now + MAX_LIFE_S:
        raise Refusal(
            400,
            "The `expires_at` timestamp must be between 30 minutes and 24 hours after creation.",
            param="expires_at",
        )
    return at


def _shown(line: Json) -> Json:
    price = line["price_data"]
    return {
        "name": (price.get("product_data") or {}).get("name", ""),
        "quantity": int(line["quantity"]),
        "unit_amount": int(price["unit_amount"]),
    }
