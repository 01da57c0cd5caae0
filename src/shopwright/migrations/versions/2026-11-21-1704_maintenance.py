"""Maintenance of printers."""

import sqlalchemy as sa
from alembic import op

revision = "20261121_1704"
down_revision = "20261121_1703"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("printer_reports", schema=None) as batch_op:
        batch_op.add_column(sa.Column("photo_sha256", sa.String(length=64), nullable=True))
        batch_op.create_index(
            "ix_printer_reports_photo",
            ["photo_sha256", "organization_id"],
            unique=False,
            sqlite_where=sa.text("photo_sha256 IS NOT NULL"),
            postgresql_where=sa.text("photo_sha256 IS NOT NULL"),
        )


def downgrade() -> None:
    with op.batch_alter_table("printer_reports", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_printer_reports_photo",
            sqlite_where=sa.text("photo_sha256 IS NOT NULL"),
            postgresql_where=sa.text("photo_sha256 IS NOT NULL"),
        )
        batch_op.drop_column("photo_sha256")
