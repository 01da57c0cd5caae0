"""Tables as files, and orders from a spreadsheet, as typed."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from shopwright.accounts.models import Organization
from shopwright.cli import exports
from shopwright.cli.opening import run
from shopwright.inventory.models import Filament, Spool
from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process
from shopwright.kernel.sheets import escape, unescape
from shopwright.orders import intake, piece_queries
from shopwright.orders.csv_import import service as csv_import
from shopwright.orders.csv_import.rows import CHANNEL
from shopwright.orders.csv_import.table import SheetOrder
from shopwright.orders.drafts import ItemDraft, OrderDraft
from shopwright.orders.states import OrderStatus
from shopwright.shipping.models import Parcel, ParcelItem
from shopwright.shipping.states import ParcelStatus
from tests.cli.conftest import Shopwright
from tests.clock import START

Fill = Callable[[WriteSession, Actor], Awaitable[None]]


@pytest.fixture
def shop(shopwright: Shopwright) -> Shopwright:
    shopwright("org", "create", "Print Shop", "--currency", "eur", "--time-zone", "Europe/Berlin")
    return shopwright


def fill(work: Fill) -> None:
    async def open_and_fill(process: Process) -> None:
        async with process.database.write() as session:
            organization_id = await session.scalar(select(Organization.id))
            assert organization_id
            await work(session, system_actor(organization_id))

    run(None, open_and_fill)


async def place(session: WriteSession, ctx: Actor, title: str = "=1+1") -> int:
    draft = OrderDraft(
        status=OrderStatus.PAID,
        currency="EUR",
        placed_at=START,
        buyer_name="Ada",
        ship_to={"name": "Ada", "city": "Bonn", "door": "left"},
        items=(ItemDraft(title, 2, price_minor=1250, personalisation=(("Name", "Bo"),)),),
        total_minor=2500,
    )
    order = await intake.place_order(session, ctx, draft=draft, now=START)
    return order.id


async def place_one(session: WriteSession, ctx: Actor) -> None:
    await place(session, ctx)


async def pack_one(session: WriteSession, ctx: Actor) -> None:
    order_id = await place(session, ctx)
    parcel = Parcel(
        organization_id=ctx.organization_id,
        order_id=order_id,
        number=1,
        status=ParcelStatus.SHIPPED,
        carrier="DHL",
        tracking_code="-12",
        packed_by="Sam",
        created_at=START,
        shipped_at=START,
    )
    session.add(parcel)
    await session.flush()
    session.add(
        ParcelItem(
            organization_id=ctx.organization_id,
            parcel_id=parcel.id,
            order_item_id=order_id,  # the first of each
            quantity=2,
        )
    )


async def store_filament(session: WriteSession, ctx: Actor) -> None:
    filament = Filament(
        organization_id=ctx.organization_id,
        uuid="0" * 36,
        material="PLA",
        color_name="+black",
        cost_per_gram_micros=25_000,
        updated_at=START,
    )
    session.add(filament)
    await session.flush()
    for grams, is_empty in ((1000, False), (250, False), (100, True)):
        session.add(
            Spool(
                organization_id=ctx.organization_id,
                filament_id=filament.id,
                initial_mg=1_000_000,
                remaining_mg=grams * 1000,
                is_empty=is_empty,
            )
        )


def test_items_are_written_with_decimals_and_without_formulas(shop: Shopwright) -> None:
    fill(place_one)
    assert shop("export", "items").out == (
        "order_number,position,external_id,title,sku,quantity,price,currency,options,"
        "personalisation,promised_on,is_cancelled,pieces_total,pieces_good,waiting_reason\n"
        "1001,1,,'=1+1,,2,12.50,EUR,,Name: Bo,,no,0,0,"
        "The item has no SKU. Choose the product it means.\n"
    )


def test_orders_are_written_as_json(shop: Shopwright) -> None:
    fill(place_one)
    (order,) = json.loads(shop("export", "orders", "--format", "json").out)
    assert (order["number"], order["total"], order["currency"]) == (1001, "25.00", "EUR")
    assert (order["placed_at"], order["shipped_at"]) == ("2026-03-02T09:00:00Z", None)
    assert (order["ship_name"], order["city"], order["address"]) == ("Ada", "Bonn", "left")


def test_parcels_and_filament_are_written(shop: Shopwright) -> None:
    fill(pack_one)
    fill(store_filament)
    assert shop("export", "parcels").out.splitlines()[1:] == [
        "1001,1,shipped,2,DHL,'-12,Sam,2026-03-02T09:00:00Z,2026-03-02T09:00:00Z,"
    ]
    assert shop("export", "filament").out.splitlines()[1:] == [
        f"{'0' * 36},,PLA,'+black,,2,1250,100,0.025,EUR,no,2026-03-02T09:00:00Z"
    ]


@pytest.mark.parametrize("name", list(exports.ExportName))
def test_an_empty_table_has_its_heading(shop: Shopwright, name: exports.ExportName) -> None:
    assert shop("export", name).out == ",".join(exports.COLUMNS[name]) + "\n"
    assert json.loads(shop("export", name, "--format", "json").out) == []


def test_all_pages_are_written(shop: Shopwright, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "PAGE", 2)

    async def place_five(session: WriteSession, ctx: Actor) -> None:
        for number in range(5):
            await place(session, ctx, f"Gear {number}")

    fill(place_five)
    rows = json.loads(shop("export", "items", "--format", "json").out)
    assert [row["title"] for row in rows] == [f"Gear {number}" for number in range(5)]


def test_a_file_is_replaced_whole_or_stays(shop: Shopwright, shop_env: Path) -> None:
    target = shop_env / "items.csv"
    target.write_text("before")
    assert shop("export", "items", "--to", str(target), "--org", "nobody").code == 3
    assert target.read_text() == "before"
    fill(place_one)
    assert shop("export", "items", "--to", str(target)).code == 0
    assert len(target.read_text().splitlines()) == 2
    assert [each.name for each in shop_env.glob("*items*")] == ["items.csv"]
    missing = shop("export", "items", "--to", str(shop_env / "none" / "items.csv"))
    assert (missing.code, missing.detail) == (
        2,
        f"{shop_env}/none/items.csv cannot be written: No such file or directory.",
    )


HEADING = "external_id,buyer_name,buyer_email,title,sku,quantity,price,currency,placed_at,city"
TWO_ORDERS = f"""{HEADING}
A-1,Ada,ada@shop.test,Gear,GEAR,2,12.50,,2026-03-01,Bonn
B-2,Bo,,'=Sum,,1,3,usd,,
A-1,,,Hook,,1,0.10,,,
"""


@pytest.fixture
def sheet(shop_env: Path) -> Path:
    path = shop_env / "orders.csv"
    path.write_text(TWO_ORDERS)
    return path


def exported(shop: Shopwright, name: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = json.loads(shop("export", name, "--format", "json").out)
    return rows


def test_rows_with_one_external_id_are_one_order(shop: Shopwright, sheet: Path) -> None:
    made = shop("import", "orders", str(sheet))
    assert (made.code, made.out) == (0, "2 orders with 3 items imported; 0 known.\n")
    assert made.detail == "No product has the SKU 'GEAR': its items wait in the inbox.\n"
    ada, bo = exported(shop, "orders")
    assert [ada[key] for key in ("number", "channel", "external_id", "status", "total")] == [
        1001,
        "csv",
        "A-1",
        "paid",
        "25.10",
    ]
    assert (ada["buyer_email"], ada["city"]) == ("ada@shop.test", "Bonn")
    assert ada["placed_at"] == "2026-02-28T23:00:00Z"  # midnight in Berlin
    assert (bo["external_id"], bo["total"], bo["currency"]) == ("B-2", "3.00", "USD")
    titles = [(each["order_number"], each["title"]) for each in exported(shop, "items")]
    assert titles == [(1001, "Gear"), (1001, "Hook"), (1002, "=Sum")]


def test_the_same_file_twice_changes_nothing(shop: Shopwright, sheet: Path) -> None:
    shop("import", "orders", str(sheet))
    before = exported(shop, "orders")
    again = shop("import", "orders", str(sheet))
    assert (again.code, again.out) == (0, "0 orders with 0 items imported; 2 known.\n")
    assert exported(shop, "orders") == before


def test_a_check_writes_nothing(shop: Shopwright, sheet: Path) -> None:
    checked = shop("import", "orders", str(sheet), "--check")
    assert checked.out == "2 orders with 3 items would be imported; 0 known.\n"
    assert exported(shop, "orders") == []


def test_every_bad_line_is_told_and_nothing_is_imported(shop: Shopwright, sheet: Path) -> None:
    sheet.write_text(
        f"""{HEADING}
