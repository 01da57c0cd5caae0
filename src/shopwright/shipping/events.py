"""What left the shop, told to higher slices in the same transaction."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class OrderShipped:
    """A parcel is on its way; ``external_id`` is the order's at the channel it came from."""

    organization_id: int
    order_id: int
    parcel_id: int
    connection_id: int | None
    external_id: str | None
    carrier: str | None
    tracking_code: str | None
    shipped_at: datetime
