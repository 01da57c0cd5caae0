"""Designs over HTTP: two tabs lose nothing, nobody opens another's, what is drawn is what is
stored."""

import asyncio
import io
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import delete, func, select

from shopwright.artwork import service
from shopwright.artwork.drawing import faces
from shopwright.artwork.keeper import DraftKeeper
from shopwright.artwork.models import Design, DesignImage
from shopwright.catalog.designs.models import AiStyle, Font, Sticker, StickerCategory
from shopwright.files import service as files
from shopwright.files.access import files_of
from shopwright.files.models import StoredFile
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Process
from tests.artwork.rows import Customer, begin, image_layer, text_layer
from tests.artwork.samples import BLUE, GREEN, RED, encoded, halves, opened, picture
from tests.clock import FixedClock
from tests.conftest import ClientAs


@pytest.fixture
async def customer(anonymous: AsyncClient, database: Database, owner: Actor) -> Customer:
    return await begin(anonymous, database, owner)


async def test_a_design_begins_empty_on_the_canvas_of_its_device(customer: Customer) -> None:
    found = await customer.read()
    assert (found["status"], found["version"], found["layers"]) == ("draft", 1, [])
    assert (customer.canvas["width_px"], customer.canvas["height_px"]) == (1390, 2886)
    assert customer.canvas["dpi"] == pytest.approx(1390 / 70.6 * 25.4, abs=0.01)
    assert found["expires_at"] == "2026-03-16T09:00:00Z"
    assert "token" not in found


@pytest.mark.parametrize("missing", ["template", "model"])
async def test_a_design_for_nothing_that_is_offered_is_not_begun(
    customer: Customer, missing: str
) -> None:
    body = {"template": customer.template, "model": customer.model} | {missing: "nothing"}
    answer = await customer.client.post("/api/designs", json=body)
    assert (answer.status_code, answer.json()["code"]) == (404, "nothing-to-design")


async def test_two_tabs_lose_nothing(customer: Customer) -> None:
    first = await customer.save(text_layer("from tab one"), background="#00FF00")
    assert (first.status_code, first.json()["version"]) == (200, 2)
    assert first.json()["background"] == "#00ff00"
    late = await customer.save(text_layer("from tab two"))
    assert (late.status_code, late.json()["code"]) == (409, "design-moved")
    current = late.json()["details"]["current"]
    assert (current["version"], current["layers"][0]["text"]) == (2, "from tab one")
    assert (await customer.save(text_layer("again"), version=2)).json()["version"] == 3


