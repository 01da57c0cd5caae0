"""How stored bytes leave: attachments in a sandbox; only pictures that we drew ourselves inline."""

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from shopwright.files.storage import FileStore

SANDBOX = "sandbox; default-src 'none'"
PICTURE_AGE_S = 86_400
MAX_PICTURE_BYTES = 4_000_000
PLAIN = "application/octet-stream"


async def send_attachment(
    files: FileStore, sha256: str, *, filename: str, content_type: str = PLAIN
) -> Response:
    """The whole file, to be saved and never shown; raises StoredFileMissing."""
    size = await files.size(sha256)
    headers = {
        "Content-Disposition": _attachment(filename),
        "Content-Length": str(size),
        "Content-Security-Policy": SANDBOX,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return StreamingResponse(files.stream(sha256), media_type=content_type, headers=headers)


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


def _is_known(request: Request, sha256: str) -> bool:
    known = request.headers.get("if-none-match", "")
    return any(tag.strip().removeprefix("W/") == f'"{sha256}"' for tag in known.split(","))


def _attachment(filename: str) -> str:
    """RFC 6266: ASCII for old clients, UTF-8 for all others."""
    plain = "".join(
        c if c.isascii() and c.isprintable() and c not in '"\\' else "_" for c in filename
    )
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"
