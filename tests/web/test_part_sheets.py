"""A part's page: model and drawing for the browser, labels, older versions, slicing, recipes."""

import os
import sys
from pathlib import Path

import pytest
from httpx import AsyncClient

from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process
from shopwright.parts.slicing import queries, work
from tests.parts.boxes import add_box, glb_box
from tests.parts.pdf_files import pdf_file
from tests.parts.slicer_stand_in import __file__ as stand_in
from tests.web.conftest import BrowserAs
from tests.web.test_pages import text_of
from tests.web.test_parts import add

PROFILE = b"layer_height = 0.2\nbed_shape = 0x0,250x0,250x210,0x210\nmax_print_height = 220\n"


@pytest.fixture
def slicer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "prusa-slicer"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -I {stand_in} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")


async def add_plate(process: Process, ctx: Actor) -> int:
    part = (await add(process.database, ctx, "Plate", material="PLA")).part
    await add_box(process, ctx, part.id)
    return part.id


async def test_page_brings_the_model_and_the_drawing(
    browser_as: BrowserAs, process: Process, member: Actor, stranger: Actor
) -> None:
    part = await add_plate(process, member)
    browser, page = await browser_as(member), f"/parts/{part}"
    html = (await browser.get(page)).text
    assert f'data-model="{page}/model?v=' in html
    assert "js/part-viewer.js" in html
    assert (await browser.get(f"{page}/model")).content == glb_box(80, 50, 6)
    assert "<h2>Drawing</h2>" not in html
    assert (await browser.get(f"{page}/drawing")).status_code == 404

    for content, words in (
        (pdf_file(is_locked=True), "the PDF is locked with a password. Download it."),
        (pdf_file(2), "Page 1 of 2"),
    ):
        sent = await browser.post(f"{page}/file", files={"file": ("sheet.pdf", content)})
        assert sent.status_code == 303, sent.text
        assert "<h2>Drawing</h2>" in (await browser.get(page)).text
        assert words in (await browser.get(f"{page}/drawing")).text
    picture = await browser.get(f"{page}/drawing/2")
    assert picture.headers["content-type"] == "image/png"

    other = await browser_as(stranger)
    for path in ("model", "drawing", "drawing/1", "label"):
        assert (await other.get(f"{page}/{path}")).status_code == 404


async def test_older_version_is_used_again(
    browser_as: BrowserAs, process: Process, member: Actor
) -> None:
    part = await add_plate(process, member)
    browser, page = await browser_as(member), f"/parts/{part}"
    other = b"ISO-10303-21; another body"
    await browser.post(f"{page}/file", files={"file": ("other.step", other)})
    assert (await browser.post(f"{page}/files/2/restore")).status_code == 409
    assert (await browser.post(f"{page}/files/1/restore")).status_code == 303
    text = text_of((await browser.get(page)).text)
    assert "box.step version 3" in text
    assert text.count("in use") == 1
    assert (await browser.get(f"{page}/files/3")).content.startswith(b"ISO-10303-21; box")


async def test_labels_of_parts_chosen_on_the_board(
    browser_as: BrowserAs, process: Process, viewer: Actor, member: Actor
) -> None:
    parts = [(await add(process.database, member, name)).part.id for name in ("Gear", "Arm")]
    browser = await browser_as(viewer)
    board = (await browser.get("/parts")).text
    assert all(f'value="{part}" form="label-form"' in board for part in parts)
    chosen = "&".join(f"part={part}" for part in parts)
    sheet = await browser.get(f"/parts/labels?{chosen}&size=a4&skip=2")
    assert (sheet.headers["content-type"], sheet.content[:5]) == ("application/pdf", b"%PDF-")
    assert sheet.headers["content-disposition"] == 'attachment; filename="labels.pdf"'
    none = await browser.get("/parts/labels?size=a4")
    assert none.status_code == 400


async def upload_profile(browser: AsyncClient) -> None:
    form = {"name": "PLA 0.2 mm", "printer_model": "MK4", "material": "PLA"}
    sent = await browser.post("/parts/profiles", data=form, files={"file": ("p.ini", PROFILE)})
    assert sent.status_code == 303, sent.text


@pytest.mark.usefixtures("slicer")
async def test_part_is_sliced_from_its_page_and_printing_it_becomes_a_step_of_a_recipe(
    browser_as: BrowserAs, process: Process, member: Actor
) -> None:
    part = await add_plate(process, member)
    browser, page = await browser_as(member), f"/parts/{part}"
    assert "About 12.7 g · 1 h 01 min estimate" in text_of((await browser.get(page)).text)
    await upload_profile(browser)
    assert "PLA 0.2 mm · MK4 · PLA" in text_of((await browser.get(page)).text)
    assert (await browser.post(f"{page}/slicings", data={"profile": "1"})).status_code == 303
    early = await browser.post(f"{page}/slicings/1/recipe", data={"sku": "PLATE"})
    assert early.status_code == 409
    assert await work.carry_out(process, member.organization_id, 1)
    text = text_of((await browser.get(page)).text)
    assert "PLA 0.2 mm MK4 · PLA · 0.2 mm layers 14.9 g · 12 min To a recipe" in text

    await browser.post("/catalog", data={"name": "Plate", "sku": "PLATE"})
    unknown = await browser.post(f"{page}/slicings/1/recipe", data={"sku": "CHEESE"})
    assert unknown.status_code == 404
    added = await browser.post(f"{page}/slicings/1/recipe", data={"sku": "PLATE", "name": "Print"})
    assert added.status_code == 303
    again = await browser.post(f"{page}/slicings/1/recipe", data={"sku": "PLATE"})
    assert again.status_code == 409
    async with process.database.read() as session:
        ((row, _),) = await queries.list_slicings(session, member, part)
    recipe = (await browser.get("/catalog/1")).text
    assert row.file_name in recipe

    assert (await browser.post("/parts/profiles/1/remove")).status_code == 303
    assert "None yet." in text_of((await browser.get("/parts/profiles")).text)
    assert "14.9 g · 12 min" in text_of((await browser.get(page)).text)
