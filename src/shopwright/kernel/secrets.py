"""The master key and what is derived from it: encryption of stored secrets, signing keys per
purpose.

``SECRET_KEY`` and ``JWT_SECRET`` are other things (reference decisions 7): whoever holds the shop's
API key must not be able to decrypt its database.
"""

import base64
import hashlib
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shopwright.kernel.errors import ShopError

MIN_KEY_BYTES = 32


class KeyUnusable(ShopError):
    code = "master-key-unusable"
    title = "The master key does not fit"


def load_or_make_key(path: Path) -> bytes:
    """The key in ``path``, made with mode 0600 when there is none yet."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
    return parse_key(path.read_text().strip())


def parse_key(text: str) -> bytes:
    """Raises KeyUnusable when shorter than 32 bytes."""
    key = text.encode()
    if len(key) < MIN_KEY_BYTES:
        raise KeyUnusable("The master key must have at least 32 characters.")
    return key


def token_hash(token: str) -> str:
    """How tokens and keys are stored: they are long random values, so one SHA-256 is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


class Vault:
    """Encrypts what must be read again (printer codes, channel tokens); the last key encrypts."""

    def __init__(self, *keys: bytes) -> None:
        self._keys = keys
        self._fernets = {key_id(key): Fernet(_fernet_key(key)) for key in keys}
        self._current = key_id(keys[-1])

    def subkey(self, purpose: str) -> bytes:
        """32 bytes for one purpose, e.g. ``cookies`` or ``file-links``."""
        return _derive(self._keys[-1], purpose)

    def subkeys(self, purpose: str) -> list[bytes]:
        """The same for every known key, newest last, for checking what an older key signed."""
        return [_derive(key, purpose) for key in self._keys]

    def encrypt(self, text: str) -> str:
        return f"{self._current}.{self._fernets[self._current].encrypt(text.encode()).decode()}"

    def decrypt(self, stored: str) -> str:
        """Raises KeyUnusable when the row was written with a key that is not at hand."""
        identifier, _, token = stored.partition(".")
        fernet = self._fernets.get(identifier)
        if fernet is None:
            raise KeyUnusable("A stored secret was encrypted with another master key.")
        try:
            return fernet.decrypt(token.encode()).decode()
        except InvalidToken as err:
            raise KeyUnusable("A stored secret is damaged.") from err


def key_id(key: bytes) -> str:
    return hashlib.sha256(b"shopwright-key-id" + key).hexdigest()[:8]


def _derive(key: bytes, purpose: str) -> bytes:
    hkdf = HKDF(
        algorithm=hashes.SHA256(), length=32, salt=None, info=f"shopwright/{purpose}".encode()
    )
    return hkdf.derive(key)


def _fernet_key(key: bytes) -> bytes:
    return base64.urlsafe_b64encode(_derive(key, "encryption"))
