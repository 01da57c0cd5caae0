"""Tables of brands and of the device models that a design is made for."""

from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from shopwright.kernel.db import TenantModel


class Brand(TenantModel):
    """A maker of devices; ``code`` is its public id, such as ``apple``."""

    __tablename__ = "brands"
    __table_args__ = (
        Index("uq_brands_code", "organization_id", "code", unique=True),
        {"sqlite_autoincrement": True},
    )

    code: Mapped[str] = mapped_column(String(60))
    display_name: Mapped[str] = mapped_column(String(100))
    partner_id: Mapped[str | None] = mapped_column(String(60))  # BR…, the manufacturer's
    frame_color: Mapped[str] = mapped_column(String(7), default="#1f2937")
    button_color: Mapped[str] = mapped_column(String(7), default="#1f2937")
    subtitle: Mapped[str] = mapped_column(String(200), default="")
    is_available: Mapped[bool] = mapped_column(default=True)
    display_order: Mapped[int] = mapped_column(default=0)


class DeviceModel(TenantModel):
    """One device with its size in thousandths of a millimetre.

    ``price_minor`` is what a design for it costs on top of its template. ``mask`` says in percent
    of the canvas where the design shows (``devices.rules.Mask``); empty means everywhere.
    """

    __tablename__ = "device_models"
    __table_args__ = (
        Index("uq_device_models_code", "organization_id", "code", unique=True),
        {"sqlite_autoincrement": True},
    )

    code: Mapped[str] = mapped_column(String(80))
    brand_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("brands.id"), index=True)
    display_name: Mapped[str] = mapped_column(String(100))
    width_um: Mapped[int]
    height_um: Mapped[int]
    partner_model_id: Mapped[str | None] = mapped_column(String(60))  # MM…
    partner_shell_id: Mapped[str | None] = mapped_column(String(60))  # MS…
    price_minor: Mapped[int] = mapped_column(default=0)
    currency: Mapped[str] = mapped_column(String(3))
    stock: Mapped[int] = mapped_column(default=0)
    is_available: Mapped[bool] = mapped_column(default=True)
    is_featured: Mapped[bool] = mapped_column(default=False)
    release_year: Mapped[int | None]
    mask: Mapped[dict[str, Any]] = mapped_column(default=dict)
    display_order: Mapped[int] = mapped_column(default=0)
