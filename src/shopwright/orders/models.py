"""Tables of orders, items, pieces and what people wrote about them."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from shopwright.catalog.states import StepKind
from shopwright.kernel.db import EnumText, TenantModel
from shopwright.orders.customers.rules import email_key
from shopwright.orders.customers.states import (
    FileType,
    ImportStatus,
    RequestPriority,
    RequestStatus,
)
from shopwright.orders.states import (
    HoldSubject,
    LabelStatus,
    OrderStatus,
    ProductionStatus,
    SessionStatus,
    StepStatus,
)

# Beside an id stands the organization: SQLite without statistics takes the organization's own index
# for as good as the id's, and then reads every row of the shop.
NOT_SCRAP = text("status != 'scrap'")
OPEN_HOLD = text("released_at IS NULL")
UNPAID = text("status = 'pending_payment'")
HAS_PHOTO = text("photo_sha256 IS NOT NULL")


class Customer(TenantModel):
    """The buyer; may have no account. Told apart by the channel's buyer id, else by e-mail.

    The counters are of paid orders; the spend is in the organization's currency, and they are
    kept by ``customer_counters``. ``counted_at`` is None for rows older than the counters.
    """

    __tablename__ = "customers"
    __table_args__ = (
        Index("uq_customers_external", "organization_id", "channel", "external_id", unique=True),
        Index("ix_customers_email_key", "organization_id", "email_key"),
        Index("ix_customers_name", "organization_id", "name"),
        {"sqlite_autoincrement": True},
    )

    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(254))
    email_key: Mapped[str | None] = mapped_column(String(254))  # by which it is found
    phone: Mapped[str | None] = mapped_column(String(40))
    channel: Mapped[str | None] = mapped_column(String(40))
    external_id: Mapped[str | None] = mapped_column(String(80))
    notes: Mapped[str] = mapped_column(Text, default="")
    order_count: Mapped[int] = mapped_column(default=0, server_default="0")
    total_spend_minor: Mapped[int] = mapped_column(default=0, server_default="0")
    counted_at: Mapped[datetime | None] = mapped_column(default=lambda: datetime.now(UTC))
    last_customer_contact_at: Mapped[datetime | None]
    anonymised_at: Mapped[datetime | None]

    @validates("email")
    def _keep_key(self, _name: str, email: str | None) -> str | None:
        self.email_key = None if email is None else email_key(email)
        return email


class Order(TenantModel):
    """What a customer bought in one go; unique by (connection, external id)."""

    __tablename__ = "orders"
    __table_args__ = (
        Index("uq_orders_number", "organization_id", "number", unique=True),
        Index("uq_orders_external", "organization_id", "connection_id", "external_id", unique=True),
        Index("ix_orders_list", "organization_id", "status", "placed_at"),
        Index("ix_orders_placed", "organization_id", "placed_at"),
        Index("ix_orders_customer", "customer_id", "organization_id"),
        Index("ix_orders_external", "organization_id", "external_id"),
        Index(
            "ix_orders_unpaid",
            "placed_at",
            sqlite_where=UNPAID,
            postgresql_where=UNPAID,
        ),
        Index(
            "ix_orders_photo",
            "photo_sha256",
            "organization_id",
            sqlite_where=HAS_PHOTO,
            postgresql_where=HAS_PHOTO,
        ),
        {"sqlite_autoincrement": True},
    )

    number: Mapped[int]
    channel: Mapped[str] = mapped_column(String(40), default="hand")
    connection_id: Mapped[int | None] = mapped_column(BigInteger)
    external_id: Mapped[str | None] = mapped_column(String(80))
    customer_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("customers.id"))
    status: Mapped[OrderStatus] = mapped_column(EnumText(OrderStatus))
    production_status: Mapped[ProductionStatus] = mapped_column(
        EnumText(ProductionStatus), default=ProductionStatus.QUEUED
    )
    priority: Mapped[int] = mapped_column(default=3)  # 1 urgent … 5 backlog
    buyer_name: Mapped[str] = mapped_column(String(200), default="")
    buyer_email: Mapped[str | None] = mapped_column(String(254))
    ship_to: Mapped[dict[str, Any]] = mapped_column(default=dict)
    currency: Mapped[str] = mapped_column(String(3))
    subtotal_minor: Mapped[int] = mapped_column(default=0)
    shipping_minor: Mapped[int] = mapped_column(default=0)
    tax_minor: Mapped[int] = mapped_column(default=0)
    discount_minor: Mapped[int] = mapped_column(default=0)
    total_minor: Mapped[int] = mapped_column(default=0)
    refunded_minor: Mapped[int] = mapped_column(default=0)
    notes: Mapped[str] = mapped_column(Text, default="")
    buyer_message: Mapped[str] = mapped_column(Text, default="")
    gift_message: Mapped[str] = mapped_column(Text, default="")
    is_gift: Mapped[bool] = mapped_column(default=False)
    promised_on: Mapped[date | None]
    placed_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    shipped_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    source_updated_at: Mapped[datetime | None]
    pieces_total: Mapped[int] = mapped_column(default=0)
    pieces_good: Mapped[int] = mapped_column(default=0)
    is_held: Mapped[bool] = mapped_column(default=False)
    print_notes: Mapped[str] = mapped_column(Text, default="", server_default="")
    estimated_print_min: Mapped[int | None]
    print_started_at: Mapped[datetime | None]  # once
    print_completed_at: Mapped[datetime | None]  # the last time
    print_failures: Mapped[int] = mapped_column(default=0, server_default="0")
    photo_sha256: Mapped[str | None] = mapped_column(String(64))
    # What an outside manufacturer says of it; written by `storefront.outside` alone.
    outside_reference: Mapped[str | None] = mapped_column(String(100))
    outside_status: Mapped[str | None] = mapped_column(String(40))
    queue_number: Mapped[str | None] = mapped_column(String(50))
    # Blanks for its designs were taken from the models' stock, and not given back yet.
    is_stock_taken: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    items: Mapped[list["OrderItem"]] = relationship(order_by="OrderItem.position", lazy="raise")


class OrderItem(TenantModel):
    """One position. Counters are kept by the writes; ``waiting_reason`` puts it into the SKU
    inbox."""

    __tablename__ = "order_items"
    __table_args__ = (
        Index("uq_order_items_external", "order_id", "external_id", unique=True),
        Index("ix_order_items_waiting", "organization_id", "waiting_code"),
        Index("ix_order_items_order", "order_id", "organization_id", "position"),
        Index("ix_order_items_design", "design_id", "organization_id"),
        {"sqlite_autoincrement": True},
    )

    order_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("orders.id", ondelete="CASCADE"))
    position: Mapped[int]
    external_id: Mapped[str | None] = mapped_column(String(80))
    title: Mapped[str] = mapped_column(String(300))
    sku: Mapped[str | None] = mapped_column(String(200))
    variant_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("variants.id"), index=True
    )
    quantity: Mapped[int]
    price_minor: Mapped[int] = mapped_column(default=0)
    options: Mapped[list[Any]] = mapped_column(default=list)  # [[name, value], …]
    personalisation: Mapped[list[Any]] = mapped_column(default=list)  # [[question, answer], …]
    promised_on: Mapped[date | None]
    is_cancelled: Mapped[bool] = mapped_column(default=False)
    waiting_code: Mapped[str | None] = mapped_column(String(40))  # unknown_sku, no_recipe, no_sku
    waiting_reason: Mapped[str | None] = mapped_column(String(300))
    # A designed item: what is drawn on what. The design may come after the order.
    design_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("designs.id"))
    template_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("templates.id"))
    device_model_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("device_models.id"))
    pieces_total: Mapped[int] = mapped_column(default=0)
    pieces_good: Mapped[int] = mapped_column(default=0)


class Piece(TenantModel):
    """One unit owed to one order item."""

    __tablename__ = "pieces"
    __table_args__ = (
        Index("uq_pieces_number", "order_item_id", "number", unique=True),
        {"sqlite_autoincrement": True},
    )

    order_item_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("order_items.id", ondelete="CASCADE")
    )
    number: Mapped[int]
    steps_total: Mapped[int]
    steps_good: Mapped[int] = mapped_column(default=0)
    is_released: Mapped[bool] = mapped_column(default=False)


class PieceStep(TenantModel):
    """One recipe step of one piece, pinned to the file version it was planned with.

    The partial unique index is the truth that every piece step exists once.
    """

    __tablename__ = "piece_steps"
    __table_args__ = (
        Index(
            "uq_piece_steps_current",
            "piece_id",
            "recipe_step_id",
            unique=True,
            sqlite_where=NOT_SCRAP,
            postgresql_where=NOT_SCRAP,
        ),
        Index("ix_piece_steps_owed", "organization_id", "status", "print_file_id", "plate_number"),
        Index("ix_piece_steps_item", "order_item_id", "organization_id"),
        Index("ix_piece_steps_piece", "piece_id", "organization_id"),
        Index("ix_piece_steps_job", "print_job_id", "organization_id"),
        Index("ix_piece_steps_part", "part_id", "organization_id"),
        Index("ix_piece_steps_supplier", "supplier_order_id", "organization_id"),
        {"sqlite_autoincrement": True},
    )

    piece_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("pieces.id", ondelete="CASCADE"))
    order_item_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("order_items.id", ondelete="CASCADE")
    )
    recipe_step_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("recipe_steps.id"))
    kind: Mapped[StepKind] = mapped_column(EnumText(StepKind))
    print_file_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("print_files.id"))
    plate_number: Mapped[int | None]
    yields: Mapped[int] = mapped_column(default=1)
    status: Mapped[StepStatus] = mapped_column(EnumText(StepStatus), default=StepStatus.OWED)
    print_job_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("print_jobs.id"))
    part_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("parts.id"))
    supplier_order_id: Mapped[int | None] = mapped_column(BigInteger)  # which names the step
    source: Mapped[str | None] = mapped_column(String(20))  # print, part, supplier, stock, manual
    failures: Mapped[int] = mapped_column(default=0)
    good_at: Mapped[datetime | None]


class Hold(TenantModel):
    """A person must act before work goes on."""

    __tablename__ = "holds"
    __table_args__ = (
        Index(
            "ix_holds_open",
            "organization_id",
            "subject",
            "subject_id",
            sqlite_where=OPEN_HOLD,
            postgresql_where=OPEN_HOLD,
        ),
        Index("ix_holds_order", "order_id", "organization_id"),
        {"sqlite_autoincrement": True},
    )

    subject: Mapped[HoldSubject] = mapped_column(EnumText(HoldSubject))
    subject_id: Mapped[int]
    order_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("orders.id"))
    reason: Mapped[str] = mapped_column(String(500))
    by: Mapped[str] = mapped_column(String(120))
    released_at: Mapped[datetime | None]
    released_by: Mapped[str | None] = mapped_column(String(120))


class OrderNote(TenantModel):
    __tablename__ = "order_notes"
    __table_args__ = (
        Index("ix_order_notes_order", "order_id", "organization_id"),
        {"sqlite_autoincrement": True},
    )

    order_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("orders.id", ondelete="CASCADE"))
    content: Mapped[str] = mapped_column(Text)
    author: Mapped[str] = mapped_column(String(120))


class OrderCommunication(TenantModel):
    __tablename__ = "order_communications"
    __table_args__ = (
        Index("ix_order_communications_order", "order_id", "organization_id"),
        {"sqlite_autoincrement": True},
    )

    order_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("orders.id", ondelete="CASCADE"))
    message: Mapped[str] = mapped_column(Text)
    direction: Mapped[str] = mapped_column(String(10))  # inbound, outbound
    channel: Mapped[str] = mapped_column(String(40))
    author: Mapped[str] = mapped_column(String(120))


class CustomerRequest(TenantModel):
    """Something a customer asked for, to be answered or made."""

    __tablename__ = "customer_requests"
    __table_args__ = (
        Index("ix_customer_requests_customer", "customer_id", "organization_id"),
        Index("ix_customer_requests_order", "order_id", "organization_id"),
        {"sqlite_autoincrement": True},
    )

    customer_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("customers.id", ondelete="CASCADE")
    )
    order_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("orders.id"))
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    status: Mapped[RequestStatus] = mapped_column(
        EnumText(RequestStatus), default=RequestStatus.OPEN
    )
    priority: Mapped[RequestPriority] = mapped_column(
        EnumText(RequestPriority), default=RequestPriority.NORMAL
    )
    desired_by: Mapped[date | None]
    source: Mapped[str] = mapped_column(String(40), default="hand")
    created_by: Mapped[str] = mapped_column(String(120))
    updated_at: Mapped[datetime]


class CustomerFeedback(TenantModel):
    """What a customer said about the shop's work; ``rating`` 1 … 5."""

    __tablename__ = "customer_feedback"
    __table_args__ = (
        Index("ix_customer_feedback_customer", "customer_id", "organization_id"),
        Index("ix_customer_feedback_order", "order_id", "organization_id"),
        {"sqlite_autoincrement": True},
    )

    customer_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("customers.id", ondelete="CASCADE")
    )
    order_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("orders.id"))
    rating: Mapped[int]
    comment: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(String(40), default="hand")
    author: Mapped[str] = mapped_column(String(120))


