"""Stripe's events: signed, told again and again, in any order (integrations.md 2.3).

The signature is checked by the official library. Of a signed event about a checkout session its
own words are taken; every other one only says that Stripe is to be asked.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import stripe

from shopwright.integrations.stripe.codec import standing_of_session
from shopwright.payments.port import Notice, NoticeRefused, ProviderAccount, Standing, Word

TOLERANCE_S = 300
PAST, AHEAD = TOLERANCE_S, TOLERANCE_S
SESSION = "checkout.session."
MONEY = ("payment_intent.", "charge.", "refund.")
DISPUTE = "charge.dispute."
MAX_ID = 150
NOT_FITTING = "The signature does not fit. Check the webhook secret."


def read_notice(
    account: ProviderAccount, headers: Mapping[str, str], body: bytes, now: datetime
) -> Notice:
    """Raises NoticeRefused with the sentence for whoever set it up."""
    if not account.webhook_secret:
        raise NoticeRefused("No webhook secret of Stripe is set up here.")
    _check(account.webhook_secret, headers.get("stripe-signature", ""), body, now)
    event = _parse(body)
    kind, found = str(event["type"]), event["data"]["object"]
    return Notice(
        event_id=str(event["id"]),
        kind=kind[:40],
        payload=event,
        key=_key_of(found),
        names=_names_of(found),
        standing=_standing_of(kind, found),
        is_about_payment=kind.startswith((SESSION, *MONEY)),
        dispute=_dispute_of(kind, found),
    )


def _check(secret: str, header: str, body: bytes, now: datetime) -> None:
    """The library looks at old times only, and at the machine's clock; ours may be a test's."""
    if not header.isascii():
        raise NoticeRefused(NOT_FITTING)
    try:
        stripe.WebhookSignature.verify_header(body.decode(), header, secret, tolerance=None)
    except (stripe.SignatureVerificationError, ValueError, IndexError) as err:
        raise NoticeRefused(NOT_FITTING) from err
    # The first one is what the library has checked; whoever repeats a notice may add others.
    signed_at = int(next(part[2:] for part in header.split(",") if part.startswith("t=")))
    if not -AHEAD <= now.timestamp() - signed_at <= PAST:
        raise NoticeRefused("The notice is too old, or one of our clocks is wrong.")


def _parse(body: bytes) -> dict[str, Any]:
    try:
        event = json.loads(body)
        is_event = event["object"] == "event" and isinstance(event["data"]["object"], dict)
        is_named = 0 < len(str(event["id"])) <= MAX_ID and bool(event["type"])
    except (ValueError, KeyError, TypeError, RecursionError) as err:
        raise NoticeRefused("The body is no event of Stripe's.") from err
    if not (is_event and is_named):
        raise NoticeRefused("The body is no event of Stripe's.")
    return dict(event)


def _standing_of(kind: str, found: Mapping[str, Any]) -> Standing | None:
    if not kind.startswith(SESSION) or "id" not in found:
        return None
    if kind == "checkout.session.async_payment_failed":
        return Standing(Word.FAILED, provider_id=str(found["id"]), sentence="The bank refused it.")
    return standing_of_session(found)


def _key_of(found: Mapping[str, Any]) -> str | None:
    metadata = found.get("metadata") or {}
    key = metadata.get("payment_key") or found.get("client_reference_id")
    return str(key) if key else None


def _names_of(found: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids by which a payment may be known: the session's and the money's."""
    said = [found.get("payment_intent"), found.get("id")]
    return tuple(str(name) for name in said if isinstance(name, str))


def _dispute_of(kind: str, found: Mapping[str, Any]) -> str | None:
    if kind == DISPUTE + "created":
        return (
            f"The buyer disputes this payment ({found.get('reason', 'no reason given')}). "
            "Answer in Stripe's dashboard."
        )
    if kind == DISPUTE + "closed" and found.get("status") == "lost":
        return "The dispute was lost: the bank has taken the money back."
    return None
