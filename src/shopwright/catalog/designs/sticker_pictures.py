"""Pictures of the catalogue, encoded anew by us: what was uploaded never leaves again."""

import asyncio
import io
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from PIL import Image, ImageOps
from starlette.requests import Request

from shopwright.files.access import files_of, incoming_folder
from shopwright.files.images import UNREADABLE
from shopwright.files.photos import Darkroom
from shopwright.files.service import NewFile
from shopwright.files.uploads import Upload, receive_upload
from shopwright.kernel.edge import Process, get_process
from shopwright.kernel.errors import Invalid

MAX_UPLOAD_MB = 10
MAX_SOURCE_PIXELS = 30_000_000  # decoded to 120 MB
MAX_SIDE_PX = 1_390  # as wide as the widest print
THUMBNAIL_PX = 240
PRODUCT_SIDE_PX = 1_200
READ_BYTES = 512
FORMATS = ("PNG", "WEBP", "JPEG", "GIF")
PNG_TYPE, WEBP_TYPE = "image/png", "image/webp"
T = TypeVar("T")


class PictureRefused(Invalid):
    code = "picture-refused"
    title = "This picture cannot be used"


@dataclass(frozen=True, slots=True)
class DrawnSticker:
    full: bytes
    thumbnail: bytes
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class StickerPicture:
    """Both lie in the store; nobody has them yet."""

    full: NewFile
    thumbnail: NewFile
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class Received:
    """``fields`` are what came beside the file."""

    filename: str
    fields: dict[str, str]
    picture: StickerPicture


async def receive_sticker(request: Request) -> Received:
    """Take in the request's part ``file`` and store it, large and small. No transaction may be
    open. Raises PictureRefused, UploadMalformed or UploadTooLarge."""
    process = get_process(request)
    async with _upload(request, process) as upload:
        drawn = await _draw(process, draw_sticker, upload.path)
        picture = await store_sticker(process, drawn, Path(upload.filename).stem)
        return Received(upload.filename, dict(upload.fields), picture)


async def receive_product_picture(request: Request) -> NewFile:
    """The same for a picture of a product or template, as the shop's lists show it."""
    process = get_process(request)
    async with _upload(request, process) as upload:
        content = await _draw(process, draw_product_picture, upload.path)
        return await store_picture(process, content, f"{Path(upload.filename).stem[:100]}.webp")


async def store_sticker(process: Process, drawn: DrawnSticker, name: str) -> StickerPicture:
    full = await store_picture(process, drawn.full, f"{name[:100]}.png", PNG_TYPE)
    small = await store_picture(process, drawn.thumbnail, f"{name[:100]}-small.webp")
    return StickerPicture(full, small, drawn.width_px, drawn.height_px)


async def store_picture(
    process: Process, content: bytes, name: str, content_type: str = WEBP_TYPE
) -> NewFile:
    stored = await files_of(process).put(io.BytesIO(content), max_bytes=len(content))
    return NewFile(stored, name, content_type)


def draw_sticker(path: Path) -> DrawnSticker:
    """A PNG and a small WebP, both with transparency; raises PictureRefused."""
    full = _opened(path)
    full.thumbnail((MAX_SIDE_PX, MAX_SIDE_PX))
    return encode_sticker(full)


def encode_sticker(full: Image.Image) -> DrawnSticker:
    """The same of a picture in RGBA that we drew ourselves."""
    small = full.copy()
    small.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
    return DrawnSticker(_encoded(full, "PNG"), _encoded(small, "WEBP"), full.width, full.height)


def draw_product_picture(path: Path) -> bytes:
    picture = _opened(path)
    picture.thumbnail((PRODUCT_SIDE_PX, PRODUCT_SIDE_PX))
    return _encoded(picture, "WEBP")


def _upload(request: Request, process: Process) -> AbstractAsyncContextManager[Upload]:
    return receive_upload(request, incoming_folder(process.settings), max_mb=MAX_UPLOAD_MB)


async def _draw(process: Process, draw: Callable[[Path], T], path: Path) -> T:
    async with process.context.keep(Darkroom).place:
        return await asyncio.to_thread(draw, path)


def _opened(path: Path) -> Image.Image:
    """Upright and in RGBA; of an animation its first picture."""
    _refuse_vectors(path)
    try:
        with Image.open(path, formats=FORMATS) as source:
            if source.width * source.height > MAX_SOURCE_PIXELS:
                raise PictureRefused(
                    f"The picture has {source.width} × {source.height} pixels; at most "
                    f"{MAX_SOURCE_PIXELS // 1_000_000} million are read. Send a smaller one."
                )
            return ImageOps.exif_transpose(source).convert("RGBA")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as err:
        raise PictureRefused(
            f"The picture has more than {MAX_SOURCE_PIXELS // 1_000_000} million pixels. "
            "Send a smaller one."
        ) from err
    except UNREADABLE as err:
        raise PictureRefused("The picture cannot be read. Send a PNG, WebP, JPEG or GIF.") from err


def _refuse_vectors(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(READ_BYTES).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<svg", b"<?xml", b"<!doctype svg")) or b"<svg" in start:
        raise PictureRefused(
            "SVG drawings are not taken: they can hold programs. Save it as a PNG and send that."
        )


def _encoded(picture: Image.Image, kind: str) -> bytes:
    target = io.BytesIO()
    plain = Image.new("RGBA", picture.size)
    plain.paste(picture)  # without what the source had beside its pixels
    plain.save(target, kind)
    return target.getvalue()
