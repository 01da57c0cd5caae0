"""Signed links to stored files: whoever holds one may fetch that one file until it expires.

A token is ``payload.signature``, both base64url; the payload is readable, so it holds no secret.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

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
