"""Filaments and spools over HTTP: the documented shape, and corrections as movements."""

from typing import Any

from httpx import AsyncClient

from shopwright.kernel.actor import Actor
from tests.conftest import ClientAs

BLUE = {
    "material": "PLA",
    "color": "Blue",
    "initial_amount": 1000,
    "current_amount": 750.5,
    "cost_per_gram": 0.015,
    "low_stock_threshold": 100,
}
DOCUMENTED = {
    "id", "material", "color", "initial_amount", "current_amount", "cost_per_gram",
    "low_stock_threshold", "created_at", "updated_at",
}  # fmt: skip


async def make_blue(client: AsyncClient, **changes: Any) -> dict[str, Any]:
    answer = await client.post("/api/filaments", json={**BLUE, **changes})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def movements(client: AsyncClient, filament_id: int) -> list[tuple[float, str]]:
    answer = await client.get(f"/api/filaments/{filament_id}/movements")
    return [(row["delta_g"], row["reason"]) for row in answer.json()["movements"]]


async def test_a_new_filament_answers_as_documented_and_has_one_spool(client: AsyncClient) -> None:
    made = await make_blue(client)

    assert made.keys() >= DOCUMENTED
    assert {key: made[key] for key in BLUE} == BLUE
    assert made["initial_amount"] == 1000
    assert isinstance(made["initial_amount"], int)
    assert len(made["created_at"]) == len("2025-01-01T00:00:00")
    assert made["color_hex"] == "0000FF"
    assert (made["used_amount"], made["is_low_stock"], made["unit"]) == (249.5, False, "g")
    spools = (await client.get("/api/spools", params={"filament_id": made["id"]})).json()
    assert [(s["initial_g"], s["remaining_g"]) for s in spools["spools"]] == [(1000, 750.5)]
    assert await movements(client, made["id"]) == [(750.5, "purchase")]


async def test_the_list_has_the_documented_key_and_returns_every_row(client: AsyncClient) -> None:
    for number in range(3):
        await make_blue(client, color=f"Blue {number}")

    body = (await client.get("/api/filaments")).json()

    assert [row["color"] for row in body["filaments"]] == ["Blue 0", "Blue 1", "Blue 2"]
    assert {key: body[key] for key in ("total", "limit", "offset", "page", "pages")} == {
        "total": 3, "limit": 3, "offset": 0, "page": 1, "pages": 1,
    }  # fmt: skip
    enveloped = (await client.get("/api/filaments?envelope=data&limit=2&offset=2")).json()
    assert [row["color"] for row in enveloped["data"]] == ["Blue 2"]
    assert (enveloped["total"], enveloped["page"], enveloped["pages"]) == (3, 2, 2)


async def test_lists_are_filtered_by_material_colour_and_low_stock(client: AsyncClient) -> None:
    await make_blue(client)
    await make_blue(client, material="PETG", color="Red", current_amount=100)

    async def colors(**params: str) -> list[str]:
        rows = (await client.get("/api/filaments", params=params)).json()
        assert rows["total"] == len(rows["filaments"])
        return [row["color"] for row in rows["filaments"]]

    assert await colors(material="petg") == ["Red"]
    assert await colors(color="blue") == ["Blue"]
    assert await colors(color="#ff0000") == ["Red"]
    assert await colors(low_stock="true") == ["Red"]
    assert await colors(low_stock="false") == ["Blue", "Red"]


async def test_a_client_may_send_back_what_it_read(client: AsyncClient) -> None:
    made = await make_blue(client)

    answer = await client.put(f"/api/filaments/{made['id']}", json=made)

    assert answer.status_code == 200
    assert {**answer.json(), "updated_at": None} == {**made, "updated_at": None}
    assert await movements(client, made["id"]) == [(750.5, "purchase")]


async def test_another_current_amount_is_a_correction(client: AsyncClient) -> None:
    made = await make_blue(client)
    path = f"/api/filaments/{made['id']}"

    less = (await client.put(path, json={"current_amount": 700})).json()
    more = (await client.put(path, json={"current_amount": 1200.25})).json()

    assert less["current_amount"] == 700
    assert (more["current_amount"], more["initial_amount"]) == (1200.25, 1200.25)
    assert await movements(client, made["id"]) == [
        (500.25, "correction"),
        (-50.5, "correction"),
        (750.5, "purchase"),
    ]


