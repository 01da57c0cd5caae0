"""Which stored objects an organization has; the bytes lie in the file store under their hash."""

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from shopwright.kernel.db import TenantModel


class StoredFile(TenantModel):
    __tablename__ = "stored_files"
    __table_args__ = (
        Index("uq_stored_files_hash", "organization_id", "sha256", unique=True),
        {"sqlite_autoincrement": True},
    )

    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int]
    content_type: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(255))
