"""Fetch tokens: whoever holds one may fetch one received file, once, within a quarter of an hour.

A token names a round of its job. The first one that is used ends the round, and with it every other
token of that round: nothing is stored, and a list of files may be read any number of times.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shopwright.kernel.errors import Gone, NotFound

PURPOSE = "printer-backend-fetch"
LIFE = timedelta(minutes=15)  # of the reference's FETCH_TOKEN_TTL_MINUTES
FORM = re.compile(r"([0-9a-f]{32})\.(\d{1,9})\.(\d{1,12})\.([0-9a-f]{64})")


class FetchTokenUnknown(NotFound):
    code = "fetch-token-unknown"
    title = "This is no fetch token"


class FetchTokenSpent(Gone):
    code = "fetch-token-spent"
    title = "This fetch token was used, or it is too old"


@dataclass(frozen=True, slots=True)
class FetchToken:
    file_id: str  # the received job's uuid
    round: int
    expires_at: datetime


def make_token(key: bytes, file_id: str, round_: int, now: datetime) -> tuple[str, datetime]:
    """And when it ends."""
    expires_at = (now + LIFE).replace(microsecond=0)
    payload = f"{file_id.replace('-', '')}.{round_}.{int(expires_at.timestamp())}"
    return f"{payload}.{_signature(key, payload)}", expires_at


def read_token(keys: Sequence[bytes], text: str, now: datetime) -> FetchToken:
    """Raises FetchTokenUnknown, or FetchTokenSpent when its time is over."""
    found = FORM.fullmatch(text)
    if found is None:
        raise FetchTokenUnknown("This is no fetch token of ours.")
    payload, claimed = text.rpartition(".")[0], found.group(4)
    if not any(hmac.compare_digest(_signature(key, payload), claimed) for key in keys):
        raise FetchTokenUnknown("This is no fetch token of ours.")
    digits = found.group(1)
    file_id = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    expires_at = datetime.fromtimestamp(int(found.group(3)), UTC)
    if now >= expires_at:
        raise FetchTokenSpent("This fetch token is too old. Ask for another by a handshake.")
    return FetchToken(file_id, int(found.group(2)), expires_at)


def _signature(key: bytes, payload: str) -> str:
    return hmac.new(key, payload.encode(), hashlib.sha256).hexdigest()
