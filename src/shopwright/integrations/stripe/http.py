"""How the official library calls out: by httpx, on the event loop.

Its own httpx client sends bodies by a parameter that httpx has deprecated.
"""

import asyncio
import ssl
from collections.abc import Mapping
from functools import cache
from typing import Any

import httpx
import stripe


@cache
def _tls() -> ssl.SSLContext:
    """Reading the certificates takes longer than a call; once is enough."""
    return httpx.create_ssl_context()


class AsyncHttp(stripe.HTTPClient):
    name = "httpx"

    def __init__(self, timeout_s: float) -> None:
        super().__init__()
        self._http = httpx.AsyncClient(timeout=timeout_s, verify=_tls())

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Raises APIConnectionError with httpx's own error as its cause."""
        body = post_data if isinstance(post_data, str | bytes) else None
        try:
            answer = await self._http.request(method, url, headers=dict(headers), content=body)
        except httpx.HTTPError as err:
            words = f"Network error: {type(err).__name__}"
            raise stripe.APIConnectionError(words, should_retry=True) from err  # type: ignore[no-untyped-call]
        return answer.content, answer.status_code, answer.headers

    async def sleep_async(self, secs: float) -> None:
        await asyncio.sleep(secs)

    async def close_async(self) -> None:
        await self._http.aclose()
