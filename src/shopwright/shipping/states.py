"""States of a parcel."""

from enum import StrEnum


class ParcelStatus(StrEnum):
    PACKED = "packed"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
