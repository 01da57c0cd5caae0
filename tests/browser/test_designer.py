"""A case designed in a real browser: what is placed is stored, and two tabs lose nothing."""

import io
import json
from dataclasses import dataclass
from typing import Any

import pytest
from PIL import Image
from playwright.async_api import FilePayload, Page, expect
from sqlalchemy import select

from shopwright.artwork.models import Design
from shopwright.kiosk import service as kiosk
from tests import factories
from tests.browser.scene import Scene

pytestmark = pytest.mark.browser

PATIENCE_MS = 40_000  # drawing children start, on a loaded machine
WHOLE = {"x": 0, "y": 0, "width": 100, "height": 100}


@dataclass
class Offer:
    template: str
    model: str
    font: str


async def make_offer(scene: Scene) -> Offer:
    async with scene.process.database.write() as session:
        template = await factories.make_template(session, scene.actor)
        model = await factories.make_device_model(session, scene.actor)
        await factories.make_font_row(session, scene.actor)
    return Offer(template.code, model.code, "Lobster")


def photo(size: tuple[int, int] = (600, 400)) -> FilePayload:
    target = io.BytesIO()
    Image.new("RGB", size, "#336699").save(target, "PNG")
    return {"name": "beach.png", "mimeType": "image/png", "buffer": target.getvalue()}


async def expect_ready(page: Page) -> None:
    await expect(page.locator("#designer[data-ready]")).to_be_visible(timeout=PATIENCE_MS)


async def add_text(page: Page, text: str) -> None:
    await expect_ready(page)
    await page.get_by_role("button", name="Text", exact=True).click()
    await page.get_by_role("button", name="Add a text").click()
    await page.locator("[data-text]").fill(text)


async def drag(page: Page, layer: str, across: float, down: float) -> None:
    """With Alt, so that nothing catches it."""
    box = await page.locator(layer).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await page.mouse.move(x, y)
    await page.keyboard.down("Alt")
    await page.mouse.down()
    await page.mouse.move(x + across / 2, y + down / 2)
    await page.mouse.move(x + across, y + down)
    await page.mouse.up()
    await page.keyboard.up("Alt")


async def expect_saved(page: Page) -> None:
    await expect(page.locator("[data-saved] span")).to_have_text("Saved", timeout=PATIENCE_MS)


async def read_layers(scene: Scene) -> list[dict[str, Any]]:
    async with scene.process.database.read() as session:
        statement = select(Design).where(Design.organization_id == scene.actor.organization_id)
        design = (await session.scalars(statement)).one()
        return list(design.layers)


