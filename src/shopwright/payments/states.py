"""States of payments and refunds."""

from collections.abc import Mapping
from enum import StrEnum

from shopwright.kernel.errors import IllegalTransition


class PaymentStatus(StrEnum):
    PENDING = "pending"  # the buyer has, or will have, something to pay by
    PAYING = "paying"  # the buyer did his part, the money is under way
    PAID = "paid"
    FAILED = "failed"  # also: expired, or given up for another way to pay
    ABNORMAL = "abnormal"  # money came, and not as agreed: a person decides
    REFUNDED = "refunded"  # all of it


OPEN = frozenset({PaymentStatus.PENDING, PaymentStatus.PAYING})

# Money may come after everybody gave up; proof of it is always taken.
TRANSITIONS: Mapping[PaymentStatus, frozenset[PaymentStatus]] = {
    PaymentStatus.PENDING: frozenset(
        {PaymentStatus.PAYING, PaymentStatus.PAID, PaymentStatus.FAILED, PaymentStatus.ABNORMAL}
    ),
    PaymentStatus.PAYING: frozenset(
        {PaymentStatus.PAID, PaymentStatus.FAILED, PaymentStatus.ABNORMAL}
    ),
    PaymentStatus.FAILED: frozenset(
        {PaymentStatus.PAYING, PaymentStatus.PAID, PaymentStatus.ABNORMAL}
    ),
    PaymentStatus.ABNORMAL: frozenset({PaymentStatus.PAID, PaymentStatus.REFUNDED}),
    PaymentStatus.PAID: frozenset({PaymentStatus.REFUNDED}),
    PaymentStatus.REFUNDED: frozenset(),
}


class RefundStatus(StrEnum):
    PENDING = "pending"  # asked for here, or under way at the provider
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"  # nothing proves whether it was done: a person decides


COUNTED = frozenset({RefundStatus.PENDING, RefundStatus.SUCCEEDED, RefundStatus.UNKNOWN})

REFUND_TRANSITIONS: Mapping[RefundStatus, frozenset[RefundStatus]] = {
    RefundStatus.PENDING: frozenset(
        {RefundStatus.SUCCEEDED, RefundStatus.FAILED, RefundStatus.UNKNOWN}
    ),
    RefundStatus.UNKNOWN: frozenset({RefundStatus.SUCCEEDED, RefundStatus.FAILED}),
    RefundStatus.SUCCEEDED: frozenset({RefundStatus.FAILED}),  # a bank may send it back
    RefundStatus.FAILED: frozenset(),
}


def check_transition(current: PaymentStatus, target: PaymentStatus) -> None:
    """Raise IllegalTransition unless a payment may go from ``current`` to ``target``."""
    if target not in TRANSITIONS[current]:
        raise IllegalTransition(f"A {current} payment cannot become {target}.")
