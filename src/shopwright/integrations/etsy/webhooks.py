"""Etsy's notices about orders: Standard Webhooks signatures, flat bodies (fact sheet 1.10).

The address in a notice is never fetched: its host changes, and whoever can sign could send us
anywhere. Only the ids in it are read.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

import msgspec

from shopwright.channels.port import BadAnswer, Notice, NoticeRefused
from shopwright.integrations.etsy.codec import decode_answer

TOLERANCE_S = 300  # of the sender's clock, both ways
MAX_ID_CHARS = 150
PREFIX = "whsec_"
MIN_SECRET_BYTES = 16
DELIVERED = "order.delivered"
RECEIPT = re.compile(r"/shops/(\d+)/receipts/(\d+)/?\Z")
TIMESTAMP = re.compile(r"[0-9]{1,12}\Z")


class NoticeBody(msgspec.Struct):
    event_type: str
    resource_url: str = ""


def read_notice(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
    """NoticeRefused for what nobody with our secret has signed just now, BadAnswer for what cannot
    be read although it is signed."""
    event_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not (0 < len(event_id) <= MAX_ID_CHARS and TIMESTAMP.match(timestamp)):
        raise NoticeRefused("The headers webhook-id and webhook-timestamp are missing or unusable.")
    _check_signature(secret, event_id, timestamp, headers.get("webhook-signature", ""), body)
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE_S:
        raise NoticeRefused("The notice is too old, or one of our clocks is wrong.")
    return _to_notice(event_id, decode_answer(body, NoticeBody))


def secret_key(secret: str) -> bytes:
    """Raises NoticeRefused when this is no signing secret of Etsy's."""
    try:
        key = base64.b64decode(secret.strip().removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as err:
        raise NoticeRefused("A signing secret begins with whsec_ and goes on in base64.") from err
    if len(key) < MIN_SECRET_BYTES:
        raise NoticeRefused("This signing secret is too short. Copy the whole of it from Etsy.")
    return key


def _check_signature(secret: str, event_id: str, timestamp: str, said: str, body: bytes) -> None:
    """One of several may fit, while the secret is being changed; some come without ``v1,``."""
    text = f"{event_id}.{timestamp}.".encode() + body
    wanted = base64.b64encode(hmac.digest(secret_key(secret), text, hashlib.sha256))
    found = [part.removeprefix("v1,").encode() for part in said.split()]
    if not any(hmac.compare_digest(wanted, signature) for signature in found):
        raise NoticeRefused("The signature does not fit. Check the signing secret.")


def _to_notice(event_id: str, body: NoticeBody) -> Notice:
    event = body.event_type.strip().lower().replace("_", ".")
    if not event:
        raise BadAnswer("The notice does not say what happened.")
    named = RECEIPT.search(urlsplit(body.resource_url).path)
    return Notice(
        event_id=event_id,
        event=event[:40],
        shop_id=named.group(1) if named else None,
        external_id=named.group(2) if named else None,
        is_delivered=event == DELIVERED,
    )