class Attachment(TenantModel):
    """A file kept with a customer or an order; its bytes lie in the file store."""

    __tablename__ = "attachments"
    __table_args__ = (
        Index("ix_attachments_customer", "customer_id", "organization_id"),
        Index("ix_attachments_order", "order_id", "organization_id"),
        {"sqlite_autoincrement": True},
    )

    name: Mapped[str] = mapped_column(String(255))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size_bytes: Mapped[int]
    file_type: Mapped[FileType] = mapped_column(EnumText(FileType))
    content_type: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(Text, default="")
    customer_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("customers.id"))
    order_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("orders.id", ondelete="CASCADE")
    )
    uploaded_by: Mapped[str] = mapped_column(String(120))


class OrderImport(TenantModel):
    """A spreadsheet of orders: looked at, then taken in batch by batch.

    ``content`` is the packed text of the file, gone once it is taken in. ``position`` counts the
    orders that are; every batch moves it in its own transaction, so that a crash loses none.
    """

    __tablename__ = "order_imports"
    __table_args__ = (
        Index("ix_order_imports_status", "status", "created_at"),
        {"sqlite_autoincrement": True},
    )

    name: Mapped[str] = mapped_column(String(255))
    form: Mapped[str] = mapped_column(String(20))
    status: Mapped[ImportStatus] = mapped_column(
        EnumText(ImportStatus), default=ImportStatus.PREVIEWED
    )
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    summary: Mapped[dict[str, Any]] = mapped_column(default=dict)
    fingerprint: Mapped[str] = mapped_column(String(64))  # of what the preview promised
    total: Mapped[int]
    position: Mapped[int] = mapped_column(default=0)
    new_count: Mapped[int] = mapped_column(default=0)
    changed_count: Mapped[int] = mapped_column(default=0)
    failure: Mapped[str | None] = mapped_column(String(500))
    created_by: Mapped[str] = mapped_column(String(120))
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class OrderLabel(TenantModel):
    """The shipping label of an order, bought elsewhere; its words go onto the parcel."""

    __tablename__ = "order_labels"
    __table_args__ = (
        Index("uq_order_labels_order", "order_id", unique=True),
        {"sqlite_autoincrement": True},
    )

    order_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("orders.id", ondelete="CASCADE"))
    provider: Mapped[str] = mapped_column(String(60), default="")
    status: Mapped[LabelStatus] = mapped_column(EnumText(LabelStatus))
    label_url: Mapped[str | None] = mapped_column(String(2000))
    tracking_number: Mapped[str | None] = mapped_column(String(100))
    updated_at: Mapped[datetime]


