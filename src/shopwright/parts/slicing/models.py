"""Tables of slicing: profiles, and what was made of one content with one profile's settings."""

from datetime import datetime

from sqlalchemy import BigInteger, Float, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from shopwright.kernel.db import EnumText, TenantModel
from shopwright.parts.states import ConversionStatus

LIVING = text("deleted_at IS NULL")


class SliceProfile(TenantModel):
    """How a printer prints a material. ``settings`` is an ini of allowed keys alone, and
    ``fingerprint`` their hash."""

    __tablename__ = "slice_profiles"
    __table_args__ = (
        Index(
            "uq_slice_profiles_name",
            "organization_id",
            "name",
            unique=True,
            sqlite_where=LIVING,
            postgresql_where=LIVING,
        ),
        {"sqlite_autoincrement": True},
    )

    name: Mapped[str] = mapped_column(String(100))
    printer_model: Mapped[str] = mapped_column(String(60))
    material: Mapped[str] = mapped_column(String(40))
    settings: Mapped[str] = mapped_column(Text)
    fingerprint: Mapped[str] = mapped_column(String(64))
    left_out: Mapped[list[str]] = mapped_column(default=list)  # keys of the upload, not used
    bed_x_mm: Mapped[float] = mapped_column(Float(53))
    bed_y_mm: Mapped[float] = mapped_column(Float(53))
    bed_z_mm: Mapped[float] = mapped_column(Float(53))
    layer_um: Mapped[int]
    uploaded_by: Mapped[str] = mapped_column(String(120))
    deleted_at: Mapped[datetime | None]


class Slicing(TenantModel):
    """A part's model sliced with one set of settings.

    Another part with the same content gets the same G-code as a print file of its own, as the
    versions of a print file belong to one part.
    """

    __tablename__ = "part_slicings"
    __table_args__ = (
        Index(
            "uq_part_slicings_content",
            "part_id",
            "source_sha256",
            "fingerprint",
            unique=True,
        ),
        Index("ix_part_slicings_done", "organization_id", "source_sha256", "fingerprint"),
        {"sqlite_autoincrement": True},
    )

    part_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("parts.id", ondelete="CASCADE"))
    source_sha256: Mapped[str] = mapped_column(String(64))  # of the uploaded model
    fingerprint: Mapped[str] = mapped_column(String(64))
    conversion_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("cad_conversions.id"), index=True
    )
    profile_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("slice_profiles.id"), index=True)
    file_name: Mapped[str] = mapped_column(String(255))
    is_turned: Mapped[bool] = mapped_column(default=False)  # by 90°, as it fits so
    asked_by: Mapped[str] = mapped_column(String(120))
    status: Mapped[ConversionStatus] = mapped_column(EnumText(ConversionStatus))
    phase: Mapped[str] = mapped_column(String(60), default="")
    progress: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(String(500))
    attempts: Mapped[int] = mapped_column(default=0)
    heartbeat_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    took_ms: Mapped[int | None]
    print_file_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("print_files.id"), index=True
    )
    used_mg: Mapped[int | None]
    time_s: Mapped[int | None]
