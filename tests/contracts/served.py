"""The application on a loop in a thread of its own: hypothesis drives tests that cannot wait."""

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
import requests
from fastapi import FastAPI

from shopwright.accounts.models import Organization
from shopwright.files.disk import DiskFileStore
from shopwright.kernel.actor import Actor, Role
from shopwright.kernel.edge import Process
from shopwright.kernel.settings import Settings
from shopwright.sandbox.bambu_cloud import Account, BambuCloudSandbox
from shopwright.server.app import create_app
from shopwright.server.process import open_process
from shopwright.telemetry.latest import LatestSnapshots
from tests import factories
from tests.architecture.walk import Endpoint, endpoints
from tests.clock import FixedClock
from tests.conftest import bearer, unopened

T = TypeVar("T")
URL = "http://shop.test"
ANSWER_S = 20
CLOUD_ACCOUNT = Account("maker@example.com", "correct horse battery")
# Path parameters that name no row.
PLAIN: dict[str, int | str] = {
    "number": 1, "slot": 1, "app_name": "shop", "recipient": "RID123",
    "third_id": "PYEN260302000001", "device_id": "SANDBOX01", "brand_id": "BR20250111000002",
    "secret": "a-path-that-nobody-set", "session_text": "VM001_20260302_090000_A1B2C3",
}  # fmt: skip


class Served:
    """One shop with its owner; every request is the owner's. Bambu's cloud is a stand-in."""

    def __init__(self, settings: Settings) -> None:
        self.app: FastAPI = create_app(settings, unopened)
        self._settings = settings
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="served")
        self._stack = AsyncExitStack()

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._open())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._run(self._stack.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def document(self) -> dict[str, Any]:
        """The published description."""
        return self.app.openapi()

    @property
    def organization(self) -> str:
        """The owner's."""
        return str(self._owner.organization_id)

    def sign_in(self) -> dict[str, str]:
        """The headers of a new sign-in of the owner."""
        return self._run(bearer(self._process, self._owner))

    def rows(self, path: str) -> dict[str, int | str]:
        """One row for every path parameter that we know how to make."""
        names = [part[1:-1] for part in path.split("/") if part[:1] == "{"]
        return self._run(self._make_rows(path, names))

    def send(self, arguments: dict[str, Any]) -> httpx.Response:
        """What `requests` would send, answered in this process."""
        fit = ("method", "url", "headers", "params", "data", "json", "files", "cookies")
        prepared = requests.Request(**{k: arguments.get(k) for k in fit}).prepare()
        return self._run(self._answer(prepared))

    def endpoints(self) -> list[Endpoint]:
        """Those of the API."""
        return [endpoint for endpoint in endpoints(self.app) if endpoint.path.startswith("/api/")]

    async def _open(self) -> None:
        cloud = await self._stack.enter_async_context(BambuCloudSandbox([CLOUD_ACCOUNT], []))
        settings = self._settings.model_copy(
            update={"bambu_cloud_api_url": cloud.url, "bambu_cloud_site_url": cloud.url}
        )
        self._process: Process = await self._stack.enter_async_context(
            open_process(settings, FixedClock())
        )
        self._process.is_ready = True
        self.app.state.process = self._process
        self.app.state.files = DiskFileStore(self._settings.data_dir / "files")
        self.app.state.telemetry = LatestSnapshots()
        async with self._process.database.write() as session:
            organization: Organization = await factories.make_organization(session)
            self._owner: Actor = await factories.make_member(session, organization, Role.OWNER)
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        self._client = await self._stack.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url=URL)
        )

    async def _make_rows(self, path: str, names: list[str]) -> dict[str, int | str]:
        rows: dict[str, int | str] = {}
        async with self._process.database.write() as session:
            for name in names:
                make = factories.PATH_ROWS.get(f"{path}:{name}") or factories.PATH_ROWS.get(name)
                if make is not None:
                    rows[name] = await make(session, self._owner)
        return {name: PLAIN[name] for name in names if name in PLAIN} | rows

    async def _answer(self, prepared: requests.PreparedRequest) -> httpx.Response:
        body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body
        assert body is None or isinstance(body, bytes)
        headers = [(_bytes(name), _bytes(value)) for name, value in prepared.headers.items()]
        request = httpx.Request(
            str(prepared.method), str(prepared.url), headers=headers, content=body
        )
        async with asyncio.timeout(ANSWER_S):
            return await self._client.send(request)

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1", "replace")
