"""Etsy's HTTP interface: keys, tokens, our allowance, and which failure means what.

Reads are repeated within bounds. Calls that mail the buyer are sent once (``post_once``), and their
outcome says whether Etsy may have acted on them.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx

from shopwright.channels.port import (
    AccessDenied,
    BadAnswer,
    CallRefused,
    ChannelApp,
    ChannelError,
    ChannelUnavailable,
    OrderNotThere,
    RateLimited,
    ReconnectNeeded,
    Tokens,
    TokenStore,
    Urgency,
)
from shopwright.integrations.etsy.cache import AnswerCache
from shopwright.integrations.etsy.codec import decode_error, excerpt
from shopwright.integrations.etsy.limiter import RateLimiter
from shopwright.integrations.etsy.oauth import TokenKeeper
from shopwright.kernel.metrics import outside_call

API_URL = "https://openapi.etsy.com/v3/application"
MAX_INLINE_WAIT_S = 60.0  # a longer Retry-After (Etsy sends up to a day) goes to the caller
DEFAULT_RETRY_AFTER_S = 60.0

# Nothing reached Etsy when the connection itself could not be made.
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class AccessExpired(ChannelError):
    """The access token is over; a refresh helps. Never leaves this module."""


class SentUnproven(ChannelError):
    """A call went out and no readable answer came back: Etsy may or may not have acted."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How reads are repeated: full jitter between 0 and ``base_s`` · 2ⁿ, at most ``cap_s``."""

    attempts: int = 4
    base_s: float = 1.0
    cap_s: float = 20.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    jitter: Callable[[float, float], float] = field(default=random.uniform)

    async def wait(self, attempt: int) -> None:
        ceiling = min(self.cap_s, self.base_s * 2 ** (attempt - 1))
        await self.sleep(self.jitter(0, ceiling))


def utc_now() -> datetime:
    return datetime.now(UTC)


