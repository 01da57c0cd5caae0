"""Pictures that come inside JSON, as data URLs, and where they wait to be redrawn."""

import asyncio
import base64
import binascii
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from shopwright.artwork.pictures import MAX_UPLOAD_MB
from shopwright.files.access import incoming_folder
from shopwright.files.disk import incoming_file
from shopwright.files.uploads import MEGABYTE, UploadMalformed, UploadTooLarge
from shopwright.kernel.edge import Process

DATA_URL = re.compile(r"data:(?P<type>[a-z0-9.+/-]*)(?:;[a-z0-9=-]+)*;base64,", re.IGNORECASE)


@asynccontextmanager
async def picture_file(process: Process, text: str) -> AsyncIterator[Path]:
    """The decoded bytes on disk while the context is open; raises UploadMalformed or
    UploadTooLarge."""
    content = decode_picture(text)
    with incoming_file(incoming_folder(process.settings)) as (file, path):
        await asyncio.to_thread(file.write, content)
        await asyncio.to_thread(file.flush)
        yield path


def decode_picture(text: str) -> bytes:
    """Of a data URL or bare base64."""
    if text[:8].lower().startswith(("http:", "https:")):
        raise UploadMalformed("Send the picture itself as a data URL, not a link to it.")
    head = DATA_URL.match(text[:100])
    if text.lower().startswith("data:") and head is None:
        raise UploadMalformed("The data URL must be data:image/…;base64,… .")
    try:
        content = base64.b64decode(text[head.end() if head else 0 :], validate=True)
    except (binascii.Error, ValueError) as err:
        raise UploadMalformed("The picture is not proper base64.") from err
    if len(content) > MAX_UPLOAD_MB * MEGABYTE:
        raise UploadTooLarge(f"The picture has more than {MAX_UPLOAD_MB} MB.")
    return content
