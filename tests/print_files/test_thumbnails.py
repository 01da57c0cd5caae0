import io
import struct
import zlib

import pytest
from PIL import Image, PngImagePlugin

from shopwright.print_files.thumbnails import (
    MAX_SOURCE_BYTES,
    find_gcode_thumbnail,
    redraw_thumbnail,
)
from tests.print_files.factories import picture, thumbnail_comments


def test_a_picture_is_drawn_anew_as_png_without_its_texts() -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("comment", "<script>alert(1)</script>")
    source = io.BytesIO()
    Image.new("RGB", (300, 200), "#FF0000").save(source, "PNG", pnginfo=texts)

    png = redraw_thumbnail(source.getvalue() + b"trailing <script>")

    assert png is not None
    assert b"script" in source.getvalue()
    assert b"script" not in png
    with Image.open(io.BytesIO(png)) as redrawn:
        assert (redrawn.format, redrawn.size) == ("PNG", (300, 200))
        assert redrawn.getpixel((5, 5)) == (255, 0, 0, 255)


def test_a_jpeg_becomes_a_png_and_a_large_one_512_wide() -> None:
    png = redraw_thumbnail(picture(1024, 768, "JPEG"))

    assert png is not None
    with Image.open(io.BytesIO(png)) as redrawn:
        assert (redrawn.format, redrawn.size) == ("PNG", (512, 384))


def _claimed(width: int, height: int) -> bytes:
    """A PNG that is a few bytes and claims to be that large."""
    header = struct.pack(">2I5B", width, height, 8, 6, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 9)), (b"IEND", b"")
    body = b"".join(
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no picture",
        picture()[:-300],
        picture(4, 4, "BMP"),
        picture(2, 2, "GIF"),
        picture(2049, 2048),
        _claimed(3_000, 3_000),
        _claimed(60_000, 60_000),
        _claimed(10, 10),
        b"\0" * (MAX_SOURCE_BYTES + 1),
    ],
    ids=["empty", "text", "cut", "bmp", "gif", "wide", "9MP", "bomb", "short", "bytes"],
)
def test_other_kinds_and_bad_or_huge_pictures_are_dropped(content: bytes) -> None:
    assert redraw_thumbnail(content) is None


def test_comments_without_an_end_or_with_bad_base64_hold_no_picture() -> None:
    whole = thumbnail_comments(picture(8, 8), "8x8")
    assert find_gcode_thumbnail(whole) is not None
    assert find_gcode_thumbnail(whole.replace(" end", "")) is None
    assert find_gcode_thumbnail(whole.replace("; i", "; !")) is None
