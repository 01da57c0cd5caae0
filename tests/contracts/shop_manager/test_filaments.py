"""Filaments as the document prints them."""

from typing import Any

from tests.contracts.shop_manager.documented import assert_documented, covers, number, plain_time
from tests.contracts.shop_manager.shop import Shop

BLUE = {
    "material": "PLA",
    "color": "Blue",
    "initial_amount": 1000,
    "current_amount": 1000,
    "cost_per_gram": 0.015,
    "low_stock_threshold": 100,
}
FILAMENT: dict[str, Any] = {
    "id": int,
    "material": str,
    "color": str,
    "initial_amount": number,
    "current_amount": number,
    "cost_per_gram": number,
    "low_stock_threshold": number,
    "created_at": plain_time,
    "updated_at": plain_time,
    "used_amount": number,
    "is_low_stock": bool,
    "unit": "g",
}


@covers("POST /api/filaments")
async def test_a_filament_is_added(empty_shop: Shop) -> None:
    answer = await empty_shop.client.post("/api/filaments", json=BLUE)

    assert_documented(answer, FILAMENT | BLUE | {"used_amount": 0, "is_low_stock": False}, 201)
    nameless = await empty_shop.client.post("/api/filaments", json={"material": "PLA"})
    assert nameless.status_code == 400


@covers("GET /api/filaments")
async def test_filaments_are_listed_and_filtered(empty_shop: Shop) -> None:
    for changes in ({}, {"material": "PETG", "color": "Red", "current_amount": 100}):
        await empty_shop.client.post("/api/filaments", json=BLUE | changes)

    async def colors(**query: str) -> list[str]:
        answer = await empty_shop.client.get("/api/filaments", params=query)
        body = assert_documented(answer, {"filaments": [FILAMENT], "total": int})
        assert body["total"] == len(body["filaments"])
        return [row["color"] for row in body["filaments"]]

    assert await colors() == ["Blue", "Red"]
    assert await colors(material="PETG") == ["Red"]
    assert await colors(color="Blue") == ["Blue"]
    assert await colors(low_stock="true") == ["Red"]
    assert await colors(low_stock="false") == ["Blue", "Red"]


@covers("PUT /api/filaments/{id}")
async def test_a_filament_is_changed_and_its_amount_corrected(empty_shop: Shop) -> None:
    made = (await empty_shop.client.post("/api/filaments", json=BLUE)).json()
    path = f"/api/filaments/{made['id']}"

    answer = await empty_shop.client.put(path, json=BLUE | {"current_amount": 90, "color": "Navy"})

    changed = BLUE | {"current_amount": 90, "color": "Navy", "used_amount": 910}
    body = assert_documented(answer, FILAMENT | changed | {"is_low_stock": True})
    movements = (await empty_shop.client.get(f"{path}/movements")).json()["movements"]
    assert [(row["delta_g"], row["reason"]) for row in movements] == [
        (-910, "correction"),
        (1000, "purchase"),
    ]
    assert_documented(await empty_shop.client.put(path, json=body), FILAMENT | changed)


@covers("DELETE /api/filaments/{id}")
async def test_a_filament_is_deleted(empty_shop: Shop) -> None:
    made = (await empty_shop.client.post("/api/filaments", json=BLUE)).json()

    answer = await empty_shop.client.delete(f"/api/filaments/{made['id']}")

    assert_documented(answer, {"message": "Filament deleted"})
    assert (await empty_shop.client.get("/api/filaments")).json()["filaments"] == []
    again = await empty_shop.client.delete(f"/api/filaments/{made['id']}")
    assert again.status_code == 404
