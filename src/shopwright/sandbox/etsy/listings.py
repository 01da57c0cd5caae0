"""Shops, listings and the inventory that every write replaces as a whole (1.4, 1.8)."""

import json
from decimal import Decimal
from typing import Any

from shopwright.sandbox.etsy.gate import Call
from shopwright.sandbox.etsy.refusals import Refusal
from shopwright.sandbox.etsy.world import Json, Shop, World

ON_PROPERTY = (
    "price_on_property",
    "quantity_on_property",
    "sku_on_property",
    "readiness_state_on_property",
)
REQUIRED_OFFERING = ("price", "quantity", "is_enabled", "readiness_state_id")
REQUIRED_PROPERTY = ("property_id", "value_ids", "values")
READ_ONLY = ("product_id", "offering_id", "is_deleted", "scale_name")  # shown, never taken back
INCLUDES = frozenset({"Images", "Inventory", "Personalization", "Shipping", "Shop", "User"})
MAX_LIMIT = 100
MAX_QUANTITY = 999


async def ping(call: Call) -> Json:
    del call
    return {"application_id": 1}


async def get_me(call: Call) -> Json:
    assert call.grant is not None  # noqa: S101 - the gate asks for a scope here
    shop = call.world.shop_of_user(call.grant.user_id)
    return {"user_id": call.grant.user_id, "shop_id": shop.shop_id if shop else None}


async def get_user(call: Call) -> Json:
    """Only the one whose token it is."""
    assert call.grant is not None  # noqa: S101 - the gate asks for a scope here
    user_id = call.number("user_id")
    if user_id != call.grant.user_id:
        raise Refusal(403, "User does not have access to this user's profile.")
    return {
        "user_id": user_id,
        "primary_email": f"seller{user_id}@etsy.example",
        "first_name": "Sam",
        "last_name": "Seller",
        "image_url_75x75": None,
    }


async def find_shops(call: Call) -> Json:
    """Every shop whose name contains the wanted one; without a name, a refusal."""
    wanted = call.request.query_params.get("shop_name", "")
    if not wanted:
        raise Refusal(400, "shop_name is required")
    shops = [
        shop_json(call.world, shop)
        for shop in call.world.shops.values()
        if wanted.casefold() in shop.shop_name.casefold()
    ]
    return {"count": len(shops), "results": shops}


async def get_token_scopes(call: Call) -> Json:
    form = await call.request.form()
    grant = call.world.access.get(str(form.get("token", "")))
    if grant is None:
        raise Refusal(401, "invalid_token", "access token is invalid")
    return {"scopes": list(grant.scopes)}


async def get_shop(call: Call) -> Json:
    return shop_json(call.world, call.any_shop())


async def get_shop_of_user(call: Call) -> Json:
    """One Shop object, not a list."""
    user_id = call.number("user_id")
    shop = call.world.shop_of_user(user_id)
    if shop is None:
        raise Refusal(404, f"Could not find a shop for user with user_id = {user_id}")
    return shop_json(call.world, shop)


async def list_listings(call: Call) -> Json:
    query = call.request.query_params
    state = query.get("state", "active")
    hits = [x for x in call.own_shop().listings.values() if x["state"] == state]
    offset, limit = int(query.get("offset", 0)), min(int(query.get("limit", 25)), MAX_LIMIT)
    page = hits[offset : offset + limit]
    if "Inventory" in _includes(query.get("includes", "")):
        inventories = call.own_shop().inventories
        page = [hit | {"inventory": inventories[hit["listing_id"]]} for hit in page]
    return {"count": len(hits), "results": page}


def _includes(text: str) -> set[str]:
    wanted = {word for word in text.split(",") if word}
    for word in sorted(wanted - INCLUDES):
        raise Refusal(400, f"Invalid includes: {word}")
    return wanted


async def get_listing(call: Call) -> Json:
    shop = _shop_with_listing(call)
    return shop.listings[call.number("listing_id")]


