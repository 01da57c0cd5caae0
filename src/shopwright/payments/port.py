"""What a payment provider can be asked to do. Adapters are found by entry point
``shopwright.payments``; they know neither database nor pages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import TracebackType
from typing import Any, Protocol, Self


class ProviderError(Exception):
    """``sentence`` is for people."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class ProviderUnavailable(ProviderError):
    """It surely did nothing (no connection, a rate limit): the same may be tried later."""


class ProviderRefused(ProviderError):
    """It surely did nothing and will not: asking again changes nothing."""


class ProviderUnconfirmed(ProviderError):
    """Nothing proves whether it was done (a time-out, a cut connection): ask by our key."""


@dataclass(frozen=True, slots=True)
class ProviderAccount:
    """The shop's account. ``api_url`` None means the vendor's own."""

    secret_key: str = field(repr=False)
    webhook_secret: str | None = field(default=None, repr=False)
    api_url: str | None = None


@dataclass(frozen=True, slots=True)
class PaymentLine:
    title: str
    quantity: int
    price_minor: int


@dataclass(frozen=True, slots=True)
class StartRequest:
    """``key`` is ours and comes back with whatever the provider says of it. The same key always
    brings the same request: ``expires_at`` and ``extra`` are kept with the payment."""

    key: str
    order_id: int
    order_number: int
    amount_minor: int
    currency: str
    lines: tuple[PaymentLine, ...]
    expires_at: datetime | None = None
    success_url: str = ""
    cancel_url: str = ""
    email: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Started:
    """``url`` is where the buyer pays, None where a machine takes the money."""

    provider_id: str
    url: str | None = None
    expires_at: datetime | None = None


class Word(StrEnum):
    """What a provider says about a payment."""

    OPEN = "open"
    PAYING = "paying"
    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"
    ABNORMAL = "abnormal"
    NOT_THERE = "not_there"  # it knows nothing of our key


@dataclass(frozen=True, slots=True)
class SeenRefund:
    """``key`` is ours, when it was asked for here; ``word`` as in RefundStatus."""

    provider_id: str
    amount_minor: int
    word: str
    key: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a payment stands. Amounts are what was really taken, None when it does not say;
    ``refunds`` None means that it was not told, not that there are none."""

    word: Word
    provider_id: str | None = None
    provider_payment_id: str | None = None
    amount_minor: int | None = None
    currency: str | None = None
    fee_minor: int | None = None
    fee_currency: str | None = None
    url: str | None = None
    sentence: str | None = None
    refunds: tuple[SeenRefund, ...] | None = None


@dataclass(frozen=True, slots=True)
class RefundRequest:
    key: str
    provider_payment_id: str
    amount_minor: int
    currency: str
    reason: str


class PaymentProvider(Protocol):
    """One shop's account at one provider. Methods raise the errors above and nothing else.

    ``is_repeatable``: starting or refunding again with the same key is the same start or refund,
    so an interrupted call may simply be made again. Where not, ``ask`` finds out first.
    """

    is_repeatable: bool

    async def __aenter__(self) -> Self: ...
    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    async def start(self, request: StartRequest) -> Started: ...

    async def ask(self, key: str, provider_id: str | None) -> Standing:
        """How it stands now; ``Word.NOT_THERE`` is an answer."""
        ...

    async def close(self, key: str, provider_id: str | None) -> Standing:
        """Nobody shall pay by it any more; how it stands then, which may be paid."""
        ...

    async def refund(self, request: RefundRequest) -> SeenRefund: ...


class NoticeRefused(ProviderError):
    """Nobody with our secret has signed this just now, or it cannot be read."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a provider sends by itself. ``key`` is ours, ``names`` are its own ids, whichever of
    them it tells; ``standing`` None says only that something changed: ask."""

    event_id: str
    kind: str  # the provider's own word
    payload: Mapping[str, Any]
    key: str | None = None
    names: tuple[str, ...] = ()
    standing: Standing | None = None
    is_about_payment: bool = True
    dispute: str | None = None  # the sentence about a buyer who disputes the charge


class NoticeReader(Protocol):
    """What an adapter that hears by webhook has beside ``PaymentProvider``; needs no connection."""

    @staticmethod
    def read_notice(
        account: ProviderAccount, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> Notice:
        """Raises NoticeRefused. Headers in lower case."""
        ...
