"""Onshape's consents and tokens (fact sheet 4.1). A refresh token may be good for one use only, so
callers refresh one at a time and keep the answer."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode

import httpx

from shopwright.integrations.onshape.payloads import TokenAnswer, decode, said_in
from shopwright.kernel.egress import trust
from shopwright.kernel.metrics import outside_call
from shopwright.parts.onshape.port import (
    OnshapeApp,
    OnshapeBusy,
    OnshapeReconnect,
    OnshapeRefused,
    OnshapeTokens,
)

TIMEOUT_S = 15.0
RETRY_AFTER_S = 30
MAX_BODY = 100_000


class OnshapeOAuth:
    def __init__(self, app: OnshapeApp) -> None:
        self._app = app

    def authorization_url(self, redirect_uri: str, state: str) -> str:
        """Client ids end with ``=``, which must not stand bare in a query."""
        query = {
            "response_type": "code",
            "client_id": self._app.client_id,
            "redirect_uri": redirect_uri,
            "state": state,
        }
        return f"{self._app.oauth_url.rstrip('/')}/oauth/authorize?{urlencode(query)}"

    async def trade_code(self, code: str, redirect_uri: str, now: datetime) -> OnshapeTokens:
        """Raises OnshapeReconnect when the code was used or is too old."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        return await self._ask(form, now)

    async def refresh(self, refresh_token: str, now: datetime) -> OnshapeTokens:
        """Raises OnshapeReconnect when the consent is over."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return await self._ask(form, now)

    async def _ask(self, form: Mapping[str, str], now: datetime) -> OnshapeTokens:
        app = {"client_id": self._app.client_id, "client_secret": self._app.client_secret}
        try:
            response = await self._post({**form, **app})
        except httpx.TransportError as err:
            raise _busy(f"Onshape's token service cannot be reached ({type(err).__name__}).") from (
                err
            )
        _check(response)
        answer = decode(response.content, TokenAnswer, response.headers.get("content-type", ""))
        return OnshapeTokens(
            access_token=answer.access_token,
            refresh_token=answer.refresh_token,
            expires_at=now + timedelta(seconds=answer.expires_in),
        )

    async def _post(self, form: Mapping[str, str]) -> httpx.Response:
        async with httpx.AsyncClient(verify=trust(), timeout=TIMEOUT_S, trust_env=False) as http:
            with outside_call("onshape_tokens") as call:
                response = await http.post(
                    f"{self._app.oauth_url.rstrip('/')}/oauth/token", data=form
                )
                call.outcome = f"{response.status_code // 100}xx"
        return response


def _check(response: httpx.Response) -> None:
    if response.is_success:
        return
    status, said = response.status_code, said_in(response.content[:MAX_BODY])
    if status == httpx.codes.TOO_MANY_REQUESTS or response.is_server_error:
        raise _busy(f"Onshape's token service does not serve us now (status {status}).")
    if "invalid_client" in response.text[:MAX_BODY]:
        raise OnshapeRefused(
            "Onshape refuses the app. Check ONSHAPE_CLIENT_ID and ONSHAPE_CLIENT_SECRET."
        )
    raise OnshapeReconnect(
        f"Onshape refuses the consent ({said or f'status {status}'}). Connect Onshape again."
    )


def _busy(sentence: str) -> OnshapeBusy:
    return OnshapeBusy(sentence, retry_after_s=RETRY_AFTER_S)
