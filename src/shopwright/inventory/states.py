"""Why stock moved."""

from enum import StrEnum


class MovementReason(StrEnum):
    PRINT = "print"
    PURCHASE = "purchase"
    CORRECTION = "correction"
    USAGE = "usage"  # written down by a person
    SURPLUS = "surplus"  # a plate yielded more than was owed
    CANCELLED_ORDER = "cancelled_order"
    DRAWN = "drawn"  # taken for an order instead of making it
    CONSUMED = "consumed"  # hardware that went into finished pieces
