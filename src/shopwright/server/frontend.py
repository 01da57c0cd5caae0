"""An outside single-page app at ``/``; our own pages are below ``/app`` then.

Below ``/app`` everything answers that answers at the root without it, so that a page's links need
one prefix and no list. At the root stay the API, files and the pages that customers see.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from shopwright.kernel.errors import NotFound
from shopwright.kernel.settings import INDEX, PAGES
from shopwright.server import problems
from shopwright.server.listing import asks_for_listing

OUR_PAGES = "shopwright.web."
# What is served by page modules and stays where it is: assets, the API's documentation, and what
# customers see, whose addresses stand in mails and on labels.
STAYS = frozenset({"api", "static", "docs", "shop", "kiosk"})
READS = frozenset({"GET", "HEAD"})
# Letters and digits that a build put into the name: no word and no date.
HASHED = re.compile(r"[-.](?=\w*\d)(?=\w*[A-Za-z])\w{8,}\.[a-z0-9]+$", re.ASCII)
FOREVER = "public, max-age=31536000, immutable"
# The app is its owner's own program on this origin: its inline scripts and workers run, scripts of
# other hosts do not.
POLICY = (
    "default-src 'self'; img-src 'self' data: blob: https:; media-src 'self' data: blob:; "
    "style-src 'self' 'unsafe-inline' https:; font-src 'self' data: https:; "
    "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval' blob:; worker-src 'self' blob:; "
    "connect-src 'self' data: blob: https: wss:; object-src 'none'; base-uri 'self'; "
    "frame-ancestors 'self'"
)
# The same on every machine, whatever its registry says.
TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
}


class FrontendFiles(StaticFiles):
    """The built files; what is not among them is the app's own path, so its index answers."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        if not _is_plain(path):
            return await self._index(scope)
        try:
            answer = await super().get_response(path, scope)
        except HTTPException as refusal:
            if refusal.status_code != NotFound.status:
                raise
            return await self._index(scope)
        except (OSError, ValueError):  # a name that no file can have
            return await self._index(scope)
        return _served(answer, path)

    async def _index(self, scope: Scope) -> Response:
        return _served(await super().get_response(INDEX, scope), INDEX)


class OwnPaths:
    """Which paths at the root are ours although the app is there: whole branches, as ``/api``."""

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self._methods: dict[str, set[str]] = defaultdict(set)
        for context in iter_route_contexts(list(routes)):
            first = _first(context.path or "")
            if not _is_page(context.endpoint, first):
                self._methods[first] |= set(context.methods or ())

    def has(self, method: str, path: str) -> bool:
        """A branch that nobody reads from is the app's own to read."""
        methods = self._methods.get(_first(path), set())
        is_read = method in READS
        return bool(methods & READS) if is_read else bool(methods)


class FrontendMiddleware:
    def __init__(self, app: ASGIApp, folder: Path, routes: Sequence[BaseRoute]) -> None:
        self.app = app
        self.files = FrontendFiles(directory=folder)
        self.own = OwnPaths(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        root: str = scope.get("root_path") or ""
        path = scope["path"].removeprefix(root) or "/"
        if path == PAGES or path.startswith(PAGES + "/"):
            scope["root_path"] = scope["app_root_path"] = root + PAGES
            scope["path"] = root + (path if path != PAGES else PAGES + "/")
            await self.app(scope, receive, send)
        elif self.own.has(scope["method"], path) or asks_for_listing(scope):
            await self.app(scope, receive, send)
        elif scope["method"] in READS:
            await self.files(scope, receive, send)
        else:
            error = NotFound(f"Nothing is sent to {path[:100]} here.")
            await problems.problem(Request(scope), error)(scope, receive, send)


def _is_page(endpoint: Any, first: str) -> bool:
    module = getattr(endpoint, "__module__", "")
    return module.startswith(OUR_PAGES) and first not in STAYS


def _first(path: str) -> str:
    return path.lstrip("/").partition("/")[0]


def _is_plain(path: str) -> bool:
    """No way up, nothing hidden, nothing that another system reads as a separator."""
    hidden = [p for p in path.split("/") if p.startswith(".") and p not in {".", ".well-known"}]
    return not hidden and not any(sign in path for sign in ("\\", "\0", ":"))


def _served(answer: Response, path: str) -> Response:
    name = path.rsplit("/", maxsplit=1)[-1]
    kept = FOREVER if HASHED.search(name) and not name.endswith(".html") else "no-cache"
    answer.headers["cache-control"] = kept
    answer.headers["content-security-policy"] = POLICY
    suffix = Path(name).suffix.lower()
    if suffix in TYPES and answer.status_code in {200, 206}:
        kind = TYPES[suffix]
        is_text = kind.startswith("text/")
        answer.headers["content-type"] = f"{kind}; charset=utf-8" if is_text else kind
    return answer
