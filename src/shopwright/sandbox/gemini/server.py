"""The stand-in on a real socket, inside a test's loop or in a process of its own."""

import asyncio
from types import TracebackType
from typing import Self

import uvicorn

from shopwright.sandbox.etsy.server import EmbeddedServer, listen, quiet
from shopwright.sandbox.gemini.app import Knobs, World, make_app

USUAL_KEY = "sandbox-google-key"


class GeminiSandbox:
    """Listens on ``url`` until the block ends."""

    def __init__(self, *, key: str = USUAL_KEY, host: str = "127.0.0.1", port: int = 0) -> None:
        self.key, self.url = key, ""
        self.knobs, self.world = Knobs(), World()
        self._address = (host, port)
        self._app = make_app(self.world, self.knobs, key)

    @property
    def settings(self) -> dict[str, str]:
        return {"GOOGLE_API_KEY": self.key, "GEMINI_API_URL": self.url}

    async def __aenter__(self) -> Self:
        self._listener = listen(self._address)
        self.url = "http://{}:{}".format(*self._listener.getsockname()[:2])
        self._server = EmbeddedServer(uvicorn.Config(self._app, **quiet()))
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
