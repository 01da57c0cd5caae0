"""How an upload is taken in: streamed, read, stored, and only then written down."""

import asyncio
import io
from pathlib import Path

from starlette.requests import Request

from shopwright.files.access import files_of, incoming_folder
from shopwright.files.storage import FileStore, StoredObject
from shopwright.files.uploads import MEGABYTE, Upload, receive_upload
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process, get_process, writing
from shopwright.print_files import service
from shopwright.print_files.parsing import ACCEPTED, read_sliced_file
from shopwright.print_files.service import Added, CheckedFile
from shopwright.print_files.sliced_file import SlicedFile, UnreadablePrintFile

READERS = 2  # files read at once; a hostile one takes a second of CPU
# What a sender claims only when the file is certainly something else. Browsers and slicers name
# print files in a dozen other ways, so all else is judged by the content.
OTHER_TYPES = ("image/", "audio/", "video/", "font/", "text/html", "text/csv", "application/pdf",
               "application/json", "application/msword")  # fmt: skip


class Readers:
    """The process's places for reading print files; the others wait."""

    def __init__(self) -> None:
        self.places = asyncio.Semaphore(READERS)


async def receive_print_file(request: Request, ctx: Actor) -> Added:
    """Take in the request's file; for routes and pages that have let the caller in.

    A refused file leaves no row and no bytes. No transaction is open while it arrives and is read.
    """
    process = get_process(request)
    max_mb = process.settings.max_upload_mb
    async with receive_upload(request, incoming_folder(process.settings), max_mb=max_mb) as upload:
        checked = await take_in(process, upload)
    async with writing(request) as session:
        return await service.add_print_file(session, ctx, checked)


async def take_in(process: Process, upload: Upload) -> CheckedFile:
    """Read and store what lies on disk, outside any transaction; raises UnreadablePrintFile."""
    sliced = await _read(process, upload)
    return await _store(files_of(process), upload, sliced)


async def _read(process: Process, upload: Upload) -> SlicedFile:
    if upload.content_type.startswith(OTHER_TYPES):
        raise UnreadablePrintFile(
            f"The upload says it is {upload.content_type[:80]}, not a sliced file. {ACCEPTED}"
        )
    return await read_print_file(process, upload.path, upload.filename)


async def read_print_file(process: Process, path: Path, filename: str) -> SlicedFile:
    """Read off the event loop, a few files at a time; raises UnreadablePrintFile."""
    async with process.context.keep(Readers).places:
        return await asyncio.to_thread(read_sliced_file, path, filename=filename)


async def _store(files: FileStore, upload: Upload, sliced: SlicedFile) -> CheckedFile:
    stored = await files.put(upload.path, max_bytes=upload.size)
    pictures: dict[int, StoredObject] = {}
    for plate in sliced.plates:
        if plate.thumbnail is not None:
            source = io.BytesIO(plate.thumbnail)
            pictures[plate.number] = await files.put(source, max_bytes=10 * MEGABYTE)
    return CheckedFile(upload.filename, sliced, stored, pictures)
