"""Tables of customers' designs, their pictures and what generating them cost."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from shopwright.artwork.states import DesignStatus, GenerationStatus, ImageKind
from shopwright.kernel.db import EnumText, TenantModel


class Design(TenantModel):
    """A customer's canvas. ``version`` moves with every save; ``canvas`` is what it was drawn for
    (see ``canvas.Canvas``), copied so that a later change of the catalogue changes no order.

    ``print_sha256`` is the print-ready picture; ``final_sha256`` the whole picture a customer
    brought instead of layers.
    """

    __tablename__ = "designs"
    __table_args__ = (
        Index("ix_designs_expiry", "status", "expires_at"),
        Index("ix_designs_made", "organization_id", "created_at"),
        {"sqlite_autoincrement": True},
    )

    token_hash: Mapped[str] = mapped_column(String(64))
    template_id: Mapped[int] = mapped_column(BigInteger, index=True)
    device_model_id: Mapped[int] = mapped_column(BigInteger, index=True)
    status: Mapped[DesignStatus] = mapped_column(EnumText(DesignStatus), default=DesignStatus.DRAFT)
    version: Mapped[int] = mapped_column(default=1)
    layers: Mapped[list[Any]] = mapped_column(default=list)
    background: Mapped[str] = mapped_column(String(9), default="#ffffff")
    canvas: Mapped[dict[str, Any]] = mapped_column(default=dict)
    width_px: Mapped[int]
    height_px: Mapped[int]
    preview_sha256: Mapped[str | None] = mapped_column(String(64))  # of ``preview_version``
    preview_version: Mapped[int] = mapped_column(default=0)
    final_sha256: Mapped[str | None] = mapped_column(String(64))
    print_sha256: Mapped[str | None] = mapped_column(String(64))
    print_error: Mapped[str | None] = mapped_column(String(500))
    updated_at: Mapped[datetime]
    frozen_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]  # of a draft; None once it is ordered


class DesignImage(TenantModel):
    """A picture of a customer; only pixels that we drew anew. ``filename`` is how links name it.

    Without a design it came over the reference routes and lives until ``expires_at``.
    """

    __tablename__ = "design_images"
    __table_args__ = (
        Index("uq_design_images_filename", "organization_id", "filename", unique=True),
        Index("ix_design_images_design", "design_id", "organization_id"),
        Index("ix_design_images_made", "organization_id", "created_at"),
        Index("ix_design_images_sha256", "sha256"),
        Index("ix_design_images_expires_at", "expires_at"),
        {"sqlite_autoincrement": True},
    )

    design_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("designs.id", ondelete="CASCADE")
    )
    kind: Mapped[ImageKind] = mapped_column(EnumText(ImageKind))
    filename: Mapped[str] = mapped_column(String(160))
    sha256: Mapped[str] = mapped_column(String(64))
    content_type: Mapped[str] = mapped_column(String(40))
    width_px: Mapped[int]
    height_px: Mapped[int]
    order_ref: Mapped[str | None] = mapped_column(String(80))  # as the client named it
    ai_params: Mapped[dict[str, Any] | None]
    cost_millionths: Mapped[int] = mapped_column(default=0)
    currency: Mapped[str | None] = mapped_column(String(3))
    expires_at: Mapped[datetime | None]


class ImageGeneration(TenantModel):
    """One request to the image provider, paid at most once; ``uuid`` is the effect's key.

    ``customer`` is a hash of who asked, for the limits. An outcome nobody knows is booked as paid.
    """

    __tablename__ = "image_generations"
    __table_args__ = (
        Index("ix_image_generations_customer", "organization_id", "customer", "created_at"),
        Index("ix_image_generations_made", "organization_id", "created_at"),
        Index("ix_image_generations_design", "design_id", "organization_id"),
        {"sqlite_autoincrement": True},
    )

    design_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("designs.id", ondelete="SET NULL")
    )
    status: Mapped[GenerationStatus] = mapped_column(
        EnumText(GenerationStatus), default=GenerationStatus.PENDING
    )
    customer: Mapped[str] = mapped_column(String(64))
    provider: Mapped[str] = mapped_column(String(40))
    template_code: Mapped[str] = mapped_column(String(60))
    style_code: Mapped[str] = mapped_column(String(60))
    parameters: Mapped[dict[str, Any]] = mapped_column(default=dict)
    prompt: Mapped[str] = mapped_column(Text)
    source_sha256: Mapped[str | None] = mapped_column(String(64))
    image_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("design_images.id", ondelete="SET NULL")
    )
    refusal: Mapped[str | None] = mapped_column(String(500))
    cost_millionths: Mapped[int] = mapped_column(default=0)
    currency: Mapped[str | None] = mapped_column(String(3))
    settled_at: Mapped[datetime | None]
