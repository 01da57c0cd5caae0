"""Photos that people take: drawn anew by us, so that only pixels of the upload survive."""

import asyncio
import io
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps
from starlette.requests import Request

from shopwright.files.access import files_of, incoming_folder
from shopwright.files.images import UNREADABLE
from shopwright.files.service import NewFile
from shopwright.files.uploads import MEGABYTE, Upload, receive_upload
from shopwright.kernel.edge import Process, get_process
from shopwright.kernel.errors import Invalid

PART = "photo"
MAX_PHOTO_MB = 25
MAX_SOURCE_PIXELS = 50_000_000  # what phones take; decoded to 150 MB
MAX_SIDE_PX = 2_000
QUALITY = 85
CONTENT_TYPE = "image/jpeg"

# The body is streamed by us, so FastAPI cannot tell its shape.
PHOTO_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": [PART],
                    "properties": {PART: {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}


class PhotoUnreadable(Invalid):
    code = "photo-unreadable"
    title = "This is no photo"


class Darkroom:
    """The process's one place for drawing photos; the others wait."""

    def __init__(self) -> None:
        self.place = asyncio.Semaphore(1)


async def receive_photo(request: Request) -> NewFile:
    """Take in the request's photo and store it; nobody has it yet. No transaction may be open.

    Raises PhotoUnreadable, UploadMalformed or UploadTooLarge.
    """
    process = get_process(request)
    folder = incoming_folder(process.settings)
    async with receive_upload(request, folder, max_mb=MAX_PHOTO_MB, part=PART) as upload:
        return await _store(process, upload)


def redraw_photo(path: Path) -> bytes:
    """A JPEG of at most 2000 pixels a side, upright, without what a camera writes beside it."""
    try:
        with Image.open(path, formats=("JPEG", "PNG", "WEBP")) as source:
            if source.width * source.height > MAX_SOURCE_PIXELS:
                raise PhotoUnreadable(
                    f"The photo has {source.width} × {source.height} pixels; at most "
                    f"{MAX_SOURCE_PIXELS // 1_000_000} million are read. Send a smaller one."
                )
            return _redrawn(source)
    except UNREADABLE as err:
        raise PhotoUnreadable("The photo cannot be read. Send a JPEG, PNG or WebP.") from err


async def _store(process: Process, upload: Upload) -> NewFile:
    async with process.context.keep(Darkroom).place:
        content = await asyncio.to_thread(redraw_photo, upload.path)
    stored = await files_of(process).put(io.BytesIO(content), max_bytes=MAX_PHOTO_MB * MEGABYTE)
    return NewFile(stored, f"{Path(upload.filename).stem[:100]}.jpg", CONTENT_TYPE)


def _redrawn(source: Image.Image) -> bytes:
    source.draft("RGB", (MAX_SIDE_PX, MAX_SIDE_PX))  # a large JPEG is decoded smaller
    upright = ImageOps.exif_transpose(source)
    upright.thumbnail((MAX_SIDE_PX, MAX_SIDE_PX))
    pixels = Image.new("RGB", upright.size, "white")  # what shines through is white
    rgba = upright.convert("RGBA")
    pixels.paste(rgba, mask=rgba)
    target = io.BytesIO()
    pixels.save(target, "JPEG", quality=QUALITY)
    return target.getvalue()
