"""States of a customer's session at a machine, how far the customer is, and what a machine took."""

from collections.abc import Mapping
from enum import StrEnum

from shopwright.kernel.errors import IllegalTransition


class SessionStatus(StrEnum):
    ACTIVE = "active"
    DESIGNING = "designing"
    PAYMENT_PENDING = "payment_pending"
    PAYMENT_COMPLETED = "payment_completed"  # the money is proven
    COMPLETED = "completed"  # whoever makes it has taken the order
    PAYMENT_FAILED = "payment_failed"  # the customer may try again until the session ends
    EXPIRED = "expired"
    CANCELLED = "cancelled"


OPEN = frozenset(
    {
        SessionStatus.ACTIVE,
        SessionStatus.DESIGNING,
        SessionStatus.PAYMENT_PENDING,
        SessionStatus.PAYMENT_FAILED,
    }
)
PAID = frozenset({SessionStatus.PAYMENT_COMPLETED, SessionStatus.COMPLETED})

TRANSITIONS: Mapping[SessionStatus, frozenset[SessionStatus]] = {
    SessionStatus.ACTIVE: frozenset(
        {
            SessionStatus.DESIGNING,
            SessionStatus.PAYMENT_PENDING,
            SessionStatus.EXPIRED,
            SessionStatus.CANCELLED,
        }
    ),
    SessionStatus.DESIGNING: frozenset(
        {SessionStatus.PAYMENT_PENDING, SessionStatus.EXPIRED, SessionStatus.CANCELLED}
    ),
    SessionStatus.PAYMENT_PENDING: frozenset(
        {
            SessionStatus.PAYMENT_COMPLETED,
            SessionStatus.PAYMENT_FAILED,
            SessionStatus.EXPIRED,
            SessionStatus.CANCELLED,
        }
    ),
    SessionStatus.PAYMENT_FAILED: frozenset(
        {
            SessionStatus.PAYMENT_PENDING,
            SessionStatus.PAYMENT_COMPLETED,
            SessionStatus.EXPIRED,
            SessionStatus.CANCELLED,
        }
    ),
    SessionStatus.PAYMENT_COMPLETED: frozenset({SessionStatus.COMPLETED}),
    SessionStatus.COMPLETED: frozenset(),
    # Money that arrives late still counts.
    SessionStatus.EXPIRED: frozenset({SessionStatus.PAYMENT_COMPLETED}),
    SessionStatus.CANCELLED: frozenset({SessionStatus.PAYMENT_COMPLETED}),
}


class UserProgress(StrEnum):
    """How far the customer is, in the words of the reference; nothing is decided by it."""

    STARTED = "started"
    QR_SCANNED = "qr_scanned"
    BRAND_SELECTED = "brand_selected"
    DESIGNING = "designing"
    DESIGN_COMPLETE = "design_complete"
    PAYMENT_PENDING = "payment_pending"
    PAYMENT_REACHED = "payment_reached"
    ORDER_SUBMITTED = "order_submitted"
    ORDER_FAILED = "order_failed"
    PAYMENT_FAILED = "payment_failed"


class MoneyPath(StrEnum):
    """Who says that a customer has paid: a provider's name in ``payments``."""

    MANUFACTURER = "manufacturer"  # its machine takes the money, and the partner is asked
    MACHINE = "machine"  # it takes the money and tells us itself


class PaymentMethod(StrEnum):
    """How a machine says it was paid."""

    CARD = "card"
    CASH = "cash"
    CONTACTLESS = "contactless"


class TakingOutcome(StrEnum):
    """What became of money that a machine says it took. None of it is forgotten."""

    ACCEPTED = "accepted"
    # What follows is given back by the machine, or by a person.
    WRONG_AMOUNT = "wrong_amount"
    PAID_ALREADY = "paid_already"
    NOTHING_TO_PAY = "nothing_to_pay"  # the session had no order
    NOT_POSSIBLE = "not_possible"  # the order was stopped, or cannot be placed any more


def check_transition(current: SessionStatus, target: SessionStatus) -> None:
    """Raise IllegalTransition unless a session may go from ``current`` to ``target``."""
    if target not in TRANSITIONS[current]:
        raise IllegalTransition(f"A session that is {current} cannot become {target}.")


def sources_of(target: SessionStatus) -> frozenset[SessionStatus]:
    """From where a session may become ``target``: for compare-and-set."""
    return frozenset(status for status, targets in TRANSITIONS.items() if target in targets)
