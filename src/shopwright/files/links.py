"""Signed links to stored files: whoever holds one may fetch that one file until it expires.

A token is ``payload.signature``, both base64url; the payload is readable, so it holds no secret.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import msgspec

from shopwright.files.storage import InvalidFileKey, check_key
from shopwright.kernel.errors import Forbidden, Gone

DOWNLOAD = "download"
SALT = b"shopwright.files.link.1"  # a signature made for another purpose never fits here
MAX_TOKEN = 4_096  # characters; a link with the longest file name has about 1,600
MAX_FILENAME = 255


class FileLinkInvalid(Forbidden):
    code = "file-link-invalid"
    title = "This link is not valid"


class FileLinkExpired(Gone):
    code = "file-link-expired"
    title = "This link has expired"


@dataclass(frozen=True, slots=True)
class FileLink:
    sha256: str
    filename: str
    content_type: str
    expires_at: datetime


class LinkFor(StrEnum):
    """Who a link to one named picture is for, which says how long it may last (reference (d))."""

    MANUFACTURER = "manufacturer"
    END_USER = "end_user"
    ADMIN = "admin"


DEFAULT_LIFE = {
    LinkFor.MANUFACTURER: timedelta(hours=48),
    LinkFor.END_USER: timedelta(hours=1),
    LinkFor.ADMIN: timedelta(hours=24),
}
LONGEST_LIFE = {
    LinkFor.MANUFACTURER: timedelta(hours=72),
    LinkFor.END_USER: timedelta(hours=4),
    LinkFor.ADMIN: timedelta(hours=168),
}


class _Payload(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    sha256: str
    filename: str
    content_type: str
    expires_s: int


def sign_file_link(keys: Sequence[bytes], link: FileLink, *, purpose: str = DOWNLOAD) -> str:
    """A URL-safe token, signed with the last of ``keys``; expiry counts in whole seconds."""
    payload = msgspec.json.encode(
        _Payload(
            sha256=check_key(link.sha256),
            filename=link.filename[:MAX_FILENAME],
            content_type=link.content_type,
            expires_s=int(link.expires_at.timestamp()),
        )
    )
    return f"{_encode(payload)}.{_encode(_signature(keys[-1], payload, purpose))}"


def read_file_link(
    keys: Sequence[bytes], token: str, *, now: datetime, purpose: str = DOWNLOAD
) -> FileLink:
    """Accepts the signature of any of ``keys``. Raises FileLinkInvalid or FileLinkExpired."""
    payload = _verified_payload(keys, token, purpose)
    try:
        fields = msgspec.json.decode(payload, type=_Payload)
        expires_at = datetime.fromtimestamp(fields.expires_s, UTC)
        link = FileLink(check_key(fields.sha256), fields.filename, fields.content_type, expires_at)
    except (msgspec.DecodeError, InvalidFileKey, OverflowError, OSError, ValueError) as err:
        raise _invalid() from err
    if now >= expires_at:
        raise FileLinkExpired("This link has expired. Open the page it came from again.")
    return link


def sign_bound_link(
    keys: Sequence[bytes], bound_to: str, audience: LinkFor, expires_at: datetime
) -> str:
    """A token in the documented form ``expiry:partner:signature`` that opens only ``bound_to``."""
    payload = f"{int(expires_at.timestamp())}:{audience.value}"
    return f"{payload}:{_bound_signature(keys[-1], bound_to, payload)}"


def read_bound_link(
    keys: Sequence[bytes], token: str, bound_to: str, *, now: datetime
) -> tuple[LinkFor, datetime]:
    """Who it is for and when it ends. ``expiry:signature`` is a token for an end user.

    Raises FileLinkInvalid, also for another picture's token, or FileLinkExpired.
    """
    payload, _, claimed = token.rpartition(":")
    shown = claimed.encode("utf-8", "surrogatepass")
    fits = [
        hmac.compare_digest(_bound_signature(key, bound_to, payload).encode(), shown)
        for key in keys
    ]
    if len(token) > MAX_TOKEN or not any(fits):
        raise _invalid()
    expiry, _, audience = payload.partition(":")
    expires_at = datetime.fromtimestamp(int(expiry), UTC)
    if now >= expires_at:
        raise FileLinkExpired("This link has expired. Open the page it came from again.")
    return LinkFor(audience or LinkFor.END_USER), expires_at


def _bound_signature(key: bytes, bound_to: str, payload: str) -> str:
    """Over what it opens as well, so that it opens nothing else."""
    derived = hmac.digest(key, SALT + b":bound", hashlib.sha256)
    content = f"{len(bound_to)}:{bound_to}:{payload}".encode("utf-8", "surrogatepass")
    return hmac.digest(derived, content, hashlib.sha256).hex()


def _verified_payload(keys: Sequence[bytes], token: str, purpose: str) -> bytes:
    encoded, _, signature = token.partition(".")
    if len(token) > MAX_TOKEN:
        raise _invalid()
    try:
        payload, claimed = _decode(encoded), _decode(signature)
    except (binascii.Error, ValueError) as err:
        raise _invalid() from err
    # Every key is tried, so that the time taken does not tell which one signed.
    fits = [hmac.compare_digest(_signature(key, payload, purpose), claimed) for key in keys]
    if not any(fits):
        raise _invalid()
    return payload


def _signature(key: bytes, payload: bytes, purpose: str) -> bytes:
    derived = hmac.digest(key, SALT + b":" + purpose.encode(), hashlib.sha256)
    return hmac.digest(derived, payload, hashlib.sha256)


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _invalid() -> FileLinkInvalid:
    return FileLinkInvalid("This link is not complete or was changed. Open it from the page again.")
