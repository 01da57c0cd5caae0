"""States of what is bought outside: the partner's 16 codes, named, and how placing the order
went."""

from collections.abc import Mapping
from enum import StrEnum


class SupplierOrderStatus(StrEnum):
    """What the manufacturer says about an order (reference-facts d.3)."""

    WAITING_PAYMENT = "waiting_payment"  # also: nothing was told to the manufacturer yet
    CANCELLED = "cancelled"
    PAYING = "paying"
    PAID = "paid"
    PAYMENT_FAILED = "payment_failed"
    REFUNDING = "refunding"
    REFUNDED = "refunded"
    WAITING_TO_PRINT = "waiting_to_print"
    PICKING_UP = "picking_up"
    PICKUP_DONE = "pickup_done"
    PRINTING = "printing"
    PRINTED = "printed"
    PRINT_FAILED = "print_failed"
    PRINT_CANCELLED = "print_cancelled"
    SHIPPING = "shipping"
    SHIPPED = "shipped"


CODES: Mapping[int, SupplierOrderStatus] = dict(enumerate(SupplierOrderStatus, 1))
CODE_OF: Mapping[SupplierOrderStatus, int] = {status: code for code, status in CODES.items()}

FAILED = frozenset(
    {
        SupplierOrderStatus.CANCELLED,
        SupplierOrderStatus.PAYMENT_FAILED,
        SupplierOrderStatus.REFUNDED,
        SupplierOrderStatus.PRINT_FAILED,
        SupplierOrderStatus.PRINT_CANCELLED,
    }
)
PRODUCED = frozenset(
    {
        SupplierOrderStatus.PRINTED,
        SupplierOrderStatus.SHIPPING,
        SupplierOrderStatus.SHIPPED,
    }
)
TERMINAL = FAILED | {SupplierOrderStatus.SHIPPED}
UNDER_WAY = frozenset(SupplierOrderStatus) - TERMINAL

# The manufacturer reports facts and may skip states, so each open one leads to every other; what
# it called finished or failed stays so.
TRANSITIONS: Mapping[SupplierOrderStatus, frozenset[SupplierOrderStatus]] = {
    status: frozenset(SupplierOrderStatus) - {status} if status in UNDER_WAY else frozenset()
    for status in SupplierOrderStatus
}


class PlacingStage(StrEnum):
    """How far we are with placing an order at the manufacturer."""

    WAITING = "waiting"  # for its picture, a connection or an offer; the reason stands beside it
    SENDING = "sending"
    DOUBTFUL = "doubtful"  # nothing proves whether it was placed: a person decides
    ACCEPTED = "accepted"
    REFUSED = "refused"  # the manufacturer does not make it
    WITHDRAWN = "withdrawn"  # before the order was sent


PLACING_TRANSITIONS: Mapping[PlacingStage, frozenset[PlacingStage]] = {
    PlacingStage.WAITING: frozenset({PlacingStage.SENDING, PlacingStage.WITHDRAWN}),
    # back to waiting only with proof that no order was placed
    PlacingStage.SENDING: frozenset(
        {
            PlacingStage.WAITING,
            PlacingStage.DOUBTFUL,
            PlacingStage.ACCEPTED,
            PlacingStage.REFUSED,
            PlacingStage.WITHDRAWN,  # its order never went out: the manufacturer was down
        }
    ),
    # back to sending when it is the payment that turned out to be known there
    PlacingStage.DOUBTFUL: frozenset(
        {
            PlacingStage.SENDING,
            PlacingStage.ACCEPTED,
            PlacingStage.REFUSED,
            PlacingStage.WITHDRAWN,
        }
    ),
    PlacingStage.ACCEPTED: frozenset(),
    PlacingStage.REFUSED: frozenset(),
    PlacingStage.WITHDRAWN: frozenset(),
}
OPEN_STAGES = frozenset({PlacingStage.WAITING, PlacingStage.SENDING, PlacingStage.DOUBTFUL})


class SupplierHealth(StrEnum):
    """Of the connection to a manufacturer; each may follow each other."""

    UNTRIED = "untried"
    WORKING = "working"
    FAILING = "failing"  # it does not answer
    REFUSED = "refused"  # it does not accept our account: a person must act
