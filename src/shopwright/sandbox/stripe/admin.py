"""The stand-in's own knobs, for tests over HTTP and for the demo. No log-in: loopback only."""

import json

import httpx
import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shopwright.sandbox.stripe import refunds, sessions
from shopwright.sandbox.stripe.gate import Fault, Gate
from shopwright.sandbox.stripe.refusals import Refusal
from shopwright.sandbox.stripe.webhooks import Notifier
from shopwright.sandbox.stripe.world import Json, World


class Admin:
    def __init__(self, world: World, gate: Gate, notifier: Notifier) -> None:
        self._world, self._gate, self._notifier = world, gate, notifier

    def routes(self) -> list[Route]:
        post = ["POST"]
        return [
            Route("/admin/state", self._state),
            Route("/admin/hooks", self._set_hooks, methods=post),
            Route("/admin/faults", self._add_fault, methods=post),
            Route("/admin/sessions/{session}/{action}", self._act, methods=post),
            Route("/admin/refunds", self._refund, methods=post),
            Route("/admin/refunds/{refund}/{status}", self._settle_refund, methods=post),
            Route("/admin/events/{event}/send", self._send_again, methods=post),
        ]

    async def _state(self, _request: Request) -> Response:
        world = self._world
        return JSONResponse(
            {
                "sessions": [sessions.shown(each) for each in world.sessions.values()],
                "refunds": list(world.refunds.values()),
                "events": world.events,
                "hooks": world.hooks,
                "calls": self._gate.calls,
                "deliveries": self._notifier.deliveries,
            }
        )

    async def _set_hooks(self, request: Request) -> Response:
        """Where events go; ``is_telling`` false keeps them back."""
        body = await _body(request)
        self._world.hooks[:] = body.get("hooks", self._world.hooks)
        self._world.is_telling = body.get("is_telling", self._world.is_telling)
        return JSONResponse({"hooks": self._world.hooks})

    async def _add_fault(self, request: Request) -> Response:
        try:
            fault = msgspec.convert(await _body(request), Fault)
        except msgspec.ValidationError as err:
            raise Refusal(400, str(err)) from err
        self._gate.faults.append(fault)
        return JSONResponse({"faults": len(self._gate.faults)})

    async def _act(self, request: Request) -> Response:
        session_id, world = request.path_params["session"], self._world
        match request.path_params["action"]:
            case "pay":
                session = sessions.pay(world, session_id)
            case "pay_later":
                session = sessions.pay_later(world, session_id)
            case "succeed":
                session = sessions.finish_later(world, session_id, is_good=True)
            case "fail":
                session = sessions.finish_later(world, session_id, is_good=False)
            case "decline":
                session = sessions.refuse_card(world, session_id)
            case "expire":
                session = sessions.expire(world, session_id)
            case _:
                raise Refusal(404, "No such action.")
        return JSONResponse(sessions.shown(session))

    async def _refund(self, request: Request) -> Response:
        """As somebody in the dashboard."""
        body = await _body(request)
        status = body.pop("status", "succeeded")
        return JSONResponse(refunds.create(self._world, body, status=status))

    async def _settle_refund(self, request: Request) -> Response:
        refund, status = request.path_params["refund"], request.path_params["status"]
        return JSONResponse(refunds.settle(self._world, refund, status))

    async def _send_again(self, request: Request) -> Response:
        """The same event once more; the answers of the hooks come back."""
        wanted = request.path_params["event"]
        event = next((each for each in self._world.events if each["id"] == wanted), None)
        if event is None:
            raise Refusal(404, "No such event.")
        async with httpx.AsyncClient(trust_env=False) as http:
            told = [await self._notifier.deliver(http, hook, event) for hook in self._world.hooks]
        return JSONResponse({"statuses": told})


async def _body(request: Request) -> Json:
    text = await request.body()
    body = json.loads(text) if text else {}
    return body if isinstance(body, dict) else {}
