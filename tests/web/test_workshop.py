"""A product that the workshop makes: the recipe's form, the part board, the order's page."""

import re

from httpx import AsyncClient

from shopwright.catalog import service as catalog
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.orders import holds
from tests.factories import make_part, make_variant
from tests.planning.workbench import ENGRAVED, list_parts, make_product, order_boxes
from tests.web.conftest import BrowserAs
from tests.web.test_pages import text_of


async def test_the_recipe_form_adds_parts_and_purchases_and_keeps_them(
    browser_as: BrowserAs, member: Actor, database: Database
) -> None:
    async with database.write() as session:
        variant = await make_variant(session, member, "BOX")
        template = await make_part(session, member)
        template.version = 1
    browser = await browser_as(member)
    form = {
        "part": ["Lid", " "],
        "part_type": ["cnc", "hand"],
        "part_amount": ["2", "1"],
        "part_material": ["Oak", ""],
        "part_thickness": ["6 mm", ""],
        "part_review": ["no", "yes"],
        "part_template": [str(template.id), ""],
        "buy": ["any", ""],
        "buy_name": ["Case", ""],
        "buy_sku": ["C-7", ""],
    }
    saved = await browser.post(f"/catalog/variants/{variant.id}/recipe", data=form)
    assert saved.status_code == 303
    html = (await browser.get(f"/catalog/{variant.product_id}")).text
    page = text_of(html)
    assert "Lid by CNC · 2 for each · Oak · 6 mm · files of Drive Gear" in page
    assert "Case bought from whoever offers it, C-7" in page

    again = {name: re.findall(f'name="{name}" value="([^"]*)"', html) for name in form}
    assert again["part"] == ["Lid", ""]
    assert (again["part_amount"], again["buy_sku"]) == (["2", "1"], ["C-7", ""])
    assert f'<option value="{template.id}" selected>Drive Gear</option>' in html
    async with database.write() as session:
        before = (await catalog.list_recipes(session, member, [variant.id]))[variant.id]
    await browser.post(f"/catalog/variants/{variant.id}/recipe", data=form)
    async with database.write() as session:
        after = (await catalog.list_recipes(session, member, [variant.id]))[variant.id]
    assert [step.id for step in after] == [step.id for step in before]


async def test_impossible_recipes_are_refused_in_words(
    browser_as: BrowserAs, member: Actor, database: Database
) -> None:
    async with database.write() as session:
        variant = await make_variant(session, member, "BOX")
    browser = await browser_as(member)
    for form, words in (
        ({"part": "Lid", "part_amount": "none"}, "How many parts one unit takes is a whole number"),
        ({"part": "Lid", "part_type": "magic"}, "Choose how the part is made."),
        ({"part": "Lid", "part_template": "999"}, "names part 999, which is not there"),
        ({"buy": "999"}, "names supplier 999, who is not there"),
        ({"plate": "1:1", "yields": "0"}, "makes between 1 and 1000 copies"),
        ({"plate": "1:1", "yields": "many"}, "Input should be a valid integer"),
    ):
        answer = await browser.post(f"/catalog/variants/{variant.id}/recipe", data=form)
        assert answer.status_code in {400, 404}, form
        assert words in text_of(answer.text)


async def test_board_and_order_show_what_is_made_for_whom_and_until_when(
    browser_as: BrowserAs, member: Actor, database: Database
) -> None:
    async with database.write() as session:
        await make_product(session, member)
        order = await order_boxes(session, member, 3, personal=ENGRAVED)
        (part,) = await list_parts(session, member)
    browser = await browser_as(member)
    board = text_of((await browser.get("/parts")).text)
    assert f"Lid 3 × Oak · Box · {part.code} order #{order.number} Name Anna Font Serif" in board

    await browser.post(f"/parts/{part.id}/take")
    counted = await browser.post(f"/parts/{part.id}/made", data={"amount": "2"})
    assert counted.status_code == 303
    shown = text_of((await browser.get(f"/parts/{part.id}")).text)
    assert f"For order #{order.number} How many 3, 2 made" in shown
    page = text_of((await browser.get(f"/orders/{order.id}")).text)
    assert "In the workshop Lid 2 of 3 made · you have it in work" in page

    await holds_order(database, member, order.id)
    held = text_of((await browser.get(f"/parts/{part.id}")).text)
    assert "Its order is held: Wrong address." in held
    refused = await browser.post(f"/parts/{part.id}/made", data={"amount": "1"})
    assert refused.status_code == 409
    assert "Release" in text_of((await browser.get(f"/orders/{order.id}")).text)


async def test_what_nobody_offers_does_not_point_to_the_sku_inbox(
    browser_as: BrowserAs, member: Actor, database: Database, client: AsyncClient
) -> None:
    async with database.write() as session:
        variant = await make_variant(session, member, "BOX")
    step = {"kind": "outsource", "name": "Case"}
    answer = await client.put(f"/api/variants/{variant.id}/recipe", json={"steps": [step]})
    assert answer.status_code == 200
    async with database.write() as session:
        order = await order_boxes(session, member)
    page = (await (await browser_as(member)).get(f"/orders/{order.id}")).text
    assert "No manufacturer offers this yet." in page
    assert "Open the SKU inbox" not in page


async def holds_order(database: Database, ctx: Actor, order_id: int) -> None:
    async with database.write() as session:
        await holds.hold_order(session, ctx, order_id=order_id, reason="Wrong address.")
