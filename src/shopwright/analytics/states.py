"""Words of the reports."""

from enum import StrEnum

from shopwright.orders.states import OrderStatus

# Paid for, and not given back. Part of it may have been refunded.
SOLD = frozenset(
    {OrderStatus.PAID, OrderStatus.COMPLETED, OrderStatus.SHIPPED, OrderStatus.DELIVERED}
)


class Period(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"  # from Monday
    MONTHLY = "monthly"


class PrintOutcome(StrEnum):
    COMPLETED = "completed"
    FAILED = "failed"


class RollupSubject(StrEnum):
    ORDERS = "orders"
    PRINTS = "prints"
    FILAMENT = "filament"


class ExpenseCategory(StrEnum):
    FILAMENT = "filament"
    SHIPPING = "shipping"
    EQUIPMENT = "equipment"
    OVERHEAD = "overhead"
    OTHER = "other"
