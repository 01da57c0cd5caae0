"""Which profile an order's item means, and what one piece should cost."""

import pytest

from shopwright.catalog import profile_rules, profiles
from shopwright.catalog.models import Product
from shopwright.catalog.profiles import ItemName
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from tests import factories

NAMES = [(1, "Bracket"), (2, "Custom Bracket"), (3, "Vase, tall"), (4, "")]


@pytest.mark.parametrize(
    ("title", "product_id"),
    [
        ("BRACKET", 1),  # the same name, case aside
        ("  custom   bracket ", 2),
        ("Custom Bracket for shelves", 2),  # the longest name within the title
        ("vase", 3),  # the title within a name
        ("Lamp", None),
        ("", None),
    ],
)
def test_a_title_means_the_same_name_or_one_within_the_other(
    title: str, product_id: int | None
) -> None:
    assert profile_rules.match_title(title, NAMES) == product_id


@pytest.mark.parametrize(
    ("material", "overhead", "margin_bp", "price"),
    [
        (125, 75, 5000, 300),
        (125, None, None, 125),
        (None, 75, 2500, 94),  # 93.75, to the even
        (None, None, 5000, None),
        (100, 0, -5000, 50),
    ],
)
def test_the_suggested_price_is_cost_and_margin(
    material: int | None, overhead: int | None, margin_bp: int | None, price: int | None
) -> None:
    product = Product(
        material_cost_minor=material, overhead_cost_minor=overhead, target_margin_bp=margin_bp
    )
    assert profile_rules.suggest_price_of(product) == price


async def test_an_items_variant_goes_before_its_title(
    database: Database, owner: Actor, stranger: Actor
) -> None:
    async with database.write() as session:
        gear = await factories.make_product(session, owner, "Gear")
        vase = await factories.make_product(session, owner, "Vase")
        await factories.make_product(session, stranger, "Lamp")
        variant = await factories.make_variant(session, owner, product=vase)
    items = [
        ItemName("Gear", variant.id),
        ItemName("gear, big"),
        ItemName("Lamp"),
        ItemName("Gear", 999_999),
    ]

    async with database.read() as session:
        found = await profiles.match_profiles(session, owner, items)
        one = await profiles.find_profile(session, owner, items[1])

    assert {item: profile.id for item, profile in found.items()} == {
        items[0]: vase.id, items[1]: gear.id, items[3]: gear.id,
    }  # fmt: skip
    assert one is not None
    assert one.id == gear.id
