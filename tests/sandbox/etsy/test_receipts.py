"""Receipts, tracking, inventory and what the admin can do to them."""

from typing import Any

import httpx
import pytest

from shopwright.sandbox.etsy.server import EtsySandbox
from shopwright.sandbox.etsy.world import Shop
from tests.sandbox.etsy.conftest import NOW_S, SHOP, seed

EMPTY_VALUE = {"property_id": 1, "value_ids": [], "values": []}
CODE = {"tracking_code": "X1", "carrier_name": "dhl"}


async def receipts(api: httpx.AsyncClient, **query: Any) -> dict[str, Any]:
    answer = await api.get(f"{SHOP}/receipts", params=query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def numbers(page: dict[str, Any]) -> list[int]:
    return [receipt["receipt_id"] for receipt in page["results"]]


async def test_the_same_seed_makes_the_same_orders(free_api: httpx.AsyncClient) -> None:
    await seed(free_api, 3, seed=5)
    await seed(free_api, 3, seed=5)
    await seed(free_api, 3, seed=6)
    page = await receipts(free_api, sort_on="receipt_id", sort_order="asc")
    facts = [
        (r["name"], r["created_timestamp"], [(t["sku"], t["quantity"]) for t in r["transactions"]])
        for r in page["results"]
    ]
    assert facts[0:3] == facts[3:6]
    assert facts[0:3] != facts[6:9]


async def test_orders_are_made_to_measure(free_api: httpx.AsyncClient) -> None:
    goods = [{"sku": "CUP", "price_minor": 900, "is_personalised": True}]
    await seed(
        free_api, 400, goods=goods, max_items=1, max_quantity=1, personalised_share=1, spread_s=0
    )
    page = await receipts(free_api, limit=1)
    (transaction,) = page["results"][0]["transactions"]
    assert (page["count"], transaction["sku"], transaction["quantity"]) == (400, "CUP", 1)
    assert transaction["variations"][0]["question_id"] == 71
    assert page["results"][0]["grandtotal"] == {
        "amount": 1390,
        "divisor": 100,
        "currency_code": "EUR",
    }


async def test_pages_are_clamped_sorted_and_counted(free_api: httpx.AsyncClient) -> None:
    made = await seed(free_api, 130)
    page = await receipts(free_api, limit=500, sort_on="created", sort_order="up")
    assert (page["count"], numbers(page)) == (130, made[:100])
    assert numbers(await receipts(free_api)) == made[:-26:-1]  # 25, newest first
    rest = await receipts(free_api, limit=100, offset=100, sort_order="ascending")
    assert numbers(rest) == made[100:]


async def test_filters_by_time_and_state(free_api: httpx.AsyncClient) -> None:
    made = await seed(free_api, 10, spread_s=1000)
    await free_api.post(f"/sandbox/receipts/{made[0]}/cancel")
    await free_api.post(f"/sandbox/receipts/{made[1]}/deliver")
    await free_api.post(f"{SHOP}/receipts/{made[2]}/tracking", json=CODE)
    (unpaid,) = await seed(free_api, 1, unpaid_share=1)
    window = {"min_last_modified": NOW_S - 500, "max_last_modified": NOW_S - 100}
    page = await receipts(free_api, sort_on="updated", sort_order="asc", **window)
    assert numbers(page) == made[4:9]
    assert numbers(await receipts(free_api, was_canceled="true")) == [made[0]]
    assert numbers(await receipts(free_api, was_delivered="true")) == [made[1]]
    assert numbers(await receipts(free_api, was_shipped="true")) == [made[2]]
    assert numbers(await receipts(free_api, was_paid="false")) == [unpaid]
    assert (await receipts(free_api, min_created=NOW_S))["count"] == 0


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "x"},
        {"offset": "-1"},
        {"min_created": "946684799"},
        {"sort_on": "name"},
        {"sort_order": "sideways"},
        {"was_paid": "yes"},
    ],
)
async def test_a_bad_filter_is_refused(free_api: httpx.AsyncClient, query: dict[str, str]) -> None:
    assert (await free_api.get(f"{SHOP}/receipts", params=query)).status_code == 400


