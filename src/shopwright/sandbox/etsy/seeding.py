"""Made-up receipts, the same for the same seed."""

import random
from typing import Any

import msgspec

from shopwright.sandbox.etsy.listings import add_listing
from shopwright.sandbox.etsy.world import Json, Shop, World

BUYERS = (
    "Ada Byron", "Noor Haddad", "Liam O&#039;Neill", "Marta Kowalska", "Jens Lindqvist",
    "Chlo&eacute; Martin", "Paulo Reis", "Yuki Tanabe", "Sofia Marchetti", "Ben Okafor",
)  # fmt: skip
STREETS = ("rue des Lilas", "Hauptstra&szlig;e", "Mill Lane", "Via Verdi", "Maple Avenue")
PLACES = (
    ("Lyon", None, "69003", "FR"),
    ("Leipzig", None, "04109", "DE"),
    ("Bristol", None, "BS1 4DJ", "GB"),
    ("Portland", "OR", "97205", "US"),
    ("Torino", None, "10121", "IT"),
)
NAMES_TO_ENGRAVE = ("Famille Byron", "Milo", "No. 7 &amp; 9", "Team Otter", "L&#039;Atelier")
BUYER_NOTES = (None, None, None, "Please pack as a gift", "It&#039;s for Friday, thank you!")
PERSONALIZATION = 54
QUESTION_ID = 71
SHIPPING_MINOR = 490
DAY_S = 86_400
SAME_ON_ALL: Json = {
    "shipped_timestamp": None,
    "listing_image_id": 9001,
    "is_digital": False,
    "file_data": "",
    "transaction_type": "listing",
    "product_data": [],
    "shipping_profile_id": 77,
    "min_processing_days": 3,
    "max_processing_days": 5,
    "shipping_method": None,
    "shipping_upgrade": None,
    "buyer_coupon": 0,
    "shop_coupon": 0,
}
PAID_AFTER_S = 40


