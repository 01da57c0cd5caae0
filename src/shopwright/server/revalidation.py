"""Answers 304 in front of the application, when the same credential asks the same address again
and nothing moved.

The route said what its ETag rests on (``revisions.vouch``). Here the revision is read again
from the database, so a 304 is as true as the route's own; only the way to it is shorter. The
caller must still be known and within the limits, else the request takes the whole way.
"""

import time
from dataclasses import dataclass

from fastapi import FastAPI
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shopwright.accounts import access, credentials
from shopwright.accounts.credentials import Credential, CredentialKind
from shopwright.accounts.identities import Identity, IdentityCache
from shopwright.kernel import limits
from shopwright.kernel.edge import Process, route_path
from shopwright.kernel.errors import TooMany, Unauthenticated
from shopwright.kernel.revisions import Validity, cache_headers, tags_of
from shopwright.server.middleware import SECURITY_HEADERS, find_request_id, record

MAX_REMEMBERED = 5_000
REVALIDATED = frozenset({200, 304})
SAID = frozenset({b"authorization", credentials.KEY_HEADER.encode()})
STATIC_HEADERS = tuple((name.encode(), value.encode()) for name, value in SECURITY_HEADERS)

Key = tuple[bytes, str, bytes]
Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Remembered:
    validity: Validity
    credential: Credential
    path: str  # without BASE_PATH
    route: str  # for metrics and the log
    headers: Headers


class Revalidation:
    """What the application answered, and the short way to say it again."""

    def __init__(self) -> None:
        self._remembered: dict[Key, Remembered] = {}

    async def answer(self, app: FastAPI, scope: Scope, send: Send) -> bool:
        """Whether the request had its answer here."""
        if scope["type"] != "http" or scope["method"] != "GET":
            return False
        remembered = self._find(scope)
        if remembered is None:
            return False
        started = time.perf_counter()
        request = Request({**scope, "app": app, "path": remembered.path})
        if not await _holds(request, remembered):
            return False
        request_id = find_request_id(scope)
        told: dict[str, str] = scope["state"].get("extra_headers", {})
        headers = [(name.encode(), value.encode()) for name, value in told.items()]
        headers += [*remembered.headers, (b"x-request-id", request_id.encode())]
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        seconds = time.perf_counter() - started
        record("GET", remembered.route, 304, seconds, request_id=request_id)
        return True

    def remember(self, scope: Scope, credential: Credential) -> None:
        """The route has answered this request; its ETag may be asked for again."""
        validity: Validity | None = scope["state"].get("validity")
        key = scope["state"].get("revalidation_key")
        if validity is None or key is None:
            return
        if len(self._remembered) >= MAX_REMEMBERED:
            self._remembered.clear()
        route = getattr(scope.get("route"), "path", "unmatched")
        headers = [(n.encode(), v.encode()) for n, v in cache_headers(validity.etag).items()]
        self._remembered[key] = Remembered(
            validity, credential, route_path(Request(scope)), route, [*headers, *STATIC_HEADERS]
        )

    def _find(self, scope: Scope) -> Remembered | None:
        """Leaves the key in the request's state for ``remember``."""
        secret, asked = b"", b""
        for name, value in scope["headers"]:
            if name in SAID:
                secret += value
            elif name == b"if-none-match":
                asked = value
            elif name == b"origin":
                return None  # the answer needs its CORS headers
        if not secret:
            return None
        key = (secret, scope["path"], scope["query_string"])
        scope.setdefault("state", {})["revalidation_key"] = key
        remembered = self._remembered.get(key) if asked else None
        if remembered is None or remembered.validity.etag not in tags_of(asked.decode("latin-1")):
            return None
        return remembered


class RememberMiddleware:
    """Inside of the application, where a route's answer begins."""

    def __init__(self, app: ASGIApp, revalidation: Revalidation) -> None:
        self.app = app
        self.revalidation = revalidation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or "revalidation_key" not in scope.get("state", {}):
            await self.app(scope, receive, send)
            return
        credential = _find_credential(Request(scope))

        async def remember(message: Message) -> None:
            is_answer = message["type"] == "http.response.start"
            if credential and is_answer and message["status"] in REVALIDATED:
                self.revalidation.remember(scope, credential)
            await send(message)

        await self.app(scope, receive, remember)


async def _holds(request: Request, remembered: Remembered) -> bool:
    process: Process | None = getattr(request.app.state, "process", None)
    if process is None:
        return False
    identity = process.context.keep(IdentityCache).find(remembered.credential)
    if identity is None or _is_over(identity, process):
        return False
    validity = remembered.validity
    row = await process.database.fetch_shared_row(
        validity.statement, {"organization_id": validity.organization_id}
    )
    if row is None or str(row[0]) != validity.revision:
        return False
    return _is_within_limits(request, identity)


def _find_credential(request: Request) -> Credential | None:
    """None for a malformed one too: the route refuses it with the reason."""
    try:
        found = credentials.find_credential(request)
    except Unauthenticated:
        return None
    return found if found and found.kind is not CredentialKind.COOKIE else None


def _is_over(identity: Identity, process: Process) -> bool:
    return identity.expires_at is not None and identity.expires_at <= process.clock.now()


def _is_within_limits(request: Request, identity: Identity) -> bool:
    """Charged like any request; beyond the limit the route refuses in its own words."""
    try:
        limits.charge(request, access.everyday_limit(request, identity), identity.principal)
    except TooMany:
        return False
    return True
