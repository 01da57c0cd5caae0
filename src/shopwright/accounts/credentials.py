"""What a request shows to say who it is: Bearer token, key header or page cookie."""

import hashlib
import hmac
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from shopwright.kernel.edge import route_path
from shopwright.kernel.errors import Forbidden, Unauthenticated
from shopwright.kernel.secrets import Vault

KEY_PREFIX = "sk_"
KEY_HEADER = "x-api-key"
CSRF_HEADER = "x-csrf-token"
SECURE_COOKIE = "__Host-shopwright"
PLAIN_COOKIE = "shopwright"  # __Host- needs https; a shop's LAN often has none
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class CredentialKind(StrEnum):
    TOKEN = "token"
    KEY = "key"
    COOKIE = "cookie"


@dataclass(frozen=True, slots=True)
class Credential:
    kind: CredentialKind
    secret: str


def find_credential(request: Request) -> Credential | None:
    """The first one present; raises Unauthenticated when Authorization is of another scheme."""
    authorization = request.headers.get("authorization")
    if authorization:
        return _bearer(authorization)
    key = request.headers.get(KEY_HEADER) or getattr(request.state, "open_key", None)
    if key:
        return Credential(CredentialKind.KEY, key.strip())
    cookie = request.cookies.get(cookie_name(request))
    return Credential(CredentialKind.COOKIE, cookie) if cookie else None


def _bearer(authorization: str) -> Credential:
    scheme, _, secret = authorization.partition(" ")
    secret = secret.strip()
    if scheme.lower() != "bearer" or not secret:
        raise Unauthenticated("The Authorization header must be 'Bearer' and a token.")
    is_key = secret.startswith(KEY_PREFIX)
    return Credential(CredentialKind.KEY if is_key else CredentialKind.TOKEN, secret)


def cookie_name(request: Request) -> str:
    return SECURE_COOKIE if request.url.scheme == "https" else PLAIN_COOKIE


def set_cookie(response: Response, request: Request, token: str, max_age_s: int) -> None:
    """Give the browser its session; readable by no script, sent by no other site's forms."""
    response.set_cookie(
        cookie_name(request),
        token,
        max_age=max_age_s,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )


def clear_cookie(response: Response, request: Request) -> None:
    response.delete_cookie(
        cookie_name(request), path="/", secure=request.url.scheme == "https", httponly=True
    )


def csrf_token(vault: Vault, cookie: str) -> str:
    """What a page of this session puts into ``X-CSRF-Token``; another site cannot know it."""
    return _csrf(vault.subkey("csrf"), cookie)


def check_cookie_use(request: Request, vault: Vault, cookie: str) -> None:
    """A browser sends its cookie for anybody, so the request must prove that our page made it.

    API routes want the CSRF token always; pages only for unsafe methods, where our Origin will do.
    """
    is_api = route_path(request).startswith("/api/")
    if not is_api and request.method in SAFE_METHODS:
        return
    given = request.headers.get(CSRF_HEADER, "")
    if any(_equal(given, _csrf(key, cookie)) for key in vault.subkeys("csrf")):
        return
    if is_api:
        raise Unauthenticated("A page's session counts here only with its X-CSRF-Token.")
    if not is_same_origin(request):
        raise Forbidden(
            "This form was not sent by one of our pages. Reload the page and try again."
        )


def is_same_origin(request: Request) -> bool:
    """Whether the browser says that the request comes from our own pages."""
    origin = request.headers.get("origin")
    if origin:
        return urlsplit(origin).netloc.lower() == request.headers.get("host", "").lower()
    return request.headers.get("sec-fetch-site") == "same-origin"


def _csrf(key: bytes, cookie: str) -> str:
    return hmac.new(key, cookie.encode(), hashlib.sha256).hexdigest()


def _equal(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())
