"""Many virtual printers in one process, and a small HTTP API to look at them and disturb them.

    {"control_port": 0, "folder": "/tmp/cards", "printers": [
        {"name": "left", "serial": "01P00A000000001", "access_code": "12345678", "model": "P1S",
         "mqtt_port": 0, "ftps_port": 0, "camera_port": 0, "speed": 600,
         "knobs": {"fail_at_percent": 40},
         "trays": [{"type": "PLA", "color": "FF0000FF", "remaining_mg": 400000}, null]}]}

``GET /printers`` and ``/printers/{serial}``; ``POST /printers/{serial}/knobs`` with some knobs;
``POST /printers/{serial}/actions/{name}`` with that action's arguments (see ``actions``). With
``"announces": {}`` the printers say on this machine that they are there (see ``announcer``).
"""

import asyncio
import contextlib
import resource
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from shopwright.sandbox.bambu.actions import configure, describe, perform
from shopwright.sandbox.bambu.certificates import Authority
from shopwright.sandbox.bambu.printer import VirtualPrinter

LOOPBACK = "127.0.0.1"
FILES_PER_PRINTER = 12  # three listeners and the connections of a few clients


@dataclass(frozen=True, slots=True)
class Farm:
    """Running printers by serial, and where their control API listens."""

    printers: Mapping[str, VirtualPrinter]
    control_url: str

    def describe(self) -> dict[str, Any]:
        return {
            "control_url": self.control_url,
            "printers": [_endpoint(printer) for printer in self.printers.values()],
        }


@asynccontextmanager
async def run_farm(config: Mapping[str, Any]) -> AsyncIterator[Farm]:
    """Start everything a farm file names; leaving stops it. Raises ValueError for a bad file."""
    entries = list(config["printers"])
    _allow_files(len(entries) * FILES_PER_PRINTER + 256)
    authority = Authority()
    async with AsyncExitStack() as stack:
        printers = {}
        for entry in entries:
            printer = VirtualPrinter(configure(_completed(config, entry)), authority)
            printers[printer.serial] = await stack.enter_async_context(printer)
        port = int(config.get("control_port", 0))
        url = await stack.enter_async_context(_serve(control_app(printers), port))
        yield Farm(printers, url)


def control_app(printers: Mapping[str, VirtualPrinter]) -> Starlette:
    """The control API; it has no log-in and therefore only ever listens on loopback."""

    def find(request: Request) -> VirtualPrinter:
        printer = printers.get(request.path_params["serial"])
        if printer is None:
            raise HTTPException(404, "No printer has this serial.")
        return printer

    async def list_printers(_: Request) -> JSONResponse:
        return JSONResponse([describe(printer) for printer in printers.values()])

    async def show_printer(request: Request) -> JSONResponse:
        return JSONResponse(describe(find(request)))

    async def turn_knobs(request: Request) -> JSONResponse:
        printer = find(request)
        with _bad_request():
            printer.knobs.turn(await _body(request))
        printer.poke()
        return JSONResponse(describe(printer))

    async def act(request: Request) -> JSONResponse:
        printer = find(request)
        with _bad_request():
            perform(printer, request.path_params["name"], await _body(request))
        return JSONResponse(describe(printer))

    return Starlette(
        routes=[
            Route("/printers", list_printers),
            Route("/printers/{serial}", show_printer),
            Route("/printers/{serial}/knobs", turn_knobs, methods=["POST"]),
            Route("/printers/{serial}/actions/{name}", act, methods=["POST"]),
        ]
    )


@contextlib.contextmanager
def _bad_request() -> Any:
    try:
        yield
    except (ValueError, KeyError, TypeError) as err:
        raise HTTPException(400, str(err)) from err


async def _body(request: Request) -> dict[str, Any]:
    if not await request.body():
        return {}
    body = await request.json()
    if not isinstance(body, dict):
        raise TypeError("The body is a JSON object.")
    return body


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        """Signals belong to the process that runs the farm, not to its control API."""
        yield


@asynccontextmanager
async def _serve(app: Starlette, port: int) -> AsyncIterator[str]:
    listener = socket.create_server((LOOPBACK, port))
    settings = uvicorn.Config(app, log_level="warning", lifespan="off", ws="none", log_config=None)
    server = _Server(settings)
    task = asyncio.create_task(server.serve(sockets=[listener]), name="bambu-control")
    try:
        yield f"http://{LOOPBACK}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        listener.close()


def _completed(config: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    chosen = dict(entry)
    if "announces" in config:
        chosen.setdefault("announces", config["announces"])
    if "folder" in chosen:
        chosen["folder"] = Path(chosen["folder"])
    elif "folder" in config:
        chosen["folder"] = Path(config["folder"]) / str(entry["serial"])
    return chosen


def _endpoint(printer: VirtualPrinter) -> dict[str, Any]:
    names = ("name", "serial", "access_code", "host", "mqtt_port", "ftps_port", "camera_port")
    return {name: getattr(printer, name) for name in (*names, "fingerprint")}


def _allow_files(wanted: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))
