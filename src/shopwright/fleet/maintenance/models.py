"""Tables of maintenance: what is to be done when, what was done, parts for it, and problems."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from shopwright.fleet.maintenance.states import PartMoveReason, ReportStatus, Severity, TaskStatus
from shopwright.kernel.db import EnumText, TenantModel

HAS_PHOTO = text("photo_sha256 IS NOT NULL")
OPEN_OF_A_PLAN = text("status = 'open' AND plan_id IS NOT NULL")


def _printer() -> Mapped[int]:
    return mapped_column(BigInteger, ForeignKey("printers.id", ondelete="CASCADE"), index=True)


class MaintenancePlan(TenantModel):
    """Of one printer, or of every printer of a model. Of its intervals the first one that is
    reached counts."""

    __tablename__ = "maintenance_plans"

    name: Mapped[str] = mapped_column(String(100))
    instructions: Mapped[str] = mapped_column(Text, default="")
    printer_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("printers.id", ondelete="CASCADE"), index=True
    )
    model: Mapped[str | None] = mapped_column(String(60))
    every_printing_s: Mapped[int | None]
    every_prints: Mapped[int | None]
    every_days: Mapped[int | None]
    grace_percent: Mapped[int] = mapped_column(default=0)  # of the interval, before work is held
    is_blocking: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)  # False: deleted, hidden
    updated_at: Mapped[datetime]


class PrinterWear(TenantModel):
    """What a printer printed since ``created_at``, and why it is held back from dispatch. Its row
    is locked by whoever counts or judges."""

    __tablename__ = "printer_wear"
    __table_args__ = (
        Index("uq_printer_wear_printer", "printer_id", unique=True),
        {"sqlite_autoincrement": True},
    )

    printer_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("printers.id", ondelete="CASCADE")
    )
    printing_s: Mapped[int] = mapped_column(default=0)
    prints: Mapped[int] = mapped_column(default=0)
    counted_until: Mapped[datetime]  # state intervals up to here are in ``printing_s``
    held_because: Mapped[str | None] = mapped_column(String(500))


class MaintenanceMark(TenantModel):
    """When a plan was last fulfilled on a printer, and what the printer had printed by then."""

    __tablename__ = "maintenance_marks"
    __table_args__ = (
        Index("uq_maintenance_marks_plan", "plan_id", "printer_id", unique=True),
        {"sqlite_autoincrement": True},
    )

    plan_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("maintenance_plans.id", ondelete="CASCADE")
    )
    printer_id: Mapped[int] = _printer()
    since: Mapped[datetime]
    printing_s: Mapped[int]
    prints: Mapped[int]


class MaintenanceTask(TenantModel):
    """Something to do at a printer: a plan came due, or a person wrote it down."""

    __tablename__ = "maintenance_tasks"
    __table_args__ = (
        Index(
            "uq_maintenance_tasks_open",
            "plan_id",
            "printer_id",
            unique=True,
            sqlite_where=OPEN_OF_A_PLAN,
            postgresql_where=OPEN_OF_A_PLAN,
        ),
        Index("ix_maintenance_tasks_status", "organization_id", "status", "id"),
        {"sqlite_autoincrement": True},
    )

    printer_id: Mapped[int] = _printer()
    plan_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("maintenance_plans.id", ondelete="SET NULL")
    )
    title: Mapped[str] = mapped_column(String(100))
    instructions: Mapped[str] = mapped_column(Text, default="")
    status: Mapped[TaskStatus] = mapped_column(EnumText(TaskStatus), default=TaskStatus.OPEN)
    due_at: Mapped[datetime]
    is_blocking: Mapped[bool] = mapped_column(default=False)  # of one written down by a person
    assigned_user_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("users.id", ondelete="SET NULL")
    )
    created_by: Mapped[str] = mapped_column(String(120))
    note: Mapped[str] = mapped_column(Text, default="")
    minutes: Mapped[int | None]
    cost_minor: Mapped[int] = mapped_column(default=0)  # what was paid, without the parts
    parts_cost_minor: Mapped[int] = mapped_column(default=0)  # at the parts' prices of that day
    currency: Mapped[str] = mapped_column(String(3))
    ended_by: Mapped[str | None] = mapped_column(String(120))
    ended_at: Mapped[datetime | None]


class SparePart(TenantModel):
    __tablename__ = "spare_parts"
    __table_args__ = (
        Index("uq_spare_parts_sku", "organization_id", "sku", unique=True),
        {"sqlite_autoincrement": True},
    )

    sku: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(100))
    location: Mapped[str] = mapped_column(String(100), default="")
    on_hand: Mapped[int] = mapped_column(default=0)
    threshold: Mapped[int] = mapped_column(default=0)  # low at or below; 0 only when none is left
    cost_minor: Mapped[int] = mapped_column(default=0)  # of one
    currency: Mapped[str] = mapped_column(String(3))
    is_active: Mapped[bool] = mapped_column(default=True)
    updated_at: Mapped[datetime]


class SparePartMovement(TenantModel):
    """Append-only; ``on_hand`` of the part is their sum."""

    __tablename__ = "spare_part_movements"

    part_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("spare_parts.id", ondelete="CASCADE"), index=True
    )
    quantity: Mapped[int]
    reason: Mapped[PartMoveReason] = mapped_column(EnumText(PartMoveReason))
    task_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("maintenance_tasks.id", ondelete="SET NULL"), index=True
    )
    note: Mapped[str] = mapped_column(String(300), default="")
    by: Mapped[str] = mapped_column(String(120))


class PrinterReport(TenantModel):
    """A problem that a person saw at a printer."""

    __tablename__ = "printer_reports"
    __table_args__ = (
        Index(
            "ix_printer_reports_photo",
            "photo_sha256",
            "organization_id",
            sqlite_where=HAS_PHOTO,
            postgresql_where=HAS_PHOTO,
        ),
        {"sqlite_autoincrement": True},
    )

    printer_id: Mapped[int] = _printer()
    severity: Mapped[Severity] = mapped_column(EnumText(Severity))
    description: Mapped[str] = mapped_column(Text)
    stops_printer: Mapped[bool] = mapped_column(default=False)
    status: Mapped[ReportStatus] = mapped_column(
        EnumText(ReportStatus), default=ReportStatus.OPEN, index=True
    )
    reported_by: Mapped[str] = mapped_column(String(120))
    photo_sha256: Mapped[str | None] = mapped_column(String(64))
    resolution: Mapped[str] = mapped_column(Text, default="")
    resolved_by: Mapped[str | None] = mapped_column(String(120))
    resolved_at: Mapped[datetime | None]
