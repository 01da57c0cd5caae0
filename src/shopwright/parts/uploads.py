"""How a part's file and pictures are taken in: streamed, looked at, stored, then written down."""

import asyncio
import io
from collections.abc import Mapping

from PIL import Image
from starlette.datastructures import UploadFile
from starlette.requests import Request

from shopwright.files.access import files_of, incoming_folder
from shopwright.files.images import UNREADABLE
from shopwright.files.storage import StoredObject
from shopwright.files.uploads import MEGABYTE, UploadMalformed, receive_upload
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process, Ref, allow_body, get_process, writing
from shopwright.kernel.errors import Invalid, TooLarge
from shopwright.parts import service, views
from shopwright.parts.file_checks import check_file
from shopwright.parts.versions import AddedFile, CheckedFile, add_file

MAX_VIEW_BYTES = 4 * MEGABYTE
MAX_VIEW_PIXELS = 4096 * 4096
MAX_VIEW_SIDE_PX = 2048


class NotAPicture(Invalid):
    code = "view-unreadable"
    title = "This is no picture"


async def receive_part_file(request: Request, ctx: Actor, ref: Ref) -> AddedFile:
    """The request's file as the part's next version; a refused one leaves no row and no bytes."""
    process = get_process(request)
    await _check_part(process, ctx, ref)
    max_mb = process.settings.max_upload_mb
    async with receive_upload(request, incoming_folder(process.settings), max_mb=max_mb) as upload:
        kind = await asyncio.to_thread(check_file, upload.path, upload.filename)
        stored = await files_of(process).put(upload.path, max_bytes=upload.size)
    checked = CheckedFile(upload.filename, kind, stored)
    async with writing(request) as session:
        return await add_file(session, ctx, ref=ref, checked=checked, now=process.clock.now())


async def receive_views(request: Request, ctx: Actor, ref: Ref) -> None:
    """The parts ``view_0`` … ``view_7`` of the form, each drawn anew before it is kept."""
    process = get_process(request)
    await _check_part(process, ctx, ref)
    pictures = await _pictures(request)
    stored: dict[int, StoredObject] = {}
    for number, picture in pictures.items():
        redrawn = await asyncio.to_thread(_redrawn, picture, number)
        stored[number] = await files_of(process).put(
            io.BytesIO(redrawn), max_bytes=10 * MAX_VIEW_BYTES
        )
    async with writing(request) as session:
        await views.put_views(session, ctx, ref=ref, stored=stored, now=process.clock.now())


async def _check_part(process: Process, ctx: Actor, ref: Ref) -> None:
    """Before a long upload for nothing; raises PartMissing."""
    async with process.database.read() as session:
        await service.get_part(session, ctx, ref)


async def _pictures(request: Request) -> Mapping[int, bytes]:
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise UploadMalformed("Send the views as multipart/form-data, named view_0 to view_7.")
    allow_body(request, views.COUNT * MAX_VIEW_BYTES + MEGABYTE)
    async with request.form(max_files=views.COUNT, max_fields=views.COUNT) as form:
        found: dict[int, bytes] = {}
        for name, value in form.multi_items():
            number = views.number_of(name)
            if isinstance(value, UploadFile) and number is not None:
                found[number] = await _read(value, name)
    if not found:
        raise UploadMalformed("The upload has no view. Name the pictures view_0 to view_7.")
    return found


async def _read(upload: UploadFile, name: str) -> bytes:
    picture = await upload.read(MAX_VIEW_BYTES + 1)
    if len(picture) > MAX_VIEW_BYTES:
        raise TooLarge(f"{name} has more than {MAX_VIEW_BYTES // MEGABYTE} MB.")
    return picture


def _redrawn(picture: bytes, number: int) -> bytes:
    """Only pixels survive; raises NotAPicture."""
    try:
        with Image.open(io.BytesIO(picture), formats=("PNG", "JPEG", "WEBP")) as source:
            if source.width * source.height > MAX_VIEW_PIXELS:
                raise NotAPicture(f"view_{number} has too many pixels.")
            pixels = source.convert("RGBA")
    except UNREADABLE as err:
        raise NotAPicture(f"view_{number} is no PNG, or it is damaged.") from err
    pixels.thumbnail((MAX_VIEW_SIDE_PX, MAX_VIEW_SIDE_PX))
    pixels.info.clear()
    target = io.BytesIO()
    pixels.save(target, "PNG")
    return target.getvalue()
