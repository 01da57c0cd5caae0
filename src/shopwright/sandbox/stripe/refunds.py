"""Refunds, by the API or in the dashboard, and disputes."""

from shopwright.sandbox.stripe.refusals import Refusal, missing
from shopwright.sandbox.stripe.world import Json, World

REASONS = ("duplicate", "fraudulent", "requested_by_customer")


def create(world: World, params: Json, *, status: str = "succeeded") -> Json:
    charge = _charge_of(world, str(params.get("payment_intent", "")))
    left = charge["amount"] - charge["amount_refunded"]
    amount = int(params.get("amount") or left)
    if left == 0:
        raise Refusal(
            400, f"Charge {charge['id']} has already been refunded.",
            code="charge_already_refunded",
        )  # fmt: skip
    if not 0 < amount <= left:
        raise Refusal(
            400,
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})",
            param="amount",
        )
    if params.get("reason") not in (None, *REASONS):
        raise Refusal(400, f"Invalid reason: must be one of {', '.join(REASONS)}", param="reason")
    refund = {
        "id": world.new_id("re"),
        "object": "refund",
        "amount": amount,
        "currency": charge["currency"],
        "charge": charge["id"],
        "payment_intent": charge["payment_intent"],
        "metadata": params.get("metadata") or {},
        "reason": params.get("reason"),
        "status": status,
        "failure_reason": None,
        "created": world.now_s(),
    }
    world.refunds[refund["id"]] = refund
    _take(charge, amount)
    world.emit("refund.created", refund)
    world.emit("charge.refunded", _shown(charge))
    return refund


def settle(world: World, refund_id: str, status: str) -> Json:
    """What becomes of a pending one; a failed one gives the money back to the account."""
    refund = world.refunds.get(refund_id)
    if refund is None:
        raise missing("refund", refund_id)
    refund["status"] = status
    if status == "failed":
        refund["failure_reason"] = "lost_or_stolen_card"
        _take(world.charges[refund["charge"]], -refund["amount"])
    world.emit(f"refund.{'failed' if status == 'failed' else 'updated'}", refund)
    return refund


def listed(world: World, intent: str | None) -> Json:
    found = [r for r in world.refunds.values() if intent in (None, r["payment_intent"])]
    return {"object": "list", "url": "/v1/refunds", "has_more": False, "data": found[::-1]}


def dispute(
    world: World, intent: str, kind: str = "created", status: str = "needs_response"
) -> Json:
    charge = _charge_of(world, intent)
    charge["disputed"] = True
    found = {
        "id": world.new_id("dp"),
        "object": "dispute",
        "amount": charge["amount"],
        "currency": charge["currency"],
        "charge": charge["id"],
        "payment_intent": intent,
        "reason": "product_not_received",
        "status": status,
        "metadata": {},
    }
    world.emit(f"charge.dispute.{kind}", found)
    return found


def _charge_of(world: World, intent_id: str) -> Json:
    intent = world.intents.get(intent_id)
    if intent is None:
        raise missing("payment_intent", intent_id)
    charge = world.charges.get(intent["latest_charge"] or "")
    if charge is None:
        raise Refusal(400, "This PaymentIntent does not have a successful charge to refund.")
    return charge


def _take(charge: Json, amount: int) -> None:
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] >= charge["amount"]


def _shown(charge: Json) -> Json:
    return {**charge, "balance_transaction": charge["balance_transaction"]["id"]}
