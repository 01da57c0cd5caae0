"""The manufacturer's interface as our port: what changes something there is answered by what is
known of it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from shopwright.integrations.manufacturer import codec
from shopwright.integrations.manufacturer.client import (
    AnswerLost,
    ManufacturerClient,
    refusal,
)
from shopwright.integrations.manufacturer.codec import Told
from shopwright.kernel.clock import Clock
from shopwright.kernel.egress import EgressPolicy
from shopwright.suppliers.port import (
    Accepted,
    Answer,
    Declined,
    OrderStanding,
    PaymentNotice,
    PaymentStanding,
    Quote,
    StockedModel,
    Submission,
    SupplierAccount,
    SupplierBrand,
    SupplierGoods,
    SupplierMemory,
    SupplierShop,
    Unconfirmed,
)

LISTS_LAST = timedelta(minutes=5)
PAID = 3
BUSY_RETRY_S = 3.0  # the machine is told of the payment once more meanwhile
NO_CANCEL = (
    "The manufacturer offers no way to call an order back over its interface. Tell it by phone."
)

T = TypeVar("T")


class ManufacturerSupplier:
    def __init__(
        self,
        account: SupplierAccount,
        memory: SupplierMemory,
        clock: Clock,
        policy: EgressPolicy,
    ) -> None:
        self._client = ManufacturerClient(account, memory, clock, policy)

    async def aclose(self) -> None:
        await self._client.aclose()

    async def check(self) -> None:
        await self._client.sign_in()
        await self._ask("brand/list", {})

    async def list_brands(self) -> Sequence[SupplierBrand]:
        return await self._cached("brands", self._read_brands)

    async def list_stock(self, device_id: str, brand_id: str) -> Sequence[StockedModel]:
        async def read() -> list[StockedModel]:
            data = await self._ask("stock/list", {"device_id": device_id, "brand_id": brand_id})
            return codec.read_stock(data, brand_id, self._client.account.currency)

        return await self._cached(f"stock:{device_id}:{brand_id}", read)

    async def list_shops(self, page: int, rows: int) -> tuple[Sequence[SupplierShop], int]:
        async def read() -> tuple[list[SupplierShop], int]:
            return codec.read_shops(await self._ask("shop/list", {"page": page, "rows": rows}))

        return await self._cached(f"shops:{page}:{rows}", read)

    async def list_goods(self, shop_id: str) -> Sequence[SupplierGoods]:
        async def read() -> list[SupplierGoods]:
            return codec.read_goods(await self._ask("goods/list", {"shop_id": shop_id}))

        return await self._cached(f"goods:{shop_id}", read)

    async def quote(self, device_id: str, brand_id: str, model_id: str) -> Quote | None:
        for model in await self.list_stock(device_id, brand_id):
            if model.model_id == model_id:
                return Quote(model.price_minor, model.stock)
        return None

    async def announce_payment(self, notice: PaymentNotice) -> Answer:
        body = {
            "mobile_model_id": notice.model_id,
            "device_id": notice.device_id,
            "third_id": notice.key,
            "pay_amount": codec.amount_of(notice.amount_minor, notice.currency),
            "pay_type": notice.pay_type,
        }
        return await self._change("order/payData", body)

    async def confirm_payment(self, key: str, amount_minor: int, currency: str) -> Answer:
        body = {
            "third_id": key,
            "status": PAID,
            "pay_amount": codec.amount_of(amount_minor, currency),
        }
        return await self._change("order/payStatus", body)

    async def ask_payments(self, keys: Sequence[str]) -> dict[str, PaymentStanding]:
        return codec.read_payments(await self._ask("order/getPayStatus", list(keys)))

    async def submit(self, order: Submission) -> Answer:
        body = {
            "third_pay_id": order.payment_key,
            "third_id": order.key,
            "mobile_model_id": order.model_id,
            "mobile_shell_id": order.shell_id,
            "pic": order.picture_url,
            "device_id": order.device_id,
        }
        return await self._change("order/orderData", body)

    async def ask(self, keys: Sequence[str]) -> dict[str, OrderStanding]:
        return codec.read_orders(await self._ask("order/getOrderStatus", list(keys)))

    async def cancel(self, key: str) -> Answer:  # noqa: ARG002  no such call there
        return Declined(NO_CANCEL, code=404)

    async def _read_brands(self) -> list[SupplierBrand]:
        return codec.read_brands(await self._ask("brand/list", {}))

    async def _ask(self, path: str, body: Mapping[str, Any] | Sequence[str]) -> Any:
        told = await self._client.post(path, body)
        if not told.is_ok:
            raise refusal(path, told)
        return told.data

    async def _change(self, path: str, body: Mapping[str, Any]) -> Answer:
        try:
            told = await self._client.post(path, body)
        except AnswerLost as err:
            return Unconfirmed(err.sentence, code=err.code)
        return _answer(path, told)

    async def _cached(self, name: str, read: Callable[[], Awaitable[T]]) -> T:
        """An answer that may be some minutes old; a failed question leaves none behind."""
        answers, now = self._client.memory.answers, self._client.clock.now()
        until, known = answers.get(name, (now, None))
        if until > now:
            found: T = known
            return found
        found = await read()
        answers[name] = (now + LISTS_LAST, found)
        return found


def _answer(path: str, told: Told) -> Answer:
    if not told.is_ok:
        return Declined(
            refusal(path, told).sentence,
            code=told.code,
            retry_after_s=BUSY_RETRY_S if told.is_device_busy else None,
        )
    data = told.data if isinstance(told.data, dict) else {}
    standing = codec.read_order(data)
    return Accepted(
        external_id=codec.read_id(data),
        queue_number=standing.queue_number if standing else None,
        status=standing.status if standing else None,
    )
