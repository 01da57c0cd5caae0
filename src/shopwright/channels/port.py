"""The port every sales channel implements, and the values that cross it.

Money is an integer in the currency's minor units, and all amounts of one order share its currency.
Times are aware UTC. An order may be delivered more than once, never less: imports are idempotent.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum, StrEnum
from types import TracebackType
from typing import Protocol, Self


class ChannelError(Exception):
    """Something at the channel went wrong; the text is a sentence for people."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class ChannelUnavailable(ChannelError):
    """The channel does not answer for now; worth trying again after ``retry_after_s``."""

    def __init__(self, sentence: str, *, retry_after_s: float) -> None:
        super().__init__(sentence)
        self.retry_after_s = retry_after_s


class RateLimited(ChannelUnavailable):
    """Our allowance of calls is used up."""


class ReconnectNeeded(ChannelError):
    """The shop's consent is gone or too narrow; only its owner can give it again."""


class AccessDenied(ChannelError):
    """The channel knows us and says no: wrong app key, or not our shop. A person's job."""


class OrderNotThere(ChannelError):
    """The channel has no order with this id."""


class BadAnswer(ChannelError):
    """The channel answered with something that is not an answer; ``raw`` is its beginning."""

    def __init__(self, sentence: str, *, raw: str = "") -> None:
        super().__init__(sentence)
        self.raw = raw


class CallRefused(ChannelError):
    """The channel understood a call and refused it; repeating it unchanged is useless."""


class NoticeRefused(ChannelError):
    """A notice that is not signed with our secret, or is too old to be believed."""


class Urgency(IntEnum):
    """Whose call goes first when the allowance is short; the smaller the sooner."""

    PERSON = 0  # waits for the answer
    TRACKING = 1
    SYNC = 2
    LISTINGS = 3


class ChannelStatus(StrEnum):
    """Where an order stands at the channel; ``native_status`` keeps the channel's own word."""

    PENDING = "pending"  # not paid yet
    PAID = "paid"
    COMPLETED = "completed"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELED = "canceled"
    REFUNDED = "refunded"  # in full; a part refund leaves the status and shows in ``refunds``


@dataclass(frozen=True, slots=True)
class Address:
    """Where the parcel goes. Channels may withhold any line, so none is required."""

    name: str | None = None
    first_line: str | None = None
    second_line: str | None = None
    city: str | None = None
    state: str | None = None
    postcode: str | None = None
    country_iso: str | None = None
    formatted: str | None = None


@dataclass(frozen=True, slots=True)
class ChannelOrderItem:
    external_id: str
    title: str
    sku: str | None
    listing_id: str | None
    quantity: int
    unit_price_minor: int
    options: tuple[tuple[str, str], ...] = ()  # (name, value) in the channel's order
    personalisations: tuple[tuple[str, str], ...] = ()  # (question, answer) in the channel's order
    promised_on: date | None = None  # UTC day of the channel's expected ship date
    is_digital: bool = False
    shipping_minor: int = 0


@dataclass(frozen=True, slots=True)
class ChannelRefund:
    amount_minor: int
    refunded_at: datetime | None
    reason: str | None = None
    note: str | None = None
    native_status: str | None = None
    is_failed: bool = False  # attempted, but the money did not move


@dataclass(frozen=True, slots=True)
class ChannelShipment:
    carrier: str | None
    tracking_code: str | None
    notified_at: datetime | None = None
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class ChannelOrder:
    external_id: str
    status: ChannelStatus
    native_status: str
    is_paid: bool
    is_shipped: bool
    is_canceled: bool
    currency: str
    total_minor: int
    subtotal_minor: int
    shipping_minor: int
    tax_minor: int
    vat_minor: int
    discount_minor: int
    gift_wrap_minor: int
    placed_at: datetime
    updated_at: datetime
    items: tuple[ChannelOrderItem, ...]
    raw: str  # the channel's JSON of this order, as it came
    buyer_name: str | None = None
    buyer_email: str | None = None
    buyer_user_id: str | None = None
    address: Address = field(default_factory=Address)
    buyer_note: str | None = None
    is_gift: bool = False
    gift_message: str | None = None
    gift_sender: str | None = None
    payment_method: str | None = None
    refunds: tuple[ChannelRefund, ...] = ()
    shipments: tuple[ChannelShipment, ...] = ()

    @property
    def refunded_minor(self) -> int:
        return sum(refund.amount_minor for refund in self.refunds if not refund.is_failed)

    @property
    def promised_on(self) -> date | None:
        """The earliest promise among the items."""
        return min((i.promised_on for i in self.items if i.promised_on), default=None)


