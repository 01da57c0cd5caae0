"""States of orders, pieces and piece steps."""

from collections.abc import Mapping
from enum import StrEnum

from shopwright.kernel.errors import IllegalTransition


class OrderStatus(StrEnum):
    PENDING_PAYMENT = "pending_payment"
    PENDING = "pending"
    PAID = "paid"
    COMPLETED = "completed"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELED = "canceled"
    REFUNDED = "refunded"


STOPPED = frozenset({OrderStatus.CANCELED, OrderStatus.REFUNDED})
LEFT = frozenset({OrderStatus.SHIPPED, OrderStatus.DELIVERED})
OPEN = frozenset({OrderStatus.PENDING, OrderStatus.PAID, OrderStatus.COMPLETED})
WORKABLE = frozenset({OrderStatus.PAID, OrderStatus.COMPLETED})  # paid for: may be made

TRANSITIONS: Mapping[OrderStatus, frozenset[OrderStatus]] = {
    OrderStatus.PENDING_PAYMENT: frozenset(
        {OrderStatus.PENDING, OrderStatus.PAID, OrderStatus.CANCELED}
    ),
    # paid and refunded between two syncs of a channel
    OrderStatus.PENDING: frozenset({OrderStatus.PAID, OrderStatus.CANCELED, OrderStatus.REFUNDED}),
    OrderStatus.PAID: frozenset(
        {
            OrderStatus.COMPLETED,
            OrderStatus.SHIPPED,
            OrderStatus.CANCELED,
            OrderStatus.REFUNDED,
        }
    ),
    OrderStatus.COMPLETED: frozenset(
        {
            OrderStatus.PAID,
            OrderStatus.SHIPPED,
            OrderStatus.CANCELED,
            OrderStatus.REFUNDED,
        }
    ),
    OrderStatus.SHIPPED: frozenset({OrderStatus.DELIVERED, OrderStatus.REFUNDED}),
    OrderStatus.DELIVERED: frozenset({OrderStatus.REFUNDED}),
    OrderStatus.CANCELED: frozenset({OrderStatus.REFUNDED}),
    OrderStatus.REFUNDED: frozenset(),
}


class ProductionStatus(StrEnum):
    """Derived from the pieces by whoever writes them."""

    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"


class StepStatus(StrEnum):
    OWED = "owed"
    ALLOCATED = "allocated"
    GOOD = "good"
    SCRAP = "scrap"  # kept as a record; a new owed row took its place
    RELEASED = "released"  # the order was cancelled; a good one went to stock


STEP_TRANSITIONS: Mapping[StepStatus, frozenset[StepStatus]] = {
    StepStatus.OWED: frozenset({StepStatus.ALLOCATED, StepStatus.GOOD, StepStatus.RELEASED}),
    StepStatus.ALLOCATED: frozenset(
        {StepStatus.OWED, StepStatus.GOOD, StepStatus.SCRAP, StepStatus.RELEASED}
    ),
    # a part that was not finished after all is still being made
    StepStatus.GOOD: frozenset({StepStatus.ALLOCATED, StepStatus.SCRAP, StepStatus.RELEASED}),
    StepStatus.SCRAP: frozenset(),
    StepStatus.RELEASED: frozenset(),
}


class WorkKind(StrEnum):
    """What makes a piece step: the queue, the workshop or a manufacturer."""

    PRINT_JOB = "print_job"
    PART = "part"
    SUPPLIER_ORDER = "supplier_order"


class HoldSubject(StrEnum):
    ORDER = "order"
    ITEM = "item"


class LabelStatus(StrEnum):
    """Of a shipping label, as somebody says it: each word may follow each other."""

    CREATED = "created"
    PURCHASED = "purchased"
    FAILED = "failed"


class SessionStatus(StrEnum):
    """Of a print session; a person's word, so each may follow each other."""

    PLANNED = "planned"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    PAUSED = "paused"


def check_transition(current: OrderStatus, target: OrderStatus) -> None:
    """Raise IllegalTransition unless an order may go from ``current`` to ``target``."""
    if target not in TRANSITIONS[current]:
        raise IllegalTransition(f"A {current} order cannot become {target}.")
