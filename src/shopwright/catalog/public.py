"""Answers of the webstore's catalogue that anybody may read: cached, and revalidated by content.

Their organization is the host's, so an address means the same answer for everybody.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from fastapi import Request
from starlette.responses import Response

from shopwright.files.serving import send_picture
from shopwright.files.storage import FileStore

LIST_AGE_S = 60
PICTURE_AGE_S = 31_536_000  # a year: another picture has another name


def answer(request: Request, body: Mapping[str, Any], *, max_age_s: int = LIST_AGE_S) -> Response:
    """200 with an ETag of the content, or 304. 0 seconds: kept, but asked again every time."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    etag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
    kept = f"public, max-age={max_age_s}" if max_age_s else "public, no-cache"
    headers = {"etag": etag, "cache-control": kept}
    known = request.headers.get("if-none-match", "")
    if etag in [tag.strip().removeprefix("W/") for tag in known.split(",")]:
        return Response(status_code=304, headers=headers)
    return Response(text, headers=headers, media_type="application/json")


async def send_public_picture(
    request: Request, files: FileStore, sha256: str, *, content_type: str
) -> Response:
    """A picture of the catalogue (reference decision 46), encoded by us."""
    response = await send_picture(request, files, sha256, content_type=content_type)
    response.headers["cache-control"] = f"public, max-age={PICTURE_AGE_S}"
    del response.headers["vary"]
    return response
