"""Answers 304 before routing, when the same credential asks the same address again and nothing
moved.

The route said what its ETag rests on (``revisions.vouch``). Here the revision is read again
from the database, so a 304 is as true as the route's own; only the way to it is shorter. The
caller must still be known and within the limits, else the request takes the whole way.
"""

from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shopwright.accounts import access, credentials
from shopwright.accounts.credentials import Credential, CredentialKind
from shopwright.accounts.identities import Identity, IdentityCache
from shopwright.kernel import limits
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import TooMany, Unauthenticated
from shopwright.kernel.revisions import Validity, cache_headers, tags_of

MAX_REMEMBERED = 5_000
REVALIDATED = frozenset({200, 304})

Key = tuple[str, str, bytes]


@dataclass(frozen=True, slots=True)
class Remembered:
    validity: Validity
    route: object  # for metrics and the log


class RevalidationMiddleware:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._remembered: dict[Key, Remembered] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        credential = _find_credential(request)
        if credential is None or credential.kind is CredentialKind.COOKIE:
            await self.app(scope, receive, send)
            return
        key = (credential.secret, scope["path"], scope["query_string"])
        if await self._is_unchanged(request, credential, key):
            await _send_304(scope, send, self._remembered[key].validity.etag)
            return

        async def remember(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in REVALIDATED:
                self._remember(scope, key)
            await send(message)

        await self.app(scope, receive, remember)

    async def _is_unchanged(self, request: Request, credential: Credential, key: Key) -> bool:
        asked = request.headers.get("if-none-match")
        remembered = self._remembered.get(key) if asked else None
        if remembered is None or remembered.validity.etag not in tags_of(asked or ""):
            return False
        process: Process = request.app.state.process
        identity = process.context.keep(IdentityCache).find(credential)
        if identity is None or _is_over(identity, process):
            return False
        validity = remembered.validity
        row = await process.database.fetch_shared_row(
            validity.statement, {"organization_id": validity.organization_id}
        )
        if row is None or str(row[0]) != validity.revision:
            return False
        request.scope["route"] = remembered.route
        return _is_within_limits(request, identity)

    def _remember(self, scope: Scope, key: Key) -> None:
        validity: Validity | None = scope["state"].get("validity")
        if validity is None:
            return
        if len(self._remembered) >= MAX_REMEMBERED:
            self._remembered.clear()
        self._remembered[key] = Remembered(validity, scope.get("route"))


def _find_credential(request: Request) -> Credential | None:
    """None for a malformed one too: the route refuses it with the reason."""
    try:
        return credentials.find_credential(request)
    except Unauthenticated:
        return None


def _is_over(identity: Identity, process: Process) -> bool:
    return identity.expires_at is not None and identity.expires_at <= process.clock.now()


def _is_within_limits(request: Request, identity: Identity) -> bool:
    """Charged like any request; beyond the limit the route refuses in its own words."""
    try:
        limits.charge(request, access.everyday_limit(request, identity), identity.principal)
    except TooMany:
        return False
    return True


async def _send_304(scope: Scope, send: Send, etag: str) -> None:
    headers = Headers({**cache_headers(etag), **scope["state"].get("extra_headers", {})})
    await send({"type": "http.response.start", "status": 304, "headers": headers.raw})
    await send({"type": "http.response.body", "body": b""})
