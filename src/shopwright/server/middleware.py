"""What wraps every request: id, one log line, metrics, paths with a final slash, security headers.

Plain ASGI: a layer that builds request and response objects costs more than the order list itself.
"""

import time
from collections.abc import MutableMapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shopwright.kernel import ids
from shopwright.kernel.edge import MAX_BODY_BYTES
from shopwright.kernel.errors import Unavailable
from shopwright.kernel.metrics import REQUEST_SECONDS
from shopwright.server import problems

log = structlog.get_logger("shopwright.request")

PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
    "script-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
SECURITY_HEADERS = (
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("x-frame-options", "DENY"),
    ("content-security-policy", PAGE_POLICY),
)
MAX_REQUEST_ID = 64

Networks = tuple[IPv4Network | IPv6Network, ...]


class RequestMiddleware:
    def __init__(
        self, app: ASGIApp, base_path: str = "", trusted_proxies: Sequence[str] = ()
    ) -> None:
        self.app = app
        self.base_path = base_path
        self.trusted = tuple(ip_network(proxy, strict=False) for proxy in trusted_proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = find_request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        _tidy_path(scope, self.base_path)
        if self.trusted:
            _believe_proxy(scope, self.trusted)
        status = 500

        async def send_head(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(scope, message, request_id)
            await send(message)

        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            await self.app(scope, BoundedBody(scope, receive), send_head)
        finally:
            route = getattr(scope.get("route"), "path", "unmatched")
            record(scope["method"], route, status, time.perf_counter() - started)
            structlog.contextvars.unbind_contextvars("request_id")


class CrashMiddleware:
    """Answers unexpected errors inside of the layers that add ids, security and CORS headers.

    The framework's own place for that lies outside of all of them.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def note(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self.app(scope, receive, note)
        except Exception as error:
            if has_begun or scope["type"] != "http":
                raise
            await problems.unexpected(Request(scope), error)(scope, receive, send)


class StartingMiddleware:
    """Until the process is open only ``/health`` has an answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_open = scope["type"] != "http" or hasattr(scope["app"].state, "process")
        if is_open or scope["path"] in {"/health", "/api/health"}:
            await self.app(scope, receive, send)
            return
        error = Unavailable("The server is starting. Try again in a second.")
        answer = problems.problem(Request(scope), error, {"Retry-After": "1"})
        await answer(scope, receive, send)


class BoundedBody:
    """Refuses a body that is too long: before a byte of it is read when its length is told.

    A route that streams its body sets its own limit with ``edge.allow_body``.
    """

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._state, self._receive = scope["state"], receive
        told = Headers(scope=scope).get("content-length", "")
        self._told = int(told) if told.isascii() and told.isdigit() else 0
        self._read = 0

    async def __call__(self) -> Message:
        limit: int = self._state.get("max_body_bytes", MAX_BODY_BYTES)
        self._check(self._told, limit)
        message = await self._receive()
        self._read += len(message.get("body", b""))
        self._check(self._read, limit)
        return message

    @staticmethod
    def _check(size: int, limit: int) -> None:
        if size > limit:
            # The framework lets its own kind of error out of its parsing, and no other.
            raise HTTPException(413, f"The request has more than {limit:,} bytes.")


def find_request_id(scope: Scope) -> str:
    """The caller's own where it is harmless, else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and 0 < len(value) <= MAX_REQUEST_ID:
            text: str = value.decode("latin-1")
            if text.replace("-", "").isalnum():
                return text
    return ids.new_request_id()


def _believe_proxy(scope: Scope, trusted: Networks) -> None:
    """Take client address and scheme from the headers a trusted proxy set.

    Of ``X-Forwarded-For`` the last address that is no trusted proxy counts: what stands before it
    anybody may have written.
    """
    if scope.get("client") is None or not _is_in(scope["client"][0], trusted):
        return
    headers = Headers(scope=scope)
    hops = [hop.strip() for hop in headers.get("x-forwarded-for", "").split(",") if hop.strip()]
    for hop in reversed(hops):
        if not _is_in(hop, trusted):
            scope["client"] = (hop, 0)
            break
    scheme = headers.get("x-forwarded-proto", "").split(",")[-1].strip().lower()
    if scheme in {"http", "https"}:
        scope["scheme"] = scheme


def _is_in(address: str, networks: Networks) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)


def _tidy_path(scope: Scope, base_path: str) -> None:
    """Answer with and without the final slash, and below ``BASE_PATH``, without a redirect."""
    path: str = scope["path"]
    if base_path and (path == base_path or path.startswith(base_path + "/")):
        path = path[len(base_path) :] or "/"
        scope["root_path"] = base_path
        scope["app_root_path"] = base_path
    if len(path) > 1 and path.endswith("/"):
        path = path.rstrip("/") or "/"
    # Starlette routes on path minus root_path, so both are kept in step.
    scope["path"] = (scope.get("root_path") or "") + path


def _add_headers(scope: Scope, message: MutableMapping[str, Any], request_id: str) -> None:
    headers = MutableHeaders(scope=message)
    headers["x-request-id"] = request_id
    for name, value in SECURITY_HEADERS:
        headers.setdefault(name, value)
    for name, value in scope["state"].get("extra_headers", {}).items():
        headers[name] = value


def record(method: str, route: str, status: int, seconds: float, **bound: str) -> None:
    """Count and log one answered request."""
    REQUEST_SECONDS.labels(method, route, str(status)).observe(seconds)
    if route in {"/health", "/ready", "/metrics"}:
        return
    ms = round(seconds * 1000, 1)
    log.info("request", method=method, route=route, status=status, ms=ms, **bound)
