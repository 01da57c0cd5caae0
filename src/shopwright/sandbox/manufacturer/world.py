"""What the manufacturer has: brands, models with stock, payments and orders."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from itertools import count
from typing import Any

PAYMENT_ID = re.compile(r"PYEN\d{12}")
ORDER_ID = re.compile(r"OREN\d{12}")
PAID = 3
WAITING_TO_PRINT, SHIPPED = 8, 16
WALK = (9, 10, 11, 12, 15, 16)  # what a machine goes through, where nothing goes wrong
MAX_PIC = 1000
PAY_TYPES = range(13)

OK, BAD, UNAUTHORIZED, MISSING, BROKEN = 200, 400, 401, 404, 500


class Refused(Exception):
    """Answered in the manufacturer's own shape, always with HTTP status 200."""

    def __init__(self, code: int, msg: str) -> None:
        super().__init__(msg)
        self.code, self.msg = code, msg


@dataclass(frozen=True, slots=True)
class Account:
    account: str = "shop@sandbox.test"
    password: str = "sandbox-password"
    system_name: str = "sandboxShell"
    fixed_key: str = "sandbox-fixed-key"
    device_id: str = "SANDBOX01"
    signature: str = "values"


@dataclass(slots=True)
class Knobs:
    """What a test can turn while it runs. Paths are as ``order/orderData``."""

    is_down: bool = False  # HTTP 503 to everything
    late_s: float = 0.0  # before every answer
    busy_times: int = 0  # orders answered with "device is unavailable"
    refuses: str = ""  # this sentence, to every order
    answers_html: str = ""  # to this path, after nothing was done
    silent_after: str = ""  # does what this path asks, then breaks the connection
    silent_before: str = ""  # breaks the connection before it does anything
    fails_after: str = ""  # does what this path asks, then answers with its own error
    hides_orders: bool = False  # knows of no order when asked: its own databases lag
    token_lasts_s: float = 86_400.0
    walks_every_s: float = 0.0  # 0: orders move only when told to
    pays_after_s: float = 0.0  # 0: nobody pays at its machines
    fetches: bool = False  # downloads each order's picture

    def turn(self, values: Mapping[str, Any]) -> None:
        """Raises ValueError for a knob that there is not; then none is turned."""
        unknown = values.keys() - {each.name for each in fields(self)}
        if unknown:
            raise ValueError(f"There is no knob {', '.join(sorted(unknown))}.")
        for name, value in values.items():
            setattr(self, name, value)

    def reset(self) -> None:
        fresh = Knobs()
        for each in fields(self):
            setattr(self, each.name, getattr(fresh, each.name))


@dataclass(slots=True)
class Model:
    brand_id: str
    name: str
    id: str
    shell_id: str
    width: str
    height: str
    stock: int
    price: float

    def shown(self) -> dict[str, Any]:
        return {
            "mobile_model_name": self.name,
            "mobile_model_id": self.id,
            "mobile_shell_id": self.shell_id,
            "width": self.width,
            "height": self.height,
            "stock": self.stock,
            "price": self.price,
        }


@dataclass(slots=True)
class Payment:
    id: str
    body: dict[str, Any]
    status: int = 1
    told: int = 0  # how often somebody said payStatus


@dataclass(slots=True)
class Order:
    id: str
    body: dict[str, Any]
    queue_no: str
    status: int = WAITING_TO_PRINT
    sent: int = 1
    picture: bytes | None = None


BRANDS = (
    {"id": "BR20250111000002", "name": "苹果", "e_name": "Apple"},
    {"id": "BR20250120000001", "name": "三星", "e_name": "SAMSUNG"},
    {"id": "BR20250701000001", "name": "谷歌", "e_name": "Google"},
)
SHOPS = ({"id": "SP20250101000001", "name": "Sandbox shop"},)
MODELS = (
    ("BR20250111000002", "iPhone 15 Pro", "MM20250301000001", "70.6", "146.6", 12, 19.5),
    ("BR20250111000002", "iPhone 16", "MM20250301000002", "71.6", "147.6", 8, 19.5),
    ("BR20250111000002", "iPhone 12 mini", "MM20250301000003", "64.2", "131.5", 0, 18.0),
    ("BR20250120000001", "Galaxy S24", "MM20250301000004", "70.6", "147.0", 20, 17.25),
)


