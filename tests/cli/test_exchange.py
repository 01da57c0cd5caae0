"""Tables as files, and orders from a spreadsheet, as typed."""

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
from shopwright.orders import intake
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
