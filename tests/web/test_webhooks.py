"""The pages of outgoing webhooks."""

import re

from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from tests import factories
from tests.web.conftest import BrowserAs


async def test_secret_is_shown_once_and_the_endpoint_stands_in_the_list(
    browser_as: BrowserAs, owner: Actor
) -> None:
    browser = await browser_as(owner)
    form = {"url": "https://93.184.216.34/hook", "description": "Books", "on": ["order.paid"]}
    shown = await browser.post("/webhooks", data=form)
    assert shown.status_code == 200
    assert re.search(r'value="(whsec_[^"]+)"', shown.text)
    listed = (await browser.get("/webhooks")).text
    assert "Books" in listed
    assert "not used yet" in listed
    assert "whsec_" not in listed


async def test_page_of_an_endpoint_shows_what_failed_and_sends_it_again(
    browser_as: BrowserAs, owner: Actor, database: Database
) -> None:
    async with database.write() as session:
        delivery_id = await factories.make_webhook_delivery_id(session, owner)
    browser = await browser_as(owner)
    listed = (await browser.get("/webhooks")).text
    found = re.search(r'href="(/webhooks/\d+)"', listed)
    assert found is not None
    page = (await browser.get(found[1])).text
    assert "order.paid" in page
    assert "Send the failed again" in page
    again = await browser.post(f"{found[1]}/deliveries/{delivery_id}/replay")
    assert again.status_code == 303
    assert "waiting" in (await browser.get(f"{found[1]}?show=waiting")).text
    rotated = await browser.post(f"{found[1]}/rotate", headers={"HX-Request": "true"})
    assert "whsec_" in rotated.text
    off = await browser.post(f"{found[1]}/switch")
    assert off.status_code == 303
    assert "switched off by Owner" in (await browser.get(found[1])).text


async def test_members_do_not_see_the_pages(browser_as: BrowserAs, member: Actor) -> None:
    browser = await browser_as(member)
    assert (await browser.get("/webhooks")).status_code == 403
