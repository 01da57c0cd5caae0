"""The child process that draws a PDF: ``python -m shopwright.parts.drawings.draw_child REQUEST``.

PDFium renders without its script engine and without forms, so a page is only what is printed.
"""

from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
from PIL import Image

from shopwright.kernel import child
from shopwright.kernel.child import ChildRefusal, Tell

LONGEST_PX = 2200  # an A3 drawing stays readable
MAX_SCALE = 4.0  # of 72 dpi
MAX_BYTES = 4_000_000  # as pictures are served
LOCKED = "Incorrect password"


def main() -> None:
    child.run(_draw)


def _draw(request: dict[str, Any], tell: Tell) -> dict[str, Any]:  # noqa: ARG001  nothing between
    document = _open(Path(request["source"]))
    count = len(document)
    if count == 0:
        raise ChildRefusal("the PDF has no pages")
    folder = Path(request["folder"])
    pages = [
        _draw_page(document, index, folder / f"{index + 1}.png")
        for index in range(min(count, request["most"]))
    ]
    return {"page_count": count, "pages": pages}


def _open(path: Path) -> pdfium.PdfDocument:
    try:
        return pdfium.PdfDocument(path)
    except pdfium.PdfiumError as err:
        if LOCKED in str(err):
            raise ChildRefusal("the PDF is locked with a password") from err
        raise ChildRefusal("the PDF is damaged") from err


def _draw_page(document: pdfium.PdfDocument, index: int, target: Path) -> list[int]:
    """Width and height in pixels."""
    try:
        page = document[index]
        longest = max(page.get_size())
        if not longest >= 1:  # nor where it is no number
            raise ChildRefusal(f"page {index + 1} of the PDF has no size")
        scale = min(LONGEST_PX / longest, MAX_SCALE)
        picture = page.render(scale=scale, may_draw_forms=False).to_pil().convert("RGB")
    except pdfium.PdfiumError as err:
        raise ChildRefusal(f"page {index + 1} of the PDF is damaged") from err
    return _save(picture, target)


def _save(picture: Image.Image, target: Path) -> list[int]:
    """A scan that is too large keeps 256 colours, and is halved until it fits."""
    picture.save(target, "PNG")
    while target.stat().st_size > MAX_BYTES:
        if picture.mode == "P":
            picture = picture.convert("RGB").reduce(2)
        picture = picture.quantize()
        picture.save(target, "PNG")
    return [picture.width, picture.height]


if __name__ == "__main__":
    main()
