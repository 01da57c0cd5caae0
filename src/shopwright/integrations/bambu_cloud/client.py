"""Bambu Lab's account API (protocol notes 1.13), which is not documented by its owner.

Learned from what is publicly known of it; written against our sandbox, never met the real one.
"""

from datetime import timedelta
from typing import TypeVar

import httpx
import msgspec

from shopwright.fleet.cloud.port import (
    CloudHosts,
    CloudLogInAgain,
    CloudLogInRefused,
    CloudPrinter,
    CodeNeeded,
    LoggedIn,
    LogIn,
    TotpNeeded,
)
from shopwright.integrations.bambu_cloud.payloads import (
    DeviceList,
    LogInAnswer,
    Preference,
    Trouble,
)
from shopwright.kernel.errors import BrokenUpstream, TooMany, Unavailable
from shopwright.kernel.metrics import outside_call

LOGIN = "/v1/user-service/user/login"
SEND_CODE = "/v1/user-service/user/sendemail/code"
TOTP = "/api/sign-in/tfa"
PREFERENCE = "/v1/design-user-service/my/preference"
DEVICES = "/v1/iot-service/api/user/bind"

TIMEOUT_S = 15.0
USUAL_LIFE_S = 7_776_000  # 90 days; the second step with an authenticator tells none
CODE_EXPIRED = 1  # of ``code`` in a 400 to a log-in with a code
BAD_LOG_IN = frozenset({400, 401, 403})

WRONG_PASSWORD = "Bambu's cloud knows no such e-mail address and password. Type both again."
OLD_CODE = "This code ran out. Let Bambu's cloud send another one and type that."
WRONG_CODE = "This code is wrong. Type the latest one that Bambu's cloud sent."
WRONG_TOTP = "This code is wrong or ran out. Type the one the authenticator app shows now."
AGAIN = "Bambu's cloud takes the log-in no more. Log in again."
TURNED_AWAY = (
    "Bambu's cloud turns this program away before looking at the log-in. Try again later, "
    "or set the printer up over the LAN."
)

T = TypeVar("T")


class BambuCloud:
    def __init__(self, hosts: CloudHosts) -> None:
        self._hosts = hosts

    async def log_in(self, email: str, password: str) -> LogIn:
        answer = await self._api("POST", LOGIN, {"account": email, "password": password})
        if answer.status_code in BAD_LOG_IN:
            _judge_turned_away(answer)
            raise CloudLogInRefused(WRONG_PASSWORD)
        return await self._read_log_in(answer, email)

    async def send_code(self, email: str) -> None:
        answer = await self._api("POST", SEND_CODE, {"email": email, "type": "codeLogin"})
        if answer.status_code in BAD_LOG_IN:
            _judge_turned_away(answer)
            raise CloudLogInRefused(f"Bambu's cloud sends no code to {email}: log in again.")
        _judge(answer)

    async def log_in_with_code(self, email: str, code: str) -> LogIn:
        answer = await self._api("POST", LOGIN, {"account": email, "code": code})
        if answer.status_code in BAD_LOG_IN:
            _judge_turned_away(answer)
            is_old = _read(answer, Trouble).code == CODE_EXPIRED
            raise CloudLogInRefused(OLD_CODE if is_old else WRONG_CODE)
        return await self._read_log_in(answer, None)

    async def log_in_with_totp(self, key: str, code: str) -> LogIn:
        answer = await self._call(
            "POST", f"{self._hosts.site_url.rstrip('/')}{TOTP}", {"tfaKey": key, "tfaCode": code}
        )
        if answer.status_code in BAD_LOG_IN:
            _judge_turned_away(answer)
            raise CloudLogInRefused(WRONG_TOTP)
        _judge(answer)
        token = answer.cookies.get("token")
        if not token:
            raise BrokenUpstream("Bambu's cloud took the code and gave no log-in. Log in again.")
        return await self._logged_in(token, USUAL_LIFE_S)

    async def list_printers(self, token: str) -> tuple[CloudPrinter, ...]:
        answer = await self._api("GET", DEVICES, token=token)
        _judge_token(answer)
        return tuple(device.printer() for device in _read(answer, DeviceList).devices)

    async def _read_log_in(self, answer: httpx.Response, email: str | None) -> LogIn:
        """With ``email`` an e-mailed code may be asked for, which then is sent."""
        _judge(answer)
        said = _read(answer, LogInAnswer)
        if said.access_token:
            return await self._logged_in(said.access_token, said.expires_in or USUAL_LIFE_S)
        if said.login_type == "tfa" and said.tfa_key:
            return TotpNeeded(said.tfa_key)
        if said.login_type == "verifyCode" and email is not None:
            await self.send_code(email)
            return CodeNeeded()
        raise BrokenUpstream("Bambu's cloud asks for a kind of log-in that is not known here.")

    async def _logged_in(self, token: str, lives_s: int) -> LoggedIn:
        """The token is opaque, so the user's id, which the broker wants, is asked for."""
        answer = await self._api("GET", PREFERENCE, token=token)
        _judge_token(answer)
        uid = _read(answer, Preference).uid
        return LoggedIn(token, timedelta(seconds=lives_s), str(uid))

    async def _api(
        self, method: str, path: str, body: dict[str, str] | None = None, *, token: str = ""
    ) -> httpx.Response:
        url = f"{self._hosts.api_url.rstrip('/')}{path}"
        return await self._call(method, url, body, token=token)

    async def _call(
        self, method: str, url: str, body: dict[str, str] | None = None, *, token: str = ""
    ) -> httpx.Response:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as http:
                with outside_call("bambu_cloud") as call:
                    response = await http.request(method, url, json=body, headers=headers)
                    call.outcome = f"{response.status_code // 100}xx"
        except httpx.HTTPError as err:
            why = type(err).__name__
            raise Unavailable(f"Bambu's cloud cannot be reached ({why}). Try later.") from err
        return response


def _judge_token(answer: httpx.Response) -> None:
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        raise CloudLogInAgain(AGAIN)
    _judge(answer)


def _judge(answer: httpx.Response) -> None:
    _judge_turned_away(answer)
    if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        raise TooMany("Bambu's cloud asks for a pause. Try again in some minutes.")
    if not answer.is_success:
        raise BrokenUpstream(f"Bambu's cloud answered with status {answer.status_code}. Try later.")


def _judge_turned_away(answer: httpx.Response) -> None:
    """Cloudflare stands in front, and answers programs it does not like with a page."""
    is_page = "html" in answer.headers.get("content-type", "")
    if answer.status_code == httpx.codes.FORBIDDEN and is_page:
        raise Unavailable(TURNED_AWAY)


def _read(answer: httpx.Response, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(answer.content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as err:
        raise BrokenUpstream("Bambu's cloud gave an answer that cannot be read.") from err
