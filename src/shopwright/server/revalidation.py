"""Answers in front of the application when the same credential asks the same address again.

The route said what its ETag rests on and how it is read (``revisions.answer``). Here the revision,
or the answer itself, is read again from the database: what is said is as true as the route's own,
only the way to it is shorter. Nothing of an answer is kept. The caller must still be who he was and
within the limits, else the request takes the whole way.
"""

import time
from dataclasses import dataclass, replace

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
JSON_HEADERS = ((b"content-type", b"application/json"),)

Key = tuple[bytes, str, bytes]  # credential, path and query as they came


@dataclass(frozen=True, slots=True)
class Remembered:
    validity: Validity
    credential: Credential
    identity: Identity
    path: str  # without BASE_PATH
    route: str  # for metrics and the log


@dataclass(frozen=True, slots=True)
class Said:
    """``body`` is None when the caller has it already."""

    etag: str
    body: bytes | None


class Revalidation:
    """What the application answered, and the short way to say it again."""

    def __init__(self) -> None:
        self._remembered: dict[Key, Remembered] = {}

    async def answer(self, app: FastAPI, scope: Scope, send: Send) -> bool:
        """Whether the request had its answer here."""
        if scope["type"] != "http" or scope["method"] != "GET":
            return False
        started = time.perf_counter()
        key, known = _read_headers(scope)
        remembered = self._remembered.get(key) if key else None
        process: Process | None = getattr(app.state, "process", None)
        if key is None or remembered is None or process is None:
            return False
        request = Request({**scope, "app": app, "path": remembered.path})
        try:
            said = await self._say(request, process, key, remembered, known)
        except Exception:  # noqa: BLE001  the whole way meets it as well, and tells and logs it
            return False
        if said is None:
            return False
        await _send(scope, send, said, remembered.route, started)
        return True

    def remember(self, scope: Scope, credential: Credential) -> None:
        """The route has answered this request; its address may be asked for again."""
        validity: Validity | None = scope["state"].get("validity")
        key = scope["state"].get("revalidation_key")
        identity = scope["state"].get("identity")
        if validity is None or key is None or identity is None:
            return
        if len(self._remembered) >= MAX_REMEMBERED:
            self._remembered.clear()
        route = getattr(scope.get("route"), "path", "unmatched")
        path = route_path(Request(scope))
        self._remembered[key] = Remembered(validity, credential, identity, path, route)

    async def _say(
        self, request: Request, process: Process, key: Key, remembered: Remembered, known: str
    ) -> Said | None:
        """None when only the route can say it."""
        if process.context.keep(IdentityCache).find(remembered.credential) != remembered.identity:
            return None
        if _is_over(remembered.identity, process):
            return None
        validity = remembered.validity
        is_known = bool(known) and validity.etag in tags_of(known)
        if is_known and await _holds(process, validity):
            return Said(validity.etag, None) if _is_within_limits(request, remembered) else None
        if validity.read is None or not _is_within_limits(request, remembered):
            return None
        text, revision = await validity.read()
        etag = validity.asked.tag(revision)
        self._remembered[key] = replace(
            remembered, validity=replace(validity, revision=revision, etag=etag)
        )
        return Said(etag, None if etag in tags_of(known) else text.encode())


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


def _read_headers(scope: Scope) -> tuple[Key | None, str]:
    """What the request is remembered by, left in its state for ``remember``, and the tags that
    the caller has."""
    secret, known = b"", b""
    for name, value in scope["headers"]:
        if name in SAID:
            secret += value
        elif name == b"if-none-match":
            known = value
        elif name == b"origin":
            return None, ""  # the answer needs its CORS headers
    if not secret:
        return None, ""
    key = (secret, scope["path"], scope["query_string"])
    scope.setdefault("state", {})["revalidation_key"] = key
    return key, known.decode("latin-1")


async def _holds(process: Process, validity: Validity) -> bool:
    row = await process.database.fetch_shared_row(
        validity.statement, {"organization_id": validity.asked.organization_id}
    )
    return row is not None and str(row[0]) == validity.revision


async def _send(scope: Scope, send: Send, said: Said, route: str, started: float) -> None:
    request_id = find_request_id(scope)
    told: dict[str, str] = {**cache_headers(said.etag), **scope["state"].get("extra_headers", {})}
    headers = [(name.encode(), value.encode()) for name, value in told.items()]
    headers += [*STATIC_HEADERS, (b"x-request-id", request_id.encode())]
    if said.body is not None:
        headers += [*JSON_HEADERS, (b"content-length", str(len(said.body)).encode())]
    status = 304 if said.body is None else 200
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": said.body or b""})
    record("GET", route, status, time.perf_counter() - started, request_id=request_id)


def _find_credential(request: Request) -> Credential | None:
    """None for a malformed one too: the route refuses it with the reason."""
    try:
        found = credentials.find_credential(request)
    except Unauthenticated:
        return None
    return found if found and found.kind is not CredentialKind.COOKIE else None


def _is_over(identity: Identity, process: Process) -> bool:
    return identity.expires_at is not None and identity.expires_at <= process.clock.now()


def _is_within_limits(request: Request, remembered: Remembered) -> bool:
    """Charged like any request; beyond the limit the route refuses in its own words."""
    identity = remembered.identity
    try:
        limits.charge(request, access.everyday_limit(request, identity), identity.principal)
    except TooMany:
        return False
    return True
