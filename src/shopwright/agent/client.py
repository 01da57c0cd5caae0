"""The agent's calls to the server, and what it knows of the way there."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import structlog

from shopwright import __version__
from shopwright.agent.identity import AgentIdentity
from shopwright.kernel.errors import Forbidden, ShopError, Unavailable

log = structlog.get_logger()

CONNECT_S = 5.0
ANSWER_S = 20.0
POLL_S = 20.0  # the server lets 25 s at most
MACHINE_WORDS = 120
UNAUTHORIZED, FORBIDDEN, TOO_MANY, SERVER_ERROR = 401, 403, 429, 500


class CutOff(Unavailable):
    code = "agent-cut-off"
    title = "The server cannot be reached"


class KeyRevoked(Forbidden):
    code = "agent-key-revoked"
    title = "The server no longer knows this agent"


class ServerRefused(ShopError):
    """The server understood and said no; ``extra`` has what it added."""

    code = "agent-refused"
    title = "The server refused this"


class Contact:
    """Whether the server is within reach; lost and found are each logged once."""

    def __init__(self) -> None:
        self.is_up = False
        self.is_revoked = False
        self.returns = 0  # how often the server was found
        self._found = asyncio.Event()

    async def wait(self) -> None:
        await self._found.wait()

    def found(self) -> None:
        self.is_revoked = False
        if not self.is_up:
            self.is_up = True
            self.returns += 1
            self._found.set()
            log.info("connected to the server")

    def lost(self, error: ShopError) -> None:
        is_news = isinstance(error, KeyRevoked) and not self.is_revoked
        self.is_revoked = self.is_revoked or isinstance(error, KeyRevoked)
        if self.is_up or is_news:
            log.warning(
                "nothing new is started until the server is back; prints go on and what happens "
                "is kept",
                reason=error.detail,
            )
        self.is_up = False
        self._found.clear()


class Client:
    """Raises CutOff when nobody answers, KeyRevoked, or ServerRefused with the server's words."""

    def __init__(
        self,
        server_url: str,
        api_key: str,
        contact: Contact,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.contact = contact
        self._http = httpx.AsyncClient(
            base_url=server_url.rstrip("/"),
            headers={"x-api-key": api_key, "user-agent": f"shopwright-agent/{__version__}"},
            timeout=httpx.Timeout(ANSWER_S, connect=CONNECT_S),
            follow_redirects=False,
            transport=transport,
        )

    @classmethod
    def of(cls, identity: AgentIdentity) -> "Client":
        return cls(identity.server_url, identity.api_key, Contact())

    async def close(self) -> None:
        await self._http.aclose()

    async def fetch_work(self, body: dict[str, Any]) -> dict[str, Any]:
        timeout = httpx.Timeout(POLL_S + ANSWER_S, connect=CONNECT_S)
        return await self._call("POST", "/api/agents/me/work", json=body, timeout=timeout)

    async def fetch_wanted(self, known: str) -> dict[str, Any]:
        """Pictures that somebody wants to see; waits until there are any."""
        timeout = httpx.Timeout(POLL_S + ANSWER_S, connect=CONNECT_S)
        asked = {"known": known, "wait_s": POLL_S}
        path = "/api/agents/me/pictures/wanted"
        return await self._call("GET", path, params=asked, timeout=timeout)

    async def send_picture(self, printer_id: int, body: dict[str, Any]) -> None:
        await self._call("PUT", f"/api/agents/me/pictures/{printer_id}", json=body)

    async def permit_start(self, command_id: int, epoch: int) -> None:
        body = {"command": command_id, "epoch": epoch}
        await self._call("POST", "/api/agents/me/starts", json=body)

    async def send_events(self, body: dict[str, Any]) -> dict[str, Any]:
        return await self._call("POST", "/api/agents/me/events", json=body)

    async def send_samples(self, body: bytes) -> None:
        """Ready-made JSON: hundreds of snapshots a second."""
        headers = {"content-type": "application/json"}
        await self._call("POST", "/api/agents/me/samples", content=body, headers=headers)

    async def tell_found(self, printers: list[dict[str, Any]], troubles: list[str]) -> None:
        body = {"printers": printers, "troubles": troubles}
        await self._call("POST", "/api/agents/me/found", json=body)

    async def tell_tested(self, body: dict[str, Any]) -> None:
        await self._call("POST", "/api/agents/me/tested", json=body)

    async def find_file(self, sha256: str) -> dict[str, Any]:
        return await self._call("GET", "/api/agents/me/file", params={"sha256": sha256})

    @asynccontextmanager
    async def download(self, url: str, start: int) -> AsyncIterator[httpx.Response]:
        """The file from byte ``start`` on, 206, or all of it, 200."""
        headers = {"range": f"bytes={start}-"} if start else {}
        try:
            async with self._http.stream("GET", url, headers=headers) as answer:
                if answer.is_error:
                    await answer.aread()
                    raise _refusal(answer)
                yield answer
        except httpx.TransportError as err:
            raise _cut_off(err) from err

    async def _call(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        try:
            answer = await self._http.request(method, path, **arguments)
            if answer.is_error:
                raise _refusal(answer)
            body: dict[str, Any] = answer.json()
        except httpx.TransportError as err:
            error: ShopError = _cut_off(err)
            self.contact.lost(error)
            raise error from err
        except ValueError as err:
            error = CutOff("Something else than our server answers at its address.")
            self.contact.lost(error)
            raise error from err
        except (CutOff, KeyRevoked) as err:
            self.contact.lost(err)
            raise
        self.contact.found()
        return body


async def enrol(server_url: str, code: str, machine: str) -> AgentIdentity:
    """Spend the code; raises ServerRefused with the reason, or CutOff."""
    client = Client(server_url, "", Contact())
    body = {"code": code, "version": __version__, "machine": machine[:MACHINE_WORDS]}
    try:
        answer = await client._call("POST", "/api/agents/enrol", json=body)  # noqa: SLF001
    finally:
        await client.close()
    return AgentIdentity(server_url.rstrip("/"), answer["name"], answer["uuid"], answer["key"])


def _refusal(answer: httpx.Response) -> ShopError:
    try:
        body = answer.json()
        detail, extra = str(body["detail"]), dict(body.get("details") or {})
    except (ValueError, KeyError, TypeError):
        detail, extra = f"The server answered {answer.status_code}.", {}
    if answer.status_code == UNAUTHORIZED:
        return KeyRevoked(detail)
    if answer.status_code >= SERVER_ERROR or answer.status_code == TOO_MANY:
        return CutOff(detail)
    return ServerRefused(detail, status=answer.status_code, **extra)


def _cut_off(err: httpx.TransportError) -> CutOff:
    return CutOff(f"The server does not answer: {str(err) or type(err).__name__}")
