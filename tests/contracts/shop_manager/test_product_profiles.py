"""Product profiles: every documented member, and the suggested price of the document's rule."""

from typing import Any

from tests.contracts.shop_manager.documented import assert_documented, covers, number, plain_time
from tests.contracts.shop_manager.shop import Shop

BRACKET = {
    "product_name": "Custom Bracket",
    "description": "Holds a shelf",
    "standard_filament_amount": 45.5,
    "preferred_material": "PETG",
    "preferred_color": "Black",
    "print_time_minutes": 120,
    "notes": "Brim needed",
    "category": "Household",
    "nozzle_temp_c": 240,
    "bed_temp_c": 80,
    "print_speed_mms": 150,
    "support_settings": "tree, 45°",
    "infill_percent": 22.5,
    "layer_height_mm": 0.2,
    "material_cost": 1.25,
    "labor_minutes": 10,
    "overhead_cost": 0.75,
    "target_margin_pct": 50,
}
PROFILE: dict[str, Any] = BRACKET | {
    "id": int,
    "suggested_price": 3.0,
    "created_at": plain_time,
    "updated_at": plain_time,
}


async def make(shop: Shop, **changes: Any) -> dict[str, Any]:
    answer = await shop.client.post("/api/product-profiles", json=BRACKET | changes)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


@covers("POST /api/product-profiles")
async def test_a_profile_is_made_with_every_member(empty_shop: Shop) -> None:
    answer = await empty_shop.client.post("/api/product-profiles", json=BRACKET)

    assert_documented(answer, PROFILE, 201)


@covers("GET /api/product-profiles", "GET /api/product-profiles/{id}")
async def test_profiles_are_listed_and_read(empty_shop: Shop) -> None:
    made = await make(empty_shop)
    await make(empty_shop, product_name="Gear")

    listed = await empty_shop.client.get("/api/product-profiles")
    read = await empty_shop.client.get(f"/api/product-profiles/{made['id']}")

    body = assert_documented(listed, {"profiles": [{"id": int, "product_name": str}], "total": 2})
    assert [row["product_name"] for row in body["profiles"]] == ["Custom Bracket", "Gear"]
    assert_documented(read, PROFILE)


@covers("PUT /api/product-profiles/{id}")
async def test_a_profile_changes_only_what_is_sent(empty_shop: Shop) -> None:
    made = await make(empty_shop)

    changed = await empty_shop.client.put(
        f"/api/product-profiles/{made['id']}",
        json={"target_margin_pct": 100, "labor_minutes": None, "suggested_price": 99},
    )

    expected = PROFILE | {"target_margin_pct": 100, "labor_minutes": None, "suggested_price": 4.0}
    assert_documented(changed, expected)
    again = await empty_shop.client.put(f"/api/product-profiles/{made['id']}", json=changed.json())
    assert_documented(again, expected)


@covers("DELETE /api/product-profiles/{id}")
async def test_a_deleted_profile_is_gone_from_the_list(empty_shop: Shop) -> None:
    made = await make(empty_shop)

    answer = await empty_shop.client.delete(f"/api/product-profiles/{made['id']}")

    assert_documented(answer, {"message": "Product profile deleted"})
    assert (await empty_shop.client.get("/api/product-profiles")).json()["profiles"] == []
    gone = await empty_shop.client.get(f"/api/product-profiles/{made['id']}")
    assert gone.status_code == 404


async def test_a_profile_needs_a_name_and_nothing_else(empty_shop: Shop) -> None:
    bare = await empty_shop.client.post("/api/product-profiles", json={"product_name": "Vase"})
    none = await empty_shop.client.post("/api/product-profiles", json={"category": "Vases"})

    body = assert_documented(bare, {"standard_filament_amount": number}, 201)
    assert (body["suggested_price"], body["print_time_minutes"], body["notes"]) == (None, None, "")
    assert none.status_code == 400
    assert none.json()["error"]
