"""What an outside manufacturer can be asked, and the words its adapter answers with.

Errors are three kinds, as with printers: SupplierUnavailable (worth trying again), SupplierRefused
(it said no: a person is asked), anything else is a bug. What may or may not have happened is an
answer, ``Unconfirmed``, never an error: nobody calls again before he has asked by our key.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from shopwright.kernel.clock import Clock
from shopwright.kernel.egress import EgressPolicy
from shopwright.suppliers.states import SupplierOrderStatus


class SupplierError(Exception):
    """``code`` is the manufacturer's own number, in the words of its interface (504 time-out, 503
    no connection, 502 no JSON, 500 anything else)."""

    def __init__(self, sentence: str, *, code: int = 500) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code


class SupplierUnavailable(SupplierError):
    """It does not answer, or answers with what is no answer; nothing was changed there."""


class SupplierRefused(SupplierError):
    """It answered no; asking again gives the same."""


class AccountRefused(SupplierRefused):
    """It does not accept our account or signature: a person must act."""


@dataclass(frozen=True, slots=True)
class SupplierAccount:
    """Where the manufacturer is and how we sign in there."""

    base_url: str
    account: str
    password: str = field(repr=False)
    system_name: str
    fixed_key: str = field(repr=False)
    device_id: str = ""
    currency: str = "GBP"  # of the prices it names
    timeout_s: float = 30.0
    signature: str = "values"  # or "pairs", see reference decision 43


class SupplierMemory:
    """What one process remembers of one account: its token, and answers that may be old by some
    minutes. The adapter alone writes it."""

    def __init__(self) -> None:
        self.token: str | None = None
        self.token_until: datetime | None = None
        self.answers: dict[str, tuple[datetime, Any]] = {}
        self.lock = asyncio.Lock()


@dataclass(frozen=True, slots=True)
class SupplierBrand:
    id: str
    name: str
    english_name: str


@dataclass(frozen=True, slots=True)
class StockedModel:
    """One device model in stock at a machine; sizes in thousandths of a millimetre."""

    brand_id: str
    name: str
    model_id: str
    shell_id: str
    width_um: int | None
    height_um: int | None
    stock: int
    price_minor: int | None


@dataclass(frozen=True, slots=True)
class SupplierShop:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class SupplierGoods:
    """A ready-made article of one of the manufacturer's shops."""

    id: str
    sku: str
    name: str
    brand_id: str
    model_id: str
    shell_id: str


@dataclass(frozen=True, slots=True)
class Quote:
    """What one costs there now; None where the manufacturer names no price."""

    price_minor: int | None
    stock: int | None


@dataclass(frozen=True, slots=True)
class PaymentNotice:
    """A payment the manufacturer is told of before it makes anything (payData)."""

    key: str  # PYEN…
    model_id: str
    device_id: str
    amount_minor: int
    currency: str
    pay_type: int


@dataclass(frozen=True, slots=True)
class Submission:
    """An order for one piece (orderData)."""

    key: str  # OREN…
    payment_key: str
    model_id: str
    shell_id: str
    picture_url: str
    device_id: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """It has it. ``queue_number`` comes only from the manufacturer."""

    external_id: str | None = None
    queue_number: str | None = None
    status: SupplierOrderStatus | None = None


@dataclass(frozen=True, slots=True)
class Declined:
    """The refusal is the proof that nothing was placed. ``retry_after_s`` None: it is final."""

    sentence: str
    code: int = 500
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """Nobody knows whether it was done: ask by our key, never call again blindly."""

    sentence: str
    code: int = 504


Answer = Accepted | Declined | Unconfirmed


@dataclass(frozen=True, slots=True)
class PaymentStanding:
    """What the manufacturer says of a payment: ``code`` 1 waiting, 2 paying, 3 paid, 4 failed,
    5 abnormal."""

    key: str
    code: int
    external_id: str | None = None
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class OrderStanding:
    """What the manufacturer says of an order."""

    key: str
    status: SupplierOrderStatus
    external_id: str | None = None
    queue_number: str | None = None
    carrier: str | None = None
    tracking_code: str | None = None


class SupplierPort(Protocol):
    """One account at one manufacturer; a process keeps it. Every call raises SupplierUnavailable or
    SupplierRefused; only the calls that return an ``Answer`` change something there."""

    async def aclose(self) -> None: ...

    async def check(self) -> None:
        """Sign in anew and ask something harmless."""

    async def list_brands(self) -> Sequence[SupplierBrand]: ...
    async def list_stock(self, device_id: str, brand_id: str) -> Sequence[StockedModel]: ...
    async def list_shops(self, page: int, rows: int) -> tuple[Sequence[SupplierShop], int]: ...
    async def list_goods(self, shop_id: str) -> Sequence[SupplierGoods]: ...

    async def quote(self, device_id: str, brand_id: str, model_id: str) -> Quote | None:
        """None when it does not make this model."""

    async def announce_payment(self, notice: PaymentNotice) -> Answer: ...
    async def confirm_payment(self, key: str, amount_minor: int, currency: str) -> Answer:
        """Say that it was paid. The same again changes nothing there."""

    async def ask_payments(self, keys: Sequence[str]) -> dict[str, PaymentStanding]:
        """By our keys; what it does not know is not in the answer."""

    async def submit(self, order: Submission) -> Answer: ...
    async def ask(self, keys: Sequence[str]) -> dict[str, OrderStanding]:
        """By our keys; what it does not know is not in the answer."""

    async def cancel(self, key: str) -> Answer:
        """Declined where the manufacturer offers no way to call an order back."""


AdapterMaker = Callable[[SupplierAccount, SupplierMemory, Clock, EgressPolicy], SupplierPort]
