"""One mapping from errors to answers: RFC 9457 problem details plus ``error`` and ``details``."""

from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from shopwright.kernel.collisions import Collided, is_collision
from shopwright.kernel.errors import (
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    ShopError,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
)
from shopwright.kernel.metrics import ERRORS
from shopwright.web import errors as pages

log = structlog.get_logger()

COLLIDED = "Somebody else changed the same at this moment; nothing was saved. Try again."

KINDS: dict[int, type[ShopError]] = {
    kind.status: kind
    for kind in (
        Invalid,
        Unauthenticated,
        Forbidden,
        NotFound,
        Conflict,
        Gone,
        TooLarge,
        TooMany,
        Unavailable,
    )
}


def install(app: FastAPI) -> None:
    app.add_exception_handler(ShopError, _shop_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(IntegrityError, _integrity_error)
    app.add_exception_handler(UnicodeEncodeError, _unencodable)
    app.add_exception_handler(DBAPIError, _database_error)
    app.add_exception_handler(StatementError, _statement_error)


def problem(request: Request, error: ShopError, headers: dict[str, str] | None = None) -> Response:
    """The answer for one error: a page for a browser, else JSON whose ``detail`` and ``error`` are
    the same sentence."""
    if pages.wants_page(request):
        return pages.error_page(request, error)
    body: dict[str, Any] = {
        "type": f"about:blank#{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "error": error.detail,
        "code": error.code,
        "request_id": getattr(request.state, "request_id", None),
    }
    if error.extra:
        body["details"] = error.extra
        body.update({key: value for key, value in error.extra.items() if key not in body})
    response_headers = dict(headers or {})
    if isinstance(error, TooMany) and "retry_after_s" in error.extra:
        response_headers["Retry-After"] = str(error.extra["retry_after_s"])
    return JSONResponse(
        body,
        status_code=error.status,
        headers=response_headers,
        media_type="application/problem+json",
    )


async def _shop_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ShopError)  # noqa: S101  registered for this class
    return problem(request, error)


async def _validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    errors = [
        {"pointer": "/" + "/".join(str(part) for part in entry["loc"]), "detail": entry["msg"]}
        for entry in error.errors()
    ]
    first = errors[0] if errors else {"pointer": "/", "detail": "not valid"}
    field = first["pointer"].rsplit("/", 1)[-1]
    return problem(request, Invalid(f"{field}: {first['detail']}", errors=errors))


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    kind = KINDS.get(error.status_code)
    if kind is None:
        refusal = ShopError(str(error.detail))
        refusal.status = error.status_code  # type: ignore[misc]  # 405, 406, 415 from the framework
        refusal.code, refusal.title = "http-error", str(error.detail)  # type: ignore[misc]
        return problem(request, refusal, dict(error.headers or {}))
    return problem(request, kind(str(error.detail)), dict(error.headers or {}))


async def _integrity_error(request: Request, error: Exception) -> Response:
    log.warning("database constraint", error=str(getattr(error, "orig", error)))
    return problem(
        request,
        Conflict("This contradicts something that is already stored. Reload and try again."),
    )


async def _unencodable(request: Request, _error: Exception) -> Response:
    """JSON can spell half of a character (a lone surrogate), which no text can hold."""
    return problem(request, Invalid("Text contains half of a character."))


async def _database_error(request: Request, error: Exception) -> Response:
    """The database broke the transaction off because of another one; nothing of it was kept."""
    if not is_collision(error):
        return await _statement_error(request, error)
    log.warning("transaction collided", error=str(getattr(error, "orig", error)))
    return problem(request, Collided(COLLIDED, retry_after_s=1), {"Retry-After": "1"})


async def _statement_error(request: Request, error: Exception) -> Response:
    """A value that could not even be handed to the database is the sender's mistake."""
    cause = getattr(error, "orig", None)
    if isinstance(cause, OverflowError):
        return problem(request, Invalid("A date or number is outside of what can be stored."))
    return unexpected(request, error)


def unexpected(request: Request, error: Exception) -> Response:
    """For what nobody foresaw: logged with its traceback, told without a word of it."""
    route = getattr(request.scope.get("route"), "path", "unknown")
    ERRORS.labels(route=route).inc()
    log.error("unexpected error", route=route, exc_info=error)
    return problem(request, ShopError("Internal server error"))
