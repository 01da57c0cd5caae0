"""How stored bytes leave: attachments in a sandbox; only pictures that we drew ourselves inline."""

import re
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from shopwright.files.storage import FileStore

SANDBOX = "sandbox; default-src 'none'"
PICTURE_AGE_S = 86_400
MAX_PICTURE_BYTES = 4_000_000
PLAIN = "application/octet-stream"
FROM_HERE = re.compile(r"bytes=(\d{1,18})-")


async def send_attachment(
    files: FileStore,
    sha256: str,
    *,
    filename: str,
    content_type: str = PLAIN,
    asked_range: str | None = None,
) -> Response:
    """The file, to be saved and never shown, or the rest of it from where a broken-off download
    goes on; raises StoredFileMissing."""
    size = await files.size(sha256)
    start = _start_of(asked_range, size)
    headers = {
        "Content-Disposition": _attachment(filename),
        "Content-Length": str(size - start),
        "Accept-Ranges": "bytes",
        "Content-Security-Policy": SANDBOX,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    if start:
        headers["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
    return StreamingResponse(
        files.stream(sha256, start=start),
        status_code=206 if start else 200,
        media_type=content_type,
        headers=headers,
    )


async def send_picture(
    request: Request, files: FileStore, sha256: str, *, content_type: str = "image/png"
) -> Response:
    """A picture drawn by us, inline; the browser keeps it, as another picture has another hash."""
    headers = {
        "ETag": f'"{sha256}"',
        "Cache-Control": f"private, max-age={PICTURE_AGE_S}",
        "Content-Security-Policy": SANDBOX,
        "X-Content-Type-Options": "nosniff",
        "Vary": "Authorization, X-API-Key, Cookie",
    }
    if _is_known(request, sha256):
        return Response(status_code=304, headers=headers)
    content = await files.read(sha256, max_bytes=MAX_PICTURE_BYTES)
    return Response(content, media_type=content_type, headers=headers)


def _start_of(asked: str | None, size: int) -> int:
    """Where to begin: only ``bytes=N-`` is served as a range, anything else by the whole file."""
    found = FROM_HERE.fullmatch(asked or "")
    start = int(found[1]) if found else 0
    return start if start < size else 0


def _is_known(request: Request, sha256: str) -> bool:
    known = request.headers.get("if-none-match", "")
    return any(tag.strip().removeprefix("W/") == f'"{sha256}"' for tag in known.split(","))


def _attachment(filename: str) -> str:
    """RFC 6266: ASCII for old clients, UTF-8 for all others."""
    plain = "".join(
        c if c.isascii() and c.isprintable() and c not in '"\\' else "_" for c in filename
    )
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"
