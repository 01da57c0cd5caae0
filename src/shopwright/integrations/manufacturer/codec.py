"""The manufacturer's JSON and our dataclasses. Pure; what it leaves out is tolerated."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from shopwright.kernel.money import Money, exponent
from shopwright.suppliers.port import (
    OrderStanding,
    PaymentStanding,
    StockedModel,
    SupplierBrand,
    SupplierGoods,
    SupplierShop,
)
from shopwright.suppliers.states import CODES

OK = 200
UNAUTHORIZED = 401
SERVER_ERROR = 500
BAD_ANSWER = 502
MAX_WORDS = 300
MAX_ID = 100
MAX_KEY = 60
MAX_DIGITS = 18
MAX_ANSWER = 8_000_000
DEVICE_BUSY = "device is unavailable"
THOUSANDTHS = 1000

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """An answer in the manufacturer's own shape."""

    code: int
    msg: str
    data: Any = None

    @property
    def is_ok(self) -> bool:
        return self.code == OK

    @property
    def is_device_busy(self) -> bool:
        return self.code == SERVER_ERROR and DEVICE_BUSY in self.msg.lower()

    def as_json(self) -> Json:
        return {"msg": self.msg, "code": self.code, "data": self.data}


def read_answer(content: bytes, content_type: str) -> Told | None:
    """None for what is no answer of its interface: a web page, broken JSON, another shape."""
    if "html" in content_type.lower() or len(content) > MAX_ANSWER:
        return None
    try:
        told = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    code = _integer(told.get("code")) if isinstance(told, dict) else None
    if code is None:
        return None
    return Told(code, _words(told.get("msg")), told.get("data"))


def read_brands(data: Any) -> list[SupplierBrand]:
    return [
        SupplierBrand(id=key, name=_words(row.get("name")), english_name=_words(row.get("e_name")))
        for row in _rows(data)
        if (key := _key(row.get("id")))
    ]


def read_stock(data: Any, brand_id: str, currency: str) -> list[StockedModel]:
    return [_read_model(row, brand_id, currency) for row in _rows(data) if _key_of_model(row)]


def read_shops(data: Any) -> tuple[list[SupplierShop], int]:
    rows = data.get("list") if isinstance(data, dict) else data
    shops = [
        SupplierShop(id=key, name=_words(row.get("name")))
        for row in _rows(rows)
        if (key := _words(row.get("id")))
    ]
    total = _integer(data.get("total")) if isinstance(data, dict) else None
    return shops, len(shops) if total is None else total


def read_goods(data: Any) -> list[SupplierGoods]:
    rows = data.get("list") if isinstance(data, dict) else data
    return [
        SupplierGoods(
            id=_words(row.get("id") or row.get("goods_id")),
            sku=_words(row.get("sku")),
            name=_words(row.get("name") or row.get("goods_name")),
            brand_id=_words(row.get("brand_id") or row.get("brand")),
            model_id=_key_of_model(row),
            shell_id=_words(row.get("mobile_shell_id") or row.get("shell_id")),
        )
        for row in _rows(rows)
    ]


def read_payments(data: Any) -> dict[str, PaymentStanding]:
    found = {}
    for row in _rows(data):
        key, code = _words(row.get("third_id")), _integer(row.get("status"))
        if key and code is not None:
            found[key] = PaymentStanding(
                key, code, read_id(row), amount=_decimal(row.get("pay_amount"))
            )
    return found


def read_orders(data: Any) -> dict[str, OrderStanding]:
    """States we do not know are left out: they say nothing that we could act on."""
    found = {}
    for row in _rows(data):
        standing = read_order(row)
        if standing is not None:
            found[standing.key] = standing
    return found


def read_order(row: Mapping[str, Any]) -> OrderStanding | None:
    key, code = _words(row.get("third_id")), _integer(row.get("status"))
    status = CODES.get(code) if code is not None else None
    if not key or status is None:
        return None
    return OrderStanding(
        key=key,
        status=status,
        external_id=read_id(row),
        queue_number=_words(row.get("queue_no")) or None,
        carrier=_first(row, "express_company", "logistics_company", "carrier"),
        tracking_code=_first(row, "express_no", "logistics_no", "tracking_number"),
    )


def read_id(row: Mapping[str, Any]) -> str | None:
    """What it calls a payment or an order itself."""
    return _words(row.get("id"))[:MAX_ID] or None


def amount_of(minor: int, currency: str) -> int | float:
    """As it is sent and signed: whole amounts without a decimal point."""
    amount = Money(minor, currency).decimal
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def minor_of(amount: Decimal | None, currency: str) -> int | None:
    """None for what is no amount of this currency's minor units."""
    if amount is None:
        return None
    minor = amount.scaleb(exponent(currency))
    return int(minor) if minor == minor.to_integral_value() else None


def _read_model(row: Json, brand_id: str, currency: str) -> StockedModel:
    return StockedModel(
        brand_id=brand_id,
        name=_words(row.get("mobile_model_name")),
        model_id=_key_of_model(row),
        shell_id=_key(row.get("mobile_shell_id")),
        width_um=_um(row.get("width")),
        height_um=_um(row.get("height")),
        stock=max(0, _integer(row.get("stock")) or 0),
        price_minor=minor_of(_decimal(row.get("price")), currency),
    )


def _key_of_model(row: Mapping[str, Any]) -> str:
    return _key(row.get("mobile_model_id") or row.get("model_id"))


def _rows(data: Any) -> Iterator[Json]:
    for row in data if isinstance(data, list) else ():
        if isinstance(row, dict):
            yield row


def _first(row: Mapping[str, Any], *names: str) -> str | None:
    return next((words for name in names if (words := _words(row.get(name)))), None)


def _words(value: Any) -> str:
    is_said = isinstance(value, str | int) and not isinstance(value, bool)
    return str(value).replace("\0", "").strip()[:MAX_WORDS] if is_said else ""


def _key(value: Any) -> str:
    """An id of its catalogue; half of one would mean something else."""
    words = _words(value)
    return words if len(words) <= MAX_KEY else ""


def _integer(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if isinstance(value, str):
        digits = value.strip()
        is_number = digits.isascii() and digits.isdigit() and len(digits) <= MAX_DIGITS
        return int(digits) if is_number else None
    return value if isinstance(value, int) else None


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < 10**12 else None


def _um(value: Any) -> int | None:
    """Millimetres, mostly as text, in thousandths of one."""
    number = _decimal(value)
    return None if number is None or number <= 0 else int(number * THOUSANDTHS)