async def test_of_many_saves_at_once_one_wins(customer: Customer) -> None:
    answers = await asyncio.gather(*(customer.save(text_layer(f"tab {n}")) for n in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    assert (await customer.read())["version"] == 2


async def test_nobody_opens_a_design_without_its_token(customer: Customer) -> None:
    for token in (None, "wrong", "x" * 90):
        await _try_everything(customer, {"X-Design-Token": token} if token else {})
    assert (await customer.read())["version"] == 1


async def _try_everything(customer: Customer, headers: dict[str, str]) -> None:
    for method, path in (
        ("GET", ""), ("PUT", ""), ("DELETE", ""), ("GET", "/preview.png"), ("POST", "/preview"),
        ("POST", "/images"), ("POST", "/generate"),
    ):  # fmt: skip
        body: Any = {"version": 1, "style": "x"} if method in {"PUT", "POST"} else None
        answer = await customer.client.request(
            method, customer.url + path, headers=headers, json=body
        )
        assert answer.status_code in {400, 404}, (method, path, answer.text)
        if answer.status_code == 400:  # the body is looked at first; with a right one it is 404
            assert path in {"/preview", "/generate"} or method == "PUT"


async def test_one_customers_token_opens_no_other_design(
    customer: Customer, anonymous: AsyncClient, database: Database, owner: Actor
) -> None:
    other = await begin(anonymous, database, owner)
    answer = await customer.client.get(other.url, headers=customer.headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "design-missing")
    answer = await other.client.get(f"{other.url}/preview.png", params={"token": customer.token})
    assert answer.status_code == 404


async def test_the_shops_people_look_and_change_nothing(
    customer: Customer, client_as: ClientAs, viewer: Actor, stranger: Actor
) -> None:
    staff = await client_as(viewer)
    assert (await staff.get(customer.url)).status_code == 200
    assert (await staff.put(customer.url, json={"version": 1})).status_code == 403
    assert (await staff.delete(customer.url)).status_code == 403
    assert (await (await client_as(stranger)).get(customer.url)).status_code == 404


REFUSED_LAYERS: list[tuple[dict[str, Any], str, str]] = [
    (image_layer("nothing"), "layer-unusable", "does not have"),
    ({"id": "s", "kind": "sticker", "sticker": "9"}, "layer-unusable", "no sticker '9'"),
    (text_layer(font="Comic Sans"), "layer-unusable", "no font 'Comic Sans'"),
    (text_layer("漢字 ok"), "text-not-printable", "No font here has 漢 字."),
    (text_layer("a\x07b"), "text-not-printable", "control characters"),
    (text_layer("a\n" * 20), "layer-unusable", "at most 20 lines"),
    (text_layer("x" * 501), "invalid", "500"),
    (text_layer(scale=0), "invalid", "scale"),
    (text_layer(color="red"), "invalid", "color"),
    (text_layer(x=1e9), "invalid", "x"),
    ({"id": "v", "kind": "video"}, "invalid", "kind"),
    (text_layer(src="http://evil.test/x.png"), "invalid", "src"),
]


async def test_a_layer_that_cannot_be_drawn_is_refused_in_words(customer: Customer) -> None:
    for layer, code, words in REFUSED_LAYERS:
        answer = await customer.save(layer)
        assert (answer.status_code, answer.json()["code"]) == (400, code), answer.text
        assert words in answer.text
    assert (await customer.read())["version"] == 1


async def test_layers_are_few_and_have_names_of_their_own(customer: Customer) -> None:
    many = [text_layer(name=f"t{number}") for number in range(31)]
    assert (await customer.save(*many)).status_code == 400
    twice = await customer.save(text_layer(), text_layer())
    assert "Two layers are called 't1'" in twice.json()["detail"]


async def test_what_is_seen_is_what_was_saved(customer: Customer) -> None:
    """One child draws: an upload, a saved preview, one that is not saved, and a second photo."""
    upload = await customer.upload(encoded(halves(RED, BLUE, (200, 400))), "../../etc/passwd.png")
    assert (upload.status_code, upload.json()["code"]) == (400, "upload-malformed")
    upload = await customer.upload(encoded(halves(RED, BLUE, (200, 400))))
    assert upload.status_code == 201, upload.text
    image = upload.json()
    assert (image["width_px"], image["content_type"]) == (200, "image/jpeg")
    saved = await customer.save(image_layer(image["id"], frame={"height": 50}))
    assert saved.status_code == 200, saved.text
    assert saved.json()["layers"][0]["image"] == image["id"]
    assert "source" not in saved.json()["layers"][0]

    seen = await customer.client.get(
        f"{customer.url}/preview.png", headers=customer.headers, params={"width": 100}
    )
    assert (seen.status_code, seen.headers["content-type"]) == (200, "image/png")
    drawn = opened(seen.content)
    assert drawn.size == (100, 208)
    assert drawn.getpixel((50, 150)) == (255, 255, 255)
    again = await customer.client.get(
        f"{customer.url}/preview.png",
        headers=customer.headers | {"If-None-Match": seen.headers["etag"]},
        params={"width": 100},
    )
    assert again.status_code == 304

    tried = await customer.client.post(
        f"{customer.url}/preview?width=100",
        headers=customer.headers,
        json={"background": "#0000ff", "layers": []},
    )
    assert opened(tried.content).getpixel((50, 150)) == BLUE
    assert (await customer.read())["background"] == "#ffffff"

    for content, words in ((b"<svg onload=x>", "SVG"), (b"GIF89a....", "GIFs")):
        refused = await customer.upload(content)
        assert (refused.status_code, refused.json()["code"]) == (400, "picture-refused")
        assert words in refused.json()["detail"]
    assert len((await customer.read())["images"]) == 1


async def test_a_stolen_picture_is_no_layer_of_another_design(
    customer: Customer, anonymous: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        design = await service.get_design(session, owner, await _id_of(session, customer.id))
        session.add(_image(owner, design.id))
    image = (await customer.read())["images"][0]
    other = await begin(anonymous, database, owner)
    answer = await other.save(image_layer(image["id"]))
    assert "a picture that this design does not have" in answer.json()["detail"]


async def test_an_ordered_design_never_changes(
    customer: Customer, database: Database, owner: Actor, clock: FixedClock
) -> None:
    await customer.save(text_layer("mine"))
    async with database.write() as session:
        number = await _id_of(session, customer.id)
        await service.freeze_design(session, owner, number, now=clock.now())
        await service.freeze_design(session, owner, number, now=clock.now())
    for answer in (
        await customer.save(text_layer("other"), version=2),
        await customer.upload(),
        await customer.client.delete(customer.url, headers=customer.headers),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "design-ordered")
    found = await customer.read()
    assert (found["status"], found["layers"][0]["text"], found["expires_at"]) == (
        "frozen",
        "mine",
        None,
    )


async def test_a_draft_that_nobody_ordered_goes_with_its_files(
    customer: Customer, process: Process, database: Database, owner: Actor, clock: FixedClock
) -> None:
    stored = await files_of(process).put(_bytes(b"a picture"), max_bytes=100)
    async with database.write() as session:
        number = await _id_of(session, customer.id)
        session.add(_image(owner, number, stored.sha256))
        session.add(_file(owner, stored.sha256))
    clock.advance(days=13)
    assert await DraftKeeper(process).clean_up() == 0
    await customer.save(text_layer())  # begins the two weeks anew
    clock.advance(days=13)
    assert await DraftKeeper(process).clean_up() == 0
    clock.advance(days=1, minutes=1)
    answer = await customer.client.get(customer.url, headers=customer.headers)
    assert (answer.status_code, answer.json()["code"]) == (410, "design-expired")
    assert await DraftKeeper(process).clean_up() == 1
    async with database.read() as session:
        assert await _count(session, owner, Design) == 0
        assert await _count(session, owner, DesignImage) == 0
        assert await _count(session, owner, StoredFile) == 0
    assert not await files_of(process).exists(stored.sha256)


async def test_a_deleted_draft_is_gone(customer: Customer) -> None:
    answer = await customer.client.delete(customer.url, headers=customer.headers)
    assert (answer.status_code, answer.json()) == (200, {"message": "The design is deleted."})
    assert (await customer.client.get(customer.url, headers=customer.headers)).status_code == 404


async def test_the_fonts_are_there_for_the_browser(anonymous: AsyncClient) -> None:
    fonts = (await anonymous.get("/api/designs/fonts")).json()
    assert {
        "family": "Lobster",
        "weight": 400,
        "url": "/api/designs/fonts/Lobster-Regular.ttf",
    } in fonts
    file = await anonymous.get("/api/designs/fonts/Lobster-Regular.ttf")
    assert (file.status_code, file.content[:4]) == (200, b"\x00\x01\x00\x00")
    assert (await anonymous.get("/api/designs/fonts/..%2ftabler.min.css")).status_code == 404


def _bytes(content: bytes) -> Any:
    return io.BytesIO(content)


def _image(owner: Actor, design_id: int, sha256: str = "c" * 64) -> DesignImage:
    return DesignImage(
        organization_id=owner.organization_id, design_id=design_id, kind="uploaded",
        filename=f"order-x-uploaded-{design_id}.png", sha256=sha256, content_type="image/png",
        width_px=10, height_px=10,
    )  # fmt: skip


def _file(owner: Actor, sha256: str) -> StoredFile:
    return StoredFile(
        organization_id=owner.organization_id, sha256=sha256, size_bytes=9,
        content_type="image/png", name="picture.png",
    )  # fmt: skip


async def _id_of(session: Any, uuid: str) -> int:
    number: int = await session.scalar(
        select(Design.id).where(Design.uuid == uuid, Design.organization_id > 0)
    )
    return number


async def _count(session: Any, owner: Actor, table: Any) -> int:
    found: int = await session.scalar(
        select(func.count())
        .select_from(table)
        .where(table.organization_id == owner.organization_id)
    )
    return found


async def test_stickers_and_fonts_stay_as_they_were_when_the_design_took_them(
    customer: Customer, process: Process, database: Database, owner: Actor
) -> None:
    """The catalogue drops both; the design still has its own, and so do the files."""
    sticker = await _stored(process, database, owner, picture((40, 40), GREEN))
    face = faces.find_face("Lobster")
    assert face is not None
    own = await _stored(process, database, owner, face.path.read_bytes())
    async with database.write() as session:
        row = await _sticker(session, owner, sticker)
        font = Font(
            organization_id=owner.organization_id, name="House", family="House", file_sha256=own
        )
        session.add(font)
        await session.flush()
        uuid = row.uuid
    layer = {"id": "s", "kind": "sticker", "sticker": uuid, "y": 20}
    saved = await customer.save(layer, text_layer("Own", font="house", color="#0000ff"))
    assert saved.status_code == 200, saved.text
    assert [layer.get("sticker") for layer in saved.json()["layers"]] == [uuid, None]
    refused = await customer.save(text_layer("שלום 漢", font="house"), version=2)
    assert "No font here has 漢." in refused.json()["detail"]

    async with database.write() as session:
        for table in (Sticker, Font):
            await session.execute(
                delete(table).where(table.organization_id == owner.organization_id)
            )
        assert not await files.forget_file(session, owner, sticker)
        assert not await files.forget_file(session, owner, own)
    seen = await customer.client.get(
        f"{customer.url}/preview.png?width=200", headers=customer.headers
    )
    assert opened(seen.content).getpixel((100, 83)) == GREEN
    assert (await customer.save(layer, version=2)).status_code == 400  # not on a new save


async def test_a_picture_is_generated_for_a_design_in_a_style_of_its_template(
    customer: Customer, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        design = await service.get_design(session, owner, await _id_of(session, customer.id))
        session.add(
            AiStyle(
                organization_id=owner.organization_id, template_id=design.template_id,
                code="loud", name="Loud", prompt="Redraw this photo loudly.",
            )
        )  # fmt: skip
    photo = (await customer.upload()).json()
    body = {
        "style": "loud",
        "image": photo["id"],
        "request_id": "01a1ffe6-17c8-7e13-9d9a-fafb95c96824",
    }
    url = f"{customer.url}/generate"
    made = await customer.client.post(url, headers=customer.headers, json=body)
    assert made.status_code == 201, made.text
    again = await customer.client.post(url, headers=customer.headers, json=body)
    assert again.json()["id"] == made.json()["id"]
    assert (await customer.save(image_layer(made.json()["id"]))).status_code == 200
    for change, words in (({"style": "calm"}, "no style 'calm'"), ({"image": "x"}, "no such")):
        refused = await customer.client.post(
            url, headers=customer.headers, json=body | {"request_id": None} | change
        )
        assert (refused.status_code, words in refused.text) == (400, True)


async def _stored(process: Process, database: Database, owner: Actor, content: bytes) -> str:
    stored = await files_of(process).put(io.BytesIO(content), max_bytes=10_000_000)
    async with database.write() as session:
        session.add(_file(owner, stored.sha256))
    return stored.sha256


async def _sticker(session: Any, owner: Actor, sha256: str) -> Sticker:
    category = StickerCategory(organization_id=owner.organization_id, code="cat", name="Cats")
    session.add(category)
    await session.flush()
    row = Sticker(
        organization_id=owner.organization_id, category_id=category.id, name="Tabby",
        file_name="tabby.png", file_sha256=sha256, thumbnail_sha256=sha256, width_px=40,
        height_px=40,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    return row
