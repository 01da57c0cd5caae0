"""The sandbox on a real socket: inside a test's loop, or as a process of its own."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

import uvicorn

from shopwright.sandbox.etsy.app import EtsyApp
from shopwright.sandbox.etsy.world import SandboxConfig


class EmbeddedServer(uvicorn.Server):
    """Leaves signals to its host and tells when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


class EtsySandbox(EtsyApp):
    """``async with EtsySandbox() as etsy:`` serves on ``etsy.url`` until the block ends."""

    def __init__(
        self, config: SandboxConfig | None = None, *, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        super().__init__(config or SandboxConfig())
        self._address = (host, port)
        self.url = ""

    @property
    def api_url(self) -> str:
        return f"{self.url}/v3/application"

    @property
    def authorize_url(self) -> str:
        return f"{self.url}/oauth/connect"

    @property
    def token_url(self) -> str:
        return f"{self.url}/v3/public/oauth/token"

    async def __aenter__(self) -> Self:
        listener = socket.create_server(self._address)
        host, port = listener.getsockname()[:2]
        self.url = f"http://{host}:{port}"
        self._listener = listener
        self._server = EmbeddedServer(uvicorn.Config(self.asgi, **_quiet()))
        self._serving = asyncio.create_task(self._server.serve(sockets=[listener]))
        ready = asyncio.create_task(self._server.ready.wait())
        await asyncio.wait({ready, self._serving}, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop_waiting()
        self._server.should_exit = True
        await self._serving
        self._listener.close()


def _quiet() -> dict[str, Any]:
    return {
        "log_level": "warning",
        "access_log": False,
        "lifespan": "on",
        "timeout_graceful_shutdown": 2,
    }
