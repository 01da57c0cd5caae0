"""Tables of an organization's Onshape: account, consents asked for, calls, exports and pulls."""

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from shopwright.kernel.db import EnumText, TenantModel
from shopwright.parts.onshape.states import AccountKind, ExportStatus, TabType
from shopwright.parts.states import FileKind

UNTAKEN = text("version IS NULL")


class OnshapeAccount(TenantModel):
    """The one account of an organization; ``sealed`` holds its tokens or keys, encrypted."""

    __tablename__ = "onshape_accounts"
    __table_args__ = (
        Index("uq_onshape_accounts_organization", "organization_id", unique=True),
        {"sqlite_autoincrement": True},
    )

    kind: Mapped[AccountKind] = mapped_column(EnumText(AccountKind))
    sealed: Mapped[str] = mapped_column(Text)
    seal_version: Mapped[int] = mapped_column(default=1)
    connected_as: Mapped[str] = mapped_column(String(200))
    connected_by: Mapped[str] = mapped_column(String(120))
    is_refused: Mapped[bool] = mapped_column(Boolean, default=False)
    updated_at: Mapped[datetime]


class OnshapeConsent(TenantModel):
    """A person was sent to Onshape for consent; works once and for ten minutes."""

    __tablename__ = "onshape_consents"

    state_hash: Mapped[str] = mapped_column(String(64), unique=True)
    browser_hash: Mapped[str] = mapped_column(String(64))  # of the cookie of whoever asked
    redirect_uri: Mapped[str] = mapped_column(String(500))
    asked_by: Mapped[str] = mapped_column(String(120))
    may_replace: Mapped[bool] = mapped_column(Boolean, default=False)
    principal: Mapped[str] = mapped_column(String(80))
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class OnshapeUsage(TenantModel):
    """The calls of one calendar year, and until when Onshape wants none."""

    __tablename__ = "onshape_usage"
    __table_args__ = (
        Index("uq_onshape_usage_year", "organization_id", "year", unique=True),
        {"sqlite_autoincrement": True},
    )

    year: Mapped[int]
    calls: Mapped[int] = mapped_column(default=0)
    paused_until: Mapped[datetime | None]
    pause_reason: Mapped[str | None] = mapped_column(String(200))


class OnshapeExport(TenantModel):
    """What Onshape makes of one tab at one fixed state in one format; asked for once.

    ``translation_id`` is kept as soon as it is known, so that nobody starts a second one.
    """

    __tablename__ = "onshape_exports"
    __table_args__ = (
        Index(
            "uq_onshape_exports_content",
            "organization_id",
            "document_id",
            "pin_id",
            "element_id",
            "configuration_hash",
            "format",
            unique=True,
        ),
        {"sqlite_autoincrement": True},
    )

    host: Mapped[str] = mapped_column(String(253))
    document_id: Mapped[str] = mapped_column(String(24))
    pin: Mapped[str] = mapped_column(String(1))
    pin_id: Mapped[str] = mapped_column(String(24))
    workspace_id: Mapped[str | None] = mapped_column(String(24))
    element_id: Mapped[str] = mapped_column(String(24))
    element_name: Mapped[str] = mapped_column(String(200))
    element_type: Mapped[TabType] = mapped_column(EnumText(TabType))
    configuration: Mapped[str] = mapped_column(String(1000))
    configuration_hash: Mapped[str] = mapped_column(String(64))
    format: Mapped[FileKind] = mapped_column(EnumText(FileKind))
    status: Mapped[ExportStatus] = mapped_column(EnumText(ExportStatus))
    phase: Mapped[str] = mapped_column(String(40), default="")
    progress: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(String(500))
    attempts: Mapped[int] = mapped_column(default=0)
    heartbeat_at: Mapped[datetime | None]
    translation_id: Mapped[str | None] = mapped_column(String(40))
    sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    size_bytes: Mapped[int | None]
    finished_at: Mapped[datetime | None]


class OnshapePull(TenantModel):
    """A part wants an export as its next version; ``version`` is what it became."""

    __tablename__ = "onshape_pulls"
    __table_args__ = (
        Index("ix_onshape_pulls_part", "part_id", "id"),
        Index(
            "uq_onshape_pulls_open",
            "part_id",
            "export_id",
            unique=True,
            sqlite_where=UNTAKEN,
            postgresql_where=UNTAKEN,
        ),
        {"sqlite_autoincrement": True},
    )

    part_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("parts.id", ondelete="CASCADE"))
    export_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("onshape_exports.id", ondelete="CASCADE"), index=True
    )
    file_name: Mapped[str] = mapped_column(String(255))
    asked_by: Mapped[str] = mapped_column(String(120))
    version: Mapped[int | None]
