"""Labels: their paper, and that the code on them opens the part."""

import pypdfium2 as pdfium
import pytest
import segno
from PIL import Image

from shopwright.kernel.errors import Invalid
from shopwright.parts.labels.papers import PAPERS, check_skipped, content_of, get_paper
from shopwright.parts.models import Part
from tests.parts.conftest import Bench

POINTS_PER_MM = 72 / 25.4
SCALE = 10  # pixels per point


def picture_of(pdf: bytes) -> tuple[Image.Image, list[tuple[float, float]]]:
    """The first page, and the size of every page in millimetres."""
    document = pdfium.PdfDocument(pdf)
    sizes = [
        (round(w / POINTS_PER_MM, 1), round(h / POINTS_PER_MM, 1))
        for w, h in (page.get_size() for page in document)
    ]
    return document[0].render(scale=SCALE).to_pil().convert("L"), sizes


def dark_modules(
    picture: Image.Image, left_mm: float, side_mm: float, count: int
) -> list[list[bool]]:
    """What a camera would read of the code in the label's left corner."""
    step = side_mm * POINTS_PER_MM * SCALE / count
    start = left_mm * POINTS_PER_MM * SCALE
    return [
        [
            int(picture.getpixel((start + (x + 0.5) * step, start + (y + 0.5) * step))) < 128  # type: ignore[arg-type]
            for x in range(count)
        ]
        for y in range(count)
    ]


async def test_code_on_the_label_opens_the_part(bench: Bench) -> None:
    part = await bench.part(name="Intake side plate, left", material="Aluminum", amount=4)
    answer = await bench.get(f"{part}/label")
    assert answer.headers["content-type"] == "application/pdf"
    picture, sizes = picture_of(answer.content)
    assert sizes == [(62.0, 29.0)]
    url = f"{bench.process.settings.base_url}/parts/{part}"
    code = [
        [bool(dark) for dark in row] for row in segno.make(url, error="m").matrix_iter(border=2)
    ]
    assert dark_modules(picture, 1.5, 26, len(code)) == code


async def test_labels_of_several_parts_come_on_sheets_or_one_by_one(bench: Bench) -> None:
    parts = [await bench.part(name=f"Plate {number}") for number in range(3)]
    named = ",".join(map(str, [*parts, parts[0]]))
    sheets = await bench.get("labels", parts=named, skip=22)
    assert picture_of(sheets.content)[1] == [(210.0, 297.0)] * 2
    roll = await bench.get("labels", parts=named, size="50X30")
    assert picture_of(roll.content)[1] == [(50.0, 30.0)] * 3


async def test_labels_that_cannot_be_made_are_refused_in_words(bench: Bench) -> None:
    part = await bench.part()
    for params, status, says in (
        ({"parts": str(part), "size": "a5"}, 400, "Sizes: 62x29, 50x30, a4."),
        ({"parts": str(part), "skip": "24"}, 400, "0 to 23 labels"),
        ({"parts": ""}, 400, "Name 1 to 200 parts"),
        ({"parts": f"{part},999"}, 404, "There is no part 999."),
        ({"parts": "x"}, 404, "nothing with the id 'x'"),
    ):
        refused = await bench.get("labels", **params)
        assert refused.status_code == status
        assert says in refused.json()["error"]


def test_long_words_may_break_and_a_roll_has_no_places_to_skip() -> None:
    part = Part(id=7, code="0a1b2c3d", name="Bracket_for_the_left_arm", amount=1)
    (label,) = content_of([part], PAPERS[0], "https://shop.test", 0)["labels"]
    assert label["url"] == "https://shop.test/parts/7"
    assert label["name"].replace("\u200b", "") == part.name
    assert "B\u200br" in label["name"]
    with pytest.raises(Invalid, match="0 to 0 labels"):
        check_skipped(get_paper("62×29"), 1)
