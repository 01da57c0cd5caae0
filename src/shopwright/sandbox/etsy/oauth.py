"""Authorization code with PKCE, and rotating refresh tokens (integrations fact sheet 1.3)."""

import base64
import hashlib
import re
import secrets
from functools import partial
from html import escape
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from shopwright.sandbox.etsy.faults import Faults
from shopwright.sandbox.etsy.refusals import Refusal
from shopwright.sandbox.etsy.world import Code, Grant, Json, World

SCOPES = frozenset(
    f"{subject}_{right}"
    for subject, rights in {
        "address": "rw",
        "email": "r",
        "listings": "drw",
        "profile": "rw",
        "shops": "rw",
        "transactions": "rw",
    }.items()
    for right in rights
)
CODE_S = 600
ACCESS_S = 3600
REFRESH_S = 90 * 86_400
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


class OAuth:
    """The pages and the token service, outside the app-key gate."""

    def __init__(self, world: World, faults: Faults) -> None:
        self._world = world
        self._faults = faults

    def routes(self) -> list[Route]:
        return [
            Route("/oauth/connect", self.authorize),
            Route("/v3/public/oauth/token", self.token, methods=["POST"]),
        ]

    async def authorize(self, request: Request) -> Response:
        """Consent page; answers at once with ``consent`` auto or deny. A stranger's redirect
        address gets an error page and no redirect."""
        query = request.query_params
        app = self._world.apps.get(query.get("client_id", ""))
        if app is None or query.get("redirect_uri", "") not in app.redirect_uris:
            text = (
                "The application that is requesting authorization is not set up for this address."
            )
            return HTMLResponse(f"<h1>Error</h1><p>{text}</p>", 400)
        error = _authorize_error(query)
        if error:
            return _redirect(query, {"error": error[0], "error_description": error[1]})
        decision = query.get("sandbox_decision", self._world.consent)
        if decision == "ask":
            return HTMLResponse(_consent_page(query))
        if decision == "deny":
            text = "The user denied the request"
            return _redirect(query, {"error": "access_denied", "error_description": text})
        return _redirect(query, {"code": self._new_code(query)})

    async def token(self, request: Request) -> Response:
        return await self._faults.apply(self._faults.take(request), partial(self._token, request))

    async def _token(self, request: Request) -> Response:
        content_type = request.headers.get("content-type", "")
        if not content_type.startswith("application/x-www-form-urlencoded"):
            raise Refusal(400, "invalid_request", "the body must be form-encoded")
        form = {name: str(value) for name, value in (await request.form()).items()}
        if form.get("client_id") not in self._world.apps:
            raise Refusal(401, "invalid_client", "client_id is not a valid keystring")
        if form.get("grant_type") == "authorization_code":
            return JSONResponse(self._redeem_code(form))
        if form.get("grant_type") == "refresh_token":
            return JSONResponse(self._rotate(form))
        raise Refusal(400, "unsupported_grant_type", "grant_type is not supported")

    def issue(self, client_id: str, user_id: int, scopes: tuple[str, ...]) -> Json:
        """A fresh pair of tokens, as the token service answers it."""
        now = self._world.clock.now()
        access = f"{user_id}.{secrets.token_urlsafe(32)}"
        refresh = f"{user_id}.{secrets.token_urlsafe(32)}"
        self._world.access[access] = Grant(client_id, user_id, scopes, now + ACCESS_S)
        self._world.refresh[refresh] = Grant(client_id, user_id, scopes, now + REFRESH_S)
        return {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": ACCESS_S,
            "refresh_token": refresh,
        }

    def _new_code(self, query: QueryParams) -> str:
        code = secrets.token_urlsafe(24)
        self._world.codes[code] = Code(
            client_id=query["client_id"],
            user_id=self._world.signed_in_user_id,
            redirect_uri=query["redirect_uri"],
            scopes=tuple(query["scope"].split()),
            challenge=query["code_challenge"],
            expires_at=self._world.clock.now() + CODE_S,
        )
        return code

    def _redeem_code(self, form: dict[str, str]) -> Json:
        """Any try spends the code."""
        code = self._world.codes.pop(form.get("code", ""), None)
        if code is None or code.client_id != form["client_id"]:
            raise Refusal(400, "invalid_grant", "code has been used previously or is invalid")
        if self._world.clock.now() >= code.expires_at:
            raise Refusal(400, "invalid_grant", "code is expired")
        if form.get("redirect_uri") != code.redirect_uri:
            raise Refusal(400, "invalid_grant", "redirect_uri does not match")
        verifier = form.get("code_verifier", "")
        if not VERIFIER.fullmatch(verifier) or _challenge(verifier) != code.challenge:
            raise Refusal(400, "invalid_grant", "code_verifier is invalid")
        return self.issue(code.client_id, code.user_id, code.scopes)

    def _rotate(self, form: dict[str, str]) -> Json:
        token = form.get("refresh_token", "")
        if token in self._world.revoked_refresh:
            raise Refusal(400, "invalid_grant", "refresh_token is revoked")
        grant = self._world.refresh.get(token)
        if grant is None or grant.client_id != form["client_id"]:
            raise Refusal(400, "invalid_grant", "refresh_token is invalid")
        if self._world.clock.now() >= grant.expires_at:
            raise Refusal(400, "invalid_grant", "refresh_token is expired")
        del self._world.refresh[token]
        self._world.revoked_refresh.add(token)
        return self.issue(grant.client_id, grant.user_id, grant.scopes)


def _authorize_error(query: QueryParams) -> tuple[str, str] | None:
    scopes = query.get("scope", "").split()
    if query.get("response_type") != "code":
        return "unsupported_response_type", "response_type must be code"
    if not scopes or not SCOPES.issuperset(scopes):
        return "invalid_scope", "scope is empty or unknown"
    if not query.get("state"):
        return "invalid_request", "state is required"
    if query.get("code_challenge_method") != "S256":
        return "invalid_request", "code_challenge_method must be S256"
    if not CHALLENGE.fullmatch(query.get("code_challenge", "")):
        return "invalid_request", "code_challenge is invalid"
    return None


def _redirect(query: QueryParams, answer: dict[str, str]) -> Response:
    """Etsy answers at the registered address and echoes the state."""
    separator = "&" if "?" in query["redirect_uri"] else "?"
    fields = answer | {"state": query.get("state", "")}
    return RedirectResponse(f"{query['redirect_uri']}{separator}{urlencode(fields)}", 302)


def _consent_page(query: QueryParams) -> str:
    def link(decision: str, label: str) -> str:
        fields = urlencode([*query.multi_items(), ("sandbox_decision", decision)])
        return f'<p><a href="?{escape(fields)}">{label}</a></p>'

    scopes = escape(query["scope"])
    return (
        "<!doctype html><title>Sandbox Etsy</title><h1>Sandbox Etsy</h1>"
        f"<p>An application asks for: {scopes}</p>"
        f"{link('auto', 'Grant access')}{link('deny', 'Cancel')}"
    )


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
