"""Buyers' links: an order's token is derived, so it can be shown again, and never stored."""

import base64
import hashlib
import hmac

from shopwright.kernel.secrets import Vault

PURPOSE = "order-links"
TOKEN_BYTES = 24


def order_token(vault: Vault, order_uuid: str) -> str:
    """What the buyer of this order shows to read it."""
    return _token(vault.subkey(PURPOSE), order_uuid)


def check_order_token(vault: Vault, order_uuid: str, token: str) -> bool:
    """In constant time, also with the keys before the newest."""
    said = token.encode()
    found = [
        hmac.compare_digest(_token(key, order_uuid).encode(), said)
        for key in vault.subkeys(PURPOSE)
    ]
    return any(found)


def _token(key: bytes, order_uuid: str) -> str:
    digest = hmac.digest(key, f"order:{order_uuid}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest[:TOKEN_BYTES]).decode()
