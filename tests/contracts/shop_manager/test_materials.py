"""What is in the slots of printers, as the shop manager's document prints it."""

from typing import Any

from sqlalchemy import select

from shopwright.fleet.models import Printer
from shopwright.inventory.models import FilamentMovement
from tests.clock import START
from tests.contracts.shop_manager.documented import (
    assert_documented,
    covers,
    number,
    plain_time,
)
from tests.contracts.shop_manager.shop import Shop
from tests.factories import make_printer
from tests.workshop import ready_printer

ROLL = {
    "slot": 1,
    "material_type": "PLA",
    "color": "#FF0000",
    "weight_grams": 1000,
    "remaining_pct": 95,
    "vendor": "Bambu",
    "cost_per_kg": 20,
}
MATERIAL = {
    "id": int,
    "printer_id": int,
    "slot": 1,
    "material_type": "PLA",
    "color": "#FF0000",
    "weight_grams": number,
    "remaining_pct": number,
    "remaining_grams": number,
    "vendor": str,
    "cost_per_kg": number,
    "loaded_at": plain_time,
    "last_synced": plain_time,
}


async def loaded(shop: Shop) -> tuple[Printer, dict[str, Any]]:
    async with shop.process.database.write() as session:
        printer = await make_printer(session, shop.owner)
    answer = await shop.client.post(f"/api/bambu/materials/{printer.id}", json=ROLL)
    assert answer.status_code == 201, answer.text
    material: dict[str, Any] = answer.json()
    return printer, material


async def corrections(shop: Shop) -> list[int]:
    async with shop.process.database.read() as session:
        rows = await session.scalars(
            select(FilamentMovement.delta_mg)
            .where(FilamentMovement.organization_id == shop.owner.organization_id)
            .where(FilamentMovement.reason == "correction")
        )
        return list(rows)


@covers("GET /api/bambu/materials", "GET /api/bambu/printers/materials")
async def test_materials_of_one_printer_or_all_are_listed(empty_shop: Shop) -> None:
    printer, _ = await loaded(empty_shop)
    other, _ = await loaded(empty_shop)

    for url in ("/api/bambu/materials", "/api/bambu/printers/materials"):
        both = assert_documented(await empty_shop.client.get(url), [MATERIAL])
        assert {m["printer_id"] for m in both} == {printer.id, other.id}
        one = await empty_shop.client.get(url, params={"printer_id": printer.id})
        assert [m["printer_id"] for m in assert_documented(one, [MATERIAL])] == [printer.id]


@covers("GET /api/bambu/materials/{printer}", "POST /api/bambu/materials/{printer}")
async def test_roll_is_put_into_a_slot(empty_shop: Shop) -> None:
    printer, material = await loaded(empty_shop)
    listed = await empty_shop.client.get(f"/api/bambu/materials/{printer.id}")
    assert assert_documented(listed, [MATERIAL]) == [material]
    assert (material["weight_grams"], material["remaining_pct"], material["remaining_grams"]) == (
        1000,
        95,
        950,
    )


@covers("PUT /api/bambu/materials/{id}", "PUT /api/bambu/printers/materials/{id}")
async def test_put_of_what_remains_is_a_correction_of_the_spool(empty_shop: Shop) -> None:
    _, material = await loaded(empty_shop)
    url = f"/api/bambu/materials/{material['id']}"

    answer = await empty_shop.client.put(
        url, json={"remaining_pct": 85, "vendor": "Prusament", "cost_per_kg": 25}
    )

    changed = assert_documented(
        answer,
        MATERIAL | {"remaining_pct": 85, "vendor": "Prusament", "cost_per_kg": 25},
    )
    assert await corrections(empty_shop) == [-100_000]
    again = f"/api/bambu/printers/materials/{material['id']}"
    assert_documented(await empty_shop.client.put(again, json=changed), changed)
    assert await corrections(empty_shop) == [-100_000]


async def test_another_vendor_of_one_roll_leaves_the_other_rolls_alone(empty_shop: Shop) -> None:
    _, first = await loaded(empty_shop)
    _, second = await loaded(empty_shop)
    assert first["filament_id"] == second["filament_id"]
    url = f"/api/bambu/materials/{first['id']}"
    await empty_shop.client.put(url, json={"vendor": "Prusament"})
    vendors = {
        m["printer_id"]: m["vendor"]
        for m in (await empty_shop.client.get("/api/bambu/materials")).json()
    }
    assert vendors == {first["printer_id"]: "Prusament", second["printer_id"]: "Bambu"}


async def test_roll_that_only_the_device_knows_becomes_a_spool_when_it_is_weighed(
    empty_shop: Shop,
) -> None:
    async with empty_shop.process.database.write() as session:
        printer = await ready_printer(session, empty_shop.owner)
    (told,) = (await empty_shop.client.get(f"/api/bambu/materials/{printer.id}")).json()
    assert (told["material_type"], told["color"], told["remaining_pct"]) == ("PLA", "#000000", None)
    assert told["last_synced"] == START.strftime("%Y-%m-%dT%H:%M:%S")
    url = f"/api/bambu/materials/{told['id']}"
    changed = (await empty_shop.client.put(url, json={"remaining_pct": 40})).json()
    assert (changed["spool_id"] is not None, changed["remaining_grams"]) == (True, 400)
    filaments = (await empty_shop.client.get("/api/filaments")).json()["filaments"]
    assert [(f["material"], f["current_amount"]) for f in filaments] == [("PLA", 400)]


async def test_what_nobody_loaded_is_not_there(shop: Shop) -> None:
    (printer,) = (await shop.client.get("/api/printers")).json()
    for place in (printer["id"] * 100 + 1, printer["id"], 1):
        refused = await shop.client.put(f"/api/bambu/materials/{place}", json={"remaining_pct": 10})
        assert refused.status_code == 404
    wrong = await shop.client.post(
        f"/api/bambu/materials/{printer['id']}", json=ROLL | {"remaining_pct": 101}
    )
    assert wrong.status_code == 400
    assert (await shop.client.get("/api/bambu/materials")).json() == []
