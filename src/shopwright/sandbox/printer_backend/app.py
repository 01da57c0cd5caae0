"""The backend's routes, in the reference's words, and ``/sandbox`` to look at it and disturb it."""

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from shopwright.sandbox.printer_backend.world import Knobs, Refused, World

LONG = [(b"content-length", b"1000")]  # never filled
Taken = Callable[[str], None]
Handler = Callable[[Request], Awaitable[Response]]


class BrokenAnswer(Response):
    """Begins and never goes on: to its client the connection breaks."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": LONG})


class Api:
    """Each method is an endpoint; ``on_taken`` hears of every new job."""

    def __init__(self, world: World, knobs: Knobs, key: str, on_taken: Taken) -> None:
        self._world, self._knobs, self._key, self._on_taken = world, knobs, key, on_taken

    def routes(self) -> list[Route]:
        guarded = [
            ("POST", "/sendPrintJob", self.send),
            ("GET", "/jobs/{job}", self.show_job),
            ("POST", "/control", self.command),
            ("GET", "/control", self.list_commands),
            ("POST", "/control/ack", self.acknowledge),
            ("POST", "/control/result", self.result),
            ("GET", "/control/{command}", self.show_command),
        ]
        return [
            Route("/health", self._open(self.health)),
            Route("/", self._open(self.health)),
            *(Route(path, self._guarded(act), methods=[method]) for method, path, act in guarded),
        ]

    async def health(self, _: Request) -> Response:
        return JSONResponse({"ok": True, "message": "Cloud printer backend is running"})

    async def send(self, request: Request) -> Response:
        if self._knobs.breaks_first:
            return BrokenAnswer()
        payload = await _body(request)
        if self._knobs.refuses:
            raise Refused(400, "ValidationError", self._knobs.refuses)
        job, is_new = self._world.take(payload)
        if is_new:
            self._on_taken(str(payload["job_id"]))
        if self._knobs.goes_silent:
            return BrokenAnswer()
        if self._knobs.answers_nonsense:
            return Response("<html>welcome</html>", media_type="text/html")
        return JSONResponse(job.shown())

    async def show_job(self, request: Request) -> Response:
        job = self._world.jobs.get(request.path_params["job"])
        if self._knobs.cannot_be_asked:
            raise Refused(404, "NotFoundError", "Not Found")
        if job is None:
            raise Refused(404, "NotFoundError", "no such job", code="backend-job-unknown")
        return JSONResponse(job.shown())

    async def command(self, request: Request) -> Response:
        return JSONResponse(self._world.command(await _body(request)).shown())

    async def show_command(self, request: Request) -> Response:
        found = self._world.commands.get(request.path_params["command"])
        if self._knobs.cannot_be_asked:
            raise Refused(404, "NotFoundError", "Not Found")
        if found is None:
            raise Refused(404, "NotFoundError", "no such command", code="backend-command-unknown")
        return JSONResponse(found.shown())

    async def list_commands(self, _: Request) -> Response:
        waiting = [one.shown() for one in self._world.commands.values() if one.status == "pending"]
        return JSONResponse({"ok": True, "commands": waiting})

    async def acknowledge(self, request: Request) -> Response:
        return JSONResponse(self._world.acknowledge(await _body(request)).shown())

    async def result(self, request: Request) -> Response:
        return JSONResponse(self._world.result(await _body(request)).shown())

    def _guarded(self, act: Handler) -> Handler:
        async def answer(request: Request) -> Response:
            given = request.headers.get("x-api-key") or request.query_params.get("apiKey", "")
            if not hmac.compare_digest(given.encode(), self._key.encode()):
                raise Refused(401, "AuthError", "Invalid or missing API key")
            return await act(request)

        return self._open(answer)

    def _open(self, act: Handler) -> Handler:
        async def answer(request: Request) -> Response:
            if self._knobs.late_s:
                await asyncio.sleep(self._knobs.late_s)
            if self._knobs.is_down:
                raise Refused(503, "InternalError", "out of order")
            return await act(request)

        return answer


def make_app(api: Api, world: World, knobs: Knobs, advance: Callable[..., None]) -> Starlette:
    """Refusals are in the backend's own form."""

    async def show(_: Request) -> Response:
        return JSONResponse([job.shown() for job in world.jobs.values()])

    async def turn(request: Request) -> Response:
        try:
            knobs.turn(await _body(request))
        except ValueError as err:
            raise Refused(400, "ValidationError", str(err)) from err
        return JSONResponse({})

    async def move(request: Request) -> Response:
        body = await _body(request)
        if request.path_params["job"] not in world.jobs:
            raise Refused(404, "NotFoundError", "no such job")
        advance(request.path_params["job"], str(body["status"]), float(body.get("percent", 0)))
        return JSONResponse({})

    async def refuse(_: Request, err: Exception) -> Response:
        assert isinstance(err, Refused)  # noqa: S101  registered for it
        body = {"ok": False, "error_type": err.error_type, "message": err.message, "detail": ""}
        return JSONResponse({**body, **err.more}, status_code=err.status)

    return Starlette(
        routes=[
            *api.routes(),
            Route("/sandbox/jobs", show),
            Route("/sandbox/knobs", turn, methods=["POST"]),
            Route("/sandbox/jobs/{job}", move, methods=["POST"]),
        ],
        exception_handlers={Refused: refuse},
    )


async def _body(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError as err:
        raise Refused(400, "ValidationError", "no JSON") from err
    if not isinstance(body, dict):
        raise Refused(400, "ValidationError", "no JSON object")
    return body
