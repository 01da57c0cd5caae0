"""Tables of filament, spools, finished steps and hardware. Movements are append-only."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from shopwright.inventory.states import MovementReason
from shopwright.kernel.db import EnumText, TenantModel


class Filament(TenantModel):
    """A product one can buy: vendor, material, colour."""

    __tablename__ = "filaments"

    vendor: Mapped[str] = mapped_column(String(100), default="")
    material: Mapped[str] = mapped_column(String(40))
    color_name: Mapped[str] = mapped_column(String(60))
    color: Mapped[str | None] = mapped_column(String(6))  # RRGGBB
    cost_per_gram_micros: Mapped[int] = mapped_column(default=0)
    low_stock_threshold_mg: Mapped[int] = mapped_column(default=100_000)
    is_hidden: Mapped[bool] = mapped_column(default=False)
    updated_at: Mapped[datetime]


class Spool(TenantModel):
    """One roll. ``remaining_mg`` moves only together with a movement row."""

    __tablename__ = "spools"
    __table_args__ = (
        CheckConstraint("remaining_mg >= 0", name="not_negative"),
        Index("uq_spools_tag", "organization_id", "tag", unique=True),
        Index("ix_spools_filament", "filament_id", "organization_id"),
        {"sqlite_autoincrement": True},
    )

    filament_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("filaments.id"))
    initial_mg: Mapped[int]
    remaining_mg: Mapped[int]
    tag: Mapped[str | None] = mapped_column(String(64))  # of its RFID chip, as the device reads it
    location: Mapped[str] = mapped_column(String(100), default="")
    is_empty: Mapped[bool] = mapped_column(default=False)  # a person threw it away


class SlotSpool(TenantModel):
    """Which spool a person (or its tag) says is in a printer's slot."""

    __tablename__ = "slot_spools"
    __table_args__ = (
        Index("uq_slot_spools_slot", "organization_id", "printer_id", "slot", unique=True),
        Index("uq_slot_spools_spool", "organization_id", "spool_id", unique=True),
        {"sqlite_autoincrement": True},
    )

    printer_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("printers.id", ondelete="CASCADE")
    )
    slot: Mapped[int]
    spool_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("spools.id", ondelete="CASCADE"))
    loaded_at: Mapped[datetime]


class Reservation(TenantModel):
    """Filament promised to one attempt; gone when its use is booked."""

    __tablename__ = "reservations"
    __table_args__ = (
        CheckConstraint("amount_mg > 0", name="positive"),
        Index("ix_reservations_attempt", "attempt_id", "organization_id"),
        {"sqlite_autoincrement": True},
    )

    attempt_id: Mapped[int] = mapped_column(BigInteger)
    spool_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("spools.id", ondelete="CASCADE"), index=True
    )
    amount_mg: Mapped[int]


class FilamentMovement(TenantModel):
    """``key`` makes one real use count once, e.g. ``attempt:17:2`` for project filament 2."""

    __tablename__ = "filament_movements"
    __table_args__ = (
        Index("uq_filament_movements_key", "organization_id", "key", unique=True),
        Index("ix_filament_movements_used", "filament_id", "created_at"),
        Index("ix_filament_movements_filament", "filament_id", "organization_id"),
        Index("ix_filament_movements_order", "order_id", "organization_id"),
        {"sqlite_autoincrement": True},
    )

    key: Mapped[str] = mapped_column(String(80))
    filament_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("filaments.id"))
    spool_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("spools.id"), index=True)
    material: Mapped[str] = mapped_column(String(40))
    delta_mg: Mapped[int]
    reason: Mapped[MovementReason] = mapped_column(EnumText(MovementReason))
    note: Mapped[str] = mapped_column(String(300), default="")
    order_id: Mapped[int | None] = mapped_column(BigInteger)


class StepStock(TenantModel):
    """Finished copies of one recipe step that are owed to nobody yet."""

    __tablename__ = "step_stock"
    __table_args__ = (
        CheckConstraint("on_hand >= 0", name="not_negative"),
        Index("uq_step_stock_step", "organization_id", "recipe_step_id", unique=True),
        {"sqlite_autoincrement": True},
    )

    recipe_step_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("recipe_steps.id"))
    on_hand: Mapped[int] = mapped_column(default=0)


class StockMovement(TenantModel):
    """``key`` makes one real harvest, draw or return count once.

    Hardware that an order used says of which ``source`` and how much was ``needed``, as the drawer
    may have held less.
    """

    __tablename__ = "stock_movements"
    __table_args__ = (
        Index("uq_stock_movements_key", "organization_id", "key", unique=True),
        Index("ix_stock_movements_source", "organization_id", "source"),
        {"sqlite_autoincrement": True},
    )

    key: Mapped[str] = mapped_column(String(80))
    recipe_step_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("recipe_steps.id"))
    hardware_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("hardware.id"))
    delta: Mapped[int]
    reason: Mapped[MovementReason] = mapped_column(EnumText(MovementReason))
    note: Mapped[str] = mapped_column(String(300), default="")
    source: Mapped[str | None] = mapped_column(String(80))
    needed: Mapped[int | None]


class HardwareStock(TenantModel):
    """How many of a piece of hardware lie in the drawer; what it is, the catalogue says."""

    __tablename__ = "hardware_stock"
    __table_args__ = (
        CheckConstraint("on_hand >= 0", name="not_negative"),
        Index("uq_hardware_stock_hardware", "organization_id", "hardware_id", unique=True),
        {"sqlite_autoincrement": True},
    )

    hardware_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("hardware.id", ondelete="CASCADE")
    )
    on_hand: Mapped[int] = mapped_column(default=0)
    low_stock_threshold: Mapped[int] = mapped_column(default=0)
