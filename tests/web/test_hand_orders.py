"""Writing an order down by hand."""

from datetime import date

import pytest
from sqlalchemy import func, select

from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.tenancy import CROSS_TENANT
from shopwright.orders.models import Order, OrderItem
from shopwright.orders.states import OrderStatus
from tests.web.conftest import BrowserAs
from tests.web.rows import Shop
from tests.web.test_pages import text_of

FORM: dict[str, str | list[str]] = {
    "what": ["dragon-red", "", "Mystery box"],
    "quantity": ["2", "1", "1"],
    "price": ["", "", "12,50"],
    "personalisation": ["Oskar", "", ""],
    "buyer_name": "Anna Berg",
    "buyer_email": "anna@example.org",
    "street": "Lange Gasse 7",
    "zip": "86150",
    "city": "Augsburg",
    "country": "DE",
    "shipping": "4,90",
    "promised_on": "2026-03-09",
    "priority": "2",
    "notes": "Came by the shop.",
    "is_paid": "1",
}


async def count_orders(database: Database) -> int:
    async with database.read() as session:
        count = select(func.count()).select_from(Order)
        return await session.scalar(count, execution_options=CROSS_TENANT) or 0


async def test_order_is_written_down_with_its_lines_buyer_and_promise(
    browser_as: BrowserAs, member: Actor, shop: Shop, database: Database
) -> None:
    browser = await browser_as(member)
    answer = await browser.post("/orders/new", data=FORM)
    assert answer.status_code == 303
    async with database.read() as session:
        order = (
            await session.scalars(
                select(Order)
                .where(Order.organization_id == member.organization_id)
                .order_by(Order.id.desc())
                .limit(1)
            )
        ).one()
        items = (
            await session.scalars(
                select(OrderItem)
                .where(OrderItem.organization_id == member.organization_id)
                .where(OrderItem.order_id == order.id)
                .order_by(OrderItem.position)
            )
        ).all()
    assert answer.headers["location"] == f"/orders/{order.id}"
    assert (order.status, order.channel, order.promised_on, order.priority) == (
        OrderStatus.PAID, "hand", date(2026, 3, 9), 2,
    )  # fmt: skip
    assert (order.subtotal_minor, order.shipping_minor, order.total_minor) == (6230, 490, 6720)
    assert order.ship_to == {
        "name": "Anna Berg",
        "first_line": "Lange Gasse 7",
        "zip": "86150",
        "city": "Augsburg",
        "country": "DE",
    }
    assert [(i.title, i.sku, i.quantity, i.price_minor, i.pieces_total) for i in items] == [
        ("Flexi dragon", "DRAGON-RED", 2, 2490, 2),
        ("Mystery box", "Mystery box", 1, 1250, 0),
    ]
    assert items[0].personalisation == [["Personalisation", "Oskar"]]
    text = text_of((await browser.get(answer.headers["location"])).text)
    assert "Personalisation Oskar" in text
    assert "Open the SKU inbox" in text


async def test_unpaid_order_waits_for_its_payment(
    browser_as: BrowserAs, member: Actor, shop: Shop
) -> None:
    browser = await browser_as(member)
    form = {name: value for name, value in FORM.items() if name != "is_paid"}
    answer = await browser.post("/orders/new", data=form)
    text = text_of((await browser.get(answer.headers["location"])).text)
    assert "not paid yet" in text


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"what": ["", "", ""], "price": ["", "", ""], "personalisation": ["", "", ""]},
         "An order has at least one line: say what was bought."),
        ({"what": ["", "", "x"]}, "Line 1: say what was bought, by product or SKU."),
        ({"quantity": ["0", "1", "1"]},
         "Line 1: the quantity is a whole number from 1 to 10000."),
        ({"price": ["", "", "cheap"]},
         "Line 3: &#39;cheap&#39; is no price. Write it like 12.50."),
        ({"buyer_email": "anna"}, "&#39;anna&#39; is no e-mail address."),
        ({"promised_on": "soon"}, "&#39;soon&#39; is no date."),
    ],
)  # fmt: skip
async def test_wrong_order_comes_back_with_what_was_typed_and_the_reason(
    change: dict[str, str | list[str]],
    sentence: str,
    browser_as: BrowserAs,
    member: Actor,
    database: Database,
) -> None:
    browser = await browser_as(member)
    answer = await browser.post("/orders/new", data=FORM | change)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert sentence in answer.text
    assert 'value="Lange Gasse 7"' in answer.text
    assert ">Came by the shop.</textarea>" in answer.text
    assert await count_orders(database) == 0


async def test_one_more_line_keeps_what_was_typed(
    browser_as: BrowserAs, member: Actor, database: Database
) -> None:
    browser = await browser_as(member)
    first = await browser.get("/orders/new")
    assert first.text.count('name="what"') == 1
    answer = await browser.post("/orders/new", data=FORM | {"more": "1"})
    assert (answer.status_code, answer.text.count('name="what"')) == (200, 4)
    assert 'value="Mystery box"' in answer.text
    assert await count_orders(database) == 0


async def test_only_who_works_writes_orders_down(browser_as: BrowserAs, viewer: Actor) -> None:
    browser = await browser_as(viewer)
    assert "/orders/new" not in (await browser.get("/orders")).text
    assert (await browser.get("/orders/new")).status_code == 403
    assert (await browser.post("/orders/new", data=FORM)).status_code == 403


async def test_products_of_another_shop_are_neither_offered_nor_found(
    browser_as: BrowserAs, stranger: Actor, shop: Shop
) -> None:
    browser = await browser_as(stranger)
    assert "DRAGON-RED" not in (await browser.get("/orders/new")).text
    answer = await browser.post("/orders/new", data=FORM)
    text = text_of((await browser.get(answer.headers["location"])).text)
    assert "2 × dragon-red" in text
    assert "Flexi dragon" not in text
