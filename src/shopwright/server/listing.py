"""What answers where, for whoever asks ``GET /`` for JSON alone; everybody else gets the page."""

from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from shopwright import __version__

ENDPOINTS: Mapping[str, str] = {
    "health": "/health",
    "printers": "/api/printers",
    "printJobs": "/api/print-jobs",
    "printerCommands": "/api/printer-commands",
    "printerStatus": "/api/printer-status",
    "orders": "/api/orders",
    "auth": "/api/auth",
    "documentation": "/api/docs",
    "openapi": "/api/openapi.json",
}


class ListingMiddleware:
    """In front of the routes, as a route is chosen by its path alone."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not asks_for_listing(scope):
            await self.app(scope, receive, send)
            return
        base_path = scope.get("root_path") or ""
        shown = {name: base_path + path for name, path in ENDPOINTS.items()}
        body = {"service": "PrintPro3D Backend", "version": __version__, "endpoints": shown}
        await JSONResponse(body)(scope, receive, send)


def asks_for_listing(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
        return False
    if scope["path"].removeprefix(scope.get("root_path") or "") not in {"", "/"}:
        return False
    accepted = Headers(scope=scope).get("accept", "")
    kinds = [kind.partition(";")[0].strip().lower() for kind in accepted.split(",")]
    return bool(accepted) and all(kind == "application/json" for kind in kinds)
