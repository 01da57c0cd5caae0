"""Stripe on a real socket: inside a test's loop, or as a process of its own."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from shopwright.sandbox.etsy.server import EmbeddedServer, listen, quiet
from shopwright.sandbox.stripe import refunds, sessions
from shopwright.sandbox.stripe.admin import Admin
from shopwright.sandbox.stripe.gate import ConnectionCut, Fault, FaultKind, Gate
from shopwright.sandbox.stripe.pay import PayPages
from shopwright.sandbox.stripe.refusals import Refusal, missing, refused
from shopwright.sandbox.stripe.webhooks import Notifier
from shopwright.sandbox.stripe.world import Json, SandboxConfig, World


class StripeSandbox:
    """``async with StripeSandbox() as stripe:`` serves on ``stripe.url`` until the block ends."""

    def __init__(
        self,
        config: SandboxConfig | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        now: Callable[[], float] | None = None,
    ) -> None:
        self.world = World(config or SandboxConfig())
        if now is not None:
            self.world.now = now
        self.gate = Gate(self.world)
        self.notifier = Notifier(self.world)
        self.world.tell = self.notifier.tell
        self._address, self.url = (host, port), ""
        admin = Admin(self.world, self.gate, self.notifier)
        routes = [*self._routes(), *PayPages(self.world).routes(), *admin.routes()]
        self._app = Starlette(routes=routes, exception_handlers={Refusal: refused})

    def fail(self, kind: FaultKind, **how: Any) -> None:
        """The next matching call fails so."""
        self.gate.faults.append(Fault(kind, **how))

    def count_calls(self, method: str, path: str) -> int:
        return self.gate.calls.count(f"{method} {path}")

    async def __aenter__(self) -> Self:
        self._listener = listen(self._address)
        self.url = "http://{}:{}".format(*self._listener.getsockname()[:2])
        self._server = EmbeddedServer(uvicorn.Config(self._serve, interface="asgi3", **quiet()))
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._listener]))
        await self._server.ready.wait()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.gate.closing.set()
        self.notifier.stop()
        self._server.stop()
        await self._serving
        self._listener.close()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A cut connection is one without an answer: uvicorn closes it when nothing was sent."""
        try:
            await self._app(scope, receive, send)
        except ConnectionCut:
            await send({"type": "http.response.start", "status": 200, "headers": LONGER})
            await send({"type": "http.response.body", "body": b"{"})

    def _routes(self) -> list[Route]:
        guard, get, post = self.gate.guard, ["GET"], ["POST"]
        base = "/v1/checkout/sessions"
        return [
            Route(base, guard(self._create), methods=post),
            Route(f"{base}/{{id}}", guard(self._retrieve), methods=get),
            Route(f"{base}/{{id}}/expire", guard(self._expire), methods=post),
            Route("/v1/payment_intents/{id}", guard(self._read_intent), methods=get),
            Route("/v1/refunds", guard(self._refund), methods=post),
            Route("/v1/refunds", guard(self._list_refunds), methods=get),
            Route("/v1/events", guard(self._list_events), methods=get),
        ]

    async def _create(self, _request: Request, params: Json) -> Json:
        return sessions.shown(sessions.create(self.world, self.url, params))

    async def _retrieve(self, request: Request, _params: Json) -> Json:
        session = sessions.find(self.world, request.path_params["id"])
        wanted = [value for name, value in request.query_params.multi_items() if "expand" in name]
        return sessions.expanded(self.world, session, wanted)

    async def _expire(self, request: Request, _params: Json) -> Json:
        return sessions.shown(sessions.expire(self.world, request.path_params["id"]))

    async def _read_intent(self, request: Request, _params: Json) -> Json:
        intent = self.world.intents.get(request.path_params["id"])
        if intent is None:
            raise missing("payment_intent", request.path_params["id"])
        return intent

    async def _refund(self, _request: Request, params: Json) -> Json:
        return refunds.create(self.world, params)

    async def _list_refunds(self, request: Request, _params: Json) -> Json:
        return refunds.listed(self.world, request.query_params.get("payment_intent"))

    async def _list_events(self, request: Request, _params: Json) -> Json:
        limit = int(request.query_params.get("limit", "10"))
        newest = self.world.events[::-1]
        return {
            "object": "list",
            "url": "/v1/events",
            "has_more": len(newest) > limit,
            "data": newest[:limit],
        }


LONGER = [(b"content-length", b"1000"), (b"content-type", b"application/json")]
