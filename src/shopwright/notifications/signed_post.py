"""A webhook in its simplest form: one signed POST (Standard Webhooks headers), no redirects."""

import asyncio
import json
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
from standardwebhooks.webhooks import Webhook

from shopwright.kernel import ids
from shopwright.kernel.egress import AddressRefused, AddressUnknown, guarded_client
from shopwright.kernel.metrics import OutsideCall, outside_call
from shopwright.kernel.times import zulu
from shopwright.notifications.port import Message, Outcome, PostAddress, Refused, Sent, Unconfirmed

TIMEOUT_S = 15.0
SECRET_PREFIX = "whsec_"
GONE, TOO_MANY = 410, 429
MAX_ANSWER = 200  # characters of the receiver's words that are kept
KEPT_BYTES = 1024  # of an answer
LONGEST_WAIT_S = 86_400.0  # whoever asks for more is asked again after a day
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class PostSender:
    """Posts to what people typed; every address is checked and pinned first."""

    async def send(self, message: Message, address: PostAddress) -> Outcome:
        body = payload_of(message)
        headers = signed_headers(message.id, body, address.secrets, datetime.now(UTC))
        with outside_call("webhook") as call:
            try:
                async with (
                    asyncio.timeout(TIMEOUT_S),
                    guarded_client(address.policy, TIMEOUT_S) as client,
                    client.stream("POST", address.url, content=body, headers=headers) as answer,
                ):
                    return _read(call, answer, await first_bytes(answer))
            except AddressRefused as err:
                return Refused(err.detail, is_final=True)
            except AddressUnknown as err:
                return Refused(err.detail)
            except NOT_SENT as err:
                return Refused(f"{_host(address)} cannot be reached: {_words(err)}.")
            except (httpx.HTTPError, TimeoutError) as err:
                return Unconfirmed(f"{_host(address)} did not answer: {_words(err)}.")


def payload_of(message: Message) -> str:
    """``text`` says it in a sentence; ``data`` has the ids."""
    return json.dumps(
        {
            "type": message.topic,
            "id": message.id,
            "timestamp": zulu(message.happened_at),
            "text": f"{message.title}\n{message.text}".strip(),
            "data": {**message.facts, "title": message.title, "link": message.link},
        },
        ensure_ascii=False,
    )


def signed_headers(
    message_id: str, body: str, secrets: Sequence[str], now: datetime
) -> dict[str, str]:
    """One signature per secret, so that a receiver may change over."""
    signatures = [Webhook(secret).sign(message_id, now, body) for secret in secrets]
    return {
        "content-type": "application/json; charset=utf-8",
        "user-agent": "Shopwright",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        **({"webhook-signature": " ".join(signatures)} if signatures else {}),
    }


def new_secret() -> str:
    raw = b64decode(ids.new_token(32) + "==", altchars=b"-_")
    return SECRET_PREFIX + b64encode(raw).decode()


async def first_bytes(answer: httpx.Response) -> str:
    """An answer may be endless; whoever sends more is not listened to."""
    kept = b""
    try:
        async for chunk in answer.aiter_bytes(KEPT_BYTES):
            kept += chunk
            if len(kept) >= KEPT_BYTES:
                break
    except httpx.DecodingError:
        return ""
    text = kept[:KEPT_BYTES].decode("utf-8", "replace")
    return "".join(c for c in text if c.isprintable() or c in "\n\t")


def _read(call: OutsideCall, answer: httpx.Response, text: str) -> Outcome:
    status = answer.status_code
    call.outcome = "done" if answer.is_success else f"{status // 100}xx"
    said = f"{status} {answer.reason_phrase}".strip()
    if answer.is_success:
        return Sent(f"The receiver answered {said}.")
    if answer.is_redirect:
        where = answer.headers.get("location", "elsewhere")[:MAX_ANSWER]
        return Refused(
            f"The receiver answered {said} and points to {where}. Redirects are not followed: "
            "give the address it points to.",
            is_final=True,
        )
    if status == GONE:
        return Refused("The receiver answered 410 Gone: it wants no more.", is_final=True)
    words = " ".join(text.split())[:MAX_ANSWER]
    sentence = f"The receiver answered {said}{f': {words}' if words else ''}."
    return Refused(sentence, retry_after_s=retry_after(answer))


def retry_after(answer: httpx.Response) -> float | None:
    """In seconds, or as a date (RFC 9110 10.2.3); at most a day."""
    text = answer.headers.get("retry-after", "")
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_WAIT_S)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    if until.tzinfo is None:
        return None
    return min(max(0.0, (until - datetime.now(UTC)).total_seconds()), LONGEST_WAIT_S)


def _host(address: PostAddress) -> str:
    return httpx.URL(address.url).host


def _words(err: Exception) -> str:
    return str(err) or type(err).__name__