class FilamentUsage(TenantModel):
    """Filament a person used, by hand or assigned to an item; stock moved by as much as it had.

    What machines print is booked by their attempts, not here. The unique index is the truth that
    filament is assigned to an item once.
    """

    __tablename__ = "filament_usages"
    __table_args__ = (
        Index("uq_filament_usages_item", "order_item_id", unique=True),
        Index("ix_filament_usages_order", "order_id", "organization_id"),
        {"sqlite_autoincrement": True},
    )

    order_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("orders.id", ondelete="CASCADE")
    )
    order_item_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("order_items.id", ondelete="CASCADE")
    )
    filament_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("filaments.id"), index=True)
    amount_mg: Mapped[int]
    description: Mapped[str] = mapped_column(String(300), default="")
    by: Mapped[str] = mapped_column(String(120))


class PrintSession(TenantModel):
    """Orders that somebody means to print in one go; a note for people, it moves no work."""

    __tablename__ = "print_sessions"

    name: Mapped[str] = mapped_column(String(200))
    status: Mapped[SessionStatus] = mapped_column(
        EnumText(SessionStatus), default=SessionStatus.PLANNED
    )
    order_ids: Mapped[list[Any]] = mapped_column(default=list)
    notes: Mapped[str] = mapped_column(Text, default="")
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]
