"""What every API call passes: key, fault, idempotency; and the failures on demand."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from shopwright.sandbox.stripe import forms
from shopwright.sandbox.stripe.refusals import Refusal
from shopwright.sandbox.stripe.world import Json, World

KEY_CHARS = 255
KEPT_S = 24 * 3600


class FaultKind(StrEnum):
    ERROR_BEFORE = "error_before"  # 500, nothing done
    ERROR_AFTER = "error_after"  # 500, and it was done; the key replays the 500 from then on
    LOST_AFTER = "lost_after"  # 500 from something in between: done, and the key replays success
    RATE_LIMITED = "rate_limited"
    SLOW = "slow"  # waits, then does it
    SLOW_AFTER = "slow_after"  # does it, then waits
    CUT_BEFORE = "cut_before"  # the connection breaks, nothing done
    CUT_AFTER = "cut_after"


class Fault(msgspec.Struct, forbid_unknown_fields=True):
    kind: FaultKind
    calls: int = 1
    after: int = 0  # let so many matching calls pass first
    path: str = "/v1/"
    method: str = ""
    delay_s: float = 2.0


@dataclass(frozen=True, slots=True)
class Stored:
    fingerprint: str
    status: int
    body: bytes
    at_s: int


Handler = Callable[[Request, Json], Awaitable[Json]]
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(slots=True)
class Gate:
    world: World
    faults: list[Fault] = field(default_factory=list)
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    calls: list[str] = field(default_factory=list)  # "POST /v1/checkout/sessions" …
    _kept: dict[str, Stored] = field(default_factory=dict)
    _busy: set[str] = field(default_factory=set)

    def guard(self, handler: Handler) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            self._check_key(request)
            self.calls.append(f"{request.method} {request.url.path}")
            body = (await request.body()).decode()
            fault = self._take_fault(request)
            try:
                response = await self._answer(request, handler, body, fault)
            except Refusal as err:
                response = err.response()
            response.headers["request-id"] = self.world.new_id("req")
            return response

        return endpoint

    async def _answer(
        self, request: Request, handler: Handler, body: str, fault: Fault | None
    ) -> Response:
        await self._before(fault)
        key = request.headers.get("idempotency-key", "")
        if request.method != "POST" or not key:
            response = await _answered(handler, request, body)
        else:
            response = await self._once(request, handler, body, key, fault)
        return await self._after(fault, response)

    async def _once(
        self, request: Request, handler: Handler, body: str, key: str, fault: Fault | None
    ) -> Response:
        """The first answer again for the same key; refused with another body."""
        if len(key) > KEY_CHARS:
            raise Refusal(400, "The idempotency key is too long.")
        fingerprint = hashlib.sha256(f"{request.url.path}?{body}".encode()).hexdigest()
        known = self._kept.get(key)
        if known is not None and known.at_s > self.world.now_s() - KEPT_S:
            return _replayed(known, fingerprint)
        if key in self._busy:
            raise Refusal(
                409,
                "There is currently another in-progress request using this key.",
                kind="idempotency_error",
                code="idempotency_key_in_use",
            )
        self._busy.add(key)
        try:
            response = await _answered(handler, request, body)
        finally:
            self._busy.discard(key)
        if fault is not None and fault.kind is FaultKind.ERROR_AFTER:
            response = _error()
        stored = Stored(fingerprint, response.status_code, bytes(response.body), self.world.now_s())
        self._kept[key] = stored
        return response

    async def _before(self, fault: Fault | None) -> None:
        match fault and fault.kind:
            case FaultKind.ERROR_BEFORE:
                raise Refusal(500, "An unknown error occurred", kind="api_error")
            case FaultKind.RATE_LIMITED:
                raise Refusal(429, "Too many requests.", code="rate_limit")
            case FaultKind.CUT_BEFORE:
                raise ConnectionCut
            case FaultKind.SLOW:
                await self._wait(fault)

    async def _after(self, fault: Fault | None, response: Response) -> Response:
        match fault and fault.kind:
            case FaultKind.CUT_AFTER:
                raise ConnectionCut
            case FaultKind.LOST_AFTER:
                return _error()
            case FaultKind.SLOW_AFTER:
                await self._wait(fault)
        return response

    async def _wait(self, fault: Fault | None) -> None:
        try:
            await asyncio.wait_for(self.closing.wait(), fault.delay_s if fault else 0)
        except TimeoutError:
            return

    def _take_fault(self, request: Request) -> Fault | None:
        for fault in self.faults:
            if fault.path not in request.url.path or fault.method not in ("", request.method):
                continue
            if fault.after > 0:
                fault.after -= 1
                return None
            fault.calls -= 1
            if fault.calls <= 0:
                self.faults.remove(fault)
            return fault
        return None

    def _check_key(self, request: Request) -> None:
        word, _, key = request.headers.get("authorization", "").partition(" ")
        if word != "Bearer" or not key:
            raise Refusal(401, "You did not provide an API key.")
        if key != self.world.config.secret_key:
            raise Refusal(401, f"Invalid API Key provided: {key[:7]}****")


class ConnectionCut(Exception):
    """The socket is closed without an answer."""


async def _answered(handler: Handler, request: Request, body: str) -> Response:
    return JSONResponse(await handler(request, forms.parse(body)))


def _replayed(known: Stored, fingerprint: str) -> Response:
    if known.fingerprint != fingerprint:
        raise Refusal(
            400,
            "Keys for idempotent requests can only be used with the same parameters.",
            kind="idempotency_error",
        )
    headers = {"idempotent-replayed": "true"}
    if known.status >= 500:  # noqa: PLR2004
        headers["stripe-should-retry"] = "false"
    return Response(known.body, known.status, headers, media_type="application/json")


def _error() -> Response:
    error = {"type": "api_error", "message": "An unknown error occurred"}
    return JSONResponse({"error": error}, 500, {"stripe-should-retry": "false"})
