"""Spreadsheets of orders over HTTP: what a preview promises is what is imported, once."""

from typing import Any

from httpx import AsyncClient
from sqlalchemy import func, select

from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Process
from shopwright.orders import intake
from shopwright.orders.csv_import import service as csv_import
from shopwright.orders.drafts import ItemDraft, OrderDraft
from shopwright.orders.models import Order, OrderImport, OrderItem
from shopwright.orders.states import OrderStatus
from tests.clock import START
from tests.factories import make_connection
from tests.orders.test_csv_etsy import HOOK, ITEMS, LAMP, ORDERS

HEADING = "external_id,buyer_name,title,sku,quantity,price\n"
TWO = HEADING + "A-1,Ada,Gear,GEAR,2,12.50\nA-1,,Hook,,1,0.10\nB-2,Bo,Sum,,1,3\n"


async def preview(client: AsyncClient, text: str | bytes, status: int = 201) -> Any:
    content = text if isinstance(text, bytes) else text.encode()
    answer = await client.post(
        "/api/orders/import/preview", files={"file": ("orders.csv", content, "text/csv")}
    )
    assert answer.status_code == status, answer.text
    return answer.json()


async def start(client: AsyncClient, seen: Any, status: int = 200, **said: bool) -> Any:
    body = {"order_import_id": seen["id"], **said}
    answer = await client.post("/api/orders/import", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def take(client: AsyncClient, text: str, **said: bool) -> Any:
    return await start(client, await preview(client, text), **said)


async def count_orders(client: AsyncClient) -> int:
    total: int = (await client.get("/api/orders")).json()["total"]
    return total


async def test_a_preview_says_what_will_happen_and_writes_no_order(client: AsyncClient) -> None:
    seen = await preview(client, TWO)
    assert (seen["form"], seen["status"], seen["total"]) == ("own", "previewed", 2)
    assert seen["counts"] == {"new": 2, "changed": 0, "unchanged": 0, "refused": 0}
    assert seen["unknown_skus"] == ["GEAR"]
    ada = seen["orders"][0]
    assert (ada["external_id"], ada["line"], ada["action"]) == ("A-1", 2, "new")
    assert (ada["items"], ada["total_amount"], ada["currency"]) == (2, 25.1, "EUR")
    assert await count_orders(client) == 0


async def test_what_was_previewed_is_imported_once(client: AsyncClient) -> None:
    seen = await preview(client, TWO)
    done = await start(client, seen)
    assert (done["status"], done["new_orders"], done["position"]) == ("done", 2, 2)
    assert done["orders"] == []  # buyers' names go with the file
    assert (await start(client, seen, 409))["detail"] == "orders.csv was taken in already."
    again = await preview(client, TWO)
    assert again["counts"] == {"new": 0, "changed": 0, "unchanged": 2, "refused": 0}
    before = (await client.get("/api/orders")).json()
    await start(client, again)
    assert (await client.get("/api/orders")).json() == before


async def test_a_later_file_changes_what_it_says_and_nothing_else(client: AsyncClient) -> None:
    await take(client, TWO)
    later = HEADING + "A-1,,Hook,,1,0.20\nA-1,Ada,Gear,GEAR,3,12.50\nB-2,Bo,Sum,,1,3\n"
    seen = await preview(client, later)
    assert seen["counts"] == {"new": 0, "changed": 1, "unchanged": 1, "refused": 0}
    assert seen["orders"][0]["changes"] == [
        "items 25.10 → 37.70",
        "total 25.10 → 37.70",
        "other price of 'Hook'",
        "'Gear': 2 → 3 pieces",
    ]
    done = await start(client, seen)
    assert (done["new_orders"], done["changed_orders"]) == (0, 1)
    orders = (await client.get("/api/orders")).json()["orders"]
    [ada] = [order for order in orders if order["total_amount"] == 37.7]
    assert [(i["title"], i["quantity"], i["price"]) for i in ada["items"]] == [
        ("Gear", 3, 12.5),
        ("Hook", 1, 0.2),
    ]
    assert (await preview(client, later))["counts"]["unchanged"] == 2


async def test_refused_lines_keep_all_out_unless_they_are_skipped(client: AsyncClient) -> None:
    seen = await preview(client, TWO + "C-3,Cy,Vase,,0,1\n")
    assert seen["refused"] == [
        {"line": 5, "reason": "The quantity must be between 1 and 10000, not 0."}
    ]
    refused = await start(client, seen, 409)
    assert refused["code"] == "import-refused"
    assert await count_orders(client) == 0
    assert (await start(client, seen, skip_refused=True))["new_orders"] == 2


async def test_a_shop_that_changed_since_is_looked_at_again(client: AsyncClient) -> None:
    first, second = await preview(client, TWO), await preview(client, TWO)
    await start(client, first)
    outdated = await start(client, second, 409)
    assert outdated["code"] == "import-outdated"
    shown = (await client.get(f"/api/order-imports/{second['id']}")).json()
    assert shown["counts"]["unchanged"] == 2


async def test_etsys_items_come_first_and_its_orders_file_corrects_the_sums(
    client: AsyncClient,
) -> None:
    paid = (
        "02/28/26,3301,77,Ada L,Ada,L,3,,1 Lane,,Bonn,,53111,Germany,USD,"
        '"2,028.00",1.50,4.00,2.00,"2,032.50",Paid,ada77 (Ada),\n'
    )
    early = await preview(client, ORDERS + paid)
    assert early["refused"] == [
        {
            "line": 2,
            "reason": "Order 3301 is not known here, and this file does not say what was bought. "
            "Import EtsySoldOrderItems first.",
        }
    ]
    await take(client, ITEMS + LAMP + HOOK)
    done = await take(client, ORDERS + paid)
    assert done["changed_orders"] == 1
    [order] = (await client.get("/api/orders")).json()["orders"]
    assert (order["total_amount"], order["etsy_order_id"]) == (2032.5, "3301")
    assert len(order["items"]) == 2
    for text in (ITEMS + LAMP + HOOK, ORDERS + paid):
        assert (await preview(client, text))["counts"]["unchanged"] == 1


async def test_a_shop_that_is_connected_later_finds_its_orders_again(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    await take(client, ITEMS + LAMP)
    async with database.write() as session:
        connection = await make_connection(session, owner)
        item = ItemDraft("Lamp", 2, external_id="701", price_minor=101_250, sku="LAMP-R")
        draft = OrderDraft(
            status=OrderStatus.PAID, currency="USD", placed_at=START, items=(item,),
            channel="etsy", connection_id=connection.id, external_id="3301", buyer_name="Ada L",
            total_minor=202_500, updated_at=START,
        )  # fmt: skip
        ctx = system_actor(owner.organization_id)
        counts = await intake.import_orders(
            session, ctx, connection_id=connection.id, drafts=[draft], now=START
        )
    assert counts == (0, 1)
    async with database.read() as session:
        mine = OrderItem.organization_id == owner.organization_id
        assert await session.scalar(select(func.count()).select_from(OrderItem).where(mine)) == 1
    assert (await preview(client, ITEMS + LAMP))["counts"]["unchanged"] == 1


async def test_a_broken_off_import_goes_on_where_it_ended(
    client: AsyncClient, process: Process, owner: Actor
) -> None:
    lines = "".join(f"N-{n},Ada,Gear {n},,1,1\n" for n in range(60))
    seen = await preview(client, HEADING + lines)
    async with process.database.write() as session:
        await csv_import.start_import(session, owner, seen["id"], START)
    run = {
        "organization_id": owner.organization_id, "import_id": seen["id"], "now": START,
    }  # fmt: skip
    await csv_import.run_import(process.database, **run, seconds=0.000_001)
    async with process.database.write() as session:
        row = await session.scalar(
            select(OrderImport).where(OrderImport.organization_id == owner.organization_id)
        )
        assert row is not None
        part = row.position
    assert part < 60
    await csv_import.run_import(process.database, **run, seconds=60)
    done = (await client.get(f"/api/order-imports/{seen['id']}")).json()
    assert (done["status"], done["new_orders"], done["position"]) == ("done", 60, 60)
    async with process.database.read() as session:
        mine = Order.organization_id == owner.organization_id
        assert await session.scalar(select(func.count()).select_from(Order).where(mine)) == 60


async def test_what_is_no_text_is_refused_and_kept_nowhere(client: AsyncClient) -> None:
    refused = await preview(client, b"number;title;quantity\n1;K\xe4se;1\n", 400)
    assert refused["detail"] == "orders.csv is not UTF-8 text. Save it as CSV UTF-8."
    assert (await client.get("/api/order-imports")).json()["imports"] == []


async def test_a_preview_can_be_forgotten(client: AsyncClient) -> None:
    seen = await preview(client, TWO)
    url = f"/api/order-imports/{seen['id']}"
    assert (await client.delete(url)).json() == {"message": "Import deleted"}
    assert (await client.get(url)).status_code == 404
    await start(client, seen, 404)
