"""Stripe as a payment provider: hosted checkout sessions, refunds, fees."""

from collections.abc import Awaitable, Mapping
from types import TracebackType
from typing import Any, Self

import httpx
import stripe

from shopwright.integrations.stripe import codec, notices
from shopwright.integrations.stripe.http import AsyncHttp
from shopwright.kernel.metrics import outside_call
from shopwright.payments.port import (
    ProviderAccount,
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    ProviderUnconfirmed,
    RefundRequest,
    SeenRefund,
    Standing,
    Started,
    StartRequest,
    Word,
)

stripe.enable_telemetry = False  # else the platform and a telemetry id are sent along

TIMEOUT_S = 10.0
RETRIES = 1  # with the same idempotency key
MAX_WORDS = 300
EXPANDED = {"expand": ["payment_intent.latest_charge.balance_transaction"]}
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
NOT_THERE = frozenset({"resource_missing"})


class StripeProvider:
    """One account. The same idempotency key brings the same session, so a start may be made again
    for a day; so may a refund."""

    is_repeatable = True

    def __init__(
        self, account: ProviderAccount, *, timeout_s: float = TIMEOUT_S, retries: int = RETRIES
    ) -> None:
        own = account.api_url
        self._http = AsyncHttp(timeout_s)
        self._client = stripe.StripeClient(
            account.secret_key,
            base_addresses={"api": own.rstrip("/")} if own else {},
            max_network_retries=retries,
            http_client=self._http,
        )

    read_notice = staticmethod(notices.read_notice)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._http.close_async()

    async def start(self, request: StartRequest) -> Started:
        created = self._client.v1.checkout.sessions.create_async(
            codec.session_params(request),  # type: ignore[arg-type]
            {"idempotency_key": request.key},
        )
        return codec.started_of(await self._call(created))

    async def ask(self, key: str, provider_id: str | None) -> Standing:  # noqa: ARG002
        """Stripe finds no session by a key of ours; one that was never noted is not there."""
        if provider_id is None:
            return Standing(Word.NOT_THERE)
        try:
            session = await self._call(
                self._client.v1.checkout.sessions.retrieve_async(provider_id, EXPANDED)  # type: ignore[arg-type]
            )
        except _Missing as err:
            return Standing(Word.NOT_THERE, sentence=err.sentence)
        standing = codec.standing_of_session(session)
        if standing.word is not Word.PAID or standing.provider_payment_id is None:
            return standing
        refunds = await self._list_refunds(standing.provider_payment_id)
        return codec.standing_of_session(session, refunds)

    async def close(self, key: str, provider_id: str | None) -> Standing:
        """An open session is expired; any other stays as it is."""
        standing = await self.ask(key, provider_id)
        if standing.word is not Word.OPEN or provider_id is None:
            return standing
        try:
            expired = await self._call(self._client.v1.checkout.sessions.expire_async(provider_id))
        except ProviderRefused:  # paid or expired at this very moment
            return await self.ask(key, provider_id)
        return codec.standing_of_session(expired)

    async def refund(self, request: RefundRequest) -> SeenRefund:
        created = self._client.v1.refunds.create_async(
            codec.refund_params(request),  # type: ignore[arg-type]
            {"idempotency_key": request.key},
        )
        return codec.refund_of(await self._call(created))

    async def check(self) -> None:
        """Whether the key is taken; raises ProviderError."""
        await self._call(self._client.v1.events.list_async({"limit": 1}))

    async def _list_refunds(self, intent: str) -> tuple[SeenRefund, ...]:
        found = await self._call(
            self._client.v1.refunds.list_async({"payment_intent": intent, "limit": 100})
        )
        return tuple(codec.refund_of(refund) for refund in found["data"])

    async def _call(self, calling: Awaitable[Any]) -> Mapping[str, Any]:
        """The answer as plain JSON; raises ProviderError."""
        with outside_call("stripe") as call:
            try:
                answer = await calling
            except stripe.StripeError as err:
                call.outcome = f"{(err.http_status or 0) // 100}xx"
                raise _translated(err) from err
            call.outcome = "2xx"
        plain: Mapping[str, Any] = answer.to_dict()
        return plain


class _Missing(ProviderRefused):
    """Stripe has nothing of this id in this account."""


def _translated(err: stripe.StripeError) -> ProviderError:
    words = (err.user_message or str(err))[:MAX_WORDS]
    match err:
        case stripe.APIConnectionError():
            is_unsent = isinstance(err.__cause__, NOT_SENT)
            kind = ProviderUnavailable if is_unsent else ProviderUnconfirmed
            return kind("Stripe does not answer right now.")
        case stripe.RateLimitError():
            return ProviderUnavailable("Stripe asks us to wait a moment.")
        case stripe.AuthenticationError() | stripe.PermissionError():
            return ProviderRefused("Stripe does not accept the shop's key. Check it.")
        case stripe.InvalidRequestError() if err.code in NOT_THERE:
            return _Missing(f"Stripe: {words}")
        case stripe.InvalidRequestError() | stripe.IdempotencyError() | stripe.CardError():
            return ProviderRefused(f"Stripe: {words}")
        case _:
            return ProviderUnconfirmed("Stripe had an error of its own.")
