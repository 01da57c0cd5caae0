"""Tables of setting printers up: searches and what they found, ways that agents were asked to try,
and spreadsheets of printers."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from shopwright.kernel.db import TenantModel


class PrinterSearch(TenantModel):
    """A shop's last search; the next one takes its row and counts on."""

    __tablename__ = "printer_searches"
    __table_args__ = (
        Index("uq_printer_searches_organization", "organization_id", unique=True),
        {"sqlite_autoincrement": True},
    )

    number: Mapped[int] = mapped_column(default=0)
    by: Mapped[str] = mapped_column(String(120))
    started_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    troubles: Mapped[dict[str, Any]] = mapped_column(default=dict)  # sentence by who searched


class FoundPrinter(TenantModel):
    """What announced itself where the server or an agent listens, unproven."""

    __tablename__ = "found_printers"
    __table_args__ = (
        Index("uq_found_printers_key", "organization_id", "place", "key", unique=True),
        {"sqlite_autoincrement": True},
    )

    place: Mapped[str] = mapped_column(String(40))  # "server", or "agent:3"
    agent_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("agents.id", ondelete="CASCADE"), index=True
    )
    key: Mapped[str] = mapped_column(String(400))
    driver: Mapped[str] = mapped_column(String(40))
    host: Mapped[str] = mapped_column(String(255))
    ports: Mapped[dict[str, Any]] = mapped_column(default=dict)
    serial: Mapped[str | None] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(100), default="")
    model: Mapped[str | None] = mapped_column(String(60))
    firmware: Mapped[str | None] = mapped_column(String(40))
    is_in_cloud: Mapped[bool] = mapped_column(default=False)
    seen_at: Mapped[datetime]


class ConnectionTest(TenantModel):
    """The way to a printer that an agent is to try; ``request`` is encrypted, as a code is in it.
    Gone once its answer was read."""

    __tablename__ = "connection_tests"
    __table_args__ = (
        Index("ix_connection_tests_open", "organization_id", "agent_id"),
        {"sqlite_autoincrement": True},
    )

    agent_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("agents.id", ondelete="CASCADE"))
    request: Mapped[str] = mapped_column(Text)
    answer: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True)
    by: Mapped[str] = mapped_column(String(120))
    expires_at: Mapped[datetime]


class PrinterImport(TenantModel):
    """A spreadsheet that was looked at or taken in. ``content`` is encrypted, as codes are in it,
    and empty once its printers were taken in."""

    __tablename__ = "printer_imports"

    name: Mapped[str] = mapped_column(String(255))
    content: Mapped[str] = mapped_column(Text)
    summary: Mapped[dict[str, Any]] = mapped_column(default=dict)
    fingerprint: Mapped[str] = mapped_column(String(64))
    new_count: Mapped[int] = mapped_column(default=0)
    changed_count: Mapped[int] = mapped_column(default=0)
    by: Mapped[str] = mapped_column(String(120))
    finished_at: Mapped[datetime | None]
