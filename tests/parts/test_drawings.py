"""Pages of a drawing as pictures."""

import io

import pytest
from PIL import Image

from tests.parts.conftest import Bench
from tests.parts.pdf_files import pdf_file


async def draw(bench: Bench, content: bytes) -> int:
    part = await bench.part()
    await bench.upload(part, content, "sheet.pdf")
    return part


async def test_first_pages_are_drawn_once_for_the_same_content(bench: Bench) -> None:
    first, second = await draw(bench, pdf_file(22)), await draw(bench, pdf_file(22))
    told = (await bench.get(f"{first}/drawing/pages")).json()
    assert (told["filename"], told["pageCount"], len(told["pages"])) == ("sheet.pdf", 22, 20)
    assert told["pages"][1] == {
        "number": 2, "widthPx": 800, "heightPx": 480,
        "url": f"/api/parts/{first}/drawing/pages/2",
    }  # fmt: skip
    page = await bench.get(f"{first}/drawing/pages/2")
    assert (page.headers["content-type"], page.headers["content-security-policy"]) == (
        "image/png", "sandbox; default-src 'none'",
    )  # fmt: skip
    with Image.open(io.BytesIO(page.content)) as picture:
        assert picture.size == (800, 480)
        assert picture.getpixel((400, 240)) == (0, 0, 0)
        assert picture.getpixel((700, 400)) == (255, 255, 255)
    bench.client.headers["if-none-match"] = page.headers["etag"]
    assert (await bench.get(f"{second}/drawing/pages/2")).status_code == 304
    assert (await bench.get(f"{first}/drawing/pages/21")).status_code == 404


async def test_page_of_any_size_becomes_a_picture_of_bounded_size(bench: Bench) -> None:
    part = await draw(bench, pdf_file(1, 14_400, 7_200))
    told = (await bench.get(f"{part}/drawing/pages")).json()
    assert [(page["widthPx"], page["heightPx"]) for page in told["pages"]] == [(2200, 1100)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"%PDF-1.4\nno more than that", "the PDF is damaged"),
        (pdf_file(is_locked=True), "the PDF is locked with a password"),
    ],
)
async def test_drawing_that_cannot_be_shown_says_why_and_stays(
    bench: Bench, content: bytes, reason: str
) -> None:
    part = await draw(bench, content)
    for path in ("pages", "pages/1"):
        refused = await bench.get(f"{part}/drawing/{path}")
        assert (refused.status_code, refused.json()["error"]) == (
            409, f"The drawing cannot be shown: {reason}. Download it.",
        )  # fmt: skip
    saved = await bench.get(f"{part}/drawing")
    assert saved.content == content
    assert saved.headers["content-disposition"].startswith("attachment")


async def test_part_without_a_drawing_says_so(bench: Bench) -> None:
    part = await bench.part()
    refused = await bench.get(f"{part}/drawing/pages")
    assert (refused.status_code, refused.json()["error"]) == (
        404, "This part has no drawing. Upload a PDF.",
    )  # fmt: skip
