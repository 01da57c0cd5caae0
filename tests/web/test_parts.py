"""The part board and a part's page: what waits where, who has it, one tap to take and complete."""

from httpx import AsyncClient
from sqlalchemy import update

from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.parts import service
from shopwright.parts.models import CadConversion
from shopwright.parts.queries import FoundPart
from shopwright.parts.service import PartSpec
from shopwright.parts.states import ConversionStatus, PartCategory, PartType
from tests.clock import START
from tests.parts.step_files import plate_with_holes, step_file
from tests.web.conftest import BrowserAs
from tests.web.test_pages import text_of


async def add(database: Database, ctx: Actor, name: str, **facts: str) -> FoundPart:
    spec = PartSpec(name=name, category=PartCategory.CNC, type=PartType.CNC, facts=facts)
    async with database.write() as session:
        return await service.create_part(session, ctx, spec=spec, now=START)


async def test_a_part_goes_from_the_form_to_completed_by_taps(
    browser_as: BrowserAs, member: Actor
) -> None:
    browser = await browser_as(member)
    form = {"name": "Bracket", "kind": "hand", "material": "6061", "amount": "4"}
    made = await browser.post("/parts", data=form)
    assert made.status_code == 303
    page = made.headers["location"]
    assert "Bracket waits for review Approve" in text_of((await browser.get(page)).text)
    for tap, words in (
        ("approve", "may be made Take it"),
        ("take", "in work Completed Give back"),
        ("give-back", "begun, free Take it"),
        ("take", "in work Completed Give back"),
        ("finish", "completed Back to work"),
    ):
        assert (await browser.post(f"{page}/{tap}")).status_code == 303
        assert f"Bracket {words}" in text_of((await browser.get(page)).text)
    board = text_of((await browser.get("/parts")).text)
    assert "Completed 1 Bracket 4 × 6061" in board


async def test_the_second_one_is_told_who_has_it(
    browser_as: BrowserAs, member: Actor, admin: Actor, database: Database
) -> None:
    part = (await add(database, admin, "Gear")).part
    first, second = await browser_as(member), await browser_as(admin)
    assert (await first.post(f"/parts/{part.id}/take")).status_code == 303
    refused = await second.post(f"/parts/{part.id}/take")
    assert refused.status_code == 409
    assert f"{member.name} has this part" in text_of(refused.text)
    page = text_of((await second.get(f"/parts/{part.id}")).text)
    assert f"Who has it {member.name}" in page
    assert "Give back" not in page


async def test_board_finds_by_words_and_shows_nothing_of_another_shop(
    browser_as: BrowserAs, owner: Actor, stranger: Actor, database: Database
) -> None:
    await add(database, owner, "Gear", material="Delrin")
    await add(database, owner, "Plate", material="Steel")
    await add(database, stranger, "Secret gear")
    browser = await browser_as(owner)
    assert "CNC 2" in text_of((await browser.get("/parts")).text)
    found = text_of((await browser.get("/parts?search=delr")).text)
    assert "Gear" in found
    assert "Plate" not in found
    assert "Secret" not in text_of((await browser.get("/parts")).text)


async def test_files_are_kept_as_versions_and_a_bad_one_is_refused_in_words(
    browser_as: BrowserAs, member: Actor, database: Database
) -> None:
    part = (await add(database, member, "Plate")).part
    browser = await browser_as(member)
    page = f"/parts/{part.id}"
    step = step_file(plate_with_holes())
    sent = await browser.post(f"{page}/file", files={"file": ("plate.step", step)})
    assert sent.status_code == 303, sent.text
    text = text_of((await browser.get(page)).text)
    assert "The model is being prepared" in text
    assert "plate.step version 1" in text
    assert (await browser.get(f"{page}/files/1")).content == step
    refused = await browser.post(f"{page}/file", files={"file": ("plate.step", b"hello")})
    assert refused.status_code == 400
    assert (await browser.get(f"{page}/preview")).status_code == 404


async def test_viewers_look_and_are_offered_nothing(
    browser_as: BrowserAs, viewer: Actor, owner: Actor, database: Database
) -> None:
    part = (await add(database, owner, "Gear")).part
    browser: AsyncClient = await browser_as(viewer)
    for path in ("/parts", f"/parts/{part.id}"):
        text = text_of((await browser.get(path)).text)
        assert "Gear" in text
        assert "Take it" not in text
    assert (await browser.post(f"/parts/{part.id}/take")).status_code == 403


async def test_a_drawing_added_later_does_not_take_the_place_of_the_model(
    browser_as: BrowserAs, member: Actor, database: Database
) -> None:
    part = (await add(database, member, "Plate")).part
    browser = await browser_as(member)
    page = f"/parts/{part.id}"
    step = step_file(plate_with_holes())
    await browser.post(f"{page}/file", files={"file": ("plate.step", step)})
    async with database.write() as session:
        await session.execute(
            update(CadConversion)
            .where(CadConversion.organization_id == member.organization_id)
            .values(glb_sha256="0" * 64, status=ConversionStatus.DONE)
        )
    drawing = await browser.post(f"{page}/file", files={"file": ("plate.pdf", b"%PDF-1.4\n%%EOF")})
    assert drawing.status_code == 303, drawing.text
    html = (await browser.get(page)).text
    model = html[html.index("<h2>Model</h2>") : html.index("<h2>Drawing</h2>")]
    assert f'href="{page}/files/1"' in model
    assert f'href="{page}/files/2"' not in model
