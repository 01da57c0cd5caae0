"""The cloud on real sockets, inside a test's loop or in a process of its own."""

import asyncio
import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import uvicorn

from shopwright.sandbox.bambu.printer import VirtualPrinter
from shopwright.sandbox.bambu_cloud.app import Api, make_app
from shopwright.sandbox.bambu_cloud.broker import CloudBroker
from shopwright.sandbox.bambu_cloud.world import Account, World
from shopwright.sandbox.etsy.server import EmbeddedServer, listen, quiet
from shopwright.sandbox.smtp.certificates import make_certificate, server_context


class BambuCloudSandbox:
    """Listens until the block ends. ``printers`` run by themselves."""

    def __init__(
        self,
        accounts: Iterable[Account],
        printers: Iterable[VirtualPrinter],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        mqtt_port: int = 0,
    ) -> None:
        self.world = World.of(accounts)
        by_serial = {printer.serial: printer for printer in printers}
        self.broker = CloudBroker(self.world, by_serial)
        self._app = make_app(Api(self.world, by_serial))
        self._host, self._port, self._mqtt_port = host, port, mqtt_port
        self._folder = tempfile.TemporaryDirectory(prefix="bambu-cloud-")
        self.url = self.mqtt = ""
        self.ca_file = Path()

    async def __aenter__(self) -> Self:
        self.ca_file, key = make_certificate(Path(self._folder.name))
        context = server_context(self.ca_file, key)
        port = await self.broker.open(self._host, self._mqtt_port, context)
        self.mqtt = f"{self._host}:{port}"
        self._listener = listen((self._host, self._port))
        self.url = f"http://{self._host}:{self._listener.getsockname()[1]}"
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
        await self.broker.close()
        self._folder.cleanup()

    def revoke(self, account: Account) -> None:
        """Its tokens work no more, here and at the broker."""
        self.world.revoke(account)
        self.broker.drop_account(account)
