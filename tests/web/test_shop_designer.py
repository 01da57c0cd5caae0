"""The designer's page: what its script is told, and whom it is shown to."""

import json
from html.parser import HTMLParser
from typing import Any

from shopwright.catalog.designs.models import AiStyle
from shopwright.catalog.designs.states import TemplateCategory
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from tests import factories
from tests.web.conftest import BrowserAs


class Facts(HTMLParser):
    """What the page's script reads."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, Any] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs).get("data-facts")
        if tag == "div" and told:
            self.found = json.loads(told)


async def test_the_page_tells_the_canvas_and_the_files_that_texts_are_drawn_with(
    browser_as: BrowserAs, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        template = await factories.make_template(session, owner)
        template.image_count = 2
        model = await factories.make_device_model(session, owner)
        await factories.make_font_row(session, owner)
    stranger = await browser_as(None)
    answer = await stranger.get(f"/shop/design/{template.code}", params={"model": model.code})
    assert answer.status_code == 200
    told = Facts(answer.text).found
    assert (told["template"], told["model"]) == (template.code, model.code)
    assert (told["canvas"]["width_px"], told["canvas"]["height_px"]) == (1390, 2886)
    assert [frame["y"] for frame in told["canvas"]["frames"]] == [0, 50]
    assert told["fonts"][0]["url"] == "/api/designs/fonts/Lobster-Regular.ttf"
    assert "€35.00" in answer.text
    assert (await stranger.get(told["fonts"][0]["url"])).status_code == 200


async def test_an_ai_template_offers_its_styles_and_asks_for_its_words(
    browser_as: BrowserAs, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        template = await factories.make_template(session, owner, category=TemplateCategory.AI)
        template.parameters = [
            {"name": "team", "label": "Your team", "is_required": True, "max_length": 20}
        ]
        model = await factories.make_device_model(session, owner)
        session.add(
            AiStyle(
                organization_id=owner.organization_id, template_id=template.id, code="wave",
                name="Wave & fire", prompt="A secret prompt for {team}.",
            )
        )  # fmt: skip
    stranger = await browser_as(None)
    url = f"/shop/design/{template.code}?model={model.code}"
    page = (await stranger.get(url)).text
    assert 'value="Wave &amp; fire"' in page
    assert "Your team" in page
    assert "secret prompt" not in page


async def test_without_a_device_one_is_chosen_and_a_device_that_is_not_offered_is_not_found(
    browser_as: BrowserAs, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        template = await factories.make_template(session, owner)
        model = await factories.make_device_model(session, owner)
        model.is_available = False
    stranger = await browser_as(None)
    path = f"/shop/design/{template.code}"
    sent = await stranger.get(path, follow_redirects=False)
    assert (sent.status_code, sent.headers["location"]) == (303, f"/shop/templates/{template.code}")
    refused = await stranger.get(path, params={"model": model.code})
    assert refused.status_code == 404
    assert "We make nothing for this device. Choose another one." in refused.text
    assert (await stranger.get("/shop/design/nothing?model=x")).status_code == 404
