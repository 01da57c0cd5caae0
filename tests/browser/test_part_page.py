"""A part's page in a real browser: the model is drawn, cut open and measured."""

import io
import re
from typing import Any

import pytest
from PIL import Image, ImageChops
from playwright.async_api import Page, expect

from shopwright.parts import service
from shopwright.parts.service import PartSpec
from shopwright.parts.states import PartCategory, PartType
from tests.browser.scene import PHONE, Scene, sign_in
from tests.parts.boxes import add_box, glb_box

pytestmark = pytest.mark.browser

PATIENCE_MS = 60_000  # a software renderer on a busy machine
LIGHT, DARK = (244, 246, 249), (16, 22, 30)
NO_WEBGL = """
const real = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
  return kind.startsWith("webgl") ? null : real.call(this, kind, ...more);
};
"""
READ_GLB = """async ([script, bytes]) => {
  const { readGlb } = await import(script);
  try { return readGlb(new Uint8Array(bytes).buffer).map((body) => body.positions.length); }
  catch (error) { return `${error.name}: ${error.message}`; }
}"""
CUT = """([axis, value]) => {
  const slider = document.querySelector(`input[data-axis=${axis}]`);
  slider.value = value;
  slider.dispatchEvent(new Event("input", { bubbles: true }));
}"""


async def add_part(scene: Scene) -> int:
    """A plate of 80 × 50 × 6 mm that may be made by CNC."""
    spec = PartSpec(name="Plate", category=PartCategory.CNC, type=PartType.CNC)
    async with scene.process.database.write() as session:
        found = await service.create_part(
            session, scene.actor, spec=spec, now=scene.process.clock.now()
        )
    await add_box(scene.process, scene.actor, found.part.id)
    return found.part.id


async def open_model(page: Page) -> None:
    await expect(page.locator(".viewer.is-open canvas")).to_be_visible(timeout=PATIENCE_MS)
    await drawn(page, 0)


async def drawn(page: Page, after: int) -> int:
    """Waits until it was drawn anew, and drawn to the end."""
    await page.wait_for_function(
        "after => Number(document.querySelector('.viewer').dataset.drawn ?? 0) > after",
        arg=after,
        timeout=PATIENCE_MS,
    )
    return await times_drawn(page)


async def times_drawn(page: Page) -> int:
    return int(await page.locator(".viewer").get_attribute("data-drawn") or 0)


async def look(page: Page) -> Image.Image:
    shot = await page.locator(".viewer canvas").screenshot(timeout=PATIENCE_MS)
    return Image.open(io.BytesIO(shot)).convert("RGB")


def seen(picture: Image.Image, background: tuple[int, int, int]) -> Image.Image:
    """White where something of the model is; what is written over it stands in the corners."""
    empty = Image.new("RGB", picture.size, background)
    found = (
        ImageChops.difference(picture, empty).convert("L").point(lambda value: 255 * (value > 15))
    )
    for top in (0, picture.height - 60):
        found.paste(0, (0, top, picture.width, top + 60))
    return found


def area(mask: Image.Image) -> int:
    return mask.histogram()[255]


def ends(mask: Image.Image) -> tuple[tuple[int, int], tuple[int, int]]:
    """Its leftmost and its rightmost point."""
    left, _, right, _ = mask.getbbox() or (0, 0, 1, 1)
    return (left, _top(mask, left)), (right - 1, _top(mask, right - 1))


def _top(mask: Image.Image, x: int) -> int:
    return (mask.crop((x, 0, x + 1, mask.height)).getbbox() or (0, 0, 0, 0))[1]


def cut_faces(picture: Image.Image) -> int:
    """How much of the colour of cut faces is seen: much more red than blue."""
    red, _, blue = picture.split()
    return area(ImageChops.subtract(red, blue).point(lambda value: 255 * (value > 60)))


def pixel(picture: Image.Image, x: int, y: int) -> tuple[int, ...]:
    found: Any = picture.getpixel((x, y))
    return tuple(found)


