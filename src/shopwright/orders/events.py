"""What happened to orders and pieces, told to higher slices in the same transaction."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OrdersPlaced:
    """New orders, or items added to known ones; one event per page of an import."""

    organization_id: int
    item_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OrderPaid:
    organization_id: int
    order_id: int


@dataclass(frozen=True, slots=True)
class OrderStopped:
    """Cancelled or refunded; ``item_ids`` are the items that are no longer owed."""

    organization_id: int
    order_id: int
    item_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StepsOwed:
    """Steps are owed again after a failure or scrap; ``order_item_ids`` say whose."""

    organization_id: int
    order_item_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OrderReady:
    """All pieces are good: it can be packed."""

    organization_id: int
    order_id: int