async def get_inventory(call: Call) -> Json:
    return _own_listing_shop(call).inventories[call.number("listing_id")]


async def put_inventory(call: Call) -> Json:
    """Products left out are deleted, and every product gets a new id."""
    shop, listing_id = _own_listing_shop(call), call.number("listing_id")
    body = await _json(call)
    _check_inventory(body)
    inventory = _inventory(call.world, shop, body)
    shop.inventories[listing_id] = inventory
    _refresh_listing(shop.listings[listing_id], inventory)
    return inventory


def shop_json(world: World, shop: Shop) -> Json:
    return {
        "shop_id": shop.shop_id,
        "user_id": shop.user_id,
        "shop_name": shop.shop_name,
        "title": f"{shop.shop_name} &amp; friends",
        "currency_code": shop.currency,
        "url": f"https://shop.example/{shop.shop_name}",
        "is_vacation": False,
        "listing_active_count": len(shop.listings),
        "transaction_sold_count": sum(len(r["transactions"]) for r in shop.receipts.values()),
        "icon_url_fullxfull": None,
        "shop_location_country_iso": shop.country_iso,
        "update_date": world.clock.now_s(),
    }


def add_listing(
    world: World,
    shop: Shop,
    listing_id: int,
    title: str,
    products: list[tuple[str, int, tuple[int, int, str, str] | None]],
) -> None:
    """A listing with (sku, price in minor units, option) per choice, unless it is there already.

    An option is (property id, value id, name, value).
    """
    if listing_id in shop.listings:
        return
    used = sorted({option[0] for _, _, option in products if option})
    body = {
        "products": [_body_product(sku, price, option) for sku, price, option in products],
        "price_on_property": used,
        "quantity_on_property": used,
        "sku_on_property": used,
        "readiness_state_on_property": [],
    }
    shop.inventories[listing_id] = _inventory(world, shop, body)
    shop.listings[listing_id] = {
        "listing_id": listing_id,
        "shop_id": shop.shop_id,
        "user_id": shop.user_id,
        "title": title,
        "description": f"{title}, printed to order.",
        "state": "active",
        "url": f"https://shop.example/listing/{listing_id}",
    }
    _refresh_listing(shop.listings[listing_id], shop.inventories[listing_id])


def _body_product(sku: str, price: int, option: tuple[int, int, str, str] | None) -> Json:
    values = []
    if option:
        property_id, value_id, name, value = option
        values = [
            {
                "property_id": property_id,
                "property_name": name,
                "value_ids": [value_id],
                "values": [value],
            }
        ]
    offering = {
        "price": price / 100,
        "quantity": 50,
        "is_enabled": True,
        "readiness_state_id": None,
    }
    return {"sku": sku, "property_values": values, "offerings": [offering]}


async def _json(call: Call) -> Json:
    if "json" not in call.request.headers.get("content-type", ""):
        raise Refusal(400, "Missing input parameter: [products]")
    try:
        body = json.loads(await call.request.body())
    except ValueError as err:
        raise Refusal(400, "Missing input parameter: [products]") from err
    if not isinstance(body, dict) or not isinstance(body.get("products"), list):
        raise Refusal(400, "Missing input parameter: [products]")
    return body


def _check_inventory(body: Json) -> None:
    for product in body["products"]:
        _refuse_read_only(product)
        if not product.get("offerings"):
            raise Refusal(400, "Missing input parameter: [offerings]")
        for offering in product["offerings"]:
            _check_offering(offering)
        for value in product.get("property_values", []):
            _check_property(value)
    _check_any_left(body)
    _check_same("sku", body, [p.get("sku") for p in body["products"]])
    _check_same("price", body, [p["offerings"][0]["price"] for p in body["products"]])
    _check_same("quantity", body, [p["offerings"][0]["quantity"] for p in body["products"]])


