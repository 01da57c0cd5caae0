"""The account API (protocol notes 1.13), and a few ``/sandbox`` routes to look at it and disturb
it."""

from collections.abc import Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shopwright.sandbox.bambu.printer import VirtualPrinter
from shopwright.sandbox.bambu_cloud.world import TOKEN_S, Account, Refused, World

PRINTING = frozenset({"PREPARE", "RUNNING", "PAUSE"})


class Api:
    """Each method is an endpoint."""

    def __init__(self, world: World, printers: Mapping[str, VirtualPrinter]) -> None:
        self._world = world
        self._printers = printers

    async def log_in(self, request: Request) -> Response:
        body = await _body(request)
        email = str(body.get("account", ""))
        if body.get("code"):
            return _token(self._world.log_in_with_code(email, str(body["code"])))
        word, value = self._world.log_in(email, str(body.get("password", "")))
        if word == "token":
            return _token(value)
        empty = {"accessToken": "", "refreshToken": "", "expiresIn": 0}
        key = value if word == "tfa" else ""
        return JSONResponse({**empty, "tfaKey": key, "loginType": word})

    async def send_code(self, request: Request) -> Response:
        body = await _body(request)
        if body.get("type") != "codeLogin":
            raise Refused(2, "Unknown type")
        self._world.send_code(str(body.get("email", "")))
        return JSONResponse({"message": "success"})

    async def log_in_with_totp(self, request: Request) -> Response:
        body = await _body(request)
        token = self._world.log_in_with_totp(
            str(body.get("tfaKey", "")), str(body.get("tfaCode", ""))
        )
        answer = JSONResponse({})
        answer.set_cookie("token", token, httponly=True)
        return answer

    async def show_preference(self, request: Request) -> Response:
        return JSONResponse({"uid": self._holder(request).uid, "name": "maker"})

    async def list_devices(self, request: Request) -> Response:
        account = self._holder(request)
        mine = [self._printers[serial] for serial in account.serials if serial in self._printers]
        return JSONResponse({"message": "success", "devices": [_device(one) for one in mine]})

    async def list_mails(self, _: Request) -> Response:
        return JSONResponse([{"to": one.to, "code": one.code} for one in self._world.mails])

    async def pass_time(self, request: Request) -> Response:
        body = await _body(request)
        self._world.advance(seconds=float(body.get("seconds", 0)), days=float(body.get("days", 0)))
        return JSONResponse({})

    def _holder(self, request: Request) -> Account:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        account = self._world.holder_of(token) if scheme == "Bearer" else None
        if account is None:
            raise HTTPException(401, "Please log in")
        return account


def make_app(api: Api) -> Starlette:
    routes = [
        Route("/v1/user-service/user/login", api.log_in, methods=["POST"]),
        Route("/v1/user-service/user/sendemail/code", api.send_code, methods=["POST"]),
        Route("/api/sign-in/tfa", api.log_in_with_totp, methods=["POST"]),
        Route("/v1/design-user-service/my/preference", api.show_preference),
        Route("/v1/iot-service/api/user/bind", api.list_devices),
        Route("/sandbox/mails", api.list_mails),
        Route("/sandbox/time", api.pass_time, methods=["POST"]),
    ]

    async def refuse(_: Request, err: Exception) -> Response:
        assert isinstance(err, Refused)  # noqa: S101  registered for it
        return JSONResponse({"code": err.code, "error": err.error}, status_code=400)

    return Starlette(routes=routes, exception_handlers={Refused: refuse})


def _token(token: str) -> Response:
    return JSONResponse(
        {
            "accessToken": token,
            "refreshToken": token,
            "expiresIn": TOKEN_S,
            "refreshExpiresIn": TOKEN_S,
            "tfaKey": "",
            "loginType": "",
        }
    )


def _device(printer: VirtualPrinter) -> dict[str, Any]:
    model = printer.machine.model
    state = printer.machine.state.value
    return {
        "dev_id": printer.serial,
        "name": printer.name,
        "online": printer.is_powered,
        "print_status": "RUNNING" if state in PRINTING else "SUCCESS",
        "dev_model_name": model.serial_prefix,
        "dev_product_name": model.name,
        "dev_access_code": printer.access_code,
        "nozzle_diameter": 0.4,
    }


async def _body(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError as err:
        raise Refused(2, "Not JSON") from err
    if not isinstance(body, dict):
        raise Refused(2, "Not an object")
    return body
