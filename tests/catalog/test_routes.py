"""The catalogue over HTTP."""

from typing import Any

from httpx import AsyncClient
from sqlalchemy import select

from shopwright.accounts.models import AuditEntry
from shopwright.catalog import service
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from tests.conftest import ClientAs
from tests.factories import make_hardware, make_print_file, make_variant


async def post(client: AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_a_product_with_variants_is_made_read_and_found(client: AsyncClient) -> None:
    product = await post(client, "/api/products", {"name": "Gear", "category": "Toys"})
    variant = await post(
        client,
        f"/api/products/{product['uuid']}/variants",
        {"sku": "GEAR-RED", "options": {"Colour": "Red"}, "price": "12.50"},
    )
    assert (variant["price"], variant["currency"]) == (12.5, "EUR")
    await post(client, "/api/products", {"name": "Box"})

    read = (await client.get(f"/api/products/{product['id']}")).json()
    assert read == {**product, "variants": [variant]}
    assert (await client.get(f"/api/variants/{variant['uuid']}")).json() == variant
    for search in ("gear", "TOYS", "ear-red"):
        found = (await client.get("/api/products", params={"search": search})).json()
        assert [row["name"] for row in found["products"]] == ["Gear"]
        assert (found["total"], found["limit"], found["page"], found["pages"]) == (1, 50, 1, 1)


async def test_a_hidden_product_leaves_the_list_with_its_variants(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    product = await post(client, "/api/products", {"name": "Gear"})
    path = f"/api/products/{product['id']}"
    await post(client, f"{path}/variants", {"sku": "GEAR"})

    assert (await client.delete(path)).json() == {"message": "Product hidden"}

    assert (await client.get("/api/products")).json()["total"] == 0
    hidden = (await client.get("/api/products?include_hidden=true")).json()["products"]
    assert [row["is_active"] for row in hidden[0]["variants"]] == [False]
    async with database.read() as session:
        assert await service.find_variants_by_code(session, owner, ["GEAR"]) == {}

    shown = await client.put(path, json={"name": "Gear", "is_active": True})
    assert [row["is_active"] for row in shown.json()["variants"]] == [True]


async def test_one_sku_cannot_be_given_twice(client: AsyncClient) -> None:
    product = await post(client, "/api/products", {"name": "Gear"})
    path = f"/api/products/{product['id']}/variants"
    await post(client, path, {"sku": "GEAR"})

    answer = await client.post(path, json={"sku": " GEAR "})

    assert (answer.status_code, answer.json()["code"]) == (409, "sku-taken")
    assert len((await client.get(path)).json()) == 1


async def test_a_recipe_is_put_whole_and_read_back(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        variant, file = await make_variant(session, owner), await make_print_file(session, owner)
        screw = await make_hardware(session, owner)
    path = f"/api/variants/{variant.uuid}/recipe"
    body = {
        "steps": [
            {"print_file_id": file.uuid, "plate": 1, "yields": 4, "name": "base"},
            {"kind": "print", "print_file_id": file.id, "plate": 2},
        ],
        "hardware": [{"hardware_id": screw.id, "quantity": 4}],
    }

    put = await client.put(path, json=body)

    assert put.status_code == 200, put.text
    assert (await client.get(path)).json() == put.json()
    assert put.json()["variant_id"] == variant.id
    steps = put.json()["steps"]
    assert [(s["position"], s["plate"], s["yields"], s["name"]) for s in steps] == [
        (1, 1, 4, "base"),
        (2, 2, 1, ""),
    ]
    assert {(s["print_file_name"], s["print_file_version"], s["notice"]) for s in steps} == {
        ("gear.gcode.3mf", 1, None)
    }
    assert put.json()["hardware"] == [
        {"hardware_id": screw.id, "sku": screw.sku, "name": "Screw M3", "quantity": 4}
    ]
    in_use = await client.delete(f"/api/hardware/{screw.id}")
    assert (in_use.status_code, in_use.json()["code"]) == (409, "hardware-in-use")


async def test_a_recipe_says_why_it_keeps_an_older_version(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        variant, file = await make_variant(session, owner), await make_print_file(session, owner)
    path = f"/api/variants/{variant.id}/recipe"
    steps = [{"print_file_id": file.id, "plate": plate} for plate in (1, 2)]
    await client.put(path, json={"steps": steps})
    async with database.write() as session:
        await make_print_file(session, owner, version=2, plates=1)

    notices = [step["notice"] for step in (await client.get(path)).json()["steps"]]

    assert notices == [
        "Version 2 of gear.gcode.3mf is there; this step prints version 1.",
        "Version 2 of gear.gcode.3mf has no plate 2; this step keeps version 1.",
    ]


async def test_impossible_recipes_are_400_and_change_nothing(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        variant, file = await make_variant(session, owner), await make_print_file(session, owner)
    path = f"/api/variants/{variant.id}/recipe"
    good = {"print_file_id": file.id, "plate": 1}
    await client.put(path, json={"steps": [good]})

    for step in (
        {**good, "plate": 9},
        {**good, "yields": 0},
        {**good, "print_file_id": "nonsense"},
        {**good, "colour": "red"},
        {"kind": "fabricate"},
        {"kind": "outsource", "plate": 1},
        {"kind": "print"},
    ):
        answer = await client.put(path, json={"steps": [good, step]})
        assert answer.status_code == 400, step
        assert answer.json()["detail"]

    assert len((await client.get(path)).json()["steps"]) == 1


async def test_aliases_are_mapped_listed_and_forgotten(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        variant = await make_variant(session, owner, "GEAR")

    alias = await post(client, "/api/sku-aliases", {"code": "E-7", "variant_id": variant.uuid})

    assert (alias["code"], alias["variant_id"], alias["sku"]) == ("E-7", variant.id, "GEAR")
    listed = (await client.get("/api/sku-aliases")).json()
    assert (listed["sku_aliases"], listed["total"]) == ([alias], 1)
    assert (await client.delete(f"/api/sku-aliases/{alias['id']}")).status_code == 200
    assert (await client.delete(f"/api/sku-aliases/{alias['id']}")).status_code == 404
    async with database.read() as session:
        rows = await session.scalars(
            select(AuditEntry.action).where(AuditEntry.organization_id == owner.organization_id)
        )
        assert list(rows) == ["sku_alias.created", "sku_alias.deleted"]


async def test_viewers_read_and_strangers_see_nothing(
    client: AsyncClient, client_as: ClientAs, viewer: Actor, stranger: Actor, anonymous: AsyncClient
) -> None:
    product = await post(client, "/api/products", {"name": "Gear"})
    path = f"/api/products/{product['id']}"
    reader, other = await client_as(viewer), await client_as(stranger)

    assert (await reader.get(path)).status_code == 200
    assert (await reader.put(path, json={"name": "Mine"})).status_code == 403
    assert (await other.get(path)).status_code == 404
    assert (await other.put(path, json={"name": "Mine"})).status_code == 404
    assert (await other.delete(path)).status_code == 404
    assert (await other.post(f"{path}/variants", json={"sku": "X"})).status_code == 404
    assert (await anonymous.get("/api/products")).status_code == 401
    assert (await client.get(path)).json() == product
