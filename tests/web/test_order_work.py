"""The list with its filters, many orders at once, the board, and what an order's page is told."""

import io
import re

import pytest
from PIL import Image

from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Ref
from shopwright.orders import service
from shopwright.orders.models import Order
from shopwright.orders.states import OrderStatus, ProductionStatus
from shopwright.web.order_history import tell
from tests.web.conftest import BrowserAs
from tests.web.rows import Shop
from tests.web.test_pages import text_of


def numbers(html: str) -> list[str]:
    return re.findall(r'class="cover num"[^>]*>(#\d+)<', html)


async def read(database: Database, owner: Actor, order_id: int) -> Order:
    async with database.read() as session:
        return await service.get_order(session, owner, Ref(order_id, None))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("production=in_progress", ["#1042"]),
        ("show=all&production=completed", ["#1040", "#1031"]),
        ("priority=3&search=berg", ["#1042"]),
        ("priority=1", []),
        ("channel=hand", []),
        ("since=2026-03-02&until=2026-03-02&search=lund", ["#1039"]),
        ("until=2026-03-01", []),
    ],
)
async def test_list_is_what_its_address_asks_for(
    query: str, found: list[str], browser_as: BrowserAs, owner: Actor, shop: Shop
) -> None:
    browser = await browser_as(owner)
    html = (await browser.get(f"/orders?{query}")).text
    assert sorted(numbers(html)) == sorted(found)
    assert ("No order found" in html) == (not found)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("since=2026-03-02&until=2026-03-01", "is before the first, 2026-03-02. Swap them."),
        ("production=lost", "“lost” is none of queued, in_progress, completed, failed."),
        ("priority=9", "The priority is a number from 1 (urgent) to 5 (backlog)."),
        ("since=yesterday", "“yesterday” is no day like 2026-01-31."),
    ],
)
async def test_impossible_address_is_refused_in_a_sentence(
    query: str, sentence: str, browser_as: BrowserAs, owner: Actor
) -> None:
    browser = await browser_as(owner)
    answer = await browser.get(f"/orders?{query}")
    assert answer.status_code == 400
    assert sentence in answer.text


async def test_pills_and_pages_keep_the_other_filters(
    browser_as: BrowserAs, owner: Actor, shop: Shop
) -> None:
    browser = await browser_as(owner)
    html = (await browser.get("/orders?priority=3&channel=etsy")).text
    assert 'href="/orders?show=held&amp;priority=3&amp;channel=etsy"' in html


async def test_many_orders_are_changed_and_those_that_cannot_are_named(
    browser_as: BrowserAs, owner: Actor, shop: Shop, database: Database
) -> None:
    browser = await browser_as(owner)
    chosen = [str(shop.orders[name]) for name in ("ready", "making")]
    answer = await browser.post(
        "/orders/bulk", data={"action": "priority-1", "order": chosen}, headers={"HX-Request": "1"}
    )
    assert "2 of 2 orders changed." in answer.text
    await browser.post(
        "/orders/bulk", data={"action": "shipped", "order": [chosen[0], str(shop.orders["late"])]}
    )
    again = await browser.post(
        "/orders/bulk",
        data={"action": "production-completed", "order": [chosen[0], chosen[1]]},
        headers={"HX-Request": "1"},
    )
    assert "tone-green" in again.text
    making = await read(database, owner, int(chosen[1]))
    assert (making.priority, making.status) == (1, OrderStatus.COMPLETED)
    assert (await read(database, owner, int(chosen[0]))).status is OrderStatus.SHIPPED


async def test_nothing_is_done_to_orders_of_others_or_without_a_choice(
    browser_as: BrowserAs, owner: Actor, stranger: Actor, shop: Shop, database: Database
) -> None:
    theirs = await browser_as(stranger)
    order = str(shop.orders["ready"])
    answer = await theirs.post(
        "/orders/bulk", data={"action": "shipped", "order": order}, headers={"HX-Request": "1"}
    )
    assert f"There is no order {order}." in answer.text
    assert (await read(database, owner, int(order))).status is OrderStatus.COMPLETED
    ours = await browser_as(owner)
    refused = await ours.post("/orders/bulk", data={"action": "", "order": order})
    assert refused.status_code == 400