class EtsyClient:
    """One shop's calls. Does not close ``http``."""

    def __init__(
        self,
        app: ChannelApp,
        store: TokenStore,
        http: httpx.AsyncClient,
        limiter: RateLimiter,
        *,
        patience: Patience | None = None,
        cache: AnswerCache | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._app = app
        self._http = http
        self._limiter = limiter
        self._patience = patience or Patience()
        self._now = now
        self._cache = cache or AnswerCache()
        self.urgency = Urgency.PERSON
        self.tokens = TokenKeeper(app, store, http, now=now)

    async def get(self, path: str, params: Mapping[str, str | int] | None = None) -> bytes:
        """The body of a good answer; repeated on 429, 5xx and network faults."""
        return await self._repeat("GET", path, params=params)

    async def get_cached(self, path: str, params: Mapping[str, str | int] | None = None) -> bytes:
        """For what anybody may know of a shop and seldom changes: five minutes old at most."""
        key = (*self._kept_for, path, *sorted((params or {}).items()))
        kept = self._cache.find(key, self._now())
        if kept is None:
            kept = await self.get(path, params)
            self._cache.keep(key, kept, self._now())
        return kept

    async def put_json(self, path: str, body: object) -> bytes:
        """A full replacement: the same again is the same, so it is repeated like a read."""
        self._cache.forget(self._kept_for)
        return await self._repeat("PUT", path, json=body)

    async def post_once(self, path: str, body: object) -> bytes:
        """Sent at most once. SentUnproven when Etsy may have acted; any other ChannelError is proof
        that it did not."""
        tokens = await self.tokens.current()
        await self._limiter.acquire(self.urgency)
        try:
            response = await self._send("POST", path, tokens, json=body)
        except NOT_SENT as err:
            raise _unreachable(err) from err
        except httpx.TransportError as err:
            raise SentUnproven(f"The answer of Etsy did not arrive ({_name(err)}).") from err
        try:
            return await self._judge(response)
        except AccessExpired as err:
            await self.tokens.refresh(tokens.access_token)
            text = "Etsy found our access expired; it is renewed now."
            raise ChannelUnavailable(text, retry_after_s=0) from err
        except ChannelUnavailable as err:
            if response.is_server_error:
                raise SentUnproven(err.sentence) from err
            raise
        except CallRefused as err:
            if response.status_code == httpx.codes.CONFLICT:  # another booking may be under way
                raise SentUnproven(err.sentence) from err
            raise

    async def _repeat(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        json: object | None = None,
    ) -> bytes:
        attempt = 1
        while True:
            try:
                return await self._try(method, path, params=params, json=json)
            except ChannelUnavailable as err:
                if attempt >= self._patience.attempts or err.retry_after_s > MAX_INLINE_WAIT_S:
                    raise
                if not isinstance(err, RateLimited):  # there the limiter's pause is the wait
                    await self._patience.wait(attempt)
            attempt += 1

    async def _try(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None,
        json: object | None,
    ) -> bytes:
        """One call, and one more with fresh tokens when the access had expired."""
        tokens = await self.tokens.current()
        try:
            return await self._call(method, path, tokens, params=params, json=json)
        except AccessExpired:
            tokens = await self.tokens.refresh(tokens.access_token)
        try:
            return await self._call(method, path, tokens, params=params, json=json)
        except AccessExpired as err:
            text = "Etsy calls even fresh access expired. Connect the shop again."
            raise ReconnectNeeded(text) from err

    async def _call(
        self,
        method: str,
        path: str,
        tokens: Tokens,
        *,
        params: Mapping[str, str | int] | None,
        json: object | None,
    ) -> bytes:
        await self._limiter.acquire(self.urgency)
        try:
            response = await self._send(method, path, tokens, params=params, json=json)
        except httpx.TransportError as err:
            raise _unreachable(err) from err
        return await self._judge(response)

    async def _send(
        self,
        method: str,
        path: str,
        tokens: Tokens,
        *,
        params: Mapping[str, str | int] | None = None,
        json: object | None = None,
    ) -> httpx.Response:
        with outside_call("etsy") as call:
            response = await self._http.request(
                method,
                f"{(self._app.api_url or API_URL).rstrip('/')}{path}",
                params=params,
                json=json,
                headers={
                    "x-api-key": f"{self._app.client_id}:{self._app.client_secret}",
                    "authorization": f"Bearer {tokens.access_token}",
                },
            )
            call.outcome = f"{response.status_code // 100}xx"
        return response

    @property
    def _kept_for(self) -> tuple[str, str]:
        return (self._app.api_url or API_URL, self._app.client_id)

    async def _judge(self, response: httpx.Response) -> bytes:
        """The body, or the error that this answer means."""
        await self._heed_remaining(response)
        if response.is_success:
            return response.content
        status = response.status_code
        if status == httpx.codes.TOO_MANY_REQUESTS:
            raise await self._rate_limited(response)
        if status >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise await self._faulty(response)
        raise _refusal(response)

    async def _heed_remaining(self, response: httpx.Response) -> None:
        """An empty second is over in a second. Etsy once misspelt the header, hence the prefix."""
        for name, value in response.headers.items():
            if name.startswith("x-remaining-this-sec") and value.strip() == "0":
                await self._limiter.pause(1.0)

    async def _faulty(self, response: httpx.Response) -> ChannelUnavailable:
        if "retry-after" in response.headers:
            await self._limiter.pause(_retry_after(response))
        text = f"Etsy has a fault of its own (status {response.status_code})."
        return ChannelUnavailable(text, retry_after_s=_retry_after(response))

    async def _rate_limited(self, response: httpx.Response) -> RateLimited:
        seconds = _retry_after(response)
        await self._limiter.pause(seconds)
        text = f"Etsy asks us to pause for {seconds:.0f} s (too many calls)."
        return RateLimited(text, retry_after_s=seconds)


def _refusal(response: httpx.Response) -> ChannelError:
    """Which 4xx a person must do what about (fact sheet 1.2, 1.3)."""
    answer = decode_error(response.content)
    said = answer.sentence
    if response.status_code == httpx.codes.UNAUTHORIZED:
        return _unauthorized(answer.error, said)
    if answer.error is None:
        text = f"Etsy refused with status {response.status_code} and no reason."
        return BadAnswer(text, raw=excerpt(response.content))
    if response.status_code == httpx.codes.FORBIDDEN:
        return _forbidden(answer.error, said)
    if response.status_code == httpx.codes.NOT_FOUND:
        return OrderNotThere(f"Etsy does not have it: {said}.")
    return CallRefused(f"Etsy refused: {said}.")


def _unauthorized(error: str | None, said: str) -> ChannelError:
    if error == "invalid_token" and "expired" in said.lower():
        return AccessExpired(said)
    return ReconnectNeeded(f"Etsy no longer accepts our access ({said}). Connect the shop again.")


def _forbidden(error: str, said: str) -> ChannelError:
    if "scope" in error.lower() or "No user was provided" in said:
        text = f"The consent of the shop is too narrow ({said}). Connect the shop again."
        return ReconnectNeeded(text)
    if "api key" in said.lower() or "x-api-key" in said.lower():
        return AccessDenied(f"Etsy refuses the app's key: {said}. Check keystring and secret.")
    return AccessDenied(f"Etsy denies access: {said}.")


def _retry_after(response: httpx.Response) -> float:
    try:
        return max(0.0, float(response.headers.get("retry-after", DEFAULT_RETRY_AFTER_S)))
    except ValueError:
        return DEFAULT_RETRY_AFTER_S


def _unreachable(err: httpx.TransportError) -> ChannelUnavailable:
    text = f"Etsy cannot be reached ({_name(err)})."
    return ChannelUnavailable(text, retry_after_s=DEFAULT_RETRY_AFTER_S)


def _name(err: Exception) -> str:
    return type(err).__name__
