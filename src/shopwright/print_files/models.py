"""Tables of sliced files, their plates and what each plate needs."""

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shopwright.kernel.db import TenantModel


class PrintFile(TenantModel):
    """One version of a sliced file; a new upload of the same name is a new version."""

    __tablename__ = "print_files"
    __table_args__ = (
        Index("uq_print_files_version", "organization_id", "name", "version", unique=True),
        {"sqlite_autoincrement": True},
    )

    name: Mapped[str] = mapped_column(String(255))
    version: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size_bytes: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))  # gcode_3mf, gcode
    slicer: Mapped[str | None] = mapped_column(String(60))
    slicer_version: Mapped[str | None] = mapped_column(String(60))
    printer_model: Mapped[str | None] = mapped_column(String(60))
    nozzle_um: Mapped[int | None]
    project_filament_count: Mapped[int]
    uploaded_by: Mapped[str] = mapped_column(String(120))
    plates: Mapped[list["Plate"]] = relationship(order_by="Plate.number", lazy="raise")


class Plate(TenantModel):
    __tablename__ = "plates"
    __table_args__ = (
        Index("uq_plates_number", "print_file_id", "number", unique=True),
        {"sqlite_autoincrement": True},
    )

    print_file_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("print_files.id", ondelete="CASCADE")
    )
    number: Mapped[int]
    name: Mapped[str] = mapped_column(String(200), default="")
    time_s: Mapped[int]
    total_mg: Mapped[int]
    layers: Mapped[int | None]
    bed_type: Mapped[str | None] = mapped_column(String(60))
    objects: Mapped[list[str]] = mapped_column(default=list)
    warnings: Mapped[list[str]] = mapped_column(default=list)
    thumbnail_sha256: Mapped[str | None] = mapped_column(String(64))
    filaments: Mapped[list["PlateFilament"]] = relationship(
        order_by="PlateFilament.project_index", lazy="raise"
    )


class PlateFilament(TenantModel):
    """``project_index`` counts the project's filaments from 1; a plate may use only some."""

    __tablename__ = "plate_filaments"
    __table_args__ = (
        Index("uq_plate_filaments_index", "plate_id", "project_index", unique=True),
        {"sqlite_autoincrement": True},
    )

    plate_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("plates.id", ondelete="CASCADE"))
    project_index: Mapped[int]
    material: Mapped[str] = mapped_column(String(40))
    color: Mapped[str | None] = mapped_column(String(6))
    used_mg: Mapped[int]
    used_mm: Mapped[int | None]
    product: Mapped[str | None] = mapped_column(String(60))
