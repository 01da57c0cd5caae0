"""One stand-in on its port: it can be switched off, cut off, slowed down and made silent."""

import asyncio
import socket
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, ClassVar, Self

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shopwright.sandbox.bambu.camera import draw_frame
from shopwright.sandbox.etsy.server import EmbeddedServer
from shopwright.sandbox.plain.announcer import Service, announced
from shopwright.sandbox.plain.knobs import Knobs
from shopwright.sandbox.plain.machine import Machine

LOOK_S = 0.01
SCREEN_FILE = "screen.gcode"


@dataclass(slots=True)
class StandInConfig:
    """A port of 0 lets the system choose."""

    name: str = "virtual"
    key: str = "sandbox-key-0123456789abcdef"
    host: str = "127.0.0.1"
    port: int = 0
    knobs: Knobs = field(default_factory=Knobs)
    announces_on: str | None = None  # an interface, like 127.0.0.1; None: it keeps quiet


class StandIn(ABC):
    """Entering opens the port; leaving closes everything. Subclasses speak the protocol."""

    kind: ClassVar[str]

    def __init__(self, config: StandInConfig | None = None) -> None:
        self.config = config or StandInConfig()
        self.name, self.key = self.config.name, self.config.key
        self.host, self.port = self.config.host, self.config.port
        self.knobs = self.config.knobs
        self.machine = Machine(self.knobs)
        self._app: ASGIApp = _Disturbed(self.make_app(), self)
        self._server: EmbeddedServer | None = None
        self._serving: asyncio.Task[None] | None = None
        self.is_closing = False
        self._announcing = AsyncExitStack()
        self.at_once = self.most_at_once = 0  # requests; some boards want one at a time

    @abstractmethod
    def make_app(self) -> Starlette:
        """The routes of the protocol."""

    def service(self) -> Service | None:
        """How it announces itself; None where programs of its kind do not."""
        return None

    async def __aenter__(self) -> Self:
        await self.power_on()
        service, interface = self.service(), self.config.announces_on
        if service is not None and interface is not None:
            way = announced(service, self.host, self.port, interface)
            await self._announcing.enter_async_context(way)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.is_closing = True
        await self._announcing.aclose()
        await self._close()

    async def until(self, holds: Callable[[Machine], bool], timeout_s: float = 10.0) -> None:
        """Wait for a state of the machine; raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            while not holds(self.machine):
                self.machine.look()
                await asyncio.sleep(LOOK_S)

    def drop(self) -> None:
        """Cut all connections; clients may come back at once."""
        if self._server:
            for connection in list(self._server.server_state.connections):
                transport = getattr(connection, "transport", None)
                if transport is not None:
                    transport.abort()

    async def power_off(self) -> None:
        """The network is gone; the machine prints on."""
        self.drop()
        await self._close()

    async def power_on(self) -> None:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((self.host, self.port))
        listener.listen(64)
        self.port = listener.getsockname()[1]
        server = EmbeddedServer(uvicorn.Config(self._app, **_quiet()))
        self._server = server
        self._serving = asyncio.create_task(server.serve(sockets=[listener]), name=self.name)
        await server.ready.wait()

    async def reboot(self) -> None:
        """The printer loses its power for a moment: a running print is gone."""
        self.machine.forget()

    def user_cancel(self) -> bool:
        """A person presses stop; False when nothing was running."""
        return self.machine.cancel()

    def user_pause(self) -> bool:
        return self.machine.pause()

    def user_resume(self) -> bool:
        return self.machine.resume()

    def fail(self) -> bool:
        return self.machine.fail()

    def start_at_screen(self, file: str = "") -> None:
        """A person starts a file from the storage; "" makes a small one first."""
        if not file:
            file = SCREEN_FILE
            self.machine.store(file, make_gcode())
        self.machine.start(file, source="screen")

    def skip_ahead(self, seconds: float) -> None:
        """Let printer time jump."""
        self.machine.look()
        self.machine.pass_time(seconds)

    def change_key(self, key: str) -> None:
        self.key = key

    def picture(self) -> bytes:
        job = self.machine.job
        return draw_frame(self.name, self.machine.state.value, job.percent if job else 0.0)

    def describe(self) -> dict[str, Any]:
        """Everything a test may want to compare, as JSON values."""
        machine = self.machine
        return {
            "kind": self.kind,
            "name": self.name,
            "host": self.host,
            "port": self.port,
            "key": self.key,
            "state": machine.state.value,
            "percent": round(machine.job.percent, 3) if machine.job else 0.0,
            "files": sorted(machine.files),
            "prints": [
                {"file": each.file, "source": each.source, "outcome": each.outcome.value}
                for each in machine.prints
            ],
            "gcode": machine.gcode_lines[-50:],
        }

    async def _close(self) -> None:
        server, serving = self._server, self._serving
        self._server = self._serving = None
        if server is None or serving is None:
            return
        server.stop()
        server.force_exit = True
        await serving


async def read_form(request: Request) -> tuple[str, bytes, dict[str, str]]:
    """Name and content of the file in a form, and its plain fields."""
    async with request.form() as form:
        upload = form.get("file")
        if not isinstance(upload, UploadFile) or not upload.filename:
            raise HTTPException(400, "No file to upload")
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
        return upload.filename, await upload.read(), fields


def make_gcode(*, minutes: int = 10, layers: int = 50, padding_bytes: int = 0) -> bytes:
    """A small print as PrusaSlicer writes it."""
    lines = [
        "; generated by PrusaSlicer 2.9.0 on 2026-01-01 at 00:00:00 UTC",
        f"; estimated printing time (normal mode) = {minutes}m 0s",
        f"; total layers count = {layers}",
        "G90",
        "M82",
        *(f"G1 X{number} Y10 E{number} F3000" for number in range(1, 20)),
    ]
    text = "\n".join(lines) + "\n"
    return text.encode() + b";" + b"-" * padding_bytes + b"\n"


class _Disturbed:
    """Slow lines, cut lines and silence, in front of any app."""

    def __init__(self, app: ASGIApp, stand_in: StandIn) -> None:
        self._app, self._stand_in = app, stand_in

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # Watched, because a knob is a plain attribute that anybody may turn.
        while self._stand_in.knobs.is_silent and not self._stand_in.is_closing:  # noqa: ASYNC110
            await asyncio.sleep(LOOK_S)
        stand_in = self._stand_in
        stand_in.at_once += 1
        stand_in.most_at_once = max(stand_in.most_at_once, stand_in.at_once)
        try:
            await self._app(scope, _Line(receive, stand_in), send)
        except (_Cut, ClientDisconnect):
            return  # there is nobody to answer
        finally:
            stand_in.at_once -= 1


class _Cut(Exception):
    """The line is dead."""


class _Line:
    def __init__(self, receive: Receive, stand_in: StandIn) -> None:
        self._receive, self._stand_in = receive, stand_in
        self._received = 0

    async def __call__(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            return message
        size = len(message.get("body", b""))
        self._received += size
        knobs = self._stand_in.knobs
        if knobs.upload_bytes_per_s and size:
            await asyncio.sleep(size / knobs.upload_bytes_per_s)
        if knobs.cut_upload_after is not None and self._received > knobs.cut_upload_after:
            knobs.cut_upload_after = None
            self._stand_in.drop()
            raise _Cut
        return message


def _quiet() -> dict[str, Any]:
    return {
        "log_config": None,
        "access_log": False,
        "lifespan": "off",
        "ws": "websockets-sansio",
        "timeout_graceful_shutdown": 1,
    }
