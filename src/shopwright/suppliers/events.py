"""What happened at manufacturers, told to higher slices in the same transaction."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SupplierOrderAccepted:
    organization_id: int
    order_id: int
    supplier_order_id: int


@dataclass(frozen=True, slots=True)
class SupplierOrderProduced:
    """The piece is there; its order may be ready."""

    organization_id: int
    order_id: int
    supplier_order_id: int


@dataclass(frozen=True, slots=True)
class SupplierOrderFailed:
    """It is not made there: its piece is owed again and a person is asked."""

    organization_id: int
    order_id: int
    supplier_order_id: int
    sentence: str


@dataclass(frozen=True, slots=True)
class SupplierOrderInDoubt:
    """Nothing proves whether it was placed: a person decides."""

    organization_id: int
    order_id: int
    supplier_order_id: int
    sentence: str