def _refuse_read_only(part: Json) -> None:
    for name in READ_ONLY:
        if name in part:
            raise Refusal(400, f"Invalid input parameter: [{name}]")


def _check_any_left(body: Json) -> None:
    """All choices sold out or switched off is no listing any more."""
    offerings = [offering for product in body["products"] for offering in product["offerings"]]
    if not any(o["is_enabled"] and o["quantity"] for o in offerings):
        raise Refusal(400, "At least one offering must be enabled and have a quantity above 0")


def _check_offering(offering: Json) -> None:
    _refuse_read_only(offering)
    for name in REQUIRED_OFFERING:
        if name not in offering:
            raise Refusal(400, f"Missing input parameter: [{name}]")
    price = offering["price"]
    if isinstance(price, bool) or not isinstance(price, int | float):
        raise Refusal(400, "Invalid price: it must be a number")
    quantity = offering["quantity"]
    if isinstance(quantity, bool) or not isinstance(quantity, int):
        raise Refusal(400, "Invalid quantity")
    if not 0 <= quantity <= MAX_QUANTITY:
        raise Refusal(400, "Invalid quantity")


def _check_property(value: Json) -> None:
    _refuse_read_only(value)
    for name in REQUIRED_PROPERTY:
        if name not in value:
            raise Refusal(400, f"Missing input parameter: [{name}]")
    if not value["values"]:
        raise Refusal(400, "Property values can't be empty")
    if any("(" in text or ")" in text for text in value["values"]):
        raise Refusal(400, "Property values must not contain parentheses")


def _check_same(word: str, body: Json, values: list[Any]) -> None:
    """What differs between products must be declared in ``*_on_property``."""
    if len(set(values)) > 1 and not body.get(f"{word}_on_property"):
        raise Refusal(400, f"The {word} of the products differs, but {word}_on_property is empty")


def _inventory(world: World, shop: Shop, body: Json) -> Json:
    products = [_stored_product(world, shop, product) for product in body["products"]]
    return {"products": products} | {name: body.get(name) or [] for name in ON_PROPERTY}


def _stored_product(world: World, shop: Shop, product: Json) -> Json:
    return {
        "product_id": world.new_id(2_600_000_000),
        "sku": product.get("sku", ""),
        "is_deleted": False,
        "offerings": [_stored_offering(world, shop, o) for o in product["offerings"]],
        "property_values": [
            {"property_name": None, "scale_id": None, "scale_name": None} | value
            for value in product.get("property_values", [])
        ],
    }


def _stored_offering(world: World, shop: Shop, offering: Json) -> Json:
    amount = int((Decimal(str(offering["price"])) * 100).to_integral_value())
    return {
        "offering_id": world.new_id(3_600_000_000),
        "quantity": offering["quantity"],
        "is_enabled": offering["is_enabled"],
        "is_deleted": False,
        "readiness_state_id": offering["readiness_state_id"],
        "price": {"amount": amount, "divisor": 100, "currency_code": shop.currency},
    }


def _refresh_listing(listing: Json, inventory: Json) -> None:
    offerings = [offering for p in inventory["products"] for offering in p["offerings"]]
    listing["skus"] = [p["sku"] for p in inventory["products"]]
    listing["quantity"] = sum(offering["quantity"] for offering in offerings)
    listing["price"] = min((o["price"] for o in offerings), key=lambda price: price["amount"])


def _shop_with_listing(call: Call) -> Shop:
    listing_id = call.number("listing_id")
    for shop in call.world.shops.values():
        if listing_id in shop.listings:
            return shop
    raise Refusal(404, f"Could not find a listing with listing_id = {listing_id}")


def _own_listing_shop(call: Call) -> Shop:
    shop = _shop_with_listing(call)
    if call.grant is None or shop.user_id != call.grant.user_id:
        raise Refusal(403, f"User does not own Shop {shop.shop_id}")
    return shop
