"""Tables of what leaves the shop."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from shopwright.kernel.db import EnumText, TenantModel
from shopwright.shipping.states import ParcelStatus


class Parcel(TenantModel):
    __tablename__ = "parcels"
    __table_args__ = (
        Index("uq_parcels_number", "order_id", "number", unique=True),
        {"sqlite_autoincrement": True},
    )

    order_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("orders.id"))
    number: Mapped[int]  # of this order's parcels, from 1
    status: Mapped[ParcelStatus] = mapped_column(EnumText(ParcelStatus))
    carrier: Mapped[str | None] = mapped_column(String(60))
    tracking_code: Mapped[str | None] = mapped_column(String(100))
    packed_by: Mapped[str] = mapped_column(String(120))
    shipped_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]


class ParcelItem(TenantModel):
    __tablename__ = "parcel_items"
    __table_args__ = (
        Index("uq_parcel_items_item", "parcel_id", "order_item_id", unique=True),
        Index("ix_parcel_items_order_item", "order_item_id", "organization_id"),
        {"sqlite_autoincrement": True},
    )

    parcel_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("parcels.id", ondelete="CASCADE"))
    order_item_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("order_items.id"))
    quantity: Mapped[int]
