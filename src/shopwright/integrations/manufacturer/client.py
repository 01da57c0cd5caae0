"""One connection to the manufacturer: signing in, signing, and what becomes of answers that are
none."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import structlog

from shopwright.integrations.manufacturer import codec, signature
from shopwright.integrations.manufacturer.codec import Told
from shopwright.kernel.clock import Clock
from shopwright.kernel.egress import AddressRefused, AddressUnknown, EgressPolicy, guarded_client
from shopwright.kernel.metrics import outside_call
from shopwright.suppliers.correlation import correlation_id
from shopwright.suppliers.port import (
    AccountRefused,
    SupplierAccount,
    SupplierMemory,
    SupplierRefused,
    SupplierUnavailable,
)

log = structlog.get_logger()

TOKEN_LASTS = timedelta(hours=1)  # a day by its document; the reference's client takes an hour
LOGIN = "user/login"
SOURCE = "en"
TIMED_OUT, NO_CONNECTION = 504, 503
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
NOT_NOW = frozenset({429, 503})  # answered before any work
HEADERS = {"req_source": SOURCE, "Content-Type": "application/json", "Accept": "application/json"}

Body = Mapping[str, Any] | Sequence[str]


class AnswerLost(SupplierUnavailable):
    """The request may have been taken; only its answer is missing."""


class ManufacturerClient:
    def __init__(
        self,
        account: SupplierAccount,
        memory: SupplierMemory,
        clock: Clock,
        policy: EgressPolicy,
    ) -> None:
        self.account = account
        self.memory = memory
        self.clock = clock
        self._http = guarded_client(policy, account.timeout_s)

    async def aclose(self) -> None:
        await self._http.aclose()

    async def post(self, path: str, body: Body) -> Told:
        """What it answered, whatever that is. Raises AccountRefused when our account is not let in,
        AnswerLost when the request may have been taken, SupplierUnavailable when it surely was not.
        """
        if self.account.signature == "pairs":
            return await self._send(path, self._in_pairs(body), {})
        token = await self._token()
        told = await self._send(path, body, self._signed(body, token))
        if told.code != codec.UNAUTHORIZED:
            return told
        token = await self._token(instead_of=token)
        told = await self._send(path, body, self._signed(body, token))
        if told.code == codec.UNAUTHORIZED:
            raise AccountRefused(_says(path, told), code=told.code)
        return told

    async def sign_in(self) -> None:
        """Anew, whatever is remembered. Raises AccountRefused."""
        self.memory.token = None
        if self.account.signature != "pairs":
            await self._token()

    async def _token(self, *, instead_of: str | None = None) -> str:
        """The token at hand, else a new one; one sign-in at a time."""
        memory = self.memory
        async with memory.lock:
            is_over = memory.token_until is None or memory.token_until <= self.clock.now()
            if memory.token is None or is_over or memory.token == instead_of:
                memory.token = await self._log_in()
                memory.token_until = self.clock.now() + TOKEN_LASTS
            return memory.token

    async def _log_in(self) -> str:
        body = {"account": self.account.account, "password": self.account.password}
        try:
            told = await self._send(LOGIN, body, {"sign": self._sign(body)})
        except AnswerLost as err:  # only the sign-in: what it was for was not sent
            raise SupplierUnavailable(err.sentence, code=err.code) from err
        token = told.data.get("token") if isinstance(told.data, dict) else None
        if not told.is_ok or not isinstance(token, str) or not token:
            raise AccountRefused(
                f"The manufacturer does not accept our account ({told.code}: {told.msg})."
                " Check account, password, system name and fixed key.",
                code=told.code,
            )
        return token

    async def _send(self, path: str, body: Body, headers: Mapping[str, str]) -> Told:
        correlation = correlation_id.get()
        extra = {"X-Correlation-ID": correlation} if correlation else {}
        content = msgspec.json.encode(body)
        with outside_call("manufacturer") as call:
            answer = await self._call(path, content, {**HEADERS, **headers, **extra})
            call.outcome = f"{answer.status_code // 100}xx"
        told = _read(path, answer)
        log.info("manufacturer", path=path, code=told.code, correlation_id=correlation)
        return told

    async def _call(self, path: str, content: bytes, headers: Mapping[str, str]) -> httpx.Response:
        url = f"{self.account.base_url.rstrip('/')}/{path}"
        try:
            return await self._http.post(url, content=content, headers=headers)
        except (AddressRefused, AddressUnknown) as err:
            raise SupplierUnavailable(err.detail, code=NO_CONNECTION) from err
        except NOT_SENT as err:
            text = f"The manufacturer cannot be reached ({type(err).__name__})."
            raise SupplierUnavailable(text, code=NO_CONNECTION) from err
        except httpx.TimeoutException as err:
            text = f"The manufacturer gave no answer within {self.account.timeout_s:g} s."
            raise AnswerLost(text, code=TIMED_OUT) from err
        except (httpx.HTTPError, httpx.InvalidURL) as err:
            text = f"The connection to the manufacturer broke ({type(err).__name__})."
            raise AnswerLost(text, code=NO_CONNECTION) from err

    def _signed(self, body: Body, token: str) -> dict[str, str]:
        return {"sign": self._sign(body), "Authorization": token}

    def _sign(self, body: Body) -> str:
        """A bare list is signed as one parameter, which as a list is left out."""
        parameters = body if isinstance(body, Mapping) else {"third_ids": list(body)}
        return signature.sign_values(parameters, self.account.system_name, self.account.fixed_key)

    def _in_pairs(self, body: Body) -> dict[str, Any]:
        """Account, password and signature in the body, as reference (d) prints it."""
        parameters = dict(body) if isinstance(body, Mapping) else {"third_ids": list(body)}
        parameters |= {"account": self.account.account, "password": self.account.password}
        return parameters | {"sign": signature.sign_pairs(parameters, self.account.fixed_key)}


def refusal(path: str, told: Told) -> SupplierRefused:
    return SupplierRefused(_says(path, told), code=told.code)


def _read(path: str, answer: httpx.Response) -> Told:
    if answer.status_code in NOT_NOW:
        text = f"The manufacturer is not available just now (status {answer.status_code})."
        raise SupplierUnavailable(text, code=NO_CONNECTION)
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        return Told(codec.UNAUTHORIZED, "unauthorized")
    told = codec.read_answer(answer.content, answer.headers.get("content-type", ""))
    if told is None:
        what = "a web page" if b"<" in answer.content[:200] else "something that is no JSON"
        text = f"The manufacturer answered {path} with {what} (status {answer.status_code})."
        raise AnswerLost(text, code=codec.BAD_ANSWER)
    return told


def _says(path: str, told: Told) -> str:
    return f"The manufacturer refused {path} ({told.code}: {told.msg.rstrip('.') or 'no word'})."