async def test_what_a_buyer_places_is_stored_found_again_and_put_in_the_cart(
    page: Page, scene: Scene
) -> None:
    offer = await make_offer(scene)
    await page.goto(f"{scene.address}/shop/templates/{offer.template}")
    await page.get_by_label("Your device").select_option(offer.model)
    await page.get_by_role("button", name="Design it").click()
    await expect_ready(page)
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role("button", name="Add your photo").click()
    await (await chooser.value).set_files(photo())
    await expect(page.locator(".d-image")).to_be_visible(timeout=PATIENCE_MS)
    await add_text(page, "Für Anna")
    mask = await page.locator("[data-mask]").bounding_box()
    assert mask is not None
    await drag(page, ".d-text", 40, -60)
    await page.locator(".d-text").press("+")
    await page.get_by_role("button", name="Undo").click()
    await expect_saved(page)

    image, text = await read_layers(scene)
    assert {name: image[name] for name in ("kind", "x", "y", "scale", "rotation", "crop")} == {
        "kind": "image", "x": 50, "y": 50, "scale": 1, "rotation": 0, "crop": None,
    }  # fmt: skip
    assert image["frame"] == WHOLE
    assert (text["text"], text["scale"], text["size"], text["color"]) == (
        "Für Anna", 1, 12, "#111111",
    )  # fmt: skip
    assert text["x"] == pytest.approx(50 + 40 / mask["width"] * 100, abs=0.3)
    assert text["y"] == pytest.approx(50 - 60 / mask["height"] * 100, abs=0.3)

    await page.reload()
    await expect_ready(page)
    row = page.get_by_role("listitem").filter(has_text="Text “Für Anna”")
    await row.get_by_text("Position and size").click()
    across = row.get_by_label("Text “Für Anna”: across, percent")
    await expect(across).to_have_value(f"{text['x']:.1f}".removesuffix(".0"))
    await across.fill("61.5")
    await expect_saved(page)
    assert (await read_layers(scene))[1] == text | {"x": 61.5}

    await page.get_by_role("button", name="Put in the cart").click()
    question = page.get_by_role("dialog", name="Is it as you want it?")
    await expect(question).to_contain_text("Photo 1 is printed with 69 dots per inch")
    await question.get_by_role("button", name="Put in the cart").click(timeout=PATIENCE_MS)
    await page.wait_for_url("**/shop/cart")
    await expect(page.get_by_alt_text("Your design")).to_be_visible(timeout=PATIENCE_MS)
    cart = json.loads(await page.evaluate("localStorage.getItem('shopwright-cart')"))
    async with scene.process.database.read() as session:
        (design,) = await session.scalars(
            select(Design).where(Design.organization_id == scene.actor.organization_id)
        )
    assert [(line["design"], line["quantity"]) for line in cart] == [(design.uuid, 1)]


async def test_of_two_tabs_the_slower_one_is_asked_and_neither_is_lost(
    page: Page, scene: Scene
) -> None:
    offer = await make_offer(scene)
    await page.goto(f"{scene.address}/shop/design/{offer.template}?model={offer.model}")
    await add_text(page, "First")
    await expect_saved(page)
    other = await page.context.new_page()
    await other.goto(page.url)
    await expect_ready(other)
    await other.locator(".d-text").click()
    await other.locator("[data-text]").fill("Theirs")
    await expect_saved(other)

    await page.bring_to_front()
    await page.locator("[data-text]").fill("Mine")
    question = page.get_by_role("dialog", name="Another tab changed this design")
    await expect(question).to_be_visible(timeout=PATIENCE_MS)
    assert [layer["text"] for layer in await read_layers(scene)] == ["Theirs"]
    await question.get_by_role("button", name="Keep what is here").click()
    await expect_saved(page)
    assert [layer["text"] for layer in await read_layers(scene)] == ["Mine"]
    await page.get_by_role("button", name="Undo").click()
    await expect(page.locator(".d-text")).to_have_text("Theirs")
    await expect_saved(page)
    assert [layer["text"] for layer in await read_layers(scene)] == ["Theirs"]


async def test_a_visitor_from_a_machine_goes_on_to_the_sum_of_its_session(
    page: Page, scene: Scene
) -> None:
    offer = await make_offer(scene)
    now = scene.process.clock.now()
    async with scene.process.database.write() as session:
        machine = await factories.make_machine(session, scene.actor)
        opened = await kiosk.open_session(session, scene.actor, machine, now=now)
        session_page = f"{scene.address}/shop/k/{opened.session_id}"
    await page.goto(session_page)
    await page.locator(f"a[href$='{offer.template}']").click(timeout=PATIENCE_MS)
    await page.get_by_role("button", name="Design it").click()
    await add_text(page, "At the machine")
    await page.get_by_role("button", name="Order at the machine").click()
    question = page.get_by_role("dialog", name="Is it as you want it?")
    await question.get_by_role("button", name="Order at the machine").click(timeout=PATIENCE_MS)
    await page.wait_for_url(session_page)
    await expect(page.get_by_role("heading", name="Your order")).to_be_visible()
    await expect(page.locator("#main")).to_contain_text("€35.00")
    assert await page.evaluate("localStorage.getItem('shopwright-cart')") is None
