"""Somebody's files on a real socket: each answers as it is told."""

import asyncio
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shopwright.sandbox.etsy.server import EmbeddedServer, listen, quiet


class FileShelf:
    """``async with FileShelf() as shelf:`` serves ``shelf.put(content)`` under a link."""

    def __init__(self) -> None:
        self.url = ""
        self.asked = 0
        self._files: dict[str, tuple[bytes, int]] = {}

    def put(self, content: bytes, status: int = 200, name: str = "gear.gcode.3mf") -> str:
        self._files[name] = (content, status)
        return f"{self.url}/{name}?signature=secret"

    async def __aenter__(self) -> Self:
        app = Starlette(routes=[Route("/{name}", self._give)])
        self._listener = listen(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._server = EmbeddedServer(uvicorn.Config(app, **quiet()))
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._listener]))
        await self._server.ready.wait()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.stop()
        await self._serving
        self._listener.close()

    async def _give(self, request: Request) -> Response:
        self.asked += 1
        content, status = self._files.get(request.path_params["name"], (b"", 404))
        return Response(content, status)


def payload(url: str, **changes: Any) -> dict[str, Any]:
    """As the reference prints it."""
    return {
        "job_id": "0d9f2c1e-5a3b-4c7d-8e9f-000000000001",
        "product_id": "PROD-55",
        "product_name": "Gear",
        "printer_target": {
            "printer_id": "0d9f2c1e-5a3b-4c7d-8e9f-00000000000a",
            "printer_name": "Own",
            "ip_address": "192.168.1.100",
            "access_code": "12345678",
        },
        "gcode_file": {"url": url, "file_name": "gear.gcode.3mf"},
        "print_parameters": {"plates_requested": 1, "priority": "high"},
    } | changes
