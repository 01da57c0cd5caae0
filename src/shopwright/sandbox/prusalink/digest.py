"""Digest log-in as a server asks for it (RFC 7616, MD5 and qop=auth as Prusa's boards do)."""

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from enum import StrEnum

REALM = "Printer API"
USER = "maker"
USES_OF_A_NONCE = 50  # then it is stale, and clients must take the new one
_PAIR = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')


class AuthMode(StrEnum):
    BOTH = "both"
    KEY_ONLY = "key_only"
    DIGEST_ONLY = "digest_only"


@dataclass(slots=True)
class Digest:
    """Nonces that were given out, and how often each was used."""

    used: dict[str, int] = field(default_factory=dict)

    def challenge(self, *, is_stale: bool = False) -> str:
        nonce = secrets.token_hex(16)
        self.used[nonce] = 0
        stale = ", stale=true" if is_stale else ""
        return f'Digest realm="{REALM}", nonce="{nonce}", qop="auth", algorithm=MD5{stale}'

    def is_right(self, header: str, method: str, password: str) -> bool:
        told = {name: quoted or plain for name, quoted, plain in _PAIR.findall(header)}
        nonce = told.get("nonce", "")
        if nonce not in self.used or self.used[nonce] >= USES_OF_A_NONCE:
            return False
        self.used[nonce] += 1
        secret = _hash(f"{USER}:{REALM}:{password}")
        asked = _hash(f"{method}:{told.get('uri', '')}")
        parts = (secret, nonce, told.get("nc", ""), told.get("cnonce", ""), "auth", asked)
        return secrets.compare_digest(told.get("response", ""), _hash(":".join(parts)))

    def is_stale(self, header: str) -> bool:
        told = {name: quoted or plain for name, quoted, plain in _PAIR.findall(header)}
        return self.used.get(told.get("nonce", ""), 0) >= USES_OF_A_NONCE


def _hash(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
