"""The pages of customers and of files of orders, as a browser sees them."""

import re
from typing import Any

from httpx import AsyncClient

from shopwright.kernel.actor import Actor
from tests.contracts.shop_manager.test_files import png
from tests.web.conftest import BrowserAs

SHEET = (
    "external_id,buyer_name,title,sku,quantity,price\n"
    "A-1,Ada,Gear,GEAR,2,12.50\nB-2,Bo,Sum,,1,3\nC-3,Cy,Vase,,0,1\n"
)


async def open_page(browser: AsyncClient, path: str) -> str:
    answer = await browser.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


async def send(browser: AsyncClient, path: str, **form: Any) -> str:
    """Where the answer leads to."""
    answer = await browser.post(path, **form)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def test_a_customer_is_written_down_and_worked_with(
    browser_as: BrowserAs, member: Actor
) -> None:
    browser = await browser_as(member)
    assert "Nobody here" in await open_page(browser, "/customers")
    at = await send(browser, "/customers", data={"name": "Ada <3", "email": "ada@shop.test"})
    await send(browser, at, data={"name": "Ada", "email": "", "notes": "pays in cash"})
    await send(browser, f"{at}/requests", data={"title": "A blue one", "priority": "high"})
    await send(browser, f"{at}/feedback", data={"rating": "4", "comment": "Good"})
    await send(browser, f"{at}/files", files={"file": ("sketch.png", png())})
    page = await open_page(browser, at)
    for words in ("pays in cash", "A blue one", "4 of 5", "sketch.png", "Has not bought yet"):
        assert words in page
    assert "Privacy" not in page  # an admin's
    listed = await open_page(browser, "/customers?search=ada&show=prospect")
    assert "1 open" in listed
    refused = await browser.post("/customers", data={"name": " "})
    assert refused.status_code == 400


async def test_a_file_is_removed_on_the_page_of_its_own_customer_alone(
    browser_as: BrowserAs, member: Actor
) -> None:
    browser = await browser_as(member)
    ada = await send(browser, "/customers", data={"name": "Ada"})
    bo = await send(browser, "/customers", data={"name": "Bo"})
    await send(browser, f"{ada}/files", files={"file": ("sketch.png", png())})
    action = re.search(rf"{ada}/files/([^/]+)/remove", await open_page(browser, ada))
    assert action
    refused = await browser.post(f"{bo}/files/{action[1]}/remove")
    assert refused.status_code == 404
    assert "Bo has no file" in refused.text
    assert "sketch.png" in await open_page(browser, ada)
    assert await send(browser, action[0]) == ada
    assert "sketch.png" not in await open_page(browser, ada)


async def test_an_admin_hands_over_and_forgets(browser_as: BrowserAs, admin: Actor) -> None:
    browser = await browser_as(admin)
    at = await send(browser, "/customers", data={"name": "Ada", "email": "ada@shop.test"})
    known = await browser.get(f"{at}/export")
    assert known.json()["customer"]["email"] == "ada@shop.test"
    assert known.headers["content-disposition"].startswith("attachment")
    await send(browser, f"{at}/anonymise", data={"confirm": "Ada"})
    page = await open_page(browser, at)
    assert "Anonymised" in page
    assert "ada@shop.test" not in page


async def test_a_file_is_looked_at_and_then_taken_in(browser_as: BrowserAs, member: Actor) -> None:
    browser = await browser_as(member)
    assert "EtsySoldOrderItems" in await open_page(browser, "/order-imports")
    at = await send(browser, "/order-imports", files={"file": ("may.csv", SHEET.encode())})
    page = await open_page(browser, at)
    for words in ("GEAR", "A-1", "The quantity must be between", "Take in the 2 others"):
        assert words in page
    assert (await browser.post(f"{at}/start")).status_code == 409
    await send(browser, f"{at}/start", data={"skip_refused": "true"})
    done = await open_page(browser, at)
    assert "2 new and 0 changed orders" in done
    assert "may.csv" in await open_page(browser, "/order-imports")
    assert "Ada" in await open_page(browser, "/orders")


async def test_a_viewer_only_looks(browser_as: BrowserAs, viewer: Actor) -> None:
    browser = await browser_as(viewer)
    assert "New customer" not in await open_page(browser, "/customers")
    assert (await browser.get("/order-imports")).status_code == 403
    assert (await browser.post("/customers", data={"name": "Ada"})).status_code == 403
