"""One try: a signed POST to a checked, pinned address, and its answer in words."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import httpx

from shopwright.kernel.egress import AddressRefused, AddressUnknown
from shopwright.kernel.metrics import outside_call
from shopwright.notifications.signed_post import GONE, first_bytes, retry_after, signed_headers
from shopwright.notifications.webhook_rules import Answered

TIMEOUT_S = 15.0
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


async def post(
    client: httpx.AsyncClient, url: str, delivery_id: str, body: str, secrets: Sequence[str]
) -> Answered:
    """Never raises for what the receiver does or does not. ``client`` is a guarded one.

    The time in the signature is this machine's, not the shop's clock: receivers compare it with
    theirs.
    """
    headers = signed_headers(delivery_id, body, secrets, datetime.now(UTC))
    with outside_call("webhook") as call:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                answered = await _ask(client, url, body, headers)
        except AddressRefused as err:
            return Answered(err.detail, is_reached=False)
        except AddressUnknown as err:
            return Answered(err.detail, is_reached=False)
        except NOT_SENT as err:
            return Answered(f"It cannot be reached: {_words(err)}.", is_reached=False)
        except (TimeoutError, httpx.TimeoutException):
            return Answered(f"It did not answer within {TIMEOUT_S:.0f} seconds.")
        except httpx.HTTPError as err:
            return Answered(f"It gave no proper answer: {_words(err)}.")
        call.outcome = (
            "done" if answered.is_delivered else f"{(answered.status_code or 0) // 100}xx"
        )
        return answered


async def _ask(client: httpx.AsyncClient, url: str, body: str, headers: dict[str, str]) -> Answered:
    async with client.stream("POST", url, content=body, headers=headers) as response:
        text = await first_bytes(response)
        return _read(response, text)


def _read(response: httpx.Response, text: str) -> Answered:
    status = response.status_code
    said = f"{status} {response.reason_phrase}".strip()[:100]
    if response.is_success:
        return Answered(f"It answered {said}.", status, text)
    if 300 <= status < 400:  # noqa: PLR2004
        return Answered(
            f"It answered {said}, a redirect. Those are not followed: enter the address it "
            "points to.",
            status,
            text,
        )
    if status == GONE:
        return Answered("It answered 410 Gone: it wants no more.", status, text, is_gone=True)
    wait = retry_after(response)
    return Answered(f"It answered {said}.", status, text, retry_after_s=wait)


def _words(err: Exception) -> str:
    return (str(err) or type(err).__name__)[:200]
