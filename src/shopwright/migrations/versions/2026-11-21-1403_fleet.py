"""Fleet and maintenance."""

import sqlalchemy as sa
from alembic import op

revision = "20261121_1403"
down_revision = "20261121_1402"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("printers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("device_job_name", sa.String(length=300), nullable=True))
        batch_op.add_column(
            sa.Column("last_maintenance_at", sa.DateTime(timezone=True), nullable=True)
        )
        batch_op.add_column(
            sa.Column(
                "maintenance_interval_days", sa.BigInteger(), server_default="30", nullable=False
            )
        )
        batch_op.add_column(sa.Column("details", sa.JSON(), server_default="{}", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("printers", schema=None) as batch_op:
        batch_op.drop_column("details")
        batch_op.drop_column("maintenance_interval_days")
        batch_op.drop_column("last_maintenance_at")
        batch_op.drop_column("device_job_name")
