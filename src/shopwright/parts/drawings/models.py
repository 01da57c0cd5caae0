"""Tables of drawn pages, kept by the content of the PDF."""

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from shopwright.kernel.db import TenantModel


class Drawing(TenantModel):
    """One PDF, drawn once. ``error`` says why it has no pages."""

    __tablename__ = "part_drawings"
    __table_args__ = (
        Index("uq_part_drawings_content", "organization_id", "source_sha256", unique=True),
        {"sqlite_autoincrement": True},
    )

    source_sha256: Mapped[str] = mapped_column(String(64))
    page_count: Mapped[int] = mapped_column(default=0)  # of the PDF; only the first are drawn
    error: Mapped[str | None] = mapped_column(String(500))


class DrawingPage(TenantModel):
    """``sha256`` is of the picture, a PNG."""

    __tablename__ = "part_drawing_pages"
    __table_args__ = (
        Index("uq_part_drawing_pages_number", "drawing_id", "number", unique=True),
        {"sqlite_autoincrement": True},
    )

    drawing_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("part_drawings.id", ondelete="CASCADE")
    )
    number: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    width_px: Mapped[int]
    height_px: Mapped[int]
