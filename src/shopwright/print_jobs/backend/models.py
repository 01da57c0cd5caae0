"""Tables of the printer backend: jobs handed to one outside, and jobs that others hand to us."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from shopwright.kernel.db import EnumText, TenantModel
from shopwright.print_jobs.states import ReceivedStatus, SendingStatus


class SentJob(TenantModel):
    """One per job that was ever offered to the printer backend, which knows it by the job's
    uuid."""

    __tablename__ = "backend_sent_jobs"
    __table_args__ = (
        Index("uq_backend_sent_jobs_job", "print_job_id", unique=True),
        Index("ix_backend_sent_jobs_status", "status"),
        {"sqlite_autoincrement": True},
    )

    print_job_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("print_jobs.id", ondelete="CASCADE")
    )
    printer_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("printers.id"))
    effect_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("effects.id"))  # of the last try
    status: Mapped[SendingStatus] = mapped_column(
        EnumText(SendingStatus), default=SendingStatus.SENDING
    )
    remote_id: Mapped[str | None] = mapped_column(String(100))  # what the backend calls it
    remote_status: Mapped[str | None] = mapped_column(String(40))  # its own last word
    detail: Mapped[str | None] = mapped_column(String(500))
    sent_at: Mapped[datetime]
    asked_at: Mapped[datetime | None]  # when the backend was asked last
    is_askable: Mapped[bool] = mapped_column(default=True)  # False: it answers no such question
    cancel_told_at: Mapped[datetime | None]


class ReceivedJob(TenantModel):
    """What somebody handed to us as a printer backend. Its file waits here for a polling device, or
    became a job of our own queue, which then says the rest."""

    __tablename__ = "backend_received_jobs"
    __table_args__ = (
        Index("uq_backend_received_jobs_sender", "organization_id", "sender_job_id", unique=True),
        Index("ix_backend_received_jobs_recipient", "organization_id", "recipient", "status"),
        Index("ix_backend_received_jobs_product", "organization_id", "product_id"),
        Index("ix_backend_received_jobs_due", "status", "not_before"),
        {"sqlite_autoincrement": True},
    )

    sender_job_id: Mapped[str] = mapped_column(String(100))
    sender: Mapped[str] = mapped_column(String(120))  # whose key it was
    recipient: Mapped[str] = mapped_column(String(100), default="")
    product_id: Mapped[str] = mapped_column(String(100), default="")
    product_name: Mapped[str] = mapped_column(String(200), default="")
    printer_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("printers.id"))
    print_job_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("print_jobs.id", ondelete="SET NULL"), index=True
    )
    status: Mapped[ReceivedStatus] = mapped_column(
        EnumText(ReceivedStatus), default=ReceivedStatus.RECEIVED
    )
    file_name: Mapped[str] = mapped_column(String(255))
    source_url: Mapped[str] = mapped_column(Text, default="")  # encrypted; it is signed
    size_bytes: Mapped[int | None]
    sha256: Mapped[str | None] = mapped_column(String(64))
    request: Mapped[dict[str, Any]] = mapped_column(default=dict)  # parameters as told
    fetch_round: Mapped[int] = mapped_column(default=1)  # fetch tokens of earlier rounds are spent
    fetched_at: Mapped[datetime | None]
    claimed_by: Mapped[str | None] = mapped_column(String(100))
    claimed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(String(500))
    tries: Mapped[int] = mapped_column(default=0)  # to get its file
    not_before: Mapped[datetime | None]  # of the next try; also the lease of one under way
