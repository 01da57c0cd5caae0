"""What the manufacturer tells us unasked: never believed, always asked about (decision 44)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from sqlalchemy import or_

from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.errors import Invalid
from shopwright.orders import service as orders
from shopwright.orders.models import Order
from shopwright.payments import service as payments
from shopwright.payments.models import Payment
from shopwright.payments.port import ProviderError
from shopwright.payments.providers import ProviderNotSetUp
from shopwright.payments.service import PaymentUnproven
from shopwright.payments.states import PaymentStatus
from shopwright.suppliers import looking, queries, readiness
from shopwright.suppliers.connections import SupplierNotSetUp
from shopwright.suppliers.models import SupplierOrder
from shopwright.suppliers.queries import MANUFACTURER
from shopwright.suppliers.states import CODES

MAX_HINTS = 50
PAY_CODES = range(1, 6)
CODE_OF_PAYMENT = {
    PaymentStatus.PENDING: 1,
    PaymentStatus.PAYING: 2,
    PaymentStatus.PAID: 3,
    PaymentStatus.REFUNDED: 3,
    PaymentStatus.FAILED: 4,
    PaymentStatus.ABNORMAL: 5,
}
ID_NAMES = ("third_id", "thirdId", "order_third_id", "orderId", "order_id", "id")
STATUS_NAMES = ("status", "orderStatus", "order_status", "state")


@dataclass(frozen=True, slots=True)
class Hint:
    third_id: str
    status: int | None


@dataclass(frozen=True, slots=True)
class PaymentFacts:
    """What we know of a payment by its key, after asking."""

    payment: Payment | None
    order: Order | None
    supplier_orders: Sequence[SupplierOrder]
    is_asked: bool

    @property
    def is_known(self) -> bool:
        return self.payment is not None or bool(self.supplier_orders)

    @property
    def code(self) -> int:
        if self.payment is not None:
            return CODE_OF_PAYMENT[self.payment.status]
        return 3 if any(one.confirmed_at for one in self.supplier_orders) else 1


async def read_hints(request: Request) -> list[Hint]:
    """A list as the manufacturer documents it, one object, or a form; nothing is no hint. Raises
    Invalid for what is none of these."""
    return [_hint(row) for row in await _read_rows(request)]


async def take_payment(process: Process, ctx: Actor, third_id: str) -> PaymentFacts:
    """Somebody says that this payment moved: ask how it stands, and settle by the answer."""
    known = await find_payment(process, ctx, third_id)
    is_asked = True
    if known.payment is not None:
        try:
            await payments.prove(process, ctx, known.payment.id)
        except (PaymentUnproven, ProviderError, ProviderNotSetUp, SupplierNotSetUp):
            is_asked = False
    await _look(process, ctx, [one.id for one in known.supplier_orders])
    found = await find_payment(process, ctx, third_id)
    return PaymentFacts(found.payment, found.order, found.supplier_orders, is_asked)


async def find_payment(process: Process, ctx: Actor, third_id: str) -> PaymentFacts:
    async with process.database.read() as session:
        payment = await payments.find_by_key(session, ctx, MANUFACTURER, third_id)
        supplier_orders = await queries.list_orders(
            session, ctx, SupplierOrder.payment_key == third_id
        )
        order_id = payment.order_id if payment else None
        if order_id is None and supplier_orders:
            order_id = supplier_orders[0].order_id
        order = None
        if order_id is not None:
            order = await orders.get_order(session, ctx, Ref(order_id, None))
    return PaymentFacts(payment, order, supplier_orders, is_asked=False)


async def take_order(process: Process, ctx: Actor, third_id: str) -> SupplierOrder | None:
    """Somebody says that this order moved: it is asked about now, and further by itself when nobody
    answers. None when it is not ours."""
    async with process.database.read() as session:
        named = or_(SupplierOrder.key == third_id, SupplierOrder.external_id == third_id)
        found = await queries.list_orders(session, ctx, named)
    if not found:
        return None
    await ask_now(process, ctx, [one.id for one in found])
    async with process.database.read() as session:
        return await queries.find_order(session, ctx, Ref(found[0].id, None))


async def ask_now(process: Process, ctx: Actor, order_ids: Sequence[int]) -> None:
    for order_id in await _look(process, ctx, order_ids):
        await looking.Looker(process).look(ctx.organization_id, order_id)


async def _look(process: Process, ctx: Actor, order_ids: Sequence[int]) -> list[int]:
    """They are due now, whoever comes first."""
    if not order_ids:
        return []
    async with process.database.write() as session:
        due = await queries.look_soon(
            session, ctx, SupplierOrder.id.in_(order_ids), process.clock.now()
        )
        for order in await queries.list_orders(session, ctx, SupplierOrder.id.in_(due)):
            readiness.touch_order(session, order)
    return due


async def _read_rows(request: Request) -> list[Mapping[str, Any]]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        form = await request.form(max_files=0)
        return [dict(form)] if form else []
    content = await request.body()
    if not content.strip():
        return []
    try:
        told = json.loads(content)
    except (ValueError, RecursionError) as err:
        raise Invalid("The body is neither JSON nor a form.") from err
    rows = told if isinstance(told, list) else [told]
    if len(rows) > MAX_HINTS or not all(isinstance(row, dict) for row in rows):
        raise Invalid(f"Send an object, or a list of at most {MAX_HINTS} objects.")
    return [row for row in rows if row]


def _hint(row: Mapping[str, Any]) -> Hint:
    third_id = next((text for name in ID_NAMES if (text := _text(row.get(name)))), "")
    if not third_id:
        raise Invalid("third_id is missing.")
    return Hint(third_id, _status(row))


def _status(row: Mapping[str, Any]) -> int | None:
    told = next((text for name in STATUS_NAMES if (text := _text(row.get(name)))), "")
    if told.isascii() and told.isdigit():
        return int(told[:9])
    words = {str(status): code for code, status in CODES.items()}
    return words.get(told.lower())


def _text(value: object) -> str:
    is_said = isinstance(value, str | int) and not isinstance(value, bool)
    return str(value).strip()[:100] if is_said else ""
