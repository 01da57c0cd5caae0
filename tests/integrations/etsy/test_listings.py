"""Listings with their choices, and the traps of writing a quantity."""

from typing import Any

import httpx
import pytest

from shopwright.channels.port import BadAnswer, CallRefused, ChannelOffer, OrderNotThere
from shopwright.integrations.etsy.adapter import EtsyAdapter
from shopwright.integrations.etsy.inventory import check_taken, with_quantities
from shopwright.integrations.etsy.payloads import (
    EtsyInventory,
    EtsyInventoryProduct,
    EtsyMoney,
    EtsyOffering,
    EtsyPropertyValue,
)
from shopwright.sandbox.etsy.server import EtsySandbox
from tests.integrations.etsy.conftest import seed

SHOP_ID, PLATE = 500321, 1500000001


def choice(sku: str, value: str = "", quantity: int = 5, **facts: Any) -> EtsyInventoryProduct:
    values = [EtsyPropertyValue(507, "Material", None, [1], [value])] if value else []
    offering = EtsyOffering(EtsyMoney(4900, 100, "EUR"), quantity, is_enabled=True)
    return EtsyInventoryProduct([offering], sku, property_values=values, **facts)


def inventory(*products: EtsyInventoryProduct, by_choice: bool = True) -> EtsyInventory:
    return EtsyInventory(list(products), quantity_on_property=[507] if by_choice else [])


async def test_listings_come_with_their_choices(
    adapter: EtsyAdapter, admin: httpx.AsyncClient
) -> None:
    await seed(admin, 1)

    listings = {listing.external_id: listing async for listing in adapter.fetch_listings()}

    assert listings[str(PLATE)].offers == (
        ChannelOffer("PLATE-M-WAL", (("Material", "Walnut"),), 50, 4900, "EUR"),
        ChannelOffer("PLATE-M-OAK", (("Material", "Oak"),), 50, 4700, "EUR"),
    )
    assert listings["1500000003"].offers == (ChannelOffer("HOOK-SET-4", (), 50, 1600, "EUR"),)


async def test_several_quantities_are_one_write(
    adapter: EtsyAdapter, admin: httpx.AsyncClient, etsy: EtsySandbox
) -> None:
    await seed(admin, 1)

    await adapter.set_quantities(str(PLATE), {"PLATE-M-OAK": 0, "PLATE-M-WAL": 999})

    products = etsy.world.shops[SHOP_ID].inventories[PLATE]["products"]
    assert {p["sku"]: p["offerings"][0]["quantity"] for p in products} == {
        "PLATE-M-WAL": 999, "PLATE-M-OAK": 0,
    }  # fmt: skip
    with pytest.raises(OrderNotThere):
        await adapter.set_quantities("1599999999", {"PLATE-M-OAK": 1})
    with pytest.raises(OrderNotThere):
        await adapter.set_quantities("../shops", {"PLATE-M-OAK": 1})


@pytest.mark.parametrize(
    ("known", "wanted", "words"),
    [
        (inventory(choice("A")), {"B": 1}, "no choice with the SKU 'B'"),
        (inventory(choice("A")), {"A": 1000}, "0 to 999"),
        (inventory(choice("A")), {"A": 0}, "at least one choice with stock"),
        (inventory(choice("A"), choice("B"), by_choice=False), {"A": 1}, "share one quantity"),
        (inventory(choice("A", "Oak (light)")), {"A": 1}, "Rename 'Oak \\(light\\)'"),
    ],
)
def test_what_etsy_would_refuse_is_refused_before(
    known: EtsyInventory, wanted: dict[str, int], words: str
) -> None:
    with pytest.raises(CallRefused, match=words):
        with_quantities(known, wanted)


def test_a_shared_quantity_may_change_for_all_choices_at_once() -> None:
    known = inventory(choice("A"), choice("B"), choice("C", is_deleted=True), by_choice=False)

    body = with_quantities(known, {"A": 3, "B": 3})

    assert [(p["sku"], p["offerings"][0]["quantity"]) for p in body["products"]] == [
        ("A", 3), ("B", 3),
    ]  # fmt: skip


def test_an_answer_that_shows_another_quantity_is_no_proof() -> None:
    check_taken(inventory(choice("A", quantity=3)), {"A": 3})
    with pytest.raises(BadAnswer):
        check_taken(inventory(choice("A", quantity=5)), {"A": 3})
    with pytest.raises(BadAnswer):
        check_taken(inventory(), {"A": 3})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"product_id": 1}, "Invalid input parameter: [product_id]"),
        ({"offerings": [{"price": 1.0, "quantity": 0, "is_enabled": True,
                         "readiness_state_id": None}]}, "At least one offering"),
        ({"offerings": [{"price": 1.0, "quantity": 1000, "is_enabled": True,
                         "readiness_state_id": None}]}, "Invalid quantity"),
    ],
)  # fmt: skip
async def test_the_stand_in_refuses_what_etsy_refuses(
    etsy: EtsySandbox, admin: httpx.AsyncClient, change: dict[str, Any], words: str
) -> None:
    await seed(admin, 1)
    token = (await admin.post("/tokens", json={})).json()["access_token"]
    offering = {"price": 1.0, "quantity": 1, "is_enabled": True, "readiness_state_id": None}
    product = {"sku": "A", "property_values": [], "offerings": [offering]} | change
    config = etsy.world.config

    async with httpx.AsyncClient(base_url=etsy.api_url) as http:
        answer = await http.put(
            f"/listings/{PLATE}/inventory",
            json={"products": [product]},
            headers={
                "x-api-key": f"{config.keystring}:{config.shared_secret}",
                "authorization": f"Bearer {token}",
            },
        )

    assert (answer.status_code, words in answer.text) == (400, True)
