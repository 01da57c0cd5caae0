"""Intervals of a printer in the order they were written."""  # noqa: INP001

from alembic import op

revision = "20261121_1700t"
down_revision = "20261121_1200t"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_telemetry_intervals_order", "telemetry_intervals", ["printer_id", "id"])


def downgrade() -> None:
    op.drop_index("ix_telemetry_intervals_order", table_name="telemetry_intervals")
