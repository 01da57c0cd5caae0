"""Refusals with Etsy's own status and words (integrations fact sheet 1.2, 1.3, 1.9)."""

from starlette.requests import Request
from starlette.responses import JSONResponse

from shopwright.sandbox.etsy.world import Json


class Refusal(Exception):
    def __init__(
        self,
        status: int,
        error: str,
        description: str | None = None,
        *,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.description = description
        self.headers = headers or {}

    def response(self) -> JSONResponse:
        body: Json = {"error": self.error}
        if self.description is not None:
            body["error_description"] = self.description
        return JSONResponse(body, self.status, headers=self.headers)


async def refused(_request: Request, err: Exception) -> JSONResponse:
    """Starlette's handler for Refusal."""
    assert isinstance(err, Refusal)  # noqa: S101 - registered for this class alone
    return err.response()