@dataclass(frozen=True, slots=True)
class RejectedOrder:
    """An order that cannot be read. Store it, tell a person, go on with the rest."""

    external_id: str | None
    reason: str
    raw: str


@dataclass(frozen=True, slots=True, order=True)
class Watermark:
    """Everything the channel changed before this second has been delivered.

    ``epoch_s`` is on the channel's clock and whole seconds; adapters add their own overlap.
    """

    epoch_s: int


@dataclass(frozen=True, slots=True)
class OrderPage:
    """Oldest change first. Store orders, rejects and ``watermark`` in one transaction."""

    orders: tuple[ChannelOrder, ...]
    rejected: tuple[RejectedOrder, ...]
    watermark: Watermark
    remaining: int = 0  # what the channel says is still to come in this run, for people


@dataclass(frozen=True, slots=True)
class Tracking:
    """What to tell the channel about one parcel. Without code and carrier: only "it is shipped"."""

    code: str | None = None
    carrier: str | None = None  # our word for it; adapters map it to the channel's names
    note_to_buyer: str | None = None


@dataclass(frozen=True, slots=True)
class TrackingBooked:
    """The channel's own answer shows our tracking; the buyer was told once."""

    shipment: ChannelShipment


@dataclass(frozen=True, slots=True)
class TrackingRefused:
    """Proven: nothing was booked and no buyer was told.

    ``retry_after_s`` None means that a person must change something first.
    """

    sentence: str
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class TrackingUnconfirmed:
    """No proof either way. Ask ``find_tracking``; never push again without it."""

    sentence: str


@dataclass(frozen=True, slots=True)
class ShopProfile:
    external_id: str
    name: str
    owner_user_id: str
    currency: str | None = None
    country_iso: str | None = None
    url: str | None = None
    title: str | None = None
    is_on_vacation: bool = False


@dataclass(frozen=True, slots=True)
class ChannelPerson:
    """Whose consent it is, as the channel tells; any of it may be withheld."""

    user_id: str
    email: str | None = None
    first_name: str = ""


@dataclass(frozen=True, slots=True)
class ChannelOffer:
    """One sellable choice of a listing; ``options`` tell it from the others."""

    sku: str
    options: tuple[tuple[str, str], ...] = ()  # (name, value) in the channel's order
    quantity: int | None = None
    price_minor: int | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class ChannelListing:
    """How the channel presents a product, with its sellable choices."""

    external_id: str
    title: str
    state: str
    skus: tuple[str, ...] = ()
    quantity: int | None = None
    price_minor: int | None = None
    currency: str | None = None
    url: str | None = None
    description: str = ""
    offers: tuple[ChannelOffer, ...] = ()


@dataclass(frozen=True, slots=True)
class ChannelApp:
    """The app that the shop's owner registered at the vendor. URLs None mean the vendor's own."""

    client_id: str
    client_secret: str = field(repr=False)
    api_url: str | None = None
    authorize_url: str | None = None
    token_url: str | None = None
    calls_per_minute: int = 10  # per app key, shared by all shops of the app
    ledger: "CallLedger | None" = None  # None: no other process uses the key


@dataclass(frozen=True, slots=True)
class Tokens:
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    user_id: str


@dataclass(frozen=True, slots=True)
class Authorization:
    """Send the owner to ``url``; keep the rest until the callback, which must echo ``state``."""

    url: str
    state: str
    code_verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Notice:
    """The channel says that something happened to an order; what, is to be asked of the channel."""

    event_id: str
    event: str  # the channel's own word, in lower case
    shop_id: str | None
    external_id: str | None
    is_delivered: bool = False  # which an order fetched afterwards may not show


