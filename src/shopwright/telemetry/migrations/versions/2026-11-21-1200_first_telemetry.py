"""First telemetry tables."""  # noqa: INP001

import sqlalchemy as sa
from alembic import op

revision = "20261121_1200t"
down_revision = None
branch_labels = None
depends_on = None

OPEN = sa.text("ended_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "telemetry_latest",
        sa.Column("printer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("printer_id", name=op.f("pk_telemetry_latest")),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_table(
        "telemetry_samples",
        sa.Column("printer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("slot", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("printer_id", "slot", name=op.f("pk_telemetry_samples")),
        sqlite_with_rowid=False,
        postgresql_with={"fillfactor": "70"},
    )
    op.create_table(
        "telemetry_intervals",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("printer_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_telemetry_intervals")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_telemetry_intervals_printer", "telemetry_intervals", ["printer_id", "started_at"]
    )
    op.create_index(
        "uq_telemetry_intervals_open",
        "telemetry_intervals",
        ["printer_id"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )


def downgrade() -> None:
    op.drop_table("telemetry_intervals")
    op.drop_table("telemetry_samples")
    op.drop_table("telemetry_latest")