async def test_board_has_a_column_for_each_word_and_a_menu_for_each_move(
    browser_as: BrowserAs, owner: Actor, shop: Shop
) -> None:
    browser = await browser_as(owner)
    html = (await browser.get("/orders/board")).text
    columns = re.split(r'<section class="board-column', html)[1:]
    cards = [re.findall(r'aria-label="Order (#\d+)"', column) for column in columns]
    assert [sorted(column) for column in cards] == [
        ["#1038", "#1039", "#1043"],
        ["#1042"],
        [],
        ["#1040"],
    ]
    making = columns[1]
    assert re.findall(r'name="to" value="(\w+)"', making) == ["queued", "failed", "completed"]
    assert 'name="to"' not in columns[3]


async def test_moved_card_is_a_statement_that_the_history_tells(
    browser_as: BrowserAs, owner: Actor, shop: Shop, database: Database
) -> None:
    browser = await browser_as(owner)
    order_id = shop.orders["late"]
    await browser.post(f"/orders/{order_id}/production", data={"to": "failed"})
    late = await read(database, owner, order_id)
    assert (late.production_status, late.print_failures) == (ProductionStatus.FAILED, 1)
    assert "Said to have failed" in text_of((await browser.get(f"/orders/{order_id}")).text)


async def test_order_page_takes_time_label_talk_priority_and_photo(
    browser_as: BrowserAs, owner: Actor, shop: Shop, database: Database
) -> None:
    browser = await browser_as(owner)
    at = f"/orders/{shop.orders['making']}"
    content = io.BytesIO()
    Image.new("RGB", (50, 40), "teal").save(content, "PNG")
    sent = [
        await browser.post(f"{at}/making", data={"minutes": "1:30", "print_notes": "brim"}),
        await browser.post(f"{at}/priority", data={"priority": "2"}),
        await browser.post(
            f"{at}/label",
            data={"status": "purchased", "provider": "DHL", "tracking_number": "JD014"},
        ),
        await browser.post(f"{at}/messages", data={"message": "When?", "channel": "phone"}),
        await browser.post(f"{at}/photo", files={"photo": ("x.png", content.getvalue())}),
    ]
    assert [answer.status_code for answer in sent] == [303] * 5
    text = text_of((await browser.get(at)).text)
    for words in ["Thought to take 1 h 30 min", "brim", "JD014", "by phone", "When?",
                  "Priority set to high", "Shipping label purchased", "Photo taken"]:  # fmt: skip
        assert words in text
    photo = await browser.get(f"{at}/photo")
    assert (photo.status_code, photo.headers["content-type"]) == (200, "image/jpeg")


async def test_time_that_is_none_is_refused(
    browser_as: BrowserAs, owner: Actor, shop: Shop
) -> None:
    browser = await browser_as(owner)
    answer = await browser.post(f"/orders/{shop.orders['making']}/making", data={"minutes": "soon"})
    assert answer.status_code == 400
    assert "“soon” is no time like 90 (minutes) or 1:30 (hours and minutes)." in answer.text


async def test_filament_used_by_hand_is_on_the_page_and_off_the_stock(
    browser_as: BrowserAs, owner: Actor, shop: Shop
) -> None:
    browser = await browser_as(owner)
    at = f"/orders/{shop.orders['making']}"
    page = (await browser.get(at)).text
    filament = re.findall(r'<option value="(\d+)">PLA Black, 884 g left', page)[0]
    await browser.post(f"{at}/filament-used", data={"filament": filament, "grams": "12,5"})
    text = text_of((await browser.get(at)).text)
    assert "PLA Black 12.5 g" in text
    assert "PLA Black, 872 g left" in text


def test_history_has_words_for_an_action_it_does_not_know() -> None:
    assert tell("order.turned_around", {}) == "Turned around"
    assert tell("order.placed", {"channel": "etsy"}) == "Came in from etsy"
