"""The table by which an agent is asked for a camera's picture, and hands it over."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from shopwright.kernel.db import TenantModel


class CameraShot(TenantModel):
    """One per printer, written over: which picture was asked for last, which was taken last, and
    that picture as long as somebody looks."""

    __tablename__ = "camera_shots"
    __table_args__ = (
        Index("uq_camera_shots_printer", "printer_id", unique=True),
        {"sqlite_autoincrement": True},
    )

    printer_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("printers.id", ondelete="CASCADE")
    )
    asked: Mapped[int] = mapped_column(default=0)
    asked_at: Mapped[datetime]
    taken: Mapped[int] = mapped_column(default=0)
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    trouble: Mapped[str | None] = mapped_column(String(500))  # why there is none
    is_missing: Mapped[bool] = mapped_column(default=False)  # and will be none
