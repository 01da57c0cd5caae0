"""What a design is made of: layers, pictures, stickers, fonts and generated pictures, over HTTP."""

import io
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import delete, select

from shopwright.artwork import service
from shopwright.artwork.drawing import faces
from shopwright.artwork.models import Design
from shopwright.catalog.designs.models import AiStyle, Font, Sticker, StickerCategory
from shopwright.files import service as files
from shopwright.files.access import files_of
from shopwright.files.models import StoredFile
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Process
from tests.artwork.rows import Customer, begin, image_layer, text_layer
from tests.artwork.samples import BLUE, GREEN, RED, encoded, halves, opened, picture

pytestmark = pytest.mark.parametrize("databases", ["sqlite"], indirect=True, scope="session")


@pytest.fixture
async def customer(anonymous: AsyncClient, database: Database, owner: Actor) -> Customer:
    return await begin(anonymous, database, owner)


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
    other = await begin(customer.client, database, owner)
    async with database.write() as session:  # of the same template
        theirs = await service.get_design(session, owner, await _id_of(session, other.id))
        theirs.template_id = design.template_id
    stolen = await other.client.post(
        f"{other.url}/generate", headers=other.headers, json=body | {"image": None}
    )
    assert (stolen.status_code, stolen.json()["id"] == made.json()["id"]) == (201, False)
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
