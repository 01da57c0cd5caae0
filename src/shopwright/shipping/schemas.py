"""Bodies of the shipping routes."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shopwright.kernel.times import PlainTime
from shopwright.shipping.models import Parcel, ParcelItem
from shopwright.shipping.states import ParcelStatus


class ShipBody(BaseModel):
    """Both may be missing: a letter has no tracking."""

    model_config = ConfigDict(extra="forbid")

    carrier: Annotated[str | None, Field(max_length=60)] = None
    tracking_code: Annotated[str | None, Field(max_length=100)] = None


class ParcelItemRead(BaseModel):
    order_item_id: int
    quantity: int


class ParcelRead(BaseModel):
    id: int
    uuid: str
    order_id: int
    number: int
    status: ParcelStatus
    carrier: str | None
    tracking_code: str | None
    packed_by: str
    shipped_at: PlainTime | None
    delivered_at: PlainTime | None
    items: list[ParcelItemRead]

    @classmethod
    def of(cls, parcel: Parcel, items: Sequence[ParcelItem]) -> "ParcelRead":
        return cls(
            id=parcel.id,
            uuid=parcel.uuid,
            order_id=parcel.order_id,
            number=parcel.number,
            status=parcel.status,
            carrier=parcel.carrier,
            tracking_code=parcel.tracking_code,
            packed_by=parcel.packed_by,
            shipped_at=parcel.shipped_at,
            delivered_at=parcel.delivered_at,
            items=[ParcelItemRead.model_validate(item, from_attributes=True) for item in items],
        )
