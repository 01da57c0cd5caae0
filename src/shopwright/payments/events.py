"""What happened to payments, told to higher slices in the same transaction."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PaymentPaid:
    """The provider proved it, amount and currency are the order's, and the order is paid now.
    Published once per payment; money that its order cannot take is ``PaymentInDoubt`` instead."""

    organization_id: int
    order_id: int
    payment_id: int
    provider: str


@dataclass(frozen=True, slots=True)
class PaymentFailed:
    """Refused, expired or given up; the order still waits and may be paid another way."""

    organization_id: int
    order_id: int
    payment_id: int
    provider: str
    detail: str


@dataclass(frozen=True, slots=True)
class PaymentInDoubt:
    """Money came and not as agreed, or nothing proves what became of it: a person decides."""

    organization_id: int
    order_id: int
    payment_id: int
    sentence: str


@dataclass(frozen=True, slots=True)
class PaymentRefunded:
    """``refunded_minor`` is what has been given back of it in all."""

    organization_id: int
    order_id: int
    payment_id: int
    refunded_minor: int
    is_full: bool
