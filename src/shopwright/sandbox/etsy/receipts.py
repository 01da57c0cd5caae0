"""Receipts, their payments and the tracking call with its mail to the buyer (1.4–1.7)."""

import json
from collections.abc import Callable
from typing import Any

from starlette.datastructures import QueryParams

from shopwright.sandbox.etsy.gate import Call
from shopwright.sandbox.etsy.refusals import Refusal
from shopwright.sandbox.etsy.world import Json, Mail, Shop, World

EARLIEST_S = 946_684_800
MAX_LIMIT = 100
DEFAULT_LIMIT = 25
ORDERS = {
    "asc": False,
    "ascending": False,
    "up": False,
    "desc": True,
    "descending": True,
    "down": True,
}
SORT_KEYS = {
    "created": "created_timestamp",
    "updated": "updated_timestamp",
    "receipt_id": "receipt_id",
}
TRACKED_FROM_MINOR = 1000  # US-domestic orders over 10 USD need tracking

CARRIERS: dict[str, tuple[str, ...]] = {
    "FR": ("La Poste", "Chronopost", "Colissimo", "Mondial Relay", "DHL", "UPS", "FedEx"),
    "DE": ("Deutsche Post", "DHL", "Hermes", "DPD", "UPS", "FedEx"),
    "GB": ("Royal Mail", "Evri", "DPD", "DHL", "UPS", "FedEx"),
    "US": ("USPS", "UPS", "FedEx", "DHL"),
}
OTHER_COUNTRIES = ("DHL", "UPS", "FedEx", "DPD")
KNOWN_SLUGS = frozenset(
    name.lower().replace(" ", "-")
    for names in (*CARRIERS.values(), OTHER_COUNTRIES)
    for name in names
) | {"other", "canada-post"}

Filter = Callable[[Json], bool]


async def list_receipts(call: Call) -> Json:
    """getShopReceipts: filters, silent clamp to 100, the offset ceiling."""
    shop, query = call.own_shop(), call.request.query_params
    filters = [*_time_filters(query), *_flag_filters(shop, query)]
    hits = [r for r in shop.receipts.values() if all(f(r) for f in filters)]
    hits.sort(key=_sort_key(query), reverse=_is_descending(query))
    limit = min(_whole(query, "limit", DEFAULT_LIMIT, at_least=1), MAX_LIMIT)
    offset = _whole(query, "offset", 0, at_least=0)
    if offset > call.world.config.offset_ceiling:
        raise Refusal(400, "Offset provided is greater than the maximum offset allowed.")
    return {"count": len(hits), "results": hits[offset : offset + limit]}


async def get_receipt(call: Call) -> Json:
    return call.receipt()


async def update_receipt(call: Call) -> Json:
    """updateShopReceipt: a form with ``was_shipped`` and ``was_paid``."""
    receipt = call.receipt()
    form = await call.request.form()
    if "was_shipped" in form:
        receipt["is_shipped"] = _flag("was_shipped", str(form["was_shipped"]))
    if "was_paid" in form:
        receipt["is_paid"] = _flag("was_paid", str(form["was_paid"]))
    call.world.touch(receipt)
    return receipt


async def list_transactions(call: Call) -> Json:
    transactions = call.receipt()["transactions"]
    return {"count": len(transactions), "results": transactions}


async def list_payments(call: Call) -> Json:
    """Fees are 6.5 % and 30 minor units here; only their shape is Etsy's."""
    receipt = call.receipt()
    if not receipt["is_paid"]:
        return {"count": 0, "results": []}
    return {"count": 1, "results": [_payment(call.own_shop(), receipt)]}


async def create_shipment(call: Call) -> Json:
    """createReceiptShipment; every success mails the buyer, a repeated one mails again."""
    receipt, body = call.receipt(), await _body(call)
    code, carrier = body.get("tracking_code") or None, body.get("carrier_name") or None
    _check_tracking(call.own_shop(), receipt, code, carrier)
    world = call.world
    world.touch(receipt)
    if code or carrier:
        receipt["shipments"].append(_shipment(world, code, carrier))
    receipt["is_shipped"] = True
    receipt["status"] = "Completed" if receipt["is_paid"] else receipt["status"]
    for transaction in receipt["transactions"]:
        transaction["shipped_timestamp"] = world.clock.now_s()
    world.outbox.append(_mail(world, receipt, code, carrier, body.get("note_to_buyer")))
    world.tell("order.shipped", call.own_shop().shop_id, receipt["receipt_id"])
    return receipt


async def list_carriers(call: Call) -> Json:
    country = call.request.query_params.get("origin_country_iso", "")
    if not country:
        raise Refusal(400, "Missing input parameter: [origin_country_iso]")
    names = CARRIERS.get(country.upper(), OTHER_COUNTRIES)
    results = [
        {
            "shipping_carrier_id": number,
            "name": name,
            "domestic_classes": [],
            "international_classes": [],
        }
        for number, name in enumerate(names, start=1)
    ]
    return {"count": len(results), "results": results}


