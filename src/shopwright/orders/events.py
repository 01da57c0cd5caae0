"""What happened to orders and pieces, told to higher slices in the same transaction."""

from dataclasses import dataclass

from shopwright.orders.states import OrderStatus


@dataclass(frozen=True, slots=True)
class OrdersPlaced:
    """New orders, or items added to known ones; one event per page of an import."""

    organization_id: int
    item_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OrdersArrived:
    """Orders that were not known before and are open; one event per page of an import."""

    organization_id: int
    order_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OrderPaid:
    organization_id: int
    order_id: int


@dataclass(frozen=True, slots=True)
class PiecesReleased:
    """Pieces are no longer owed; ``print_job_ids`` were to make some of them. ``why`` is a verb."""

    organization_id: int
    order_id: int
    print_job_ids: tuple[int, ...]
    why: str
    supplier_order_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderStopped:
    """Canceled or refunded; nothing of it is made any more."""

    organization_id: int
    order_id: int
    status: OrderStatus


@dataclass(frozen=True, slots=True)
class OrderHeld:
    """Nothing of it may be started."""

    organization_id: int
    order_id: int


@dataclass(frozen=True, slots=True)
class StepsOwed:
    """Steps are owed again after a failure or scrap; ``order_item_ids`` say whose."""

    organization_id: int
    order_item_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OrderNotReady:
    """It was, until a piece of it was found to be bad."""

    organization_id: int
    order_id: int


@dataclass(frozen=True, slots=True)
class OrderReady:
    """All pieces are good: it can be packed."""

    organization_id: int
    order_id: int


@dataclass(frozen=True, slots=True)
class OrderPrioritised:
    """1 urgent … 5 backlog; what waits in the queue for it moves along."""

    organization_id: int
    order_id: int
    priority: int


@dataclass(frozen=True, slots=True)
class StepsMadeByHand:
    """A person says these pieces are there; the jobs that were to make them may be needless."""

    organization_id: int
    print_job_ids: tuple[int, ...]
    supplier_order_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderDeclaredShipped:
    """A person says it left; ``is_channel_told`` only when that person asked for it."""

    organization_id: int
    order_id: int
    by: str
    carrier: str | None
    tracking_code: str | None
    is_channel_told: bool


@dataclass(frozen=True, slots=True)
class OrderDelivered:
    organization_id: int
    order_id: int


@dataclass(frozen=True, slots=True)
class CustomerAnonymised:
    """``numbers`` are of the customer's orders; ``names`` are names and mail addresses that go
    wherever they were written down with them."""

    organization_id: int
    customer_id: int
    numbers: tuple[int, ...]
    names: tuple[str, ...]
