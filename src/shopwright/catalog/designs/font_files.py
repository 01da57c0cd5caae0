"""Fonts that the shop uploads: TrueType or OpenType outlines, opened once before they are kept."""

import asyncio
import io
from dataclasses import dataclass
from pathlib import Path

from PIL import ImageFont
from starlette.requests import Request

from shopwright.files.access import files_of, incoming_folder
from shopwright.files.images import UNREADABLE
from shopwright.files.service import NewFile
from shopwright.files.uploads import MEGABYTE, receive_upload
from shopwright.kernel.edge import get_process
from shopwright.kernel.errors import Invalid

MAX_FONT_MB = 4
FONT_TYPE = "font/ttf"
STARTS = (b"\x00\x01\x00\x00", b"OTTO", b"true")
TRIAL_PX = 40


class FontRefused(Invalid):
    code = "font-refused"
    title = "This font cannot be used"


@dataclass(frozen=True, slots=True)
class ReceivedFont:
    """``fields`` are what came beside the file; ``family`` is what the font calls itself."""

    file: NewFile
    family: str
    fields: dict[str, str]


async def receive_font(request: Request) -> ReceivedFont:
    """Take in the request's part ``file`` and store it. No transaction may be open. Raises
    FontRefused, UploadMalformed or UploadTooLarge."""
    process = get_process(request)
    folder = incoming_folder(process.settings)
    async with receive_upload(request, folder, max_mb=MAX_FONT_MB) as upload:
        content = await asyncio.to_thread(upload.path.read_bytes)
        family = await asyncio.to_thread(family_of, content)
        stored = await files_of(process).put(io.BytesIO(content), max_bytes=MAX_FONT_MB * MEGABYTE)
        name = f"{Path(upload.filename).stem[:100]}.ttf"
        return ReceivedFont(NewFile(stored, name, FONT_TYPE), family, dict(upload.fields))


def family_of(content: bytes) -> str:
    """Raises FontRefused for what draws no letter."""
    if not content.startswith(STARTS):
        raise FontRefused("This is no TrueType or OpenType font. Send a .ttf or .otf file.")
    try:
        font = ImageFont.truetype(io.BytesIO(content), TRIAL_PX)
        box = font.getbbox("Aa1")
    except UNREADABLE as err:
        raise FontRefused("The font cannot be read. Send another .ttf or .otf file.") from err
    if box[2] <= box[0]:
        raise FontRefused("This font draws no letters.")
    return str(font.getname()[0] or "Font")[:100]
