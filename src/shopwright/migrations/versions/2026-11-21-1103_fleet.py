"""Printers and what they are told."""

import sqlalchemy as sa
from alembic import op

revision = "20261121_1103"
down_revision = "20261121_1102"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "printers",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("brand", sa.String(length=60), nullable=False),
        sa.Column("model", sa.String(length=60), nullable=True),
        sa.Column("driver", sa.String(length=40), nullable=False),
        sa.Column("serial", sa.String(length=64), nullable=True),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("ports", sa.JSON(), nullable=False),
        sa.Column("access_code", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=True),
        sa.Column("nozzle_um", sa.BigInteger(), nullable=False),
        sa.Column("location", sa.String(length=100), nullable=False),
        sa.Column("harvest_policy", sa.String(length=32), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("connection", sa.String(length=32), nullable=False),
        sa.Column("activity", sa.String(length=32), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("gate", sa.String(length=32), nullable=False),
        sa.Column("gate_reason", sa.String(length=300), nullable=True),
        sa.Column("control", sa.String(length=32), nullable=False),
        sa.Column("device_job_id", sa.String(length=40), nullable=True),
        sa.Column("firmware", sa.String(length=40), nullable=True),
        sa.Column("has_storage", sa.Boolean(), nullable=True),
        sa.Column("trouble", sa.String(length=500), nullable=True),
        sa.Column("faults", sa.JSON(), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_printers_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_printers")),
        sa.UniqueConstraint("uuid", name=op.f("uq_printers_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("printers", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_printers_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index("uq_printers_serial", ["organization_id", "serial"], unique=True)

    op.create_table(
        "printer_commands",
        sa.Column("printer_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("effect_id", sa.BigInteger(), nullable=True),
        sa.Column("device_job_id", sa.String(length=40), nullable=True),
        sa.Column("epoch", sa.BigInteger(), nullable=True),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("detail", sa.String(length=500), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["effect_id"], ["effects.id"], name=op.f("fk_printer_commands_effect_id_effects")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_printer_commands_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["printer_id"],
            ["printers.id"],
            name=op.f("fk_printer_commands_printer_id_printers"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_printer_commands")),
        sa.UniqueConstraint("uuid", name=op.f("uq_printer_commands_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("printer_commands", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_printer_commands_device_job_id"), ["device_job_id"], unique=False
        )
        batch_op.create_index("ix_printer_commands_open", ["printer_id", "status"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_printer_commands_organization_id"), ["organization_id"], unique=False
        )

    op.create_table(
        "printer_leases",
        sa.Column("printer_id", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.String(length=80), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["printer_id"],
            ["printers.id"],
            name=op.f("fk_printer_leases_printer_id_printers"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("printer_id", name=op.f("pk_printer_leases")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "printer_slots",
        sa.Column("printer_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("is_external", sa.Boolean(), nullable=False),
        sa.Column("is_loaded", sa.Boolean(), nullable=False),
        sa.Column("material", sa.String(length=40), nullable=True),
        sa.Column("color", sa.String(length=6), nullable=True),
        sa.Column("remaining_percent", sa.BigInteger(), nullable=True),
        sa.Column("tag", sa.String(length=64), nullable=True),
        sa.Column("product", sa.String(length=60), nullable=True),
        sa.Column("humidity", sa.BigInteger(), nullable=True),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("synced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_printer_slots_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["printer_id"],
            ["printers.id"],
            name=op.f("fk_printer_slots_printer_id_printers"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_printer_slots")),
        sa.UniqueConstraint("uuid", name=op.f("uq_printer_slots_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("printer_slots", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_printer_slots_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index("uq_printer_slots_number", ["printer_id", "number"], unique=True)


def downgrade() -> None:
    with op.batch_alter_table("printer_slots", schema=None) as batch_op:
        batch_op.drop_index("uq_printer_slots_number")
        batch_op.drop_index(batch_op.f("ix_printer_slots_organization_id"))

    op.drop_table("printer_slots")
    op.drop_table("printer_leases")
    with op.batch_alter_table("printer_commands", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_printer_commands_organization_id"))
        batch_op.drop_index("ix_printer_commands_open")
        batch_op.drop_index(batch_op.f("ix_printer_commands_device_job_id"))

    op.drop_table("printer_commands")
    with op.batch_alter_table("printers", schema=None) as batch_op:
        batch_op.drop_index("uq_printers_serial")
        batch_op.drop_index(batch_op.f("ix_printers_organization_id"))

    op.drop_table("printers")
