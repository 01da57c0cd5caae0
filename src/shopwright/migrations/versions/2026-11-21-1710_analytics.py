"""Analytics."""

import sqlalchemy as sa
from alembic import op

revision = "20261121_1710"
down_revision = "20261121_1709"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "plate_sums",
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("grain", sa.String(length=32), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("print_file_id", sa.BigInteger(), nullable=False),
        sa.Column("plate_number", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("prints", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.Column("busy_s", sa.BigInteger(), nullable=False),
        sa.Column("used_mg", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_plate_sums_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "organization_id",
            "grain",
            "first",
            "print_file_id",
            "plate_number",
            "name",
            name=op.f("pk_plate_sums"),
        ),
    )
    op.create_table(
        "print_sums",
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("grain", sa.String(length=32), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("printer_id", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("material", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("prints", sa.BigInteger(), nullable=False),
        sa.Column("busy_s", sa.BigInteger(), nullable=False),
        sa.Column("used_mg", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_print_sums_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "organization_id",
            "grain",
            "first",
            "printer_id",
            "outcome",
            "material",
            "reason",
            name=op.f("pk_print_sums"),
        ),
    )
    op.create_table(
        "printer_time_marks",
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("printer_id", sa.BigInteger(), nullable=False),
        sa.Column("counted_to", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_printer_time_marks_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "organization_id", "printer_id", name=op.f("pk_printer_time_marks")
        ),
    )
    op.create_table(
        "printer_time_sums",
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("grain", sa.String(length=32), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("printer_id", sa.BigInteger(), nullable=False),
        sa.Column("printing_s", sa.BigInteger(), nullable=False),
        sa.Column("paused_s", sa.BigInteger(), nullable=False),
        sa.Column("idle_s", sa.BigInteger(), nullable=False),
        sa.Column("error_s", sa.BigInteger(), nullable=False),
        sa.Column("offline_s", sa.BigInteger(), nullable=False),
        sa.Column("unknown_s", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_printer_time_sums_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "organization_id", "grain", "first", "printer_id", name=op.f("pk_printer_time_sums")
        ),
    )


def downgrade() -> None:
    op.drop_table("printer_time_sums")
    op.drop_table("printer_time_marks")
    op.drop_table("print_sums")
    op.drop_table("plate_sums")
