"""Access tokens: JWT, HS256, nothing else. Ours name a session; those from outside only a user."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from shopwright.kernel import ids
from shopwright.kernel.errors import Unauthenticated
from shopwright.kernel.secrets import Vault
from shopwright.kernel.settings import Settings

ALGORITHM = "HS256"
ISSUER = "shopwright"
MAX_TOKEN_LENGTH = 8192


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says that we believe; never a role (reference decisions 28)."""

    user_uuid: str | None
    email: str | None
    session_uuid: str | None
    organization_uuid: str | None
    expires_at: datetime


def signing_key(settings: Settings, vault: Vault) -> bytes:
    """``JWT_SECRET``, or a key derived from the master key."""
    if settings.jwt_secret and settings.jwt_secret.get_secret_value():
        return settings.jwt_secret.get_secret_value().encode()
    return vault.subkey("access-tokens")


def mint(
    key: bytes,
    *,
    user_uuid: str,
    session_uuid: str,
    organization_uuid: str | None,
    now: datetime,
    minutes: int,
) -> str:
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "sub": user_uuid,
        "userId": user_uuid,
        "sid": session_uuid,
        "iat": int(now.timestamp()),
        "exp": int((now + timedelta(minutes=minutes)).timestamp()),
    }
    if organization_uuid:
        claims["org"] = organization_uuid
    return jwt.encode(claims, key, ALGORITHM)


def read(key: bytes, token: str) -> Claims:
    """Raises Unauthenticated unless the signature is right; expiry is the caller's to compare."""
    if len(token) > MAX_TOKEN_LENGTH:
        raise Unauthenticated("This token is too long to be one.")
    try:
        # Expiry is compared with the injected clock, not with PyJWT's.
        claims = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            options={"verify_exp": False, "verify_aud": False, "verify_iat": False,
                     "verify_sub": False, "require": ["exp"]},
        )  # fmt: skip
        expires_at = datetime.fromtimestamp(int(claims["exp"]), UTC)
    except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError, OSError) as err:
        raise Unauthenticated("The token is not valid. Sign in again.") from err
    return _believed(claims, expires_at)


def _believed(claims: dict[str, Any], expires_at: datetime) -> Claims:
    is_ours = claims.get("iss") == ISSUER
    named = [str(claims[name]) for name in ("userId", "sub", "id") if claims.get(name)]
    email = claims.get("email")
    is_denied = claims.get("email_verified") is False
    return Claims(
        user_uuid=next((name.lower() for name in named if ids.is_uuid(name)), None),
        email=email.lower() if isinstance(email, str) and not is_denied and not is_ours else None,
        session_uuid=str(claims.get("sid")) if is_ours else None,
        organization_uuid=_organization_of(claims, is_ours=is_ours),
        expires_at=expires_at,
    )


def _organization_of(claims: dict[str, Any], *, is_ours: bool) -> str | None:
    """Whether the user belongs to it, their memberships say."""
    named = str(claims.get("org" if is_ours else "organizationId") or "").lower()
    return named if ids.is_uuid(named) else None