async def test_offsets_end_at_the_ceiling(free_api: httpx.AsyncClient) -> None:
    assert (await receipts(free_api, offset=12_000))["results"] == []
    answer = await free_api.get(f"{SHOP}/receipts", params={"offset": 12_001})
    assert (answer.status_code, answer.json()) == (
        400,
        {"error": "Offset provided is greater than the maximum offset allowed."},
    )


async def test_every_tracking_post_mails_the_buyer(free_api: httpx.AsyncClient) -> None:
    (made,) = await seed(free_api)
    for _ in range(2):
        answer = await free_api.post(f"{SHOP}/receipts/{made}/tracking", json=CODE)
        assert answer.status_code == 200
    receipt = answer.json()
    assert (receipt["is_shipped"], receipt["status"], len(receipt["shipments"])) == (
        True,
        "Completed",
        2,
    )
    outbox = (await free_api.get("/sandbox/outbox")).json()
    assert outbox["per_receipt"] == {str(made): 2}
    assert outbox["mails"][0]["tracking_code"] == "X1"


async def test_tracking_may_come_as_a_form(free_api: httpx.AsyncClient) -> None:
    (made,) = await seed(free_api)
    answer = await free_api.post(f"{SHOP}/receipts/{made}/tracking", data=CODE)
    assert answer.json()["shipments"][0]["carrier_name"] == "dhl"


@pytest.fixture
async def american_shop(etsy: EtsySandbox) -> Shop:
    etsy.world.shops[500321].country_iso = "US"
    return etsy.world.shops[500321]


@pytest.mark.parametrize(
    ("country", "amount", "body", "error"),
    [
        ("US", 1001, {}, "A tracking number is required"),
        ("US", 1001, {"tracking_code": "X1"}, "A tracking number is required"),
        ("IN", 1, {}, "A tracking number is required"),
        ("FR", 1, {"tracking_code": "X", "carrier_name": "DHL"}, "Invalid carrier_name: DHL"),
        ("US", 1000, {}, None),
        ("US", 1001, CODE, None),
        ("FR", 9999, {}, None),
        ("FR", 1, {"tracking_code": "X", "carrier_name": "other"}, None),
    ],
)
@pytest.mark.usefixtures("american_shop")
async def test_tracking_rules_of_an_american_shop(
    free_api: httpx.AsyncClient, country: str, amount: int, body: Any, error: str | None
) -> None:
    total = {"amount": amount, "divisor": 100, "currency_code": "USD"}
    (made,) = await seed(free_api, 1, overrides={"country_iso": country, "grandtotal": total})
    answer = await free_api.post(f"{SHOP}/receipts/{made}/tracking", json=body)
    assert answer.json().get("error") == error
    mails = (await free_api.get("/sandbox/outbox")).json()["mails"]
    assert len(mails) == (0 if error else 1)


async def test_a_receipts_parts_payments_and_flags(free_api: httpx.AsyncClient) -> None:
    goods = [{"sku": "CUP", "price_minor": 1000}]
    (made,) = await seed(free_api, 1, goods=goods, max_items=1, max_quantity=1)
    path = f"{SHOP}/receipts/{made}"
    assert (await free_api.get(f"{path}/transactions")).json()["count"] == 1
    (payment,) = (await free_api.get(f"{path}/payments")).json()["results"]
    amounts = [payment[f"amount_{part}"]["amount"] for part in ("gross", "fees", "net")]
    assert amounts == [1490, 126, 1364]
    answer = await free_api.put(path, data={"was_shipped": "true"})
    assert answer.json()["is_shipped"] is True
    assert (await free_api.get(f"{SHOP}/receipts/9")).status_code == 404


