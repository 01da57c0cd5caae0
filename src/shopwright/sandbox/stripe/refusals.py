"""Stripe's error bodies."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

INVALID = "invalid_request_error"


class Refusal(Exception):
    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = INVALID,
        code: str | None = None,
        param: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        said = {"type": kind, "message": message, "code": code, "param": param}
        self.error = {name: value for name, value in said.items() if value is not None}

    def response(self) -> Response:
        return JSONResponse({"error": self.error}, self.status)


async def refused(_request: Request, err: Exception) -> Response:
    assert isinstance(err, Refusal)  # noqa: S101  registered for it alone
    return err.response()


def missing(what: str, name: str) -> Refusal:
    return Refusal(404, f"No such {what}: '{name}'", code="resource_missing", param="id")


def parameter_missing(param: str) -> Refusal:
    return Refusal(400, f"Missing required param: {param}.", code="parameter_missing", param=param)
