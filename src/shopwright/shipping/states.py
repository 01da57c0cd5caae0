"""States of a parcel."""

from collections.abc import Mapping
from enum import StrEnum


class ParcelStatus(StrEnum):
    PACKED = "packed"
    SHIPPED = "shipped"
    DELIVERED = "delivered"


TRANSITIONS: Mapping[ParcelStatus, frozenset[ParcelStatus]] = {
    ParcelStatus.PACKED: frozenset({ParcelStatus.SHIPPED}),
    ParcelStatus.SHIPPED: frozenset({ParcelStatus.DELIVERED}),
    ParcelStatus.DELIVERED: frozenset(),
}
