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

TICK_S = 0.1
TICKS_A_DAY = 864_000


class EmbeddedServer(uvicorn.Server):
    """Leaves signals to its host and tells when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        self.should_exit = True
        self._stopping.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def main_loop(self) -> None:
        """As the original, but stops at once instead of at the next tick."""
        counter = 0
        while not await self.on_tick(counter):
            counter = (counter + 1) % TICKS_A_DAY
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), TICK_S)


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
        listener = listen(self._address)
        host, port = listener.getsockname()[:2]
        self.url = f"http://{host}:{port}"
        self._listener = listener
        self._server = EmbeddedServer(uvicorn.Config(self.asgi, **quiet()))
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
        self._server.stop()
        await self._serving
        self._listener.close()


def listen(address: tuple[str, int]) -> socket.socket:
    """With the protocol named: else asyncio leaves Nagle on, and each answer takes 40 ms."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    listener.listen(128)
    return listener


def quiet() -> dict[str, Any]:
    return {
        "log_level": "warning",
        "access_log": False,
        "lifespan": "on",
        "ws": "none",
        "timeout_graceful_shutdown": 2,
    }
