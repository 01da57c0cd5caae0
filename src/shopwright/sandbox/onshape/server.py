"""Both hosts on real sockets, inside a test's loop or in a process of its own."""

import asyncio
from types import TracebackType
from typing import Self

import uvicorn
from starlette.applications import Starlette

from shopwright.sandbox.etsy.server import EmbeddedServer, listen, quiet
from shopwright.sandbox.onshape.app import Api, make_app, make_files_app
from shopwright.sandbox.onshape.world import Element, OnshapeConfig, World


class OnshapeSandbox:
    """Listens until the block ends."""

    def __init__(
        self, config: OnshapeConfig | None = None, *, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        self.world = World(config or OnshapeConfig())
        self._api = Api(self.world)
        self._host, self._port = host, port
        self._site = _Site(make_app(self.world, self._api))
        self._files = _Site(make_files_app(self._api))
        self.url = ""

    async def __aenter__(self) -> Self:
        self._api.files_url = await self._files.open(self._host, 0)
        self.url = await self._site.open(self._host, self._port)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._site.close()
        await self._files.close()

    @property
    def settings(self) -> dict[str, str]:
        """To start Shopwright with."""
        config = self.world.config
        return {
            "ONSHAPE_URL": self.url,
            "ONSHAPE_OAUTH_URL": self.url,
            "ONSHAPE_CLIENT_ID": config.client_id,
            "ONSHAPE_CLIENT_SECRET": config.client_secret,
            "ONSHAPE_REDIRECT_URI": ",".join(config.redirect_uris),
        }

    def link(self, element: Element, place: str = "w", *, is_whole: bool = True) -> str:
        """The address as a browser shows it; not whole: of the document alone."""
        document = self.world.documents[element.document]
        if not is_whole:
            return f"{self.url}/documents/{document.id}"
        ids = {"w": document.workspace, "v": document.version, "m": document.microversion}
        return f"{self.url}/documents/{document.id}/{place}/{ids[place]}/e/{element.id}"


class _Site:
    def __init__(self, app: Starlette) -> None:
        self._server = EmbeddedServer(uvicorn.Config(app, **quiet()))

    async def open(self, host: str, port: int) -> str:
        self._listener = listen((host, port))
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._listener]))
        await self._server.ready.wait()
        return f"http://{host}:{self._listener.getsockname()[1]}"

    async def close(self) -> None:
        self._server.stop()
        await self._serving
        self._listener.close()
