"""Filament on the shelf: bought, weighed, loaded, thrown away."""

from decimal import Decimal

import pytest
from sqlalchemy import func, select

from shopwright.inventory.models import Filament, FilamentMovement, SlotSpool, Spool
from shopwright.inventory.states import MovementReason
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.errors import Invalid
from shopwright.kernel.tenancy import CROSS_TENANT
from shopwright.web.amounts import read_grams, read_price
from tests import factories
from tests.web.conftest import BrowserAs
from tests.web.rows import Shop
from tests.web.test_pages import text_of

NEW = {
    "material": "PETG",
    "color": "Signal red",
    "color_hex": "#c8102e",
    "vendor": "Prusament",
    "price": "29,90",
    "threshold": "150",
    "grams": "1000",
}


async def test_new_filament_comes_with_its_first_roll(
    browser_as: BrowserAs, member: Actor, database: Database
) -> None:
    browser = await browser_as(member)
    answer = await browser.post("/filament", data=NEW)
    assert (answer.status_code, answer.headers["location"]) == (303, "/filament")
    async with database.read() as session:
        filament = (
            await session.scalars(
                select(Filament).where(Filament.organization_id == member.organization_id)
            )
        ).one()
        spool = (
            await session.scalars(
                select(Spool).where(Spool.organization_id == member.organization_id)
            )
        ).one()
    assert (filament.color, filament.cost_per_gram_micros) == ("C8102E", 29_900)
    assert (filament.low_stock_threshold_mg, spool.remaining_mg) == (150_000, 1_000_000)
    text = text_of((await browser.get("/filament")).text)
    assert "PETG Signal red Prusament 1.00 kg" in text


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"material": " "}, "A filament needs a material and a colour, like PLA and red."),
        ({"color_hex": "reddish"}, "&#39;reddish&#39; is no colour. Write it like C8102E."),
        ({"grams": ""}, "Say how many grams the roll holds, like 1000."),
        ({"grams": "a lot"}, "&#39;a lot&#39; is no weight. Write the grams, like 750."),
        ({"price": "-1"}, "A price is 0 or more."),
    ],
)
async def test_wrong_filament_is_refused_in_words_and_not_stored(
    change: dict[str, str],
    sentence: str,
    browser_as: BrowserAs,
    member: Actor,
    database: Database,
) -> None:
    browser = await browser_as(member)
    answer = await browser.post("/filament", data=NEW | change, headers={"HX-Request": "true"})
    assert answer.status_code == 400
    assert sentence in answer.text
    async with database.read() as session:
        count = select(func.count()).select_from(Filament)
        assert await session.scalar(count, execution_options=CROSS_TENANT) == 0


async def test_low_filament_is_marked(
    browser_as: BrowserAs, viewer: Actor, database: Database
) -> None:
    async with database.write() as session:
        await factories.make_spool(session, viewer, remaining_mg=100_000)
        await factories.make_spool(session, viewer, remaining_mg=100_001)
        await factories.make_filament(session, viewer)
    text = text_of((await (await browser_as(viewer)).get("/filament")).text)
    assert "Filament 2 low" in text
    assert "PLA Black low 100 g #1 100 g on the shelf PLA Black 100 g #2" in text
    assert "PLA Black low 0.0 g No spool left." in text


async def test_three_rolls_are_added_at_once(
    browser_as: BrowserAs, member: Actor, database: Database
) -> None:
    async with database.write() as session:
        filament = await factories.make_filament(session, member)
    browser = await browser_as(member)
    form = {"grams": "750", "count": "3", "location": "Shelf 2"}
    answer = await browser.post(
        f"/filament/{filament.id}/spools", data=form, headers={"HX-Request": "true"}
    )
    assert "3 spools are on the shelf." in answer.text
    async with database.read() as session:
        rows = await session.execute(
            select(Spool.remaining_mg, Spool.location).where(
                Spool.organization_id == member.organization_id
            )
        )
    assert [tuple(row) for row in rows] == [(750_000, "Shelf 2")] * 3


