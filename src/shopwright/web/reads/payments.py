"""Payments as the order's page, the connections page and today show them."""

from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.kernel.actor import Actor
from shopwright.orders.models import Order
from shopwright.payments import queries
from shopwright.payments.models import Payment, PaymentAccount, Refund
from shopwright.payments.refunds import REFUNDABLE
from shopwright.payments.states import COUNTED, PaymentStatus, RefundStatus
from shopwright.web.pips import Pip

PIPS = {
    PaymentStatus.PENDING: Pip("waits for the buyer", "grey", "clock"),
    PaymentStatus.PAYING: Pip("the money is under way", "blue", "clock"),
    PaymentStatus.PAID: Pip("paid", "green", "circle-check"),
    PaymentStatus.FAILED: Pip("not paid", "grey", "ban"),
    PaymentStatus.ABNORMAL: Pip("needs you", "red", "alert-triangle"),
    PaymentStatus.REFUNDED: Pip("given back", "grey", "arrow-back-up"),
}
REFUND_PIPS = {
    RefundStatus.PENDING: Pip("under way", "blue", "clock"),
    RefundStatus.SUCCEEDED: Pip("given back", "green", "check"),
    RefundStatus.FAILED: Pip("failed", "red", "alert-triangle"),
    RefundStatus.UNKNOWN: Pip("unknown", "amber", "help-circle"),
}
NAMES = {"stripe": "Stripe", "machine": "At the machine", "manufacturer": "Manufacturer"}


@dataclass(frozen=True, slots=True)
class RefundRow:
    refund: Refund
    pip: Pip

    @property
    def is_unknown(self) -> bool:
        return self.refund.status is RefundStatus.UNKNOWN


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """``left_minor`` can still be given back."""

    payment: Payment
    refunds: list[RefundRow]
    name: str
    pip: Pip
    left_minor: int

    @property
    def received_minor(self) -> int:
        taken = self.payment.received_minor
        return self.payment.amount_minor if taken is None else taken

    @property
    def currency(self) -> str:
        return self.payment.received_currency or self.payment.currency


@dataclass(frozen=True, slots=True)
class Doubt:
    order_id: int
    order_number: int
    sentence: str


async def list_of_order(session: AsyncSession, ctx: Actor, order_id: int) -> list[PaymentRow]:
    payments = await queries.list_of_order(session, ctx, order_id)
    refunds = await queries.list_refunds(session, ctx, [each.id for each in payments])
    return [_row(each, [r for r in refunds if r.payment_id == each.id]) for each in payments]


async def list_doubts(session: AsyncSession, organization_id: int, limit: int) -> list[Doubt]:
    """Payments and refunds that a person must decide about, oldest first."""
    unknown = (
        select(Refund.payment_id)
        .where(Refund.organization_id == organization_id)
        .where(Refund.status == RefundStatus.UNKNOWN)
    )
    rows = await session.execute(
        select(Order.id, Order.number, Payment.problem)
        .join(Payment, Payment.order_id == Order.id)
        .where(Order.organization_id == organization_id)
        .where(Payment.organization_id == organization_id)
        .where(or_(Payment.problem.is_not(None), Payment.id.in_(unknown)))
        .order_by(Payment.id)
        .limit(limit)
    )
    usual = "Nothing proves whether a refund was made. Look at the provider, then say so."
    return [Doubt(order_id, number, problem or usual) for order_id, number, problem in rows]


async def find_stripe(session: AsyncSession, ctx: Actor) -> PaymentAccount | None:
    return await queries.find_account(session, ctx, "stripe")


def _row(payment: Payment, refunds: list[Refund]) -> PaymentRow:
    taken = payment.received_minor
    given = sum(r.amount_minor for r in refunds if r.status in COUNTED)
    received = payment.amount_minor if taken is None else taken
    return PaymentRow(
        payment=payment,
        refunds=[RefundRow(refund, REFUND_PIPS[refund.status]) for refund in refunds],
        name=NAMES.get(payment.provider, payment.provider),
        pip=PIPS[payment.status],
        left_minor=max(0, received - given) if payment.status in REFUNDABLE else 0,
    )
