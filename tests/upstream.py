"""Somebody else's HTTP service on a real socket of this machine: answers as it is told."""

import asyncio
import socket
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl

import uvicorn
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from shopwright.sandbox.etsy.server import EmbeddedServer


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    headers: dict[str, str]


class Upstream:
    """``async with Upstream() as service:`` serves on ``service.url`` until the block ends."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[Asked] = []
        self._answers: dict[str, tuple[Any, int]] = {}

    def answer(self, body: Any, status: int = 200, path: str = "") -> None:
        """What to say from now on; without a path to whatever is asked. Bytes are a page."""
        self._answers[path] = (body, status)

    async def __aenter__(self) -> Self:
        self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(16)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        config = uvicorn.Config(
            self._serve, log_level="warning", lifespan="off", ws="none", interface="asgi3"
        )
        self._server = EmbeddedServer(config)
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

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        body = (await request.body()).decode()
        self.asked.append(
            Asked(
                request.method,
                request.url.path,
                dict(request.query_params),
                dict(parse_qsl(body)),
                dict(request.headers),
            )
        )
        await self._response(request.url.path)(scope, receive, send)

    def _response(self, path: str) -> Response:
        known = self._answers.get(path) or self._answers.get("")
        body, status = known or ({"error": "nothing was told to be said"}, 500)
        if isinstance(body, bytes):
            return HTMLResponse(body, status)
        return JSONResponse(body, status)
