"""The manufacturer's routes, and ``/sandbox`` to look at it and disturb it."""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from shopwright.sandbox.manufacturer import signing
from shopwright.sandbox.manufacturer.world import (
    BAD,
    BRANDS,
    BROKEN,
    OK,
    UNAUTHORIZED,
    Account,
    Knobs,
    Refused,
    World,
)

LONG = [(b"content-length", b"1000")]  # never filled
PAGE = "<html><body><h1>502 Bad Gateway</h1></body></html>"
BUSY = "device is unavailable"
DONE = "操作成功"
Heard = Callable[[str, str], None]
Act = Callable[[Any], Any]


class BrokenAnswer(Response):
    """Begins and never goes on: to its client the connection breaks."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": LONG})


class Api:
    """Every answer is ``{msg, code, data}``. ``heard`` is told what was taken, by its id."""

    def __init__(self, world: World, knobs: Knobs, account: Account, heard: Heard) -> None:
        self._world, self._knobs, self._account, self._heard = world, knobs, account, heard
        self._tokens: dict[str, float] = {}
        self.calls: list[tuple[str, Any]] = []
        self.correlations: list[str | None] = []
        self.logins = 0

    def routes(self) -> list[Route]:
        acts: dict[str, Act] = {
            "user/login": self._log_in,
            "brand/list": lambda _body: list(BRANDS),
            "stock/list": self._world.stock,
            "shop/list": self._world.shops,
            "goods/list": self._world.goods,
            "order/payData": self._pay_data,
            "order/payStatus": self._world.pay_status,
            "order/orderData": self._order_data,
            "order/getPayStatus": lambda body: self._world.pay_standings(_keys(body)),
            "order/getOrderStatus": self._order_standings,
        }
        return [
            Route(f"/{path}", self._endpoint(path, act), methods=["POST"])
            for path, act in acts.items()
        ]

    def reset(self) -> None:
        self._tokens.clear()
        self.calls.clear()
        self.correlations.clear()
        self.logins = 0

    def forget_tokens(self) -> None:
        """As after its own restart: every token is refused."""
        self._tokens.clear()

    def _endpoint(self, path: str, act: Act) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            if self._knobs.late_s:
                await asyncio.sleep(self._knobs.late_s)
            if self._knobs.is_down:
                return Response("down for maintenance", status_code=503)
            if self._knobs.silent_before == path:
                return BrokenAnswer()
            if self._knobs.answers_html == path:
                return HTMLResponse(PAGE)
            told = await self._do(path, act, request)
            if self._knobs.fails_after == path and told["code"] == OK:
                return JSONResponse({"msg": "internal error", "code": BROKEN, "data": None})
            is_silent = self._knobs.silent_after == path and told["code"] == OK
            return BrokenAnswer() if is_silent else JSONResponse(told)

        return answer

    async def _do(self, path: str, act: Act, request: Request) -> dict[str, Any]:
        try:
            body = await _body(request)
            self._check(path, body, request)
            self.calls.append((path, body))
            self.correlations.append(request.headers.get("x-correlation-id"))
            return {"msg": DONE, "code": OK, "data": act(body)}
        except Refused as err:
            return {"msg": err.msg, "code": err.code, "data": None}

    def _check(self, path: str, body: Any, request: Request) -> None:
        account = self._account
        if account.signature == "pairs":
            self._check_pairs(body)
            return
        if request.headers.get("req_source") != "en":
            raise Refused(BAD, "req_source is missing")
        expected = signing.expected_in_header(body, account.system_name, account.fixed_key)
        if request.headers.get("sign") != expected:
            raise Refused(BAD, "sign is wrong")
        if path == "user/login":
            return
        made_at = self._tokens.get(request.headers.get("authorization", ""))
        if made_at is None or time.monotonic() - made_at >= self._knobs.token_lasts_s:
            raise Refused(UNAUTHORIZED, "token expired")

    def _check_pairs(self, body: Any) -> None:
        account = self._account
        if not isinstance(body, dict):
            raise Refused(BAD, "an object is expected")
        if body.get("sign") != signing.expected_in_body(body, account.fixed_key):
            raise Refused(BAD, "sign is wrong")
        given = (body.get("account"), body.get("password"))
        if given != (account.account, account.password):
            raise Refused(UNAUTHORIZED, "account or password is wrong")

    def _log_in(self, body: Any) -> dict[str, Any]:
        if (body.get("account"), body.get("password")) != (
            self._account.account, self._account.password,
        ):  # fmt: skip
            raise Refused(BAD, "account or password is wrong")
        self.logins += 1
        token = secrets.token_urlsafe(24)
        self._tokens[token] = time.monotonic()
        return {"id": "MEA20250118000001", "account": self._account.account, "token": token}

    def _pay_data(self, body: Any) -> Any:
        told = self._world.pay_data(body)
        self._heard("payment", body["third_id"])
        return told

    def _order_data(self, body: Any) -> Any:
        if self._knobs.busy_times > 0:
            self._knobs.busy_times -= 1
            raise Refused(BROKEN, BUSY)
        if self._knobs.refuses:
            raise Refused(BROKEN, self._knobs.refuses)
        told = self._world.order_data(body)
        self._heard("order", body["third_id"])
        return told

    def _order_standings(self, body: Any) -> Any:
        return [] if self._knobs.hides_orders else self._world.order_standings(_keys(body))


def _keys(body: Any) -> list[str]:
    """A bare list, or in pairs one member of it."""
    keys = body.get("third_ids") if isinstance(body, dict) else body
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise Refused(BAD, "a list of third ids is expected")
    return keys


async def _body(request: Request) -> Any:
    try:
        return await request.json()
    except ValueError as err:
        raise Refused(BAD, "no JSON") from err


def make_app(
    api: Api,
    world: World,
    knobs: Knobs,
    move_order: Callable[[str, int], Awaitable[None]],
    move_payment: Callable[[str, int], Awaitable[None]],
) -> Starlette:
    async def show(_: Request) -> Response:
        return JSONResponse(
            {
                "orders": {
                    key: order.body | world.shown(key) for key, order in world.orders.items()
                },
                "payments": {
                    key: payment.body | {"id": payment.id, "status": payment.status}
                    for key, payment in world.payments.items()
                },
                "models": [model.shown() for model in world.models.values()],
                "calls": [path for path, _ in api.calls],
            }
        )

    async def turn(request: Request) -> Response:
        try:
            knobs.turn(await request.json())
        except ValueError as err:
            return JSONResponse({"error": str(err)}, status_code=400)
        return JSONResponse({})

    def mover(move: Callable[[str, int], Awaitable[None]]) -> Callable[..., Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                await move(request.path_params["key"], int((await request.json())["status"]))
            except (KeyError, ValueError):
                return JSONResponse({"error": "no such id, or no status"}, status_code=404)
            return JSONResponse({})

        return answer

    return Starlette(
        routes=[
            *api.routes(),
            Route("/sandbox/state", show),
            Route("/sandbox/knobs", turn, methods=["POST"]),
            Route("/sandbox/orders/{key}", mover(move_order), methods=["POST"]),
            Route("/sandbox/payments/{key}", mover(move_payment), methods=["POST"]),
        ]
    )