async def test_spool_goes_into_a_slot_and_out_again(
    browser_as: BrowserAs, member: Actor, shop: Shop, database: Database
) -> None:
    async with database.write() as session:
        spool = await factories.make_spool(session, member)
    browser = await browser_as(member)
    printer = shop.printers["idle"]
    path = f"/filament/spools/{spool.id}"
    assert f'value="{printer}:3"' in (await browser.get("/filament")).text
    loaded = await browser.post(
        f"{path}/load", data={"place": f"{printer}:3"}, headers={"HX-Request": "true"}
    )
    assert f"Spool {spool.id} is in slot 3." in loaded.text
    where = select(SlotSpool.printer_id, SlotSpool.slot).where(
        SlotSpool.organization_id == member.organization_id, SlotSpool.spool_id == spool.id
    )
    async with database.read() as session:
        assert [tuple(row) for row in await session.execute(where)] == [(printer, 3)]
    assert "P1S 03 slot 3" in text_of((await browser.get("/filament")).text)
    await browser.post(f"{path}/unload")
    async with database.read() as session:
        assert (await session.execute(where)).all() == []
    again = await browser.post(f"{path}/unload")
    assert again.status_code == 404
    assert f"Spool {spool.id} is in no printer." in again.text


async def test_weighed_spool_is_corrected_with_a_movement(
    browser_as: BrowserAs, member: Actor, database: Database
) -> None:
    async with database.write() as session:
        spool = await factories.make_spool(session, member)
    browser = await browser_as(member)
    await browser.post(
        f"/filament/spools/{spool.id}", data={"grams": "812.5", "location": "Dry box"}
    )
    async with database.read() as session:
        weighed = await session.get_one(Spool, spool.id, execution_options=CROSS_TENANT)
        movement = (
            await session.scalars(
                select(FilamentMovement).where(
                    FilamentMovement.organization_id == member.organization_id
                )
            )
        ).one()
    assert (weighed.remaining_mg, weighed.location) == (812_500, "Dry box")
    assert (movement.delta_mg, movement.reason, movement.note) == (
        -187_500, MovementReason.CORRECTION, "Weighed by Member.",
    )  # fmt: skip


async def test_thrown_away_spool_and_hidden_filament_leave_the_page(
    browser_as: BrowserAs, member: Actor, database: Database
) -> None:
    async with database.write() as session:
        spool = await factories.make_spool(session, member)
    browser = await browser_as(member)
    await browser.post(f"/filament/spools/{spool.id}/discard")
    assert "No spool left." in (await browser.get("/filament")).text
    await browser.post(f"/filament/{spool.filament_id}/hide")
    assert "No spools yet" in (await browser.get("/filament")).text


async def test_viewer_and_stranger_change_nothing(
    browser_as: BrowserAs, viewer: Actor, stranger: Actor, shop: Shop, database: Database
) -> None:
    async with database.write() as session:
        spool = await factories.make_spool(session, viewer)
        theirs = await factories.make_spool(session, stranger)
    place = {"place": f"{shop.printers['idle']}:1"}
    watcher, other = await browser_as(viewer), await browser_as(stranger)
    assert (await watcher.post("/filament", data=NEW)).status_code == 403
    assert (await watcher.post(f"/filament/spools/{spool.id}/discard")).status_code == 403
    assert (await other.post(f"/filament/spools/{spool.id}/discard")).status_code == 404
    assert (await other.post(f"/filament/spools/{theirs.id}/load", data=place)).status_code == 404


@pytest.mark.parametrize("text", ["NaN", "1e", "Infinity", "--1"])
def test_what_is_no_number_is_no_amount(text: str) -> None:
    with pytest.raises(Invalid, match="is no price"):
        read_price(text)
    with pytest.raises(Invalid, match="is no weight"):
        read_grams(text)


def test_amounts_take_a_comma_or_a_point() -> None:
    assert (read_price(" 12,50 "), read_price("")) == (Decimal("12.50"), None)
    assert (read_grams("0,5"), read_grams(" ")) == (500, None)
