"""Reading Etsy's notices: who signed them, when, and what they name."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from shopwright.channels.port import BadAnswer, Notice, NoticeRefused
from shopwright.integrations.etsy.webhooks import read_notice, secret_key

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"
OTHER = "whsec_b3RoZXIgc2VjcmV0IG9mIHNvbWVib2R5"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
RECEIPT = "https://openapi.etsy.com/v3/application/shops/500321/receipts/3300000001"


def body(**changes: Any) -> bytes:
    facts = {"event_type": "order.paid", "resource_url": RECEIPT, "shop_id": "500321"}
    return json.dumps({**facts, **changes}).encode()


def signed(said: bytes, *, secret: str = SECRET, at: datetime = NOW) -> dict[str, str]:
    """As the library of Standard Webhooks signs."""
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", at, said.decode()),
    }


def read(said: bytes, headers: dict[str, str]) -> Notice:
    return read_notice(SECRET, headers, said, NOW)


def test_the_documented_notice_is_read() -> None:
    said = body()
    assert read(said, signed(said)) == Notice("msg_1", "order.paid", "500321", "3300000001")


@pytest.mark.parametrize(
    ("changes", "event"),
    [
        ({"event_type": "ORDER_PAID"}, "order.paid"),
        ({"shop_id": 500321}, "order.paid"),
        ({"event_type": " order.canceled", "news": {"of": "Etsy"}}, "order.canceled"),
        ({"resource_url": RECEIPT.replace("openapi", "api") + "/?x=1"}, "order.paid"),
    ],
)
def test_spellings_seen_in_the_wild_are_read(changes: dict[str, Any], event: str) -> None:
    said = body(**changes)
    notice = read(said, signed(said))
    assert (notice.event, notice.shop_id, notice.external_id) == (event, "500321", "3300000001")


def test_a_delivery_is_told_apart() -> None:
    said = body(event_type="ORDER_DELIVERED")
    assert read(said, signed(said)).is_delivered


def test_a_signature_without_its_version_is_taken() -> None:
    said = body()
    headers = signed(said)
    headers["webhook-signature"] = headers["webhook-signature"].removeprefix("v1,")
    assert read(said, headers).external_id == "3300000001"


def test_one_of_several_signatures_is_enough() -> None:
    said = body()
    headers = signed(said)
    other = signed(said, secret=OTHER)["webhook-signature"]
    headers["webhook-signature"] = f"{other} v1a,nonsense {headers['webhook-signature']}"
    assert read(said, headers).external_id == "3300000001"


def test_our_check_equals_the_plain_rule() -> None:
    said = body()
    text = f"msg_1.{int(NOW.timestamp())}.".encode() + said
    plain = base64.b64encode(hmac.digest(secret_key(SECRET), text, hashlib.sha256)).decode()
    assert signed(said)["webhook-signature"] == f"v1,{plain}"


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_notice_of_another_time_is_refused(minutes: int) -> None:
    said = body()
    with pytest.raises(NoticeRefused, match="too old, or one of our clocks is wrong"):
        read(said, signed(said, at=NOW + timedelta(minutes=minutes)))


@pytest.mark.parametrize(
    "broken",
    [
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1,é"},
        {"webhook-id": "msg_2"},
        {"webhook-id": ""},
        {"webhook-id": "m" * 151},
        {"webhook-timestamp": "now"},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "-1"},
        {"webhook-timestamp": "٣"},
        {"webhook-timestamp": "9" * 12},
    ],
)
def test_broken_headers_are_refused(broken: dict[str, str]) -> None:
    said = body()
    with pytest.raises(NoticeRefused):
        read(said, signed(said) | broken)


def test_another_body_or_another_secret_is_refused() -> None:
    with pytest.raises(NoticeRefused, match="signature does not fit"):
        read(body(shop_id=1), signed(body()))
    with pytest.raises(NoticeRefused, match="signature does not fit"):
        read(body(), signed(body(), secret=OTHER))


@pytest.mark.parametrize("said", [b"", b"[]", b"{}", b"not json", b'{"event_type": " "}'])
def test_signed_nonsense_is_told_as_such(said: bytes) -> None:
    with pytest.raises(BadAnswer):
        read(said, signed(said))


def test_a_notice_about_something_else_names_no_order() -> None:
    said = body(resource_url="https://evil.test/v3/application/shops/500321/listings/7")
    notice = read(said, signed(said))
    assert (notice.shop_id, notice.external_id) == (None, None)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_ä", "no base64 at all!"])
def test_what_is_no_signing_secret_is_refused(secret: str) -> None:
    with pytest.raises(NoticeRefused, match="signing secret"):
        secret_key(secret)
