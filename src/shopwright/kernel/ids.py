"""Identifiers minted by us: row uuids, secrets for links and tokens, and job ids that devices
echo."""

import os
import secrets
import time
import uuid
from itertools import count

MAX_DEVICE_JOB_ID = 2_147_483_647  # Bambu firmware reads it as a signed 32-bit integer


def new_uuid() -> str:
    """A version 7 uuid (RFC 9562): sorts by the time it was made."""
    milliseconds = time.time_ns() // 1_000_000
    value = bytearray(milliseconds.to_bytes(6, "big") + os.urandom(10))
    value[6] = (value[6] & 0x0F) | 0x70
    value[8] = (value[8] & 0x3F) | 0x80
    return str(uuid.UUID(bytes=bytes(value)))


_REQUESTS = count(int.from_bytes(os.urandom(4), "big"))
_PROCESS = os.urandom(6).hex()


def new_request_id() -> str:
    """Unique among processes and starts, without a system call for each request."""
    return f"{_PROCESS}-{next(_REQUESTS):x}"


def new_token(n_bytes: int = 32) -> str:
    """An unguessable, URL-safe secret of ``n_bytes`` random bytes."""
    return secrets.token_urlsafe(n_bytes)


def new_device_job_id() -> str:
    """A fresh non-zero job id; 0 and reused ids make a printer think the old job goes on."""
    return str(secrets.randbelow(MAX_DEVICE_JOB_ID - 1_000_000) + 1_000_000)


def is_uuid(value: str) -> bool:
    try:
        uuid.UUID(value)
    except ValueError:
        return False
    return True