async def test_model_is_drawn_cut_measured_and_stays_when_the_page_changes(
    page: Page, scene: Scene
) -> None:
    part_id = await add_part(scene)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await sign_in(page, scene, f"/parts/{part_id}")
    await open_model(page)
    whole = seen(await look(page), LIGHT)
    assert area(whole) > 20_000
    assert cut_faces(await look(page)) == 0
    assert {url.split("/")[2] for url in asked} == {scene.address.split("/")[2]}

    await page.get_by_role("button", name="Cut it open").click()
    count = await times_drawn(page)
    await page.evaluate(CUT, ["x", "100"])
    await drawn(page, count)
    await expect(page.locator("output[data-axis=x]")).to_have_text("40 mm")
    picture = await look(page)
    half = seen(picture, LIGHT)
    assert 0.3 < area(half) / area(whole) < 0.7
    assert cut_faces(picture) > 300
    count = await times_drawn(page)
    await page.get_by_role("button", name="Cut it open").click()
    await drawn(page, count)

    await page.get_by_role("button", name="Measure between two points").click()
    distance = page.locator("[data-distance]")
    await expect(distance).to_have_text("Tap two points.")
    left, right = ends(whole)
    for x, y, inwards in ((*left, 3), (*right, -3)):
        await page.locator(".viewer canvas").click(position={"x": x + inwards, "y": y})
    # From corner to corner: √(80² + 50²), or with the height of 6 mm between them.
    await expect(distance).to_have_text(
        re.compile(r"^94\.(34|53) mm \(x · y · z: 80 · 50 · [06]\)$")
    )

    canvas = await page.locator(".viewer canvas").element_handle()
    await page.get_by_role("button", name="Take it").click()
    await expect(page.get_by_role("button", name="Completed")).to_be_visible()
    await page.wait_for_function(
        "canvas => document.querySelector('.viewer.is-open canvas') === canvas", arg=canvas
    )
    await expect(distance).to_contain_text("94.")


async def test_keys_turn_the_model_and_its_background_goes_dark(page: Page, scene: Scene) -> None:
    await sign_in(page, scene, f"/parts/{await add_part(scene)}")
    await open_model(page)
    before = await look(page)
    for key, button in (("ArrowLeft", None), ("b", "Dark background"), ("e", "Edges")):
        count = await times_drawn(page)
        await page.locator(".viewer canvas").press(key)
        await drawn(page, count)
        if button:
            pressed = "true" if key == "b" else "false"
            await expect(page.get_by_role("button", name=button)).to_have_attribute(
                "aria-pressed", pressed
            )
    after = await look(page)
    assert pixel(before, 5, 100) == LIGHT
    assert pixel(after, 5, 100) == DARK
    assert seen(before, LIGHT).tobytes() != seen(after, DARK).tobytes()


async def test_without_webgl_a_sentence_stands_and_one_tap_still_takes_on_a_phone(
    page: Page, scene: Scene
) -> None:
    await page.add_init_script(NO_WEBGL)
    await page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a literal of two integers
    await sign_in(page, scene, f"/parts/{await add_part(scene)}")
    await expect(page.locator("[data-note]")).to_contain_text(
        "shows no 3D (WebGL is off or missing)"
    )
    await expect(page.locator(".viewer canvas")).to_be_hidden()
    take = page.get_by_role("button", name="Take it")
    box = await take.bounding_box()
    assert box is not None
    assert (box["height"] >= 44, box["width"] >= 300) == (True, True)
    await take.click()
    await page.get_by_role("button", name="Completed").click()
    await expect(page.locator("#messages")).to_contain_text("Plate is completed.")
    assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


async def test_model_that_names_other_files_is_not_read(page: Page, scene: Scene) -> None:
    await sign_in(page, scene, f"/parts/{await add_part(scene)}")
    entry = await page.locator("script[src$='part-viewer.js']").get_attribute("src")
    script = (entry or "").replace("part-viewer.js", "viewer/glb.js")
    good, outside = glb_box(1, 1, 1), glb_box(1, 1, 1, uri="https://elsewhere.test/a.bin")
    assert await page.evaluate(READ_GLB, [script, list(good)]) == [24]
    for content, says in (
        (outside, "The model refers to another file, which is not fetched."),
        (good[:150], "The model is damaged."),
        (b"hello, this is no model", "This is no GLB model."),
    ):
        told = await page.evaluate(READ_GLB, [script, list(content)])
        assert told == f"UnreadableModel: {says}"
