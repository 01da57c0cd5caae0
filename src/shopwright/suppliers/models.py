"""Tables of manufacturers, what they offer, and what was ordered from them."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from shopwright.kernel.db import EnumText, TenantModel
from shopwright.suppliers.states import (
    PlacingStage,
    SupplierHealth,
    SupplierOrderStatus,
)

IS_LIVE = text("stage IN ('waiting', 'sending', 'doubtful', 'accepted')")
IS_PAYMENT_OURS = text("is_payment_ours")
HAS_PROBLEM = text("problem IS NOT NULL")
IS_VARIANT = text("is_active AND variant_id IS NOT NULL")
IS_DEVICE = text("is_active AND device_model_id IS NOT NULL")


class Supplier(TenantModel):
    """An outside manufacturer. ``settings`` is one ciphertext of its account; None means that of
    the ``CHINESE_API_*`` settings."""

    __tablename__ = "suppliers"
    __table_args__ = (
        Index("uq_suppliers_name", "organization_id", "name", unique=True),
        {"sqlite_autoincrement": True},
    )

    adapter: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(120))
    settings: Mapped[str | None] = mapped_column(Text)  # encrypted
    currency: Mapped[str] = mapped_column(String(3))
    is_active: Mapped[bool] = mapped_column(default=True)
    ships: Mapped[bool] = mapped_column(default=True)  # to the buyer; else it comes to us
    health: Mapped[SupplierHealth] = mapped_column(
        EnumText(SupplierHealth), default=SupplierHealth.UNTRIED
    )
    last_success_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)
    last_error_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]


class SupplierOffer(TenantModel):
    """What one manufacturer makes for us: one of our variants, or cases for a device model.

    The partner's ids win over those of the device model; ``picture_sha256`` is printed where the
    order line has no design of its own. ``recipe_step_id`` is the step that pieces get whose line
    was switched from make to buy; it belongs to no recipe.
    """

    __tablename__ = "supplier_offers"
    __table_args__ = (
        Index(
            "uq_supplier_offers_variant",
            "supplier_id",
            "variant_id",
            unique=True,
            sqlite_where=IS_VARIANT,
            postgresql_where=IS_VARIANT,
        ),
        Index(
            "uq_supplier_offers_device_model",
            "supplier_id",
            "device_model_id",
            unique=True,
            sqlite_where=IS_DEVICE,
            postgresql_where=IS_DEVICE,
        ),
        {"sqlite_autoincrement": True},
    )

    supplier_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("suppliers.id", ondelete="CASCADE")
    )
    variant_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("variants.id", ondelete="CASCADE"), index=True
    )
    device_model_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("device_models.id", ondelete="CASCADE"), index=True
    )
    sku: Mapped[str] = mapped_column(String(100), default="")
    partner_model_id: Mapped[str | None] = mapped_column(String(100))
    partner_shell_id: Mapped[str | None] = mapped_column(String(100))
    cost_minor: Mapped[int | None]  # None: the manufacturer's price of the day
    currency: Mapped[str] = mapped_column(String(3))
    lead_days: Mapped[int] = mapped_column(default=0)
    picture_sha256: Mapped[str | None] = mapped_column(String(64))
    recipe_step_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("recipe_steps.id"), index=True
    )
    is_active: Mapped[bool] = mapped_column(default=True)
    updated_at: Mapped[datetime]


class SupplierOrder(TenantModel):
    """One piece made outside. ``key`` is our order id at the manufacturer (OREN…), ``payment_key``
    that of its payment (PYEN…). The partial unique index is the truth that a piece is ordered once.

    Between two looks ``next_look_at`` says when; None: nothing more is asked.
    """

    __tablename__ = "supplier_orders"
    __table_args__ = (
        Index("uq_supplier_orders_key", "key", unique=True),
        Index(
            "uq_supplier_orders_step",
            "piece_step_id",
            unique=True,
            sqlite_where=IS_LIVE,
            postgresql_where=IS_LIVE,
        ),
        Index("ix_supplier_orders_payment_key", "payment_key"),
        Index(
            "uq_supplier_orders_payment",
            "payment_key",
            unique=True,
            sqlite_where=IS_PAYMENT_OURS,
            postgresql_where=IS_PAYMENT_OURS,
        ),
        Index(
            "ix_supplier_orders_problem",
            "organization_id",
            sqlite_where=HAS_PROBLEM,
            postgresql_where=HAS_PROBLEM,
        ),
        Index("ix_supplier_orders_order", "order_id", "organization_id"),
        Index("ix_supplier_orders_item", "order_item_id", "organization_id"),
        Index("ix_supplier_orders_due", "stage", "next_look_at"),
        {"sqlite_autoincrement": True},
    )

    supplier_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("suppliers.id"), index=True)
    offer_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("supplier_offers.id"), index=True
    )
    order_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("orders.id"))
    order_item_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("order_items.id"))
    piece_step_id: Mapped[int | None] = mapped_column(  # None: its piece is made another way now
        BigInteger, ForeignKey("piece_steps.id", ondelete="SET NULL")
    )
    design_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("designs.id"))
    key: Mapped[str] = mapped_column(String(40))
    payment_key: Mapped[str] = mapped_column(String(40))
    is_payment_ours: Mapped[bool] = mapped_column(default=True)  # else the kiosk's, announced there
    pay_type: Mapped[int]
    amount_minor: Mapped[int]  # what the buyer paid for the piece
    cost_minor: Mapped[int | None]  # what the manufacturer asks, where we know it
    cost_currency: Mapped[str | None] = mapped_column(String(3))
    currency: Mapped[str] = mapped_column(String(3))
    partner_model_id: Mapped[str] = mapped_column(String(100), default="")
    partner_shell_id: Mapped[str] = mapped_column(String(100), default="")
    device_id: Mapped[str] = mapped_column(String(100), default="")
    picture_sha256: Mapped[str | None] = mapped_column(String(64))
    stage: Mapped[PlacingStage] = mapped_column(
        EnumText(PlacingStage), default=PlacingStage.WAITING
    )
    waiting_reason: Mapped[str | None] = mapped_column(String(500))
    problem: Mapped[str | None] = mapped_column(Text)  # for the person who must decide
    announced_at: Mapped[datetime | None]  # its payment is known to the manufacturer
    confirmed_at: Mapped[datetime | None]  # and that it was paid
    confirmed_try: Mapped[int] = mapped_column(default=0)  # told before this try of the order
    status: Mapped[SupplierOrderStatus] = mapped_column(
        EnumText(SupplierOrderStatus), default=SupplierOrderStatus.WAITING_PAYMENT
    )
    external_id: Mapped[str | None] = mapped_column(String(100))
    queue_number: Mapped[str | None] = mapped_column(String(50))
    carrier: Mapped[str | None] = mapped_column(String(60))
    tracking_code: Mapped[str | None] = mapped_column(String(100))
    promised_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)
    last_error_code: Mapped[int | None]
    looks: Mapped[int] = mapped_column(default=0)  # how often its status was asked in vain
    next_look_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    produced_at: Mapped[datetime | None]
    shipped_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]