async def test_a_correction_downwards_empties_the_oldest_spool_first(client: AsyncClient) -> None:
    made = await make_blue(client, current_amount=300)
    await client.post("/api/spools", json={"filament_id": made["uuid"], "initial_g": 1000})

    changed = await client.put(f"/api/filaments/{made['id']}", json={"current_amount": 900})

    assert changed.json()["current_amount"] == 900
    spools = (await client.get("/api/spools")).json()["spools"]
    assert [spool["remaining_g"] for spool in spools] == [0, 900]


async def test_the_price_keeps_a_millionth(client: AsyncClient) -> None:
    made = await make_blue(client, cost_per_gram=0.020001)
    assert made["cost_per_gram"] == 0.020001


async def test_a_deleted_filament_is_gone(client: AsyncClient) -> None:
    made = await make_blue(client)

    answer = await client.delete(f"/api/filaments/{made['uuid']}")

    assert (answer.status_code, answer.json()) == (200, {"message": "Filament deleted"})
    assert (await client.get("/api/filaments")).json()["total"] == 0
    assert (await client.get(f"/api/filaments/{made['id']}")).status_code == 404
    assert (await client.get("/api/spools")).json()["total"] == 0


async def test_impossible_filaments_are_refused_and_nothing_is_stored(client: AsyncClient) -> None:
    for body in (
        {"color": "Blue"},
        {"material": "PLA"},
        {**BLUE, "current_amount": -1},
        {**BLUE, "initial_amount": "NaN"},
        {**BLUE, "cost_per_gram": 1e30},
        {**BLUE, "material": ""},
    ):
        answer = await client.post("/api/filaments", json=body)
        assert answer.status_code == 400, body
    assert (await client.get("/api/filaments")).json()["total"] == 0


async def test_viewers_read_and_strangers_see_nothing(
    client: AsyncClient, client_as: ClientAs, viewer: Actor, stranger: Actor, anonymous: AsyncClient
) -> None:
    made = await make_blue(client)
    path = f"/api/filaments/{made['id']}"
    reader = await client_as(viewer)
    other = await client_as(stranger)

    assert (await reader.get(path)).status_code == 200
    assert (await reader.put(path, json={"current_amount": 1})).status_code == 403
    assert (await other.get(path)).status_code == 404
    assert (await other.put(path, json={"current_amount": 1})).status_code == 404
    assert (await other.delete(path)).status_code == 404
    assert (await anonymous.get("/api/filaments")).status_code == 401
    assert (await client.get(path)).json()["current_amount"] == 750.5


async def test_a_spool_is_weighed_again_and_thrown_away(client: AsyncClient) -> None:
    made = await make_blue(client)
    spool = (
        await client.post(
            "/api/spools",
            json={
                "filament_id": made["id"],
                "initial_g": 250,
                "tag": "AB12",
                "location": "Shelf 2",
            },
        )
    ).json()
    path = f"/api/spools/{spool['id']}"
    assert (spool["remaining_g"], spool["tag"], spool["location"]) == (250, "AB12", "Shelf 2")

    weighed = await client.put(path, json={"remaining_g": 201.5, "note": "on the scales"})
    assert weighed.json()["remaining_g"] == 201.5
    assert (await client.delete(path)).status_code == 200

    rows = (await client.get(f"{path}/movements")).json()["movements"]
    assert [(row["delta_g"], row["reason"], row["note"]) for row in rows] == [
        (-201.5, "correction", "Thrown away."),
        (-48.5, "correction", "on the scales"),
        (250, "purchase", ""),
    ]
    listed = (await client.get("/api/spools")).json()["spools"]
    assert spool["id"] not in [row["id"] for row in listed]
    assert (await client.get(f"/api/filaments/{made['id']}")).json()["current_amount"] == 750.5


async def test_two_spools_cannot_carry_one_tag(client: AsyncClient) -> None:
    made = await make_blue(client)
    body = {"filament_id": made["id"], "initial_g": 1000, "tag": "AB12"}
    assert (await client.post("/api/spools", json=body)).status_code == 201

    answer = await client.post("/api/spools", json=body)

    assert (answer.status_code, answer.json()["code"]) == (409, "tag-taken")
    assert (await client.get("/api/spools")).json()["total"] == 2
