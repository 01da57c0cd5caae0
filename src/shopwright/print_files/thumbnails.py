"""Thumbnails from print files, drawn anew: only pixels survive, nothing else that was put in."""

import base64
import binascii
import io
import re
from collections.abc import Iterator

from PIL import Image

from shopwright.files.images import UNREADABLE

MAX_SOURCE_BYTES = 4_000_000  # a 512 px thumbnail has about 100 KB
MAX_SOURCE_PIXELS = 2_048 * 2_048  # decoded to 16 MB
MAX_SIDE_PX = 512  # what slicers draw for a plate

# "; thumbnail begin 220x124 10188", then base64 in comments, then "; thumbnail end"
_BEGIN = re.compile(r"^; ?thumbnail(?:_JPG)? begin (\d{1,4})[x ](\d{1,4})\b[^\r\n]*$", re.MULTILINE)


def redraw_thumbnail(picture: bytes) -> bytes | None:
    """The picture as a PNG of at most 512 pixels a side; None when it is broken or too large.

    A print is good without its picture, so a bad one is dropped and never a refusal.
    """
    if not picture or len(picture) > MAX_SOURCE_BYTES:
        return None
    try:
        with Image.open(io.BytesIO(picture), formats=("PNG", "JPEG")) as source:
            if source.width * source.height > MAX_SOURCE_PIXELS:
                return None
            return _redrawn(source)
    except UNREADABLE:
        return None


def find_gcode_thumbnail(head: str) -> bytes | None:
    """The largest picture in the comments, redrawn; None when there is none that is good."""
    blocks = sorted(_blocks(head), reverse=True)
    return next((png for _, text in blocks[:4] if (png := _decoded(text))), None)


def _blocks(head: str) -> Iterator[tuple[int, str]]:
    """Area and base64 comments of each picture; blocks do not nest."""
    position = 0
    while begin := _BEGIN.search(head, position):
        position = head.find(" end", begin.end())
        if position < 0:
            return
        text = head[begin.end() : position].rpartition("\n")[0]
        yield int(begin.group(1)) * int(begin.group(2)), text


def _decoded(comments: str) -> bytes | None:
    text = re.sub(r"[;\s]", "", comments)
    try:
        return redraw_thumbnail(base64.b64decode(text, validate=True))
    except binascii.Error:
        return None


def _redrawn(source: Image.Image) -> bytes:
    pixels = source.convert("RGBA")
    pixels.thumbnail((MAX_SIDE_PX, MAX_SIDE_PX))
    pixels.info.clear()
    target = io.BytesIO()
    pixels.save(target, "PNG")
    return target.getvalue()