def _time_filters(query: QueryParams) -> list[Filter]:
    filters: list[Filter] = []
    for word, key in (("created", "created_timestamp"), ("last_modified", "updated_timestamp")):
        if f"min_{word}" in query:
            least = _whole(query, f"min_{word}", 0, at_least=EARLIEST_S)
            filters.append(lambda r, key=key, least=least: r[key] >= least)  # type: ignore[misc]
        if f"max_{word}" in query:
            most = _whole(query, f"max_{word}", 0, at_least=EARLIEST_S)
            filters.append(lambda r, key=key, most=most: r[key] <= most)  # type: ignore[misc]
    return filters


def _flag_filters(shop: Shop, query: QueryParams) -> list[Filter]:
    tests: dict[str, Filter] = {
        "was_paid": lambda r: bool(r["is_paid"]),
        "was_shipped": lambda r: bool(r["is_shipped"]),
        "was_delivered": lambda r: r["receipt_id"] in shop.delivered,
        "was_canceled": lambda r: r["status"].lower() == "canceled",
    }
    return [
        _equals(test, _flag(name, query[name])) for name, test in tests.items() if name in query
    ]


def _equals(test: Filter, wanted: bool) -> Filter:
    return lambda receipt: test(receipt) is wanted


def _sort_key(query: QueryParams) -> Callable[[Json], tuple[int, int]]:
    name = query.get("sort_on", "created")
    if name not in SORT_KEYS:
        raise Refusal(400, f"Invalid value for sort_on: {name}")
    return lambda receipt: (receipt[SORT_KEYS[name]], receipt["receipt_id"])


def _is_descending(query: QueryParams) -> bool:
    word = query.get("sort_order", "desc")
    if word not in ORDERS:
        raise Refusal(400, f"Invalid value for sort_order: {word}")
    return ORDERS[word]


def _whole(query: QueryParams, name: str, otherwise: int, *, at_least: int) -> int:
    text = query.get(name, str(otherwise))
    if not text.lstrip("-").isdecimal() or int(text) < at_least:
        raise Refusal(400, f"Invalid value for {name}: {text}")
    return int(text)


def _flag(name: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise Refusal(400, f"Invalid value for {name}: {text}")
    return text == "true"


async def _body(call: Call) -> dict[str, Any]:
    """JSON; older clients send a form."""
    if call.request.headers.get("content-type", "").startswith("application/json"):
        try:
            body = json.loads(await call.request.body() or b"{}")
        except ValueError as err:
            raise Refusal(400, "The request body is not valid JSON.") from err
        return body if isinstance(body, dict) else {}
    return dict(await call.request.form())


def _check_tracking(shop: Shop, receipt: Json, code: str | None, carrier: str | None) -> None:
    total = receipt["grandtotal"]
    is_domestic_us = shop.country_iso == "US" and receipt["country_iso"] == "US"
    is_over = total["amount"] * 100 // total["divisor"] > TRACKED_FROM_MINOR
    is_required = (is_domestic_us and is_over) or receipt["country_iso"] == "IN"
    if is_required and not (code and carrier):
        raise Refusal(400, "A tracking number is required")
    if carrier and carrier not in KNOWN_SLUGS:
        raise Refusal(400, f"Invalid carrier_name: {carrier}")


def _shipment(world: World, code: str | None, carrier: str | None) -> Json:
    return {
        "receipt_shipping_id": world.new_id(8_800_000_000),
        "shipment_notification_timestamp": world.clock.now_s(),
        "carrier_name": carrier,
        "tracking_code": code,
    }


def _mail(
    world: World, receipt: Json, code: str | None, carrier: str | None, note: str | None
) -> Mail:
    return Mail(
        receipt_id=receipt["receipt_id"],
        to_user_id=receipt["buyer_user_id"],
        tracking_code=code,
        carrier_name=carrier,
        note=note,
        sent_at=world.clock.now_s(),
    )


def _payment(shop: Shop, receipt: Json) -> Json:
    gross = receipt["grandtotal"]
    fees = gross["amount"] * 65 // 1000 + 30
    refunded = sum(refund["amount"]["amount"] for refund in receipt["refunds"])
    amounts = {"gross": gross["amount"], "fees": fees, "net": gross["amount"] - fees}
    adjusted = {"gross": gross["amount"] - refunded, "fees": fees}
    adjusted["net"] = adjusted["gross"] - fees
    fields = {f"amount_{name}": gross | {"amount": value} for name, value in amounts.items()}
    fields |= {f"posted_{name}": gross | {"amount": value} for name, value in amounts.items()}
    fields |= {f"adjusted_{name}": gross | {"amount": value} for name, value in adjusted.items()}
    return {
        "payment_id": receipt["receipt_id"] + 1_000_000_000,
        "buyer_user_id": receipt["buyer_user_id"],
        "shop_id": shop.shop_id,
        "receipt_id": receipt["receipt_id"],
        "currency": gross["currency_code"],
        "shop_currency": shop.currency,
        "status": "settled",
        "payment_adjustments": [],
        **fields,
    }
