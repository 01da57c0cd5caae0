"""Many stand-ins of one kind in a process, and a small HTTP API to look at and disturb them.

``GET /printers`` and ``/printers/{name}``; ``POST /printers/{name}/knobs`` with some knobs;
``POST /printers/{name}/actions/{action}`` with that action's arguments.
"""

import argparse
import asyncio
import inspect
import json
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shopwright.sandbox.etsy.server import EmbeddedServer
from shopwright.sandbox.plain.knobs import Knobs
from shopwright.sandbox.plain.server import StandIn, StandInConfig

LOOPBACK = "127.0.0.1"
ACTIONS = frozenset(
    {
        *("drop", "power_off", "power_on", "reboot", "change_key", "skip_ahead", "fail"),
        *("user_cancel", "user_pause", "user_resume", "start_at_screen"),
        *("attach", "shut_down", "restart_firmware", "dismiss"),  # where the kind has them
    }
)


def run(kind: type[StandIn], arguments: Sequence[str] | None = None) -> None:
    """Until SIGTERM or SIGINT; prints one JSON line when all listen."""
    parser = argparse.ArgumentParser(prog=f"shopwright.sandbox.{kind.kind}", description=__doc__)
    parser.add_argument("--count", type=int, default=1, help="how many printers")
    parser.add_argument("--key", default=StandInConfig().key, help="of all of them")
    parser.add_argument("--port", type=int, default=0, help="of the first one; 0: free ones")
    parser.add_argument("--knobs", type=json.loads, default={}, help="for all of them, as JSON")
    parser.add_argument("--control-port", type=int, default=0)
    parser.add_argument("--announce-on", help="address to announce them on by mDNS: 127.0.0.1")
    asyncio.run(_run(kind, parser.parse_args(arguments)))


def control_app(printers: Mapping[str, StandIn]) -> Starlette:
    """It has no log-in and therefore only ever listens on loopback."""

    def find(request: Request) -> StandIn:
        printer = printers.get(request.path_params["name"])
        if printer is None:
            raise HTTPException(404, "No printer has this name.")
        return printer

    async def list_printers(_: Request) -> Response:
        return JSONResponse([printer.describe() for printer in printers.values()])

    async def show_printer(request: Request) -> Response:
        return JSONResponse(find(request).describe())

    async def turn_knobs(request: Request) -> Response:
        printer = find(request)
        try:
            printer.knobs.turn(await _body(request))
        except ValueError as err:
            raise HTTPException(400, str(err)) from err
        return JSONResponse(printer.describe())

    async def act(request: Request) -> Response:
        printer = find(request)
        await _perform(printer, request.path_params["action"], await _body(request))
        return JSONResponse(printer.describe())

    return Starlette(
        routes=[
            Route("/printers", list_printers),
            Route("/printers/{name}", show_printer),
            Route("/printers/{name}/knobs", turn_knobs, methods=["POST"]),
            Route("/printers/{name}/actions/{action}", act, methods=["POST"]),
        ]
    )


async def _perform(printer: StandIn, action: str, arguments: dict[str, Any]) -> None:
    method = getattr(printer, action, None) if action in ACTIONS else None
    if method is None:
        raise HTTPException(400, f"The stand-in {printer.kind} has no action {action}.")
    try:
        done = method(**arguments)
        if inspect.isawaitable(done):
            await done
    except (TypeError, ValueError, KeyError) as err:
        raise HTTPException(400, str(err)) from err


async def _body(request: Request) -> dict[str, Any]:
    if not await request.body():
        return {}
    body = await request.json()
    if not isinstance(body, dict):
        raise HTTPException(400, "The body is a JSON object.")
    return body


async def _run(kind: type[StandIn], options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for end in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(end, stop.set)
    async with AsyncExitStack() as stack:
        printers = {}
        for number in range(options.count):
            config = StandInConfig(
                name=f"{kind.kind}-{number + 1}",
                key=options.key,
                port=options.port + number if options.port else 0,
                knobs=Knobs.of(options.knobs),
                announces_on=options.announce_on,
            )
            printers[config.name] = await stack.enter_async_context(kind(config))
        url = await stack.enter_async_context(_serve(control_app(printers), options.control_port))
        shown = [printer.describe() for printer in printers.values()]
        sys.stdout.write(json.dumps({"control_url": url, "printers": shown}) + "\n")
        sys.stdout.flush()
        await stop.wait()


@asynccontextmanager
async def _serve(app: Starlette, port: int) -> AsyncIterator[str]:
    listener = socket.create_server((LOOPBACK, port))
    settings = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none")
    server = EmbeddedServer(settings)
    serving = asyncio.create_task(server.serve(sockets=[listener]), name="sandbox-control")
    await server.ready.wait()
    try:
        yield f"http://{LOOPBACK}:{listener.getsockname()[1]}"
    finally:
        server.stop()
        await serving