@dataclass(slots=True)
class World:
    models: dict[str, Model] = field(default_factory=dict)
    payments: dict[str, Payment] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.payments.clear()
        self.orders.clear()
        self.models.clear()
        self._numbers = count(1)
        for number, (brand, name, key, width, height, stock, price) in enumerate(MODELS, 1):
            shell = f"MS202503010000{number:02}"
            self.models[key] = Model(brand, name, key, shell, width, height, stock, price)

    def add_model(self, model: Model) -> None:
        """Until the next reset."""
        self.models[model.id] = model

    def stock(self, body: Mapping[str, Any]) -> list[dict[str, Any]]:
        brand = _need(body, "brand_id")
        _need(body, "device_id")
        return [model.shown() for model in self.models.values() if model.brand_id == brand]

    def shops(self, body: Mapping[str, Any]) -> dict[str, Any]:
        if not isinstance(body.get("page"), int) or not isinstance(body.get("rows"), int):
            raise Refused(BAD, "page and rows are numbers")
        return {"total": len(SHOPS), "list": list(SHOPS)}

    def goods(self, body: Mapping[str, Any]) -> list[dict[str, Any]]:
        if _need(body, "shop_id") not in {shop["id"] for shop in SHOPS}:
            raise Refused(MISSING, "no such shop")
        return [
            {
                "id": f"G202503010000{number:02}",
                "sku": f"CASE-{number:02}",
                "name": f"{model.name} case",
                "brand_id": model.brand_id,
                "mobile_model_id": model.id,
                "mobile_shell_id": model.shell_id,
            }
            for number, model in enumerate(self.models.values(), 1)
        ]

    def pay_data(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Announced once; the same id again is refused."""
        key = _need(body, "third_id")
        if not PAYMENT_ID.fullmatch(key):
            raise Refused(BAD, "third_id is PYEN, the day and six digits")
        self._model(body)
        _need(body, "device_id")
        amount = body.get("pay_amount")
        if not isinstance(amount, int | float) or isinstance(amount, bool) or amount <= 0:
            raise Refused(BAD, "pay_amount is more than 0")
        if body.get("pay_type") not in PAY_TYPES:
            raise Refused(BAD, "pay_type is not known")
        if key in self.payments:
            raise Refused(BAD, "third_id was used before")
        payment = Payment(f"MSPY{next(self._numbers):012}", dict(body))
        self.payments[key] = payment
        return {"id": payment.id, "third_id": key}

    def pay_status(self, body: Mapping[str, Any]) -> None:
        payment = self.payments.get(_need(body, "third_id"))
        if payment is None:
            raise Refused(MISSING, "no such payment")
        if body.get("status") not in range(1, 6):
            raise Refused(BAD, "status is 1 to 5")
        payment.status = body["status"]
        payment.told += 1

    def order_data(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Only what was paid for; the same id again is refused and counted."""
        key = _need(body, "third_id")
        if not ORDER_ID.fullmatch(key):
            raise Refused(BAD, "third_id is OREN, the day and six digits")
        if key in self.orders:
            self.orders[key].sent += 1
            raise Refused(BAD, "third_id was used before")
        self._check_paid(_need(body, "third_pay_id"))
        model = self._model(body)
        if _need(body, "mobile_shell_id") != model.shell_id:
            raise Refused(BAD, "mobile_shell_id is not of this model")
        pic = _need(body, "pic")
        if not pic.startswith(("http://", "https://")) or len(pic) > MAX_PIC:
            raise Refused(BAD, "pic is a link")
        _need(body, "device_id")
        if model.stock < 1:
            raise Refused(BROKEN, "out of stock")
        model.stock -= 1
        number = next(self._numbers)
        order = Order(f"MSOR{number:012}", dict(body), f"{len(self.orders) + 1:03}")
        self.orders[key] = order
        return self.shown(key)

    def shown(self, key: str) -> dict[str, Any]:
        order = self.orders[key]
        return {
            "id": order.id,
            "third_id": key,
            "queue_no": order.queue_no,
            "status": order.status,
        }

    def pay_standings(self, keys: list[str]) -> list[dict[str, Any]]:
        return [
            {"third_id": key, "status": self.payments[key].status}
            for key in keys
            if key in self.payments
        ]

    def order_standings(self, keys: list[str]) -> list[dict[str, Any]]:
        return [self.shown(key) for key in keys if key in self.orders]

    def _check_paid(self, key: str) -> None:
        payment = self.payments.get(key)
        if payment is None or payment.status != PAID:
            raise Refused(BROKEN, "the payment is not known as paid")

    def _model(self, body: Mapping[str, Any]) -> Model:
        model = self.models.get(_need(body, "mobile_model_id"))
        if model is None:
            raise Refused(MISSING, "no such model")
        return model


def _need(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise Refused(BAD, f"{name} is missing")
    return value
