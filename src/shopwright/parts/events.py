"""What happened to parts, told to higher slices in the same transaction.

``order_item_id`` is of the order item that owes the part, None for a part of the workshop's own.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PartBegun:
    """Somebody works on it."""

    organization_id: int
    part_id: int
    order_item_id: int | None


@dataclass(frozen=True, slots=True)
class PartProgressed:
    """``pieces`` pieces of it are there, the others are still being made."""

    organization_id: int
    part_id: int
    order_item_id: int | None
    pieces: int


@dataclass(frozen=True, slots=True)
class PartCompleted:
    organization_id: int
    part_id: int
    order_item_id: int | None


@dataclass(frozen=True, slots=True)
class PartReverted:
    """It was not finished after all; what counted as made is being made."""

    organization_id: int
    part_id: int
    order_item_id: int | None


@dataclass(frozen=True, slots=True)
class PartDropped:
    """A person deleted or cancelled it before it was finished."""

    organization_id: int
    part_id: int
    order_item_id: int | None
