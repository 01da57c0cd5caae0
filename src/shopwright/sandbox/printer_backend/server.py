"""The backend on a real socket, inside a test's loop or in a process of its own."""

import asyncio
from types import TracebackType
from typing import Self

import httpx
import uvicorn

from shopwright.sandbox.etsy.server import EmbeddedServer, listen, quiet
from shopwright.sandbox.printer_backend.app import Api, make_app
from shopwright.sandbox.printer_backend.world import Command, Knobs, TakenJob, World

FETCH_S = 30.0
USUAL_KEY = "sandbox-key"


class PrinterBackendSandbox:
    """Listens on ``url`` until the block ends."""

    def __init__(self, *, key: str = USUAL_KEY, host: str = "127.0.0.1", port: int = 0) -> None:
        self.key, self.url = key, ""
        self.knobs = Knobs()
        self._world = World()
        self._address = (host, port)
        self._fetching: set[asyncio.Task[None]] = set()
        self._fetched = asyncio.Event()
        api = Api(self._world, self.knobs, key, self._begin_fetching)
        self._app = make_app(api, self._world, self.knobs, self.advance)

    @property
    def jobs(self) -> dict[str, TakenJob]:
        """By the sender's job id."""
        return self._world.jobs

    @property
    def commands(self) -> list[Command]:
        return list(self._world.commands.values())

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
        for task in self._fetching:
            task.cancel()
        await asyncio.gather(*self._fetching, return_exceptions=True)
        self._server.stop()
        await self._serving
        self._listener.close()

    def advance(
        self, job_id: str, status: str, percent: float = 0, reason: str | None = None
    ) -> None:
        """What its printer does next with a job."""
        job = self._world.jobs[job_id]
        job.status, job.percent, job.reason = status, percent, reason

    def finish_command(
        self, command: Command, status: str = "completed", message: str = ""
    ) -> None:
        self._world.acknowledge({"commandId": command.id})
        self._world.result({"commandId": command.id, "status": status, "message": message})

    async def fetched(self, job_id: str) -> bytes:
        """The job's file, once it is there."""
        while self._world.jobs[job_id].file is None:
            self._fetched.clear()
            await self._fetched.wait()
        return self._world.jobs[job_id].file or b""

    def _begin_fetching(self, job_id: str) -> None:
        if self.knobs.fetches:
            task = asyncio.create_task(self._fetch(job_id))
            self._fetching.add(task)
            task.add_done_callback(self._fetching.discard)

    async def _fetch(self, job_id: str) -> None:
        job = self._world.jobs[job_id]
        try:
            async with httpx.AsyncClient(timeout=FETCH_S, trust_env=False) as http:
                answer = await http.get(job.payload["gcode_file"]["url"])
                answer.raise_for_status()
        except httpx.HTTPError as err:
            job.status, job.reason = "failed", f"its file could not be fetched: {err}"[:200]
            return
        job.file = answer.content
        self._fetched.set()