A-1,Ada,,"Gear
of two lines",,1,1,,,
A-1,Bo,,Hook,,0,1,,,
,,,Hook,,1,1,,,
C-3,,nobody,Hook,,1,1,,,
D-4,,,,,1,1,,,
E-5,,,Hook,,one,1,,,
F-6,,,Hook,,1,1.005,,,
G-7,,,Hook,,1,NaN,,,
H-8,,,Hook,,1,1,XYZ,,
I-9,,,Hook,,1,1,,soon,
J-10,,,Hook

K-11,,,Hook,,1,1000000001,,,
L-12,,,"Hook,,1,1,,,
"""
    )
    refused = shop("import", "orders", str(sheet))
    assert refused.code == 2
    assert refused.detail.splitlines() == [
        "line 4: The quantity must be between 1 and 10000, not 0.",
        "line 4: buyer_name is 'Bo', but 'Ada' above in the same order.",
        "line 5: It does not say which order it belongs to: external_id is empty.",
        "line 6: 'nobody' is no e-mail address.",
        "line 7: It does not say what was bought: title and sku are empty.",
        "line 8: The quantity 'one' is no whole number.",
        "line 9: The price '1.005' has more decimals than EUR has.",
        "line 10: The price 'NaN' is no number like 12.50.",
        "line 11: The currency 'XYZ' is not known here.",
        "line 12: 'soon' is no date like 2025-01-31 and no time like it.",
        "line 13: It has 4 cells, the heading has 10.",
        "line 15: The price '1000000001' is more than 1000000000.",
        "line 16: From here on this is not CSV: unexpected end of data.",
        "Nothing was imported.",
    ]
    assert exported(shop, "orders") == []


def test_a_wrong_heading_is_told(shop: Shopwright, sheet: Path) -> None:
    sheet.write_text("title;titel;title\nGear;;\n")
    told = shop("import", "orders", str(sheet)).detail.splitlines()
    assert told[0].startswith("line 1: A column external_id (or number) must say")
    assert [line.split(" ")[4] for line in told[1:-1]] == ["quantity", "'titel'", "'title'"]


def test_semicolons_and_a_byte_order_mark_are_read(shop: Shopwright, sheet: Path) -> None:
    sheet.write_text("Number;SKU;Quantity;Currency;Price\n7;G;3;JPY;500\n", encoding="utf-8-sig")
    assert shop("import", "orders", str(sheet)).code == 0
    (order,) = exported(shop, "orders")
    assert (order["external_id"], order["total"], order["currency"]) == ("7", "1500", "JPY")


def test_what_is_no_text_is_refused(shop: Shopwright, sheet: Path) -> None:
    sheet.write_bytes(b"number;title;quantity\n1;K\xe4se;1\n")
    refused = shop("import", "orders", str(sheet))
    assert (refused.code, refused.detail) == (
        2,
        f"{sheet} is not UTF-8 text. Save it as CSV UTF-8.",
    )
    assert shop("import", "orders", str(sheet.with_name("none.csv"))).code == 2


async def test_two_imports_at_once_place_an_order_once(process: Process, owner: Actor) -> None:
    draft = OrderDraft(
        status=OrderStatus.PAID,
        currency="EUR",
        placed_at=START,
        channel=CHANNEL,
        external_id="A-1",
        items=(ItemDraft("Gear", 1),),
    )

    async def bring() -> int:
        sheet = SheetOrder(draft, 2, frozenset({"items"}))
        async with process.database.write() as session:
            await piece_queries.lock_pieces(session, owner)
            return (await csv_import.import_sheets(session, owner, [sheet], START))[0]

    assert sorted(await asyncio.gather(bring(), bring())) == [0, 1]


@pytest.mark.parametrize("text", ["=1", " =1", "'=1", "''-", "it's", "-5", "'quoted'", "", "@"])
def test_an_escaped_cell_is_read_as_it_was(text: str) -> None:
    assert unescape(escape(text)) == text
