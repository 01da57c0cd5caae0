"""HTTP to one printer: answers as they are, failures in the driver's own words."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

from shopwright.drivers.errors import CredentialRejected, LinkFailed, NoAnswer, NotSent
from shopwright.fleet.port import Endpoint, Finding, Timeouts
from shopwright.kernel.egress import AddressRefused, AddressUnknown, EgressPolicy, GuardedTransport

FORBIDDEN = frozenset({401, 403})
LARGEST_ANSWER = 16 * 1024 * 1024  # a picture; a sick device must not fill our memory
LONGEST_REASON = 200
SEE_NETWORK = "see whether the printer is on and in this network."
SEE_PORT = "see whether its address is right and the program there runs."
ONE = 1
FEW = 4  # a report, a command, an upload and a picture at a time


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    content: bytes = b""
    kind: str = ""

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004  HTTP's own numbers

    def json(self) -> dict[str, Any]:
        """Empty when it is no JSON object."""
        try:
            found = json.loads(self.content)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def reason(self) -> str:
        """What the device says is the matter, on one line."""
        body = self.json()
        told = body.get("error") or body.get("message") or body.get("text") or body.get("title")
        if isinstance(told, dict):
            told = told.get("message")
        if told is None and not body and self.kind.startswith("text/plain"):
            told = self.content.decode("utf-8", "replace")
        return " ".join(str(told or f"HTTP status {self.status}").split())[:LONGEST_REASON]


class HttpLink:
    """Keeps connections alive. With ``is_single`` there is one request at a time, as small
    controllers want it."""

    def __init__(
        self, endpoint: Endpoint, timeouts: Timeouts, *, port: int, is_single: bool = False
    ) -> None:
        self.host = endpoint.host
        self.port = endpoint.http_port or port
        self.headers: dict[str, str] = {"Accept": "application/json"}
        self.auth: httpx.Auth | None = None
        self._timeouts = timeouts
        self._slots = asyncio.Semaphore(ONE if is_single else FEW)
        self._client = httpx.AsyncClient(
            base_url=url_of(endpoint, self.port),
            timeout=httpx.Timeout(timeouts.command_s, connect=timeouts.connect_s, pool=None),
            transport=GuardedTransport(
                EgressPolicy.for_printers(),
                httpx.Limits(max_connections=ONE if is_single else FEW, keepalive_expiry=30),
            ),
            trust_env=False,
            follow_redirects=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._client.aclose()

    async def get(self, path: str, /, **query: str | int) -> Answer:
        return await self._ask("GET", path, params=query)

    async def query(self, path: str, body: Mapping[str, object]) -> Answer:
        """A question that is too long for an address."""
        return await self._ask("POST", path, json=body)

    async def send(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, object] | None = None,
        content: AsyncIterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Once. Raises NotSent, NoAnswer or LinkFailed; any status is an answer."""
        return await self._send(method, path, json=body, content=content, headers=headers)

    async def _ask(self, method: str, path: str, **what: Any) -> Answer:
        """Asked once more when an idle connection had been closed: asking changes nothing."""
        try:
            return await self._send(method, path, **what)
        except (NotSent, NoAnswer):
            raise
        except LinkFailed:
            return await self._send(method, path, **what)

    async def _send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        **what: Any,
    ) -> Answer:
        if not self.host:
            raise NotSent("The printer has no address: enter it.", Finding.HOST_UNREACHABLE)
        request = self._client.build_request(
            method,
            path,
            headers={**self.headers, **(headers or {})},
            **{name: value for name, value in what.items() if value},
        )
        async with self._slots, _in_words(self.host, self.port):
            response = await self._client.send(request, auth=self.auth, stream=True)
            try:
                content = await bounded(response)
            finally:
                await response.aclose()
            return Answer(response.status_code, content, response.headers.get("content-type", ""))


def header_safe(code: str) -> str:
    """Without what no header can carry; a key that had such characters is a wrong one anyway."""
    return "".join(sign for sign in code if sign.isascii() and sign.isprintable())


def admitted(answer: Answer, sentence: str) -> Answer:
    """Raises CredentialRejected with the sentence when the device does not let us in."""
    if answer.status in FORBIDDEN:
        raise CredentialRejected(sentence)
    return answer


def readable(answer: Answer) -> dict[str, Any]:
    """What was asked for; raises NoAnswer for anything else, which may pass."""
    if not answer.is_good or not answer.json():
        raise NoAnswer(f"The printer's answer cannot be used: {answer.reason}.")
    return answer.json()


def url_of(endpoint: Endpoint, port: int) -> str:
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    return f"{endpoint.options.get('scheme', 'http')}://{host}:{port}"


async def bounded(response: httpx.Response) -> bytes:
    """The body; raises LinkFailed when it grows beyond what can be meant."""
    parts, size = [], 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > LARGEST_ANSWER:
            raise LinkFailed("The printer answered with more than can be meant.")
        parts.append(part)
    return b"".join(parts)


@contextlib.asynccontextmanager
async def _in_words(host: str, port: int) -> AsyncIterator[None]:
    try:
        yield
    except AddressRefused as err:
        raise NotSent(f"{host} is no address of a printer.", Finding.HOST_UNREACHABLE) from err
    except AddressUnknown as err:
        raise NotSent(err.detail, Finding.HOST_UNREACHABLE) from err
    except httpx.ConnectTimeout as err:
        raise NotSent(f"{host} does not answer: {SEE_NETWORK}", Finding.HOST_UNREACHABLE) from err
    except httpx.ConnectError as err:
        raise _not_connected(host, port, err) from err
    except httpx.TimeoutException as err:
        raise NoAnswer(f"{host} gave no answer in time.") from err
    except (httpx.TransportError, httpx.DecodingError) as err:
        raise LinkFailed("The printer closed the connection.") from err


def _not_connected(host: str, port: int, err: BaseException) -> NotSent:
    cause: BaseException | None = err
    while cause is not None:
        if isinstance(cause, ConnectionRefusedError):
            sentence = f"Nothing listens on port {port} of {host}: {SEE_PORT}"
            return NotSent(sentence, Finding.PORT_CLOSED)
        cause = cause.__cause__ or cause.__context__
    return NotSent(f"{host} cannot be reached: {SEE_NETWORK}", Finding.HOST_UNREACHABLE)
