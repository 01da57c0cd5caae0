"""Page assets, our own and vendored, from memory, at URLs that change with their content."""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import Response

from shopwright.kernel.errors import NotFound

FOREVER = "public, max-age=31536000, immutable"
COMPRESSED = frozenset({".css", ".js", ".svg"})
SERVED = COMPRESSED | {".png", ".ico", ".webmanifest"}

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Asset:
    content_type: str
    plain: bytes
    packed: bytes | None


class Assets:
    """Every file below ``static``, read once; ``build`` names their content as a whole."""

    def __init__(self, root: Path) -> None:
        self._files = {
            path.relative_to(root).as_posix(): path.read_bytes()
            for path in sorted(root.rglob("*"))
            if path.is_file() and path.suffix in SERVED
        }
        self._ready: dict[str, Asset] = {}
        self.build = _digest(self._files)

    def path(self, name: str) -> str:
        """Below the base path; raises KeyError for a file that is not there."""
        if name not in self._files:
            raise KeyError(f"There is no asset {name!r}; vendored ones come with `make setup`.")
        return f"/static/{self.build}/{name}"

    def find(self, name: str) -> Asset | None:
        if name in self._files and name not in self._ready:
            self._ready[name] = _asset(name, self._files[name])
        return self._ready.get(name)


@lru_cache(maxsize=1)
def get_assets() -> Assets:
    return Assets(Path(str(resources.files("shopwright.web") / "static")))


@router.get("/static/{build}/{name:path}")
async def serve_asset(request: Request, build: str, name: str) -> Response:
    """One file; a page of an older build still gets it, but must ask again next time."""
    assets = get_assets()
    asset = assets.find(name)
    if asset is None:
        raise NotFound(f"There is no file {name[:100]!r} here.")
    headers = {
        "cache-control": FOREVER if build == assets.build else "no-cache",
        "vary": "accept-encoding",
    }
    if asset.packed and "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
        return Response(asset.packed, media_type=asset.content_type, headers=headers)
    return Response(asset.plain, media_type=asset.content_type, headers=headers)


@router.get("/favicon.ico")
async def serve_icon() -> Response:
    asset = get_assets().find("icon.svg")
    return Response(asset.plain if asset else b"", media_type="image/svg+xml")


def _digest(files: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:12]


def _asset(name: str, content: bytes) -> Asset:
    content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    is_text = Path(name).suffix in COMPRESSED
    return Asset(content_type, content, gzip.compress(content, 9, mtime=0) if is_text else None)
