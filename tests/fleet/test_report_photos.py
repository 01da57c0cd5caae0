"""The photo of a problem: taken in, drawn anew, shown to the shop alone, forgotten."""

import io

import pytest
from httpx import AsyncClient
from PIL import Image
from sqlalchemy import func, select

from shopwright.files.access import files_of
from shopwright.files.models import StoredFile
from shopwright.fleet.maintenance.models import PrinterReport
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process
from tests import factories
from tests.conftest import ClientAs


def picture(side: int = 20, exif: Image.Exif | None = None) -> bytes:
    target = io.BytesIO()
    image = Image.new("RGB", (side * 2, side), "#F0A020")
    image.save(target, "JPEG", exif=exif or Image.Exif())
    return target.getvalue()


@pytest.fixture
async def url(process: Process, owner: Actor) -> str:
    async with process.database.write() as session:
        report_id = await factories.make_printer_report_id(session, owner)
    return f"/api/maintenance/reports/{report_id}"


async def take(client: AsyncClient, url: str, content: bytes, part: str = "photo") -> None:
    answer = await client.post(f"{url}/photo", files={part: ("IMG_1.jpg", content)})
    assert answer.status_code == 201, answer.text
    assert answer.json()["photo_url"] == f"{url}/photo"


async def hash_of(process: Process, ctx: Actor) -> str | None:
    async with process.database.read() as session:
        own = PrinterReport.organization_id == ctx.organization_id
        found: str | None = await session.scalar(select(PrinterReport.photo_sha256).where(own))
        return found


async def count_files(process: Process, ctx: Actor) -> int:
    async with process.database.read() as session:
        own = StoredFile.organization_id == ctx.organization_id
        return await session.scalar(select(func.count(StoredFile.id)).where(own)) or 0


async def test_only_the_pixels_of_a_photo_are_kept(client: AsyncClient, url: str) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "the shop's address"  # turned by a quarter; description
    await take(client, url, picture(20, exif))
    shown = await client.get(f"{url}/photo")
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
    assert Image.open(io.BytesIO(shown.content)).size == (20, 40)
    assert b"address" not in shown.content
    assert "sandbox" in shown.headers["content-security-policy"]


async def test_a_forgotten_photo_is_gone_with_its_bytes(
    process: Process, owner: Actor, client: AsyncClient, url: str
) -> None:
    await take(client, url, picture())
    sha256 = await hash_of(process, owner)
    assert sha256 is not None
    forgotten = await client.delete(f"{url}/photo")
    assert (forgotten.status_code, forgotten.json()["photo_url"]) == (200, None)
    assert (await client.get(f"{url}/photo")).status_code == 404
    assert not await files_of(process).exists(sha256)
    assert await count_files(process, owner) == 0
    assert (await client.delete(f"{url}/photo")).status_code == 200


async def test_another_photo_takes_the_place_of_the_one_before(
    process: Process, owner: Actor, client: AsyncClient, url: str
) -> None:
    await take(client, url, picture(20))
    before = await hash_of(process, owner)
    await take(client, url, picture(30))
    assert before is not None
    assert not await files_of(process).exists(before)
    assert await count_files(process, owner) == 1


@pytest.mark.parametrize(
    ("part", "content", "sentence"),
    [
        ("photo", b"GIF89a", "The photo cannot be read. Send a JPEG, PNG or WebP."),
        ("photo", picture()[:60], "The photo cannot be read. Send a JPEG, PNG or WebP."),
        ("file", picture(), "The upload has no file. Send it in a part named “photo”."),
    ],
    ids=["another kind", "cut short", "wrong part"],
)
async def test_what_is_no_photo_is_refused_and_not_kept(
    process: Process,
    owner: Actor,
    client: AsyncClient,
    url: str,
    part: str,
    content: bytes,
    sentence: str,
) -> None:
    refused = await client.post(f"{url}/photo", files={part: ("x.png", content)})
    assert (refused.status_code, refused.json()["detail"]) == (400, sentence)
    assert await hash_of(process, owner) is None
    assert await count_files(process, owner) == 0


async def test_nobody_else_sees_takes_or_forgets_it(
    process: Process,
    owner: Actor,
    client: AsyncClient,
    client_as: ClientAs,
    viewer: Actor,
    stranger: Actor,
    url: str,
) -> None:
    await take(client, url, picture())
    photo = {"photo": ("x.jpg", picture())}
    foreign, looking = await client_as(stranger), await client_as(viewer)
    assert (await foreign.get(f"{url}/photo")).status_code == 404
    assert (await foreign.post(f"{url}/photo", files=photo)).status_code == 404
    assert (await foreign.delete(f"{url}/photo")).status_code == 404
    assert (await looking.get(f"{url}/photo")).status_code == 200
    assert (await looking.post(f"{url}/photo", files=photo)).status_code == 403
    assert await hash_of(process, owner) is not None
