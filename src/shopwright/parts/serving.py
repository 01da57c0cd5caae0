"""How files of parts leave: what was uploaded as an attachment, a model made by us with an ETag, as
nothing of it can run in a browser."""

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from shopwright.accounts.open_keys import is_open
from shopwright.files.serving import SANDBOX, send_attachment
from shopwright.files.storage import FileStore
from shopwright.kernel.revisions import VARY, tags_of
from shopwright.parts.file_checks import CONTENT_TYPES
from shopwright.parts.models import PartFile


async def send_file(request: Request, files: FileStore, file: PartFile) -> Response:
    """As it was uploaded; a browser saves it, as a PDF may hold scripts.

    Raises StoredFileMissing.
    """
    return await send_attachment(
        files,
        file.sha256,
        filename=file.name,
        content_type=CONTENT_TYPES[file.kind],
        asked_range=request.headers.get("range"),
    )


async def send_model(
    request: Request, files: FileStore, sha256: str, *, filename: str, content_type: str
) -> Response:
    """Inline; raises StoredFileMissing."""
    etag = f'"{sha256}"'
    headers = {
        "ETag": etag,
        "Cache-Control": "no-store" if is_open(request) else "private, no-cache",
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(filename, safe='')}",
        "Content-Security-Policy": SANDBOX,
        "X-Content-Type-Options": "nosniff",
        "Vary": VARY,
    }
    if etag in tags_of(request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers=headers)
    size = await files.size(sha256)
    headers["Content-Length"] = str(size)
    return StreamingResponse(files.stream(sha256), media_type=content_type, headers=headers)