class Goods(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One sellable choice. ``option`` is (property name, value)."""

    sku: str
    title: str = ""
    listing_id: int = 0  # 0: one of its own
    price_minor: int = 2400
    option: tuple[str, str] | None = None
    is_personalised: bool = False


GOODS = (
    Goods("PLATE-M-WAL", "Engraved door plate", 1500000001, 4900, ("Material", "Walnut"), True),
    Goods("PLATE-M-OAK", "Engraved door plate", 1500000001, 4700, ("Material", "Oak"), True),
    Goods("POT-S-TERRA", "Planter &quot;Terra&quot;", 1500000002, 1850, ("Size", "Small")),
    Goods("POT-L-TERRA", "Planter &quot;Terra&quot;", 1500000002, 2950, ("Size", "Large")),
    Goods("HOOK-SET-4", "Key hooks, set of 4", 1500000003, 1600),
    Goods("LAMP-MOON-15", "Moon lamp 15 cm", 1500000004, 5400, is_personalised=True),
    Goods("DICE-TOWER", "Dice tower &amp; tray", 1500000005, 3900),
)  # fmt: skip


class SeedPlan(msgspec.Struct, forbid_unknown_fields=True):
    """What to make. Shares are 0–1; times spread evenly over ``spread_s`` before now."""

    count: int = 1
    seed: int = 1
    shop_id: int = 0  # 0: the first seller's
    goods: tuple[Goods, ...] = GOODS
    max_items: int = 3
    max_quantity: int = 3
    personalised_share: float = 0.7  # of the goods that can be personalised
    unpaid_share: float = 0.0
    gift_share: float = 0.15
    spread_s: int = 30 * DAY_S
    currency: str = ""  # "": the shop's
    divisor: int = 100
    overrides: dict[str, Any] = msgspec.field(default_factory=dict)  # members of the receipt
    transaction_overrides: dict[str, Any] = msgspec.field(default_factory=dict)


def seed_receipts(world: World, shop: Shop, plan: SeedPlan) -> list[int]:
    """Make ``plan.count`` receipts and the listings they need; their ids, oldest first."""
    for goods in plan.goods:
        same = [g for g in plan.goods if _listing_id(g) == _listing_id(goods)]
        products = [(g.sku, g.price_minor, _option_ids(g)) for g in same]
        add_listing(world, shop, _listing_id(goods), goods.title or goods.sku, products)
    maker = ReceiptMaker(world, shop, plan)
    now_s, step = world.clock.now_s(), plan.spread_s / plan.count
    made = []
    for number in range(plan.count):
        created_s = now_s - PAID_AFTER_S - int(plan.spread_s - step * (number + 1))
        receipt = maker.make(created_s)
        shop.receipts[receipt["receipt_id"]] = receipt
        made.append(receipt["receipt_id"])
    return made


class ReceiptMaker:
    """Draws one receipt after the other from one seed."""

    def __init__(self, world: World, shop: Shop, plan: SeedPlan) -> None:
        self._world = world
        self._shop = shop
        self._plan = plan
        self._rng = random.Random(plan.seed)  # noqa: S311 - made-up orders

    def make(self, created_s: int) -> Json:
        plan, rng = self._plan, self._rng
        is_paid = rng.random() >= plan.unpaid_share
        chosen = [rng.choice(plan.goods) for _ in range(rng.randint(1, plan.max_items))]
        facts: Json = {
            "receipt_id": self._world.new_id(3_300_000_000),
            "buyer_user_id": rng.randrange(810_000, 899_999),
            "seller_user_id": self._shop.user_id,
            "create_timestamp": created_s,
            "created_timestamp": created_s,
        }
        transactions = [self._transaction(goods, facts) for goods in chosen]
        receipt = (
            facts
            | _address(rng)
            | _state(rng, created_s, is_paid=is_paid)
            | _gift(rng, plan)
            | _totals(self._shop, plan, transactions)
            | {"shipments": [], "refunds": [], "transactions": transactions}
        )
        return receipt | plan.overrides

    def _transaction(self, goods: Goods, facts: Json) -> Json:
        created_s = facts["created_timestamp"]
        transaction = {
            "transaction_id": self._world.new_id(4_400_000_000),
            "receipt_id": facts["receipt_id"],
            "title": goods.title or goods.sku,
            "description": "",
            "seller_user_id": self._shop.user_id,
            "buyer_user_id": facts["buyer_user_id"],
            "create_timestamp": created_s,
            "created_timestamp": created_s,
            "paid_timestamp": created_s + PAID_AFTER_S,
            "quantity": self._rng.randint(1, self._plan.max_quantity),
            "listing_id": _listing_id(goods),
            "product_id": _product_id(self._shop, goods),
            "sku": goods.sku,
            "price": _money(self._shop, self._plan, goods.price_minor),
            "shipping_cost": _money(self._shop, self._plan, SHIPPING_MINOR),
            "variations": _variations(self._plan, self._rng, goods),
            "expected_ship_date": created_s + 5 * DAY_S,
        }
        return SAME_ON_ALL | transaction | self._plan.transaction_overrides


def _address(rng: random.Random) -> Json:
    name, (city, state, postcode, country) = rng.choice(BUYERS), rng.choice(PLACES)
    line = f"{rng.randint(1, 120)} {rng.choice(STREETS)}"
    return {
        "name": name,
        "first_line": line,
        "second_line": None,
        "city": city,
        "state": state,
        "zip": postcode,
        "formatted_address": f"{name}\n{line}\n{postcode} {city}\n{country}",
        "country_iso": country,
        "buyer_email": None,
        "seller_email": "atelier@shop.example",
        "payment_email": None,
    }


def _state(rng: random.Random, created_s: int, *, is_paid: bool) -> Json:
    """Status words in both spellings that live data has."""
    updated_s = created_s + PAID_AFTER_S if is_paid else created_s
    return {
        "receipt_type": 0,
        "status": rng.choice(("paid", "Paid")) if is_paid else "open",
        "payment_method": rng.choice(("cc", "paypal", "apple_pay")),
        "message_from_seller": None,
        "message_from_buyer": rng.choice(BUYER_NOTES),
        "message_from_payment": None,
        "is_paid": is_paid,
        "is_shipped": False,
        "update_timestamp": updated_s,
        "updated_timestamp": updated_s,
    }


def _gift(rng: random.Random, plan: SeedPlan) -> Json:
    is_gift = rng.random() < plan.gift_share
    return {
        "is_gift": is_gift,
        "gift_message": "Bon anniversaire" if is_gift else "",
        "gift_sender": "A." if is_gift else "",
    }


def _variations(plan: SeedPlan, rng: random.Random, goods: Goods) -> list[Json]:
    variations: list[Json] = []
    option = _option_ids(goods)
    if option:
        variations.append(_variation(option[0], option[1], option[2], option[3]))
    if goods.is_personalised:
        is_wanted = rng.random() < plan.personalised_share
        text = rng.choice(NAMES_TO_ENGRAVE) if is_wanted else "Not requested on this item."
        question = QUESTION_ID if is_wanted else None
        variations.append(_variation(PERSONALIZATION, None, "Personalization", text, question))
    return variations


def _variation(
    property_id: int, value_id: int | None, name: str, value: str, question_id: int | None = None
) -> Json:
    return {
        "property_id": property_id,
        "value_id": value_id,
        "formatted_name": name,
        "formatted_value": value,
        "question_id": question_id,
    }


def _totals(shop: Shop, plan: SeedPlan, transactions: list[Json]) -> Json:
    goods_minor = sum(t["price"]["amount"] * t["quantity"] for t in transactions)
    shipping = _money(shop, plan, SHIPPING_MINOR)
    goods = shipping | {"amount": goods_minor}
    nothing = shipping | {"amount": 0}
    return {
        "grandtotal": goods | {"amount": goods_minor + shipping["amount"]},
        "subtotal": goods,
        "total_price": goods,
        "total_shipping_cost": shipping,
        "total_tax_cost": nothing,
        "total_vat_cost": nothing,
        "discount_amt": nothing,
        "gift_wrap_price": nothing,
    }


def _money(shop: Shop, plan: SeedPlan, minor: int) -> Json:
    return {
        "amount": minor * plan.divisor // 100,
        "divisor": plan.divisor,
        "currency_code": plan.currency or shop.currency,
    }


def _listing_id(goods: Goods) -> int:
    return goods.listing_id or 1_510_000_000 + _number_of(goods.sku)


def _product_id(shop: Shop, goods: Goods) -> int | None:
    products = shop.inventories[_listing_id(goods)]["products"]
    return next((p["product_id"] for p in products if p["sku"] == goods.sku), None)


def _option_ids(goods: Goods) -> tuple[int, int, str, str] | None:
    if goods.option is None:
        return None
    name, value = goods.option
    return 500 + _number_of(name) % 13, 1 + _number_of(value), name, value


def _number_of(text: str) -> int:
    """Stable over runs, unlike ``hash``."""
    return int.from_bytes(text.encode(), "big") % 999_983
