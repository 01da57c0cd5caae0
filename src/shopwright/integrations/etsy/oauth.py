"""OAuth 2 with PKCE at Etsy, and tokens kept fresh (integrations fact sheet 1.3).

The access token lives an hour. Refreshing rotates the refresh token, so one refresh at a time per
connection, under the store's lock, saved before anybody uses it.
"""

import asyncio
import base64
import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode

import httpx

from shopwright.channels.port import (
    AccessDenied,
    Authorization,
    ChannelApp,
    ChannelUnavailable,
    HeldTokens,
    ReconnectNeeded,
    Tokens,
    TokenStore,
)
from shopwright.integrations.etsy.codec import decode_answer, decode_error
from shopwright.integrations.etsy.payloads import TokenAnswer
from shopwright.kernel.metrics import outside_call

AUTHORIZE_URL = "https://www.etsy.com/oauth/connect"
TOKEN_URL = "https://api.etsy.com/v3/public/oauth/token"
SCOPES = ("shops_r", "transactions_r", "transactions_w", "listings_r", "listings_w")
SIGN_IN_SCOPES = (*SCOPES, "email_r")  # with the person's name and address
REFRESH_AHEAD = timedelta(seconds=120)  # so that a POST, which is never repeated, meets no expiry
RETRY_AFTER_S = 60.0


def begin_authorization(app: ChannelApp, redirect_uri: str) -> Authorization:
    """Fresh state and verifier; ``redirect_uri`` must be registered with the app, to the letter."""
    verifier = secrets.token_urlsafe(48)
    state = secrets.token_urlsafe(24)
    url = authorization_url(app, redirect_uri, state=state, code_verifier=verifier, scopes=SCOPES)
    return Authorization(url=url, state=state, code_verifier=verifier)


def authorization_url(
    app: ChannelApp, redirect_uri: str, *, state: str, code_verifier: str, scopes: Sequence[str]
) -> str:
    query = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(scopes),
        "state": state,
        "code_challenge": challenge_of(code_verifier),
        "code_challenge_method": "S256",
    }
    return f"{app.authorize_url or AUTHORIZE_URL}?{urlencode(query)}"


def challenge_of(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class TokenKeeper:
    """Answers with an access token that should still work; refreshes at most once at a time."""

    def __init__(
        self,
        app: ChannelApp,
        store: TokenStore,
        http: httpx.AsyncClient,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._app = app
        self._store = store
        self._http = http
        self._now = now
        self._running: set[asyncio.Task[Tokens]] = set()

    async def current(self) -> Tokens:
        """Raises ReconnectNeeded when there is no consent to speak of."""
        tokens = await self._store.load()
        if tokens is None:
            raise ReconnectNeeded("This shop is not connected to Etsy yet.")
        if self._now() >= tokens.expires_at - REFRESH_AHEAD:
            return await self.refresh(tokens.access_token)
        return tokens

    async def refresh(self, stale_access_token: str) -> Tokens:
        """Rotate, unless somebody else has since. Survives our caller's cancellation: a rotated
        token that nobody saved would cost the owner a new consent."""
        task = asyncio.create_task(self._refresh(stale_access_token))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def exchange(self, *, code: str, code_verifier: str, redirect_uri: str) -> Tokens:
        """Trade a callback's code for tokens and save them; the code works once."""
        form = {
            "grant_type": "authorization_code",
            "client_id": self._app.client_id,
            "redirect_uri": redirect_uri,
            "code": code,
            "code_verifier": code_verifier,
        }
        async with self._store.locked() as held:
            return await self._ask_and_save(held, form)

    async def close(self) -> None:
        """Wait for a refresh under way, so that its answer is saved."""
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _refresh(self, stale_access_token: str) -> Tokens:
        async with self._store.locked() as held:
            tokens = held.current
            if tokens is None:
                raise ReconnectNeeded("This shop was disconnected from Etsy.")
            if tokens.access_token != stale_access_token:
                return tokens
            form = {
                "grant_type": "refresh_token",
                "client_id": self._app.client_id,
                "refresh_token": tokens.refresh_token,
            }
            return await self._ask_and_save(held, form)

    async def _ask_and_save(self, held: HeldTokens, form: Mapping[str, str]) -> Tokens:
        asked_at = self._now()
        answer = decode_answer(await self._ask(form), TokenAnswer)
        tokens = Tokens(
            access_token=answer.access_token,
            refresh_token=answer.refresh_token,
            expires_at=asked_at + timedelta(seconds=answer.expires_in),
            user_id=answer.access_token.partition(".")[0],
        )
        await held.save(tokens)
        return tokens

    async def _ask(self, form: Mapping[str, str]) -> bytes:
        try:
            response = await self._post(form)
        except httpx.TransportError:
            # Once more at once: had Etsy rotated already, it now says so in words.
            try:
                response = await self._post(form)
            except httpx.TransportError as err:
                raise _unavailable(f"Etsy's token service does not answer ({err!r}).") from err
        return _checked(response)

    async def _post(self, form: Mapping[str, str]) -> httpx.Response:
        with outside_call("etsy_tokens") as call:
            response = await self._http.post(self._app.token_url or TOKEN_URL, data=form)
            call.outcome = f"{response.status_code // 100}xx"
        return response


def _checked(response: httpx.Response) -> bytes:
    if response.is_success:
        return response.content
    if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
        raise _unavailable("Etsy's token service asks us to slow down.")
    answer = decode_error(response.content)
    if answer.error == "invalid_grant":
        raise ReconnectNeeded(
            f"Etsy refuses the consent ({answer.sentence}). Connect the shop again."
        )
    if answer.error and response.is_client_error:
        raise AccessDenied(f"Etsy refuses the app: {answer.sentence}. Check the keystring.")
    raise _unavailable(f"Etsy's token service has a fault (status {response.status_code}).")


def _unavailable(sentence: str) -> ChannelUnavailable:
    return ChannelUnavailable(sentence, retry_after_s=RETRY_AFTER_S)
