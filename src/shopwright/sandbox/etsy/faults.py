"""Failures on demand for the next calls, and what each does to an answer."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from enum import StrEnum

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from shopwright.sandbox.etsy.refusals import Refusal
from shopwright.sandbox.etsy.world import Json


class FaultKind(StrEnum):
    EXPIRED_TOKEN = "expired_token"  # 401 that a refresh cures
    INVALID_TOKEN = "invalid_token"  # 401 that needs the owner
    FORBIDDEN = "forbidden"
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    BAD_GATEWAY = "bad_gateway"  # 502 with an HTML page
    MALFORMED_JSON = "malformed_json"  # done, but the answer is cut off
    SLOW = "slow"  # waits, then does it
    TIMEOUT_AFTER = "timeout_after"  # does it, then waits
    NO_TRANSACTIONS = "no_transactions"  # the first receipt of the answer has no items
    UNSORTED = "unsorted"  # a list comes backwards
    NO_RESULTS = "no_results"  # a list announces its count and comes empty
    UNKNOWN_CURRENCY = "unknown_currency"  # the first receipt of the answer is in XQQ


class Fault(msgspec.Struct, forbid_unknown_fields=True):
    kind: FaultKind
    calls: int = 1
    after: int = 0  # let so many matching calls pass first
    path: str = "/v3/application"  # only paths that contain this
    method: str = ""
    delay_s: float = 2.0
    retry_after_s: int = 2


REFUSALS: dict[FaultKind, Callable[[Fault], Refusal]] = {
    FaultKind.EXPIRED_TOKEN: lambda _: Refusal(401, "invalid_token", "access token is expired"),
    FaultKind.INVALID_TOKEN: lambda _: Refusal(401, "invalid_token", "access token is invalid"),
    FaultKind.FORBIDDEN: lambda _: Refusal(403, "You do not have permission to do this."),
    FaultKind.RATE_LIMITED: lambda fault: Refusal(
        429,
        "Exceeded the rate limit for this app key.",
        headers={"retry-after": str(fault.retry_after_s)},
    ),
    FaultKind.SERVER_ERROR: lambda _: Refusal(500, "Internal server error"),
}
BAD_GATEWAY_PAGE = "<html><head><title>502</title></head><body>Bad gateway</body></html>"

Answer = Callable[[], Awaitable[Response]]


class Faults:
    """Faults waiting for matching calls, oldest first."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []
        self.closing = asyncio.Event()  # ends waits early, so that the server can stop

    def add(self, fault: Fault) -> None:
        self.waiting.append(fault)

    def clear(self) -> None:
        self.waiting.clear()

    def take(self, request: Request) -> Fault | None:
        """The fault for this call, one use of it spent."""
        for fault in self.waiting:
            if not _matches(fault, request):
                continue
            if fault.after > 0:
                fault.after -= 1
                return None
            fault.calls -= 1
            if fault.calls <= 0:
                self.waiting.remove(fault)
            return fault
        return None

    async def apply(self, fault: Fault | None, answer: Answer) -> Response:
        """Answer with the fault; an answer that it prevents is never computed."""
        if fault is None:
            return await answer()
        if fault.kind in REFUSALS:
            raise REFUSALS[fault.kind](fault)
        if fault.kind is FaultKind.BAD_GATEWAY:
            return HTMLResponse(BAD_GATEWAY_PAGE, 502)
        if fault.kind is FaultKind.SLOW:
            await self._wait(fault.delay_s)
        response = await answer()
        if fault.kind is FaultKind.TIMEOUT_AFTER:
            await self._wait(fault.delay_s)
        return _spoilt(fault.kind, response)

    async def _wait(self, delay_s: float) -> None:
        try:
            await asyncio.wait_for(self.closing.wait(), delay_s)
        except TimeoutError:
            return


def _matches(fault: Fault, request: Request) -> bool:
    return fault.path in request.url.path and fault.method.upper() in ("", request.method)


def _spoilt(kind: FaultKind, response: Response) -> Response:
    body = bytes(response.body)
    if kind is FaultKind.MALFORMED_JSON:
        return Response(body[: len(body) // 2], media_type="application/json")
    if kind not in SPOILERS:
        return response
    answer = json.loads(body)
    SPOILERS[kind](answer, answer.get("results", [answer]))
    return JSONResponse(answer)


def _drop_items(_answer: Json, receipts: list[Json]) -> None:
    for receipt in receipts[:1]:
        receipt.pop("transactions", None)


def _drop_results(answer: Json, _receipts: list[Json]) -> None:
    answer["results"] = []


def _reverse(answer: Json, receipts: list[Json]) -> None:
    answer["results"] = receipts[::-1]


def _change_currency(_answer: Json, receipts: list[Json]) -> None:
    for receipt in receipts[:1]:
        code = receipt["grandtotal"]["currency_code"]
        receipt.update(json.loads(json.dumps(receipt).replace(f'"{code}"', '"XQQ"')))


SPOILERS: dict[FaultKind, Callable[[Json, list[Json]], None]] = {
    FaultKind.NO_TRANSACTIONS: _drop_items,
    FaultKind.NO_RESULTS: _drop_results,
    FaultKind.UNSORTED: _reverse,
    FaultKind.UNKNOWN_CURRENCY: _change_currency,
}
