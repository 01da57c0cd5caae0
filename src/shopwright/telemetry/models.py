"""Tables of telemetry: in a file of their own on SQLite, beside the others on PostgreSQL."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import BigInteger, Index, MetaData, String, Text, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shopwright.kernel.db import NAMING, Id, UtcDateTime

OPEN = text("ended_at IS NULL")


class TelemetryBase(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar = {datetime: UtcDateTime(), int: BigInteger()}


class LatestRow(TelemetryBase):
    """One per printer; ``seq`` counts its samples and says where the ring goes on."""

    __tablename__ = "telemetry_latest"
    __table_args__ = ({"postgresql_with": {"fillfactor": "70"}},)  # rewritten every second

    printer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    organization_id: Mapped[int]
    seq: Mapped[int]
    at: Mapped[datetime]
    content: Mapped[str] = mapped_column(Text)


class SampleRow(TelemetryBase):
    """A ring per printer: ``slot`` is ``seq`` modulo its size, so that rows are written over."""

    __tablename__ = "telemetry_samples"
    __table_args__ = ({"sqlite_with_rowid": False, "postgresql_with": {"fillfactor": "70"}},)

    printer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    slot: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    organization_id: Mapped[int]
    seq: Mapped[int]
    at: Mapped[datetime]
    content: Mapped[str] = mapped_column(Text)


class IntervalRow(TelemetryBase):
    """How long a printer was in one state; the open one has no end."""

    __tablename__ = "telemetry_intervals"
    __table_args__ = (
        Index("ix_telemetry_intervals_printer", "printer_id", "started_at"),
        Index("ix_telemetry_intervals_order", "printer_id", "id"),
        Index(
            "uq_telemetry_intervals_open",
            "printer_id",
            unique=True,
            sqlite_where=OPEN,
            postgresql_where=OPEN,
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    organization_id: Mapped[int]
    printer_id: Mapped[int]
    state: Mapped[str] = mapped_column(String(20))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
