"""Tables of the queue and of what became of each try."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from shopwright.kernel.db import EnumText, TenantModel
from shopwright.print_jobs.backend import models as _backend  # noqa: F401  its tables
from shopwright.print_jobs.states import AttemptStatus, JobStatus

ACTIVE_JOB = text("status IN ('claimed', 'preparing', 'printing', 'paused')")
OF_AN_ITEM = text("order_item_id IS NOT NULL")
OPEN_ATTEMPT = text("status IN ('intended', 'uploading', 'starting', 'printing', 'unknown')")


class PrintJob(TenantModel):
    """The order to print one plate once. The partial unique index is the truth that a printer does
    one job."""

    __tablename__ = "print_jobs"
    __table_args__ = (
        Index(
            "uq_print_jobs_active_printer",
            "printer_id",
            unique=True,
            sqlite_where=ACTIVE_JOB,
            postgresql_where=ACTIVE_JOB,
        ),
        Index("ix_print_jobs_queue", "organization_id", "status", "priority", "id"),
        Index("ix_print_jobs_order", "order_id", "organization_id"),
        Index(
            "ix_print_jobs_asked",
            "order_item_id",
            sqlite_where=OF_AN_ITEM,
            postgresql_where=OF_AN_ITEM,
        ),
        {"sqlite_autoincrement": True},
    )

    name: Mapped[str] = mapped_column(String(300))
    status: Mapped[JobStatus] = mapped_column(EnumText(JobStatus), default=JobStatus.QUEUED)
    priority: Mapped[int] = mapped_column(default=0)  # higher is sooner
    rank: Mapped[int] = mapped_column(default=0, server_default="0")  # the same among equal ones
    # None: asked for by ``file_name``, which nobody has uploaded yet
    print_file_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("print_files.id"))
    plate_number: Mapped[int | None]
    file_name: Mapped[str | None] = mapped_column(String(255))
    yields: Mapped[int] = mapped_column(default=1)
    order_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("orders.id"))
    # of an item without a recipe, which nobody owes pieces for
    order_item_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("order_items.id"))
    recipe_step_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("recipe_steps.id"))
    pinned_printer_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("printers.id"))
    printer_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("printers.id"))
    not_before: Mapped[datetime | None]  # somebody asked for this time
    material: Mapped[str | None] = mapped_column(String(40))  # asked for; the file has its own
    slot: Mapped[int | None]  # asked for; 0 is the external spool
    notes: Mapped[str] = mapped_column(Text, default="", server_default="")
    waiting_reason: Mapped[str | None] = mapped_column(String(500))
    failure_reason: Mapped[str | None] = mapped_column(String(500))
    estimated_s: Mapped[int]
    estimated_mg: Mapped[int]
    good: Mapped[int] = mapped_column(default=0)
    scrap: Mapped[int] = mapped_column(default=0)
    created_by: Mapped[str] = mapped_column(String(120))
    claimed_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    harvested_at: Mapped[datetime | None]
    # of jobs that somebody asked for by product; one row per plate, the first one's id for all
    product_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("products.id"))
    batch_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    plates_requested: Mapped[int] = mapped_column(default=1, server_default="1")
    ams_configuration: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    queued_at: Mapped[datetime | None]
    claimed_by: Mapped[str | None] = mapped_column(String(120))  # who said that they took it
    current_layer: Mapped[int | None]  # as a client said, of a printer nobody here drives
    total_layers: Mapped[int | None]
    used_mg: Mapped[int | None]  # once it ended
    last_error: Mapped[str | None] = mapped_column(String(500))  # of the last try to send it
    is_hidden: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    outside_at: Mapped[datetime | None]  # since then the printer backend has it


class Attempt(TenantModel):
    """One try of a job on a printer. ``device_job_id`` is ours, minted before anything is sent."""

    __tablename__ = "attempts"
    __table_args__ = (
        Index(
            "uq_attempts_open",
            "print_job_id",
            unique=True,
            sqlite_where=OPEN_ATTEMPT,
            postgresql_where=OPEN_ATTEMPT,
        ),
        {"sqlite_autoincrement": True},
    )

    print_job_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("print_jobs.id", ondelete="CASCADE"), index=True
    )
    printer_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("printers.id"), index=True)
    number: Mapped[int]
    device_job_id: Mapped[str] = mapped_column(String(40), unique=True)
    status: Mapped[AttemptStatus] = mapped_column(
        EnumText(AttemptStatus), default=AttemptStatus.INTENDED
    )
    slots: Mapped[list[Any]]  # slot per project filament, null where unused
    spools: Mapped[dict[str, Any]] = mapped_column(default=dict)  # project filament → spool id
    percent: Mapped[int] = mapped_column(default=0)  # the highest the device reported for our id
    reason: Mapped[str | None] = mapped_column(String(500))
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
