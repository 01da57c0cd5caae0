"""Words of the reports."""

from collections.abc import Mapping
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
    CANCELLED = "cancelled"  # broken off by somebody's word: counts neither as good nor as failed


class RollupSubject(StrEnum):
    ORDERS = "orders"
    PRINTS = "prints"
    FILAMENT = "filament"
    WORK = "work"
    PLATES = "plates"
    PRINTER_TIME = "printer_time"


class TimeState(StrEnum):
    """What a printer did, as reports tell it apart."""

    PRINTING = "printing"
    PAUSED = "paused"
    IDLE = "idle"
    ERROR = "error"
    OFFLINE = "offline"
    UNKNOWN = "unknown"


# Preparing is printing in one word (reference decision 23); whoever cannot be reached is offline.
TIME_STATES: Mapping[str, TimeState] = {
    **{state.value: state for state in TimeState},
    "preparing": TimeState.PRINTING,
    "connecting": TimeState.OFFLINE,
    "auth_failed": TimeState.OFFLINE,
}


class ExpenseCategory(StrEnum):
    FILAMENT = "filament"
    SHIPPING = "shipping"
    EQUIPMENT = "equipment"
    OVERHEAD = "overhead"
    OTHER = "other"