class CallLedger(Protocol):
    """Keeps to an app key's allowance among all processes that use it."""

    async def book(self, urgency: Urgency) -> float:
        """Book a call now: 0; else nothing is booked, and so many seconds are to be waited."""
        ...

    async def pause(self, seconds: float) -> None:
        """Nobody calls for so long; never shortens an earlier pause."""
        ...


class HeldTokens(Protocol):
    """The tokens while nobody else may rotate them."""

    @property
    def current(self) -> Tokens | None: ...
    async def save(self, tokens: Tokens) -> None:
        """Durable when it returns: the old refresh token is already dead at the vendor."""
        ...


class TokenStore(Protocol):
    """Keeps one connection's tokens.

    ``locked()`` excludes every other process and is held across one token call (some seconds), so
    it must not be a database transaction. ``current`` is read after the lock was taken.
    """

    async def load(self) -> Tokens | None: ...
    def locked(self) -> AbstractAsyncContextManager[HeldTokens]: ...


class ChannelAdapter(Protocol):
    """One connection to one shop at one channel. Entering opens nothing; leaving closes sockets.

    Every method raises ChannelUnavailable, ReconnectNeeded, AccessDenied or BadAnswer, except
    ``push_tracking``, which always answers. ``urgency`` orders its calls among all others.
    """

    urgency: Urgency

    def __init__(
        self, app: ChannelApp, tokens: TokenStore, *, shop_id: str | None = None
    ) -> None: ...
    async def __aenter__(self) -> Self: ...
    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    @staticmethod
    def check_notice_secret(secret: str) -> str:
        """As it is to be kept; NoticeRefused when it can be none of the channel's."""
        ...

    @staticmethod
    def read_notice(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """A notice that the channel sent to us; NoticeRefused or BadAnswer. Headers in lower
        case."""
        ...

    def begin_connect(self, redirect_uri: str) -> Authorization: ...
    def begin_sign_in(self, redirect_uri: str, *, state: str, code_verifier: str) -> str:
        """Where to ask somebody who they are, and for the shop's consent with it."""
        ...

    async def finish_connect(self, *, code: str, code_verifier: str, redirect_uri: str) -> Tokens:
        """Trade the callback's code for tokens, saved; ReconnectNeeded when it is refused."""
        ...

    async def person(self) -> ChannelPerson: ...
    async def shop(self) -> ShopProfile: ...
    async def find_shop(self, name: str) -> ShopProfile | None:
        """Anybody's shop, by its exact name in any case."""
        ...

    def fetch_orders(self, watermark: Watermark) -> AsyncIterator[OrderPage]:
        """Every order changed since the watermark, in pages.

        When it raises midway, the pages already yielded stand and the last one's watermark is
        where the next run begins.
        """
        ...

    async def fetch_order(self, external_id: str) -> ChannelOrder:
        """One order afresh; OrderNotThere or BadAnswer when there is none to be read."""
        ...

    def fetch_listings(self) -> AsyncIterator[ChannelListing]:
        """Everything on offer, with its choices."""
        ...

    async def set_quantities(self, listing_id: str, quantities: Mapping[str, int]) -> None:
        """Offer so many of these SKUs; the same again is the same. Proven by the channel's answer.

        Raises OrderNotThere for a listing it does not have, CallRefused for what it does not take.
        One call per listing at a time: channels may replace the whole listing.
        """
        ...

    async def push_tracking(
        self, external_id: str, tracking: Tracking
    ) -> TrackingBooked | TrackingRefused | TrackingUnconfirmed:
        """Tell the channel once. Never repeats the call by itself: each one mails the buyer."""
        ...

    async def find_tracking(self, external_id: str, tracking: Tracking) -> ChannelShipment | None:
        """Look whether the channel already shows this tracking; settles an unconfirmed push."""
        ...
