"""A shop on a real socket, so that a printer backend can fetch what it hands out."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import httpx
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import delete, select

from shopwright.accounts.models import Organization
from shopwright.catalog.models import Product, RecipeStep
from shopwright.files import service as files_service
from shopwright.files.access import files_of
from shopwright.files.service import NewFile
from shopwright.fleet.models import Printer, PrinterCommand
from shopwright.fleet.states import DrivenBy
from shopwright.kernel.actor import Actor, Role
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process
from shopwright.kernel.effects import Effect
from shopwright.kernel.settings import Settings
from shopwright.print_files.models import PrintFile
from shopwright.print_jobs.backend import sending as backend_sending
from shopwright.print_jobs.backend.health import BackendHealth
from shopwright.print_jobs.backend.models import ReceivedJob, SentJob
from shopwright.print_jobs.models import Attempt, PrintJob
from shopwright.print_jobs.port import BackendSending
from shopwright.sandbox.etsy.server import EmbeddedServer, listen
from shopwright.sandbox.sliced_files import SlicedFilament, SlicedPlate, make_gcode_3mf
from shopwright.server.app import create_app
from shopwright.server.process import open_process
from shopwright.telemetry.latest import LatestSnapshots
from tests.clock import FixedClock
from tests.conftest import bearer, make_settings, unopened
from tests.factories import make_member, make_organization, make_printer
from tests.workshop import list_jobs, make_recipe, ready_printer

FILE = make_gcode_3mf(
    plates=[SlicedPlate(name="gear")], filaments=[SlicedFilament(color="#000000")]
)
ALL = {"cross_tenant": True}


@dataclass
class Shop:
    """``client`` is the owner's, over the socket; every request names the organization."""

    process: Process
    owner: Actor
    client: httpx.AsyncClient
    url: str
    server: "Server"

    async def post(self, path: str, **body: object) -> httpx.Response:
        named = {"organizationId": self.owner.organization_id} | body
        return await self.client.post(path, json=named)

    async def get(self, path: str) -> httpx.Response:
        named = {"organizationId": str(self.owner.organization_id)}
        return await self.client.get(path, params=named)

    async def far_printer(self, name: str = "Far") -> Printer:
        """Which only the printer backend reaches."""
        async with self.process.database.write() as session:
            printer = await make_printer(session, self.owner, name)
            printer.driver, printer.driven_by = "printer_backend", DrivenBy.PRINTER_BACKEND
        return printer

    async def job(self, sku: str = "GEAR", plates: int = 1, **more: object) -> dict[str, object]:
        """Pending, of a product whose sliced file lies in the store."""
        async with self.process.database.write() as session:
            variant = await make_recipe(session, self.owner, sku)
            step = await session.scalar(
                select(RecipeStep).where(RecipeStep.variant_id == variant.id), execution_options=ALL
            )
            assert step is not None
            product = await session.get_one(Product, variant.product_id, execution_options=ALL)
            file = await session.get_one(PrintFile, step.print_file_id, execution_options=ALL)
            stored = await self._store(file.name)
            file.sha256, file.size_bytes = stored.stored.sha256, stored.stored.size
            await files_service.record_files(session, self.owner, [stored])
        asked = {"product_id": product.uuid, "plates_requested": plates}
        answer = await self.post("/api/print-jobs", **asked, **more)
        assert answer.status_code == 201, answer.text
        found: dict[str, object] = answer.json()
        return found

    async def _store(self, name: str) -> NewFile:
        stored = await files_of(self.process).put(io.BytesIO(FILE), max_bytes=len(FILE))
        return NewFile(stored, name, "application/octet-stream")

    async def send(self, job: dict[str, object], printer: Printer) -> httpx.Response:
        return await self.post(f"/api/print-jobs/{job['uuid']}/send", printerId=printer.uuid)

    async def shown(self, job: dict[str, object]) -> dict[str, object]:
        found: dict[str, object] = (await self.get(f"/api/print-jobs/{job['uuid']}")).json()
        return found

    async def row(self, job: dict[str, object]) -> PrintJob:
        async with self.process.database.read() as session:
            return await session.get_one(PrintJob, job["id"], execution_options=ALL)

    async def key(self, *scopes: str) -> str:
        """An API key of this shop."""
        asked = {"name": "partner", "role": "member", "scopes": list(scopes)}
        made = await self.client.post("/api/keys", json=asked)
        assert made.status_code == 201, made.text
        return str(made.json()["key"])

    async def as_backend(self, *scopes: str) -> httpx.AsyncClient:
        """Somebody outside, who has a key for this printer backend; to be closed."""
        key = await self.key(*(scopes or ("printer_backend",)))
        return httpx.AsyncClient(
            base_url=f"{self.url}/printer-backend",
            headers={"X-API-Key": key},
            trust_env=False,
            timeout=60,
        )

    async def printer(self, driven_by: DrivenBy = DrivenBy.SERVER, name: str = "Own") -> Printer:
        """A P1S, idle; one that nobody here drives has a program of its own."""
        async with self.process.database.write() as session:
            printer = await ready_printer(session, self.owner)
            printer.name, printer.driven_by = name, driven_by
            if driven_by is DrivenBy.EXTERNAL:
                printer.driver = "network"
        return printer

    async def jobs(self) -> list[PrintJob]:
        async with self.process.database.write() as session:
            return await self.jobs_in(session)

    async def jobs_in(self, session: WriteSession) -> list[PrintJob]:
        return await list_jobs(session, self.owner)

    async def attempts_in(self, session: WriteSession) -> list[Attempt]:
        statement = select(Attempt).where(Attempt.organization_id == self.owner.organization_id)
        return list(await session.scalars(statement))

    async def received(self) -> list[ReceivedJob]:
        async with self.process.database.read() as session:
            statement = (
                select(ReceivedJob)
                .where(ReceivedJob.organization_id == self.owner.organization_id)
                .order_by(ReceivedJob.id)
            )
            return list(await session.scalars(statement))

    async def sent(self) -> list[SentJob]:
        async with self.process.database.read() as session:
            statement = (
                select(SentJob)
                .where(SentJob.organization_id == self.owner.organization_id)
                .order_by(SentJob.id)
            )
            return list(await session.scalars(statement, execution_options=ALL))

    async def effects(self) -> list[str]:
        async with self.process.database.read() as session:
            statement = (
                select(Effect.status)
                .where(Effect.organization_id == self.owner.organization_id)
                .order_by(Effect.id)
            )
            return list(await session.scalars(statement, execution_options=ALL))


