"""The door of our printer backend: a key with its scope, and refusals in the reference's form."""

import json
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError

from shopwright.accounts import scopes
from shopwright.accounts.access import requires
from shopwright.kernel.actor import Actor, Role
from shopwright.kernel.errors import Invalid, ShopError
from shopwright.kernel.repeatable import RepeatableRoute

KEY_NAMES = ("apiKey", "api_key")
HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
ERROR_TYPES = {
    400: "ValidationError",
    401: "AuthError",
    403: "Forbidden",
    404: "NotFoundError",
    409: "ConflictError",
    410: "ExpiredError",
    413: "ValidationError",
    429: "RateLimitError",
}

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
BackendCtx = Annotated[Actor, Depends(requires(Role.MEMBER, scopes.PRINTER_BACKEND))]


class BackendRoute(RepeatableRoute):
    """The key may also stand in query or body; a refusal says ``ok``, ``error_type`` and
    ``message`` besides."""

    def get_route_handler(self) -> Handler:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            request.state.open_key = await _told_key(request)
            try:
                response = await handler(request)
            except RequestValidationError as err:
                raise _in_their_form(_invalid(err)) from err
            except ShopError as err:
                raise _in_their_form(err) from err
            response.headers.update(HEADERS)
            return response

        return handle


async def _told_key(request: Request) -> str | None:
    for name in KEY_NAMES:
        told = request.query_params.get(name)
        if told:
            return told
    if not request.headers.get("content-type", "").startswith("application/json"):
        return None
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError):
        return None
    told = next((body.get(n) for n in KEY_NAMES if body.get(n)), None) if _is_object(body) else None
    return told if isinstance(told, str) else None


def _is_object(body: object) -> bool:
    return isinstance(body, dict)


def _invalid(err: RequestValidationError) -> Invalid:
    """As everywhere else, with the first thing that is wrong in the sentence."""
    errors = [
        {"pointer": "/" + "/".join(str(part) for part in entry["loc"]), "detail": entry["msg"]}
        for entry in err.errors()
    ]
    first = errors[0] if errors else {"pointer": "/", "detail": "not valid"}
    field = first["pointer"].rsplit("/", 1)[-1]
    return Invalid(f"{field}: {first['detail']}", errors=errors)


def _in_their_form(err: ShopError) -> ShopError:
    error_type = ERROR_TYPES.get(err.status, "InternalError")
    err.extra = {**err.extra, "ok": False, "error_type": error_type, "message": err.detail}
    return err
