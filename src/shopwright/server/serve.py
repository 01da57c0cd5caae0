"""Runs the web server of one process."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext

import structlog
import uvicorn
import uvloop
from fastapi import FastAPI

from shopwright.accounts import bootstrap
from shopwright.fleet.cameras.service import Cameras
from shopwright.kernel.errors import Conflict
from shopwright.kernel.settings import Settings
from shopwright.server import logs
from shopwright.server.app import create_app
from shopwright.server.running import Roles, Running, open_running
from shopwright.web.rooms import LiveRooms

log = structlog.get_logger()

BACKLOG = 2048
CLOSE_STREAMS_S = 2

# What runs beside the server while it is up: the demo shop with its sandboxes.
Beside = Callable[[Running], AbstractAsyncContextManager[None]]


class PortTaken(Conflict):
    code = "port-taken"
    title = "The port is in use"


def serve(settings: Settings, roles: Roles, beside: Beside | None = None) -> None:
    """Until SIGTERM or SIGINT; raises DataFolderInUse, SecretsMissing or PortTaken."""
    logs.configure(settings)
    uvloop.run(_serve(settings, roles, beside))


async def _serve(settings: Settings, roles: Roles, beside: Beside | None) -> None:
    """``/health`` answers at once; everything else once the process is open."""
    with listen(settings.host, settings.port) as listener:
        app = create_app(settings, _nothing_more)
        server = _Server(_configure(app))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            async with open_running(settings, roles) as running:
                await bootstrap.found_from_settings(running.process)
                if not await bootstrap.has_users(running.process):
                    log.warning("nobody can sign in yet; run `shopwright user create --role owner`")
                async with beside(running) if beside else nullcontext():
                    server.rooms = LiveRooms.of(running.process)
                    server.cameras = Cameras.of(running.process)
                    attach(app, running)
                    host, port = listener.getsockname()[:2]
                    log.info("serving", url=f"http://{host}:{port}{settings.pages_path}/")
                    await serving
        finally:
            server.should_exit = True
            await serving


@contextmanager
def listen(host: str, port: int) -> Iterator[socket.socket]:
    """The bound socket, before anything else starts; raises PortTaken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as err:
            raise PortTaken(
                f"{host}:{port} cannot be used: {err.strerror}. Choose another with --port."
            ) from err
        yield listener


def _configure(app: FastAPI) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="none",  # it runs on the loop that is there
        http="httptools",
        ws="none",  # pages hear by server-sent events
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=CLOSE_STREAMS_S,
        proxy_headers=False,  # server.middleware does that, behind TRUSTED_PROXIES only
    )


def attach(app: FastAPI, running: Running) -> FastAPI:
    """What routes find on ``app.state``."""
    app.state.process = running.process
    return app


class _Server(uvicorn.Server):
    """Ends without raising the signal again, so that everything behind it is closed in order."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.rooms: LiveRooms | None = None
        self.cameras: Cameras | None = None
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self.end)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def end(self) -> None:
        self.force_exit = self.should_exit  # the second signal does not wait
        self.should_exit = True
        if self.rooms is not None:
            self.rooms.end_all()
        if self.cameras is not None:
            self.cameras.end_all()


@asynccontextmanager
async def _nothing_more(_app: FastAPI) -> AsyncIterator[None]:
    yield
