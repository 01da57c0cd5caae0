"""Failures on demand for the next calls."""

from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

KINDS = (
    "rate_limited", "server_error", "forbidden", "not_found", "conflict", "unauthorized", "html",
    "to_private", "giant", "web_page_file",
)  # fmt: skip
STATUSES = {
    "server_error": (500, "Internal Server Error"),
    "forbidden": (403, "Forbidden"),
    "not_found": (404, "Not found"),
    "conflict": (409, "The document is being changed"),
    "unauthorized": (401, "Unauthenticated API request"),
}
PAGE = "<!doctype html><title>Maintenance</title><h1>Back soon</h1>"


@dataclass
class Fault:
    """``kind`` for the next ``calls`` whose path contains ``path``, after ``after`` of them."""

    kind: str
    calls: int = 1
    after: int = 0
    path: str = ""
    retry_after_s: int = 2


@dataclass
class Faults:
    waiting: list[Fault] = field(default_factory=list)

    def add(self, fault: Fault) -> None:
        if fault.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}")
        self.waiting.append(fault)

    def take(self, request: Request) -> Fault | None:
        """The fault for this call, one use of it spent."""
        for fault in self.waiting:
            if fault.path not in request.url.path:
                continue
            if fault.after > 0:
                fault.after -= 1
                return None
            fault.calls -= 1
            if fault.calls <= 0:
                self.waiting.remove(fault)
            return fault
        return None


def answer_of(fault: Fault) -> Response | None:
    """None for those that only change an answer."""
    if fault.kind == "rate_limited":
        headers = {"retry-after": str(fault.retry_after_s), "x-rate-limit-remaining": "0"}
        return JSONResponse({"message": "Rate limit exceeded"}, 429, headers)
    if fault.kind == "html":
        return HTMLResponse(PAGE)
    if fault.kind in STATUSES:
        status, message = STATUSES[fault.kind]
        return JSONResponse({"message": message, "status": status}, status)
    return None