async def test_refunds_add_up(free_api: httpx.AsyncClient) -> None:
    total = {"amount": 1000, "divisor": 100, "currency_code": "EUR"}
    (made,) = await seed(free_api, 1, overrides={"grandtotal": total})
    path = f"/sandbox/receipts/{made}/refund"
    assert (await free_api.post(path, json={"amount": 400})).json()["status"] == (
        "partially refunded"
    )
    assert (await free_api.post(path, json={"amount": 601})).status_code == 400
    receipt = (await free_api.post(path, json={})).json()
    assert receipt["status"] == "fully refunded"
    assert [refund["amount"]["amount"] for refund in receipt["refunds"]] == [400, 600]


async def test_carriers_by_country(free_api: httpx.AsyncClient) -> None:
    path = "/v3/application/shipping-carriers"
    french = (await free_api.get(path, params={"origin_country_iso": "fr"})).json()
    assert [c["name"] for c in french["results"]][:2] == ["La Poste", "Chronopost"]
    assert (await free_api.get(path)).status_code == 400


async def put(api: httpx.AsyncClient, body: Any) -> httpx.Response:
    return await api.put("/v3/application/listings/1500000001/inventory", json=body)


def inventory(*products: dict[str, Any], **on_property: Any) -> dict[str, Any]:
    return {"products": list(products), **on_property}


def product(sku: str = "A", value: str = "Walnut", **offering: Any) -> dict[str, Any]:
    facts = {"price": 49.0, "quantity": 5, "is_enabled": True, "readiness_state_id": None}
    return {
        "sku": sku,
        "property_values": [{"property_id": 507, "value_ids": [1], "values": [value]}],
        "offerings": [{**facts, **offering}],
    }


async def test_an_inventory_write_replaces_everything(free_api: httpx.AsyncClient) -> None:
    await seed(free_api)
    path = "/v3/application/listings/1500000001/inventory"
    before = (await free_api.get(path)).json()["products"]
    after = (await put(free_api, inventory(product()))).json()["products"]
    assert [p["sku"] for p in before] == ["PLATE-M-WAL", "PLATE-M-OAK"]
    assert [p["sku"] for p in after] == ["A"]
    assert after[0]["product_id"] not in {p["product_id"] for p in before}
    assert after[0]["offerings"][0]["price"]["amount"] == 4900
    listing = (await free_api.get("/v3/application/listings/1500000001")).json()
    assert (listing["skus"], listing["quantity"]) == (["A"], 5)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, "Missing input parameter: [products]"),
        (inventory({"sku": "A", "offerings": []}), "Missing input parameter: [offerings]"),
        (inventory(product(price={"amount": 1})), "Invalid price: it must be a number"),
        (inventory(product(quantity=-1)), "Invalid quantity"),
        (inventory(product(value="M (20 cm)")), "Property values must not contain parentheses"),
        (
            inventory({**product(), "property_values": [EMPTY_VALUE]}),
            "Property values can't be empty",
        ),
        (
            inventory(product("A"), product("B")),
            "The sku of the products differs, but sku_on_property is empty",
        ),
        (
            inventory(product(), product(price=50.0)),
            "The price of the products differs, but price_on_property is empty",
        ),
    ],
)  # fmt: skip
async def test_inventory_rules(
    free_api: httpx.AsyncClient, etsy: EtsySandbox, body: dict[str, Any], error: str
) -> None:
    await seed(free_api)
    before = etsy.world.shops[500321].inventories[1_500_000_001]
    answer = await put(free_api, body)
    assert (answer.status_code, answer.json()) == (400, {"error": error})
    assert etsy.world.shops[500321].inventories[1_500_000_001] is before


async def test_listings_are_paged(free_api: httpx.AsyncClient) -> None:
    await seed(free_api)
    page = (await free_api.get(f"{SHOP}/listings", params={"limit": 2, "offset": 4})).json()
    assert (page["count"], len(page["results"])) == (5, 1)


async def test_unknown_words_to_the_admin_are_refused(api: httpx.AsyncClient) -> None:
    answer = await api.post("/sandbox/seed", json={"cuont": 3})
    assert answer.status_code == 400
    assert "cuont" in answer.json()["error"]
