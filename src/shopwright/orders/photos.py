"""The photo of a finished order: drawn anew by us, so that only pixels of the upload survive."""

import asyncio
import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageOps
from starlette.requests import Request

from shopwright.accounts import audit
from shopwright.files import service as files
from shopwright.files.access import files_of, incoming_folder
from shopwright.files.images import UNREADABLE
from shopwright.files.service import NewFile
from shopwright.files.uploads import MEGABYTE, Upload, receive_upload
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process, Ref, get_process, writing
from shopwright.kernel.errors import Invalid
from shopwright.kernel.live import touch
from shopwright.orders import attachments, queries, service

PART = "photo"
MAX_PHOTO_MB = 25
MAX_SOURCE_PIXELS = 50_000_000  # what phones take; decoded to 150 MB
MAX_SIDE_PX = 2_000
QUALITY = 85
CONTENT_TYPE = "image/jpeg"


class PhotoUnreadable(Invalid):
    code = "photo-unreadable"
    title = "This is no photo"


class Darkroom:
    """The process's one place for drawing photos; the others wait."""

    def __init__(self) -> None:
        self.place = asyncio.Semaphore(1)


async def receive_photo(request: Request, ctx: Actor, ref: Ref) -> int:
    """Take in the request's photo; returns the order's id.

    No transaction is open while it arrives and is drawn. Raises NotFound before anything is read.
    """
    process = get_process(request)
    async with process.database.read() as session:
        order_id = await service.get_order_id(session, ctx, ref)
    folder = incoming_folder(process.settings)
    async with receive_upload(request, folder, max_mb=MAX_PHOTO_MB, part=PART) as upload:
        photo = await _store(process, upload)
    async with writing(request) as session:
        gone = await _keep(session, ctx, order_id, photo)
    await attachments.drop_bytes(process, gone)
    return order_id


async def _store(process: Process, upload: Upload) -> NewFile:
    async with process.context.keep(Darkroom).place:
        content = await asyncio.to_thread(redraw_photo, upload.path)
    stored = await files_of(process).put(io.BytesIO(content), max_bytes=MAX_PHOTO_MB * MEGABYTE)
    return NewFile(stored, f"{Path(upload.filename).stem[:100]}.jpg", CONTENT_TYPE)


async def _keep(session: WriteSession, ctx: Actor, order_id: int, photo: NewFile) -> Sequence[str]:
    """The hash of the photo before, where nobody has it any more."""
    await files.record_files(session, ctx, [photo])
    before = await queries.lock_photo(session, ctx, order_id)
    await queries.set_photo(session, ctx, order_id, photo.stored.sha256)
    audit.record(session, ctx, "order.photo_taken", order_id)
    touch(session, ctx.organization_id, "order", order_id)
    if before in {None, photo.stored.sha256}:
        return []
    return [before] if await files.forget_file(session, ctx, before) else []


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