@dataclass
class Server:
    """A program on a socket; each test opens a shop of its own in it."""

    process: Process
    app: FastAPI
    url: str
    base: Settings

    @asynccontextmanager
    async def open_shop(
        self, settings: dict[str, object], *, sweeps: bool = True
    ) -> AsyncIterator[Shop]:
        """With the owner's log-in; ``settings`` say where its printer backend is."""
        changed = self.base.model_copy(update=settings)
        self.process.settings = self.app.state.settings = changed
        self.process.context.keep(BackendSending).send = None
        backend_sending.set_up(self.process)
        self.process.context.keep(BackendHealth).__init__()  # type: ignore[misc]
        async with self.process.database.write() as session:
            organization: Organization = await make_organization(session)
            owner = await make_member(session, organization, Role.OWNER)
        headers = await bearer(self.process, owner)
        async with httpx.AsyncClient(
            base_url=self.url, headers=headers, trust_env=False, timeout=60
        ) as client:
            yield Shop(self.process, owner, client, self.url, self)
        if sweeps:
            await self._sweep()

    async def _sweep(self) -> None:
        """What the loops would look at in the next test."""
        async with self.process.database.write() as session:
            for table in (SentJob, ReceivedJob, PrinterCommand):
                await session.execute(delete(table), execution_options=ALL)


@asynccontextmanager
async def serve(
    role: str, database_url: str, folder: Path, clock: FixedClock
) -> AsyncIterator[Server]:
    listener = listen(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240  a test's own folder
    settings = make_settings(database_url, folder).model_copy(update={"public_url": url})
    app = _application(role)
    async with open_process(settings, clock) as process:
        process.is_ready = True
        app.state.process, app.state.telemetry = process, LatestSnapshots()
        async with _listening(app, listener):
            yield Server(process, app, url, settings)
    listener.close()


@cache
def _application(role: str) -> FastAPI:
    """Building the routes costs more than most tests; each role hangs its process on its own."""
    return create_app(make_settings(f"sqlite:///{role}.db", Path()), unopened)


@asynccontextmanager
async def _listening(app: FastAPI, listener: object) -> AsyncIterator[None]:
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none")
    server = EmbeddedServer(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))  # type: ignore[list-item]
    await server.ready.wait()
    try:
        yield
    finally:
        server.stop()
        await serving


def backend_settings(url: str, key: str, timeout_s: float = 30) -> dict[str, object]:
    return {
        "printer_backend_url": url,
        "printer_backend_api_key": SecretStr(key),
        "printer_backend_timeout_s": timeout_s,
    }
