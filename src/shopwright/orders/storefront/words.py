"""The webstore's words for orders (reference (d)), from our states and back.

They appear only in its own answers. What a manufacturer says goes before what we conclude.
"""

from collections.abc import Mapping
from enum import StrEnum

from shopwright.orders.models import Order
from shopwright.orders.service import OrderChange
from shopwright.orders.states import OrderStatus, ProductionStatus


class Word(StrEnum):
    CREATED = "created"
    PENDING = "pending"
    GENERATING = "generating"
    PENDING_PAYMENT = "pending_payment"
    PAYMENT_FAILED = "payment_failed"
    PAYMENT_ERROR = "payment_error"
    PAID = "paid"
    SENT_TO_CHINESE = "sent_to_chinese"
    PRINT_COMMAND_SENT = "print_command_sent"
    PRINT_JOB_TRIGGERED = "print_job_triggered"
    PRINTING = "printing"
    PRINTED = "printed"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


OF_ORDER: Mapping[OrderStatus, Word] = {
    OrderStatus.PENDING_PAYMENT: Word.PENDING_PAYMENT,
    OrderStatus.PENDING: Word.PENDING,
    OrderStatus.PAID: Word.PAID,
    OrderStatus.COMPLETED: Word.PRINTED,  # made, and not handed over yet
    OrderStatus.SHIPPED: Word.COMPLETED,
    OrderStatus.DELIVERED: Word.COMPLETED,
    OrderStatus.CANCELED: Word.CANCELLED,
    OrderStatus.REFUNDED: Word.REFUNDED,
}
OF_PRODUCTION: Mapping[ProductionStatus, Word] = {
    ProductionStatus.QUEUED: Word.PAID,
    ProductionStatus.IN_PROGRESS: Word.PRINTING,
    ProductionStatus.COMPLETED: Word.PRINTED,
    ProductionStatus.FAILED: Word.FAILED,
}
OF_OUTSIDE: Mapping[str, Word] = {
    "picking_up": Word.PRINT_JOB_TRIGGERED,
    "pickup_done": Word.PRINT_JOB_TRIGGERED,
    "printing": Word.PRINTING,
    "printed": Word.PRINTED,
    "shipping": Word.PRINTED,
    "shipped": Word.COMPLETED,
    "print_failed": Word.FAILED,
    "print_cancelled": Word.FAILED,
    "cancelled": Word.FAILED,
}
# What a payment says while its order waits for the money.
OF_PAYMENT: Mapping[str, Word] = {
    "failed": Word.PAYMENT_FAILED,
    "abnormal": Word.PAYMENT_ERROR,
}
# What somebody who works here may say; the rest follows from proof alone.
CHANGES: Mapping[Word, OrderChange] = {
    Word.PENDING: OrderChange(status=OrderStatus.PENDING),
    Word.CREATED: OrderChange(status=OrderStatus.PENDING),
    Word.PENDING_PAYMENT: OrderChange(status=OrderStatus.PENDING_PAYMENT),
    Word.PAID: OrderChange(status=OrderStatus.PAID),
    Word.PRINTING: OrderChange(production_status=ProductionStatus.IN_PROGRESS),
    Word.PRINTED: OrderChange(status=OrderStatus.COMPLETED),
    Word.COMPLETED: OrderChange(status=OrderStatus.DELIVERED),
    Word.FAILED: OrderChange(production_status=ProductionStatus.FAILED),
    Word.CANCELLED: OrderChange(status=OrderStatus.CANCELED),
    Word.REFUNDED: OrderChange(status=OrderStatus.REFUNDED),
}


def word_of(order: Order, payment_status: str | None = None) -> Word:
    """``payment_status`` is that of the order's last payment."""
    if order.status is OrderStatus.PENDING_PAYMENT:
        return OF_PAYMENT.get(payment_status or "", Word.PENDING_PAYMENT)
    if order.status is not OrderStatus.PAID:
        return OF_ORDER[order.status]
    if order.outside_reference is not None:
        return OF_OUTSIDE.get(order.outside_status or "", Word.SENT_TO_CHINESE)
    return OF_PRODUCTION[order.production_status]
