"""The manufacturer's machines as a way to pay: it takes the money and we ask whether it has."""

from types import TracebackType
from typing import Self

from shopwright.integrations.manufacturer import codec
from shopwright.payments.port import (
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
from shopwright.suppliers.port import (
    Accepted,
    Declined,
    PaymentNotice,
    PaymentStanding,
    SupplierError,
    SupplierPort,
    SupplierRefused,
)

WORDS = {1: Word.OPEN, 2: Word.PAYING, 3: Word.PAID, 4: Word.FAILED, 5: Word.ABNORMAL}
NO_REFUND = (
    "The manufacturer gives no money back over its interface. Give it back at the machine, then "
    "note it here."
)


class ManufacturerPayments:
    """``extra`` of a start names ``model_id``, ``device_id`` and ``pay_type``."""

    is_repeatable = False

    def __init__(self, port: SupplierPort, *, currency: str, device_id: str, pay_type: int) -> None:
        self._port = port
        self._currency = currency
        self._device_id = device_id
        self._pay_type = pay_type

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """The port is the process's; it stays open."""

    async def start(self, request: StartRequest) -> Started:
        try:
            answer = await self._port.announce_payment(self._notice(request))
        except SupplierRefused as err:
            raise ProviderRefused(err.sentence) from err
        except SupplierError as err:
            raise ProviderUnavailable(err.sentence) from err
        if isinstance(answer, Accepted):
            return Started(answer.external_id or request.key, expires_at=request.expires_at)
        if isinstance(answer, Declined):
            raise ProviderRefused(answer.sentence)
        raise ProviderUnconfirmed(answer.sentence)

    async def ask(self, key: str, provider_id: str | None) -> Standing:  # noqa: ARG002  ours is asked
        try:
            found = (await self._port.ask_payments([key])).get(key)
        except SupplierRefused as err:
            raise ProviderRefused(err.sentence) from err
        except SupplierError as err:
            raise ProviderUnavailable(err.sentence) from err
        return self._standing(found) if found else Standing(Word.NOT_THERE)

    async def close(self, key: str, provider_id: str | None) -> Standing:
        """A machine cannot be told to take no money any more; how it stands is asked."""
        return await self.ask(key, provider_id)

    async def refund(self, request: RefundRequest) -> SeenRefund:  # noqa: ARG002  no such call there
        raise ProviderRefused(NO_REFUND)

    def _notice(self, request: StartRequest) -> PaymentNotice:
        extra = request.extra
        if not extra.get("model_id"):
            raise ProviderRefused("The manufacturer needs the device model of what is paid for.")
        if request.currency != self._currency:  # it is told no currency: it would take its own
            raise ProviderRefused(
                f"The manufacturer's machines take {self._currency}, not {request.currency}."
            )
        return PaymentNotice(
            key=request.key,
            model_id=extra["model_id"],
            device_id=extra.get("device_id") or self._device_id,
            amount_minor=request.amount_minor,
            currency=request.currency,
            pay_type=int(extra.get("pay_type") or self._pay_type),
        )

    def _standing(self, found: PaymentStanding) -> Standing:
        """It names no currency: the amount is in that of its account."""
        return Standing(
            word=WORDS.get(found.code, Word.ABNORMAL),
            provider_id=found.external_id,
            amount_minor=codec.minor_of(found.amount, self._currency),
            currency=self._currency if found.amount is not None else None,
        )
