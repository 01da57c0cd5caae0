"""One call to Onshape: who may get our access, redirects by hand, what a refusal means.

Redirects lead to other hosts, where files lie; our access goes to Onshape's own hosts only.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx

from shopwright.integrations.onshape.payloads import said_in
from shopwright.kernel.egress import AddressRefused, AddressUnknown, EgressPolicy, GuardedTransport
from shopwright.kernel.errors import BrokenUpstream, ShopError, TooLarge
from shopwright.kernel.metrics import outside_call
from shopwright.parts.onshape.links import is_onshape_host, is_origin
from shopwright.parts.onshape.port import (
    Access,
    CallMeter,
    OnshapeApp,
    OnshapeBudgetSpent,
    OnshapeBusy,
    OnshapeMissing,
    OnshapeReconnect,
    OnshapeRefused,
)

TIMEOUT = httpx.Timeout(30.0, connect=10.0)
DOWNLOAD_S = 900.0  # a body that trickles must end as well
MAX_HOPS = 4
MAX_ANSWER = 20_000_000  # of JSON
CHUNK = 1 << 20
RETRY_AFTER_S = 30.0
MAX_RETRY_AFTER_S = 86_400.0
QUOTA_PAUSE_S = 86_400.0  # Onshape said 402: ask again tomorrow, the quota may have been raised
MEGABYTE = 1_000_000
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, AddressUnknown)
REDIRECTS = frozenset({301, 302, 303, 307, 308})


class OnshapeCalls:
    """In a block. Counts every call that goes to Onshape before it leaves."""

    def __init__(self, app: OnshapeApp, access: Access, meter: CallMeter) -> None:
        self._site_url = app.site_url
        self._access = access
        self._meter = meter
        is_real = is_onshape_host(urlsplit(app.site_url).hostname or "")
        policy = EgressPolicy(allows_private=not is_real)  # a stand-in runs on this machine
        self._http = httpx.AsyncClient(
            transport=GuardedTransport(policy), timeout=TIMEOUT, trust_env=False
        )
        self._is_real = is_real

    async def close(self) -> None:
        await self._http.aclose()

    def url(self, host: str, path: str) -> str:
        """The interface of the host that a link names; of the stand-in where one is set up."""
        is_named = self._is_real and host
        site = f"https://{host}" if is_named else self._site_url.rstrip("/")
        return f"{site}/api/v10{path}"

    async def ask(
        self, method: str, url: str, json: Mapping[str, object] | None = None
    ) -> tuple[bytes, str]:
        """The body and its type."""
        async with self._open(method, url, "application/json", json) as response:
            body = await _read(response)
            return body, response.headers.get("content-type", "")

    async def save(self, url: str, accept: str, target: Path, *, max_bytes: int) -> None:
        """The body into a file; raises TooLarge."""
        try:
            async with asyncio.timeout(DOWNLOAD_S), self._open("GET", url, accept) as response:
                await _write(response, target, max_bytes)
        except TimeoutError as err:
            raise _busy("Onshape's file came too slowly.", RETRY_AFTER_S) from err

    @asynccontextmanager
    async def _open(
        self, method: str, url: str, accept: str, json: Mapping[str, object] | None = None
    ) -> AsyncIterator[httpx.Response]:
        """A good answer. One more try with fresh access when the old one is over."""
        response = await self._follow(method, url, accept, json, await self._access.header())
        try:
            if response.status_code == httpx.codes.UNAUTHORIZED:
                await response.aclose()
                stale = response.request.headers.get("authorization", "")
                fresh = await self._access.renewed(stale)
                response = await self._follow(method, url, accept, json, fresh)
            await self._judge(response)
            yield response
        except httpx.TransportError as err:
            raise _unreachable(err) from err
        finally:
            await response.aclose()

    async def _follow(
        self,
        method: str,
        url: str,
        accept: str,
        json: Mapping[str, object] | None,
        authorization: str,
    ) -> httpx.Response:
        for _ in range(MAX_HOPS):
            self._check(url)
            headers = {"accept": accept}
            if self._is_theirs(url):
                headers["authorization"] = authorization
            response = await self._send(
                self._http.build_request(method, url, headers=headers, json=json)
            )
            if response.status_code not in REDIRECTS:
                return response
            await response.aclose()
            url = urljoin(url, response.headers.get("location", ""))
        raise BrokenUpstream("Onshape sends us from one address to the next without an end.")

    async def _send(self, request: httpx.Request) -> httpx.Response:
        is_counted = self._is_theirs(str(request.url))
        if is_counted:
            await self._meter.count()
        try:
            with outside_call("onshape") as call:
                response = await self._http.send(request, stream=True)
                call.outcome = f"{response.status_code // 100}xx"
        except AddressRefused as err:
            raise BrokenUpstream(f"Onshape names an address that is not called: {err}") from err
        except (httpx.TransportError, AddressUnknown) as err:
            if is_counted and isinstance(err, NOT_SENT):
                await self._meter.give_back()  # it never arrived
            raise _unreachable(err) from err
        if is_counted and response.is_error:
            await self._meter.give_back()
        return response

    async def _judge(self, response: httpx.Response) -> None:
        """Raises what this answer means."""
        if response.is_success:
            return
        status = response.status_code
        if status == httpx.codes.TOO_MANY_REQUESTS:
            seconds = _retry_after(response)
            sentence = f"Onshape asks us to pause for {seconds:.0f} s (too many calls)."
            await self._meter.pause(seconds, sentence)
            raise _busy(sentence, seconds)
        if status == httpx.codes.PAYMENT_REQUIRED:
            sentence = "Onshape says that the calls of the account's plan are used up."
            await self._meter.pause(QUOTA_PAUSE_S, sentence)
            raise OnshapeBudgetSpent(sentence)
        if response.is_server_error:
            raise _busy(f"Onshape has a fault of its own (status {status}).", RETRY_AFTER_S)
        raise _refusal(status, said_in(await _read(response)))

    def _is_theirs(self, url: str) -> bool:
        parts = urlsplit(url)
        if not self._is_real:
            return is_origin(url, self._site_url)
        is_plain = parts.scheme == "https" and parts.port in {None, 443}
        return is_plain and is_onshape_host(parts.hostname or "")

    def _check(self, url: str) -> None:
        parts = urlsplit(url)
        is_safe = parts.scheme == "https" or not self._is_real
        if not is_safe or not parts.hostname or parts.username:
            raise BrokenUpstream("Onshape sends us to an address without encryption.")


async def _write(response: httpx.Response, target: Path, max_bytes: int) -> None:
    _check_size(int(response.headers.get("content-length") or 0), max_bytes)
    size = 0
    with await asyncio.to_thread(target.open, "wb") as file:
        async for chunk in response.aiter_bytes(CHUNK):
            size += len(chunk)
            _check_size(size, max_bytes)
            await asyncio.to_thread(file.write, chunk)


def _check_size(size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise TooLarge(
            f"Onshape's file has more than {max_bytes // MEGABYTE} MB, which is the most that is "
            "taken here (SHOPWRIGHT_MAX_UPLOAD_MB)."
        )


async def _read(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes(CHUNK):
        body += chunk
        if len(body) > MAX_ANSWER:
            raise BrokenUpstream("Onshape's answer is longer than any answer should be.")
    return bytes(body)


def _refusal(status: int, said: str) -> ShopError:
    tail = f" ({said})" if said else ""
    if status == httpx.codes.UNAUTHORIZED:
        return OnshapeReconnect(f"Onshape refuses our access{tail}. Connect Onshape again.")
    if status == httpx.codes.FORBIDDEN:
        return OnshapeRefused(
            f"Onshape does not let the connected account do this{tail}. Share the document with "
            "it, or let the app read documents."
        )
    if status == httpx.codes.NOT_FOUND:
        return OnshapeMissing(
            f"Onshape does not have this document, or does not show it to us{tail}. Check the "
            "address, and share the document with the connected account."
        )
    return OnshapeRefused(f"Onshape refuses this: {said or f'status {status}'}.")


def _retry_after(response: httpx.Response) -> float:
    try:
        asked = float(response.headers.get("retry-after", RETRY_AFTER_S))
    except ValueError:
        return RETRY_AFTER_S
    return min(max(asked, 1.0), MAX_RETRY_AFTER_S)  # also what is no number at all


def _unreachable(err: Exception) -> OnshapeBusy:
    return _busy(f"Onshape cannot be reached ({type(err).__name__}).", RETRY_AFTER_S)


def _busy(sentence: str, seconds: float) -> OnshapeBusy:
    return OnshapeBusy(sentence, retry_after_s=round(seconds))
