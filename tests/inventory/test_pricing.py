"""The suggested price, part by part."""

from decimal import Decimal

import pytest

from shopwright.catalog.models import Product
from shopwright.inventory import pricing
from shopwright.inventory.pricing import FilamentPrice, StockedFilament
from shopwright.kernel.actor import Actor
from shopwright.kernel.money import Money
from tests.conftest import ClientAs

PETG = FilamentPrice("PETG", 25_000)  # 25 a kilogram


def product(**facts: object) -> Product:
    known = {
        "preferred_material": "PETG",
        "preferred_color": "Black",
        "standard_filament_mg": 40_000,
        "labor_minutes": 10,
        "overhead_cost_minor": 50,
        "target_margin_bp": 5000,
        "cost_currency": "EUR",
    }
    return Product(**(known | facts))


def test_filament_labour_and_overhead_with_margin() -> None:
    found = pricing.compute(product(), "EUR", PETG, Money(3000, "EUR"))

    assert (found.filament_minor, found.labor_minor, found.overhead_minor) == (100, 500, 50)
    assert (found.cost_minor, found.suggested_minor, found.missing) == (650, 975, ())


def test_what_nobody_said_counts_nothing_and_is_told() -> None:
    found = pricing.compute(product(overhead_cost_minor=None), "EUR", None, None)

    assert (found.cost_minor, found.suggested_minor) == (0, 0)
    assert found.missing == (
        "No PETG on the shelf has a price.",
        "Nobody said what an hour of work costs.",
    )


def test_other_currencies_are_never_added() -> None:
    found = pricing.compute(product(cost_currency="USD"), "EUR", PETG, Money(3000, "USD"))

    assert (found.filament_minor, found.labor_minor, found.overhead_minor) == (100, 0, 0)


@pytest.mark.parametrize(
    ("stocked", "name", "micros"),
    [
        ([("Black", 20_000, 750_000), ("Red", 90_000, 9_000_000)], "PETG Black", 20_000),
        ([("black", 20_000, 300_000), ("Black", 30_000, 100_000)], "PETG Black", 22_500),
        ([("Red", 30_000, 0), ("Blue", 20_000, 0)], "PETG", 25_000),
    ],
)
def test_the_price_is_that_of_the_preferred_colour_else_of_the_material(
    stocked: list[tuple[str, int, int]], name: str, micros: int
) -> None:
    rows = [StockedFilament(*row) for row in stocked]
    assert pricing.choose_price(product(), rows) == FilamentPrice(name, micros)
    assert pricing.choose_price(product(), []) is None


async def test_the_price_is_told_with_its_parts(client_as: ClientAs, owner: Actor) -> None:
    client = await client_as(owner)
    await client.put("/api/pricing-settings", json={"labor_cost_per_hour": 30})
    black = {"material": "petg", "color": "Black", "initial_amount": 1000, "cost_per_gram": 0.025}
    await client.post("/api/filaments", json=black)
    profile = {
        "product_name": "Bracket", "preferred_material": "PETG", "preferred_color": "black",
        "standard_filament_amount": 40, "labor_minutes": 10, "material_cost": 1.5,
        "overhead_cost": 0.5, "target_margin_pct": 50,
    }  # fmt: skip
    made = (await client.post("/api/product-profiles", json=profile)).json()

    price = (await client.get(f"/api/product-profiles/{made['id']}/price")).json()

    assert (price["suggested_price"], price["calculated_price"], price["missing"]) == (3, 9.75, [])
    assert Decimal(str(price["calculated_cost"])) == Decimal("6.5")
    assert (await client.get("/api/pricing-settings")).json() == {
        "labor_cost_per_hour": 30.0, "currency": "EUR",
    }  # fmt: skip
