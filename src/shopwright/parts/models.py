"""Tables of parts, their files and what conversion made of those."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Float, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from shopwright.kernel.db import EnumText, TenantModel
from shopwright.parts.drawings import models as _drawings  # noqa: F401  its tables
from shopwright.parts.slicing import models as _slicing  # noqa: F401  its tables
from shopwright.parts.states import (
    ConversionStatus,
    FileKind,
    PartCategory,
    PartStatus,
    PartType,
)


class Part(TenantModel):
    """Something made to a drawing or a CAD file. ``version`` counts its files, 0 for none.

    A part that an order item owes has its order's facts beside it, kept by the orders;
    ``amount_each`` of it go into one piece, and ``made`` of ``amount`` are there.
    """

    __tablename__ = "parts"
    __table_args__ = (
        Index("ix_parts_category", "organization_id", "category", "created_at"),
        Index("ix_parts_order", "order_id", "organization_id"),
        Index("ix_parts_item", "order_item_id", "organization_id"),
        {"sqlite_autoincrement": True},
    )

    code: Mapped[str] = mapped_column(String(8))  # the reference's partId
    name: Mapped[str] = mapped_column(String(200))
    type: Mapped[PartType | None] = mapped_column(EnumText(PartType))
    category: Mapped[PartCategory] = mapped_column(EnumText(PartCategory))
    status: Mapped[PartStatus] = mapped_column(EnumText(PartStatus))
    subsystem: Mapped[str | None] = mapped_column(String(100))
    assigned: Mapped[str | None] = mapped_column(String(100))
    notes: Mapped[str | None] = mapped_column(Text)
    file_name: Mapped[str | None] = mapped_column(String(255))
    onshape_url: Mapped[str | None] = mapped_column(String(500))
    material: Mapped[str | None] = mapped_column(String(200))
    material_thickness: Mapped[str | None] = mapped_column(String(50))
    amount: Mapped[int] = mapped_column(default=1)
    amount_each: Mapped[int] = mapped_column(default=1, server_default="1")
    made: Mapped[int] = mapped_column(default=0, server_default="0")
    order_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("orders.id"))
    order_item_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("order_items.id"))
    recipe_step_id: Mapped[int | None] = mapped_column(BigInteger)  # which may name a part
    order_number: Mapped[int | None]
    due_on: Mapped[date | None]
    personalisation: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    held_reason: Mapped[str | None] = mapped_column(String(500))  # its order is held
    cancelled_reason: Mapped[str | None] = mapped_column(String(300))
    misc_info: Mapped[dict[str, Any]] = mapped_column(default=dict)
    version: Mapped[int] = mapped_column(default=0)
    conversion_id: Mapped[int | None] = mapped_column(  # of its newest model
        BigInteger, ForeignKey("cad_conversions.id"), index=True
    )
    claimed_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]


class CadConversion(TenantModel):
    """What was made of one content at one fineness; every part with that file uses it."""

    __tablename__ = "cad_conversions"
    __table_args__ = (
        Index(
            "uq_cad_conversions_content",
            "organization_id",
            "source_sha256",
            "kind",
            "linear_um",
            "angular_mrad",
            unique=True,
        ),
        {"sqlite_autoincrement": True},
    )

    source_sha256: Mapped[str] = mapped_column(String(64))
    kind: Mapped[FileKind] = mapped_column(EnumText(FileKind))
    linear_um: Mapped[int]
    angular_mrad: Mapped[int]
    status: Mapped[ConversionStatus] = mapped_column(EnumText(ConversionStatus))
    phase: Mapped[str] = mapped_column(String(40), default="")
    progress: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(String(500))
    attempts: Mapped[int] = mapped_column(default=0)
    heartbeat_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    took_ms: Mapped[int | None]
    glb_sha256: Mapped[str | None] = mapped_column(String(64))
    glb_bytes: Mapped[int | None]
    preview_sha256: Mapped[str | None] = mapped_column(String(64))
    measure_error: Mapped[str | None] = mapped_column(String(500))
    volume_mm3: Mapped[float | None] = mapped_column(Float(53))
    area_mm2: Mapped[float | None] = mapped_column(Float(53))
    size_x_mm: Mapped[float | None] = mapped_column(Float(53))
    size_y_mm: Mapped[float | None] = mapped_column(Float(53))
    size_z_mm: Mapped[float | None] = mapped_column(Float(53))
    body_count: Mapped[int | None]
    triangle_count: Mapped[int | None]
    is_watertight: Mapped[bool | None] = mapped_column(Boolean)


class PartFile(TenantModel):
    """One version of a part's file; ``conversion_id`` is None for a drawing."""

    __tablename__ = "part_files"
    __table_args__ = (
        Index("uq_part_files_version", "part_id", "version", unique=True),
        {"sqlite_autoincrement": True},
    )

    part_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("parts.id", ondelete="CASCADE"))
    version: Mapped[int]
    name: Mapped[str] = mapped_column(String(255))
    kind: Mapped[FileKind] = mapped_column(EnumText(FileKind))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size_bytes: Mapped[int]
    uploaded_by: Mapped[str] = mapped_column(String(120))
    conversion_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("cad_conversions.id"), index=True
    )


class CadExport(TenantModel):
    """A model in another format, made when somebody asked for it first."""

    __tablename__ = "cad_exports"
    __table_args__ = (
        Index("uq_cad_exports_format", "conversion_id", "format", unique=True),
        {"sqlite_autoincrement": True},
    )

    conversion_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("cad_conversions.id", ondelete="CASCADE")
    )
    format: Mapped[FileKind] = mapped_column(EnumText(FileKind))
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int]


class PartView(TenantModel):
    """A picture of a part from one of eight sides, as a client drew it."""

    __tablename__ = "part_views"
    __table_args__ = (
        Index("uq_part_views_number", "part_id", "number", unique=True),
        {"sqlite_autoincrement": True},
    )

    part_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("parts.id", ondelete="CASCADE"))
    number: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    updated_at: Mapped[datetime]
