"""Maintenance of printers."""

import sqlalchemy as sa
from alembic import op

revision = "20261121_1404"
down_revision = "20261121_1403"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "spare_parts",
        sa.Column("sku", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("location", sa.String(length=100), nullable=False),
        sa.Column("on_hand", sa.BigInteger(), nullable=False),
        sa.Column("threshold", sa.BigInteger(), nullable=False),
        sa.Column("cost_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_spare_parts_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spare_parts")),
        sa.UniqueConstraint("uuid", name=op.f("uq_spare_parts_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("spare_parts", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_spare_parts_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index("uq_spare_parts_sku", ["organization_id", "sku"], unique=True)

    op.create_table(
        "maintenance_plans",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("instructions", sa.Text(), nullable=False),
        sa.Column("printer_id", sa.BigInteger(), nullable=True),
        sa.Column("model", sa.String(length=60), nullable=True),
        sa.Column("every_printing_s", sa.BigInteger(), nullable=True),
        sa.Column("every_prints", sa.BigInteger(), nullable=True),
        sa.Column("every_days", sa.BigInteger(), nullable=True),
        sa.Column("grace_percent", sa.BigInteger(), nullable=False),
        sa.Column("is_blocking", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_maintenance_plans_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["printer_id"],
            ["printers.id"],
            name=op.f("fk_maintenance_plans_printer_id_printers"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_maintenance_plans")),
        sa.UniqueConstraint("uuid", name=op.f("uq_maintenance_plans_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("maintenance_plans", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_maintenance_plans_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_maintenance_plans_printer_id"), ["printer_id"], unique=False
        )

    op.create_table(
        "printer_reports",
        sa.Column("printer_id", sa.BigInteger(), nullable=False),
        sa.Column("severity", sa.String(length=32), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("stops_printer", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("reported_by", sa.String(length=120), nullable=False),
        sa.Column("resolution", sa.Text(), nullable=False),
        sa.Column("resolved_by", sa.String(length=120), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_printer_reports_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["printer_id"],
            ["printers.id"],
            name=op.f("fk_printer_reports_printer_id_printers"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_printer_reports")),
        sa.UniqueConstraint("uuid", name=op.f("uq_printer_reports_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("printer_reports", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_printer_reports_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_printer_reports_printer_id"), ["printer_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_printer_reports_status"), ["status"], unique=False)

    op.create_table(
        "printer_wear",
        sa.Column("printer_id", sa.BigInteger(), nullable=False),
        sa.Column("printing_s", sa.BigInteger(), nullable=False),
        sa.Column("prints", sa.BigInteger(), nullable=False),
        sa.Column("counted_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held_because", sa.String(length=500), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_printer_wear_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["printer_id"],
            ["printers.id"],
            name=op.f("fk_printer_wear_printer_id_printers"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_printer_wear")),
        sa.UniqueConstraint("uuid", name=op.f("uq_printer_wear_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("printer_wear", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_printer_wear_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index("uq_printer_wear_printer", ["printer_id"], unique=True)

    op.create_table(
        "maintenance_marks",
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("printer_id", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("printing_s", sa.BigInteger(), nullable=False),
        sa.Column("prints", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_maintenance_marks_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"],
            ["maintenance_plans.id"],
            name=op.f("fk_maintenance_marks_plan_id_maintenance_plans"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["printer_id"],
            ["printers.id"],
            name=op.f("fk_maintenance_marks_printer_id_printers"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_maintenance_marks")),
        sa.UniqueConstraint("uuid", name=op.f("uq_maintenance_marks_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("maintenance_marks", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_maintenance_marks_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_maintenance_marks_printer_id"), ["printer_id"], unique=False
        )
        batch_op.create_index("uq_maintenance_marks_plan", ["plan_id", "printer_id"], unique=True)

    op.create_table(
        "maintenance_tasks",
        sa.Column("printer_id", sa.BigInteger(), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=True),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("instructions", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_blocking", sa.Boolean(), nullable=False),
        sa.Column("assigned_user_id", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=True),
        sa.Column("cost_minor", sa.BigInteger(), nullable=False),
        sa.Column("parts_cost_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("ended_by", sa.String(length=120), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["assigned_user_id"],
            ["users.id"],
            name=op.f("fk_maintenance_tasks_assigned_user_id_users"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_maintenance_tasks_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"],
            ["maintenance_plans.id"],
            name=op.f("fk_maintenance_tasks_plan_id_maintenance_plans"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["printer_id"],
            ["printers.id"],
            name=op.f("fk_maintenance_tasks_printer_id_printers"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_maintenance_tasks")),
        sa.UniqueConstraint("uuid", name=op.f("uq_maintenance_tasks_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("maintenance_tasks", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_maintenance_tasks_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_maintenance_tasks_printer_id"), ["printer_id"], unique=False
        )
        batch_op.create_index(
            "ix_maintenance_tasks_status", ["organization_id", "status", "id"], unique=False
        )
        batch_op.create_index(
            "uq_maintenance_tasks_open",
            ["plan_id", "printer_id"],
            unique=True,
            sqlite_where=sa.text("status = 'open' AND plan_id IS NOT NULL"),
            postgresql_where=sa.text("status = 'open' AND plan_id IS NOT NULL"),
        )

    op.create_table(
        "spare_part_movements",
        sa.Column("part_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_spare_part_movements_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["part_id"],
            ["spare_parts.id"],
            name=op.f("fk_spare_part_movements_part_id_spare_parts"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["task_id"],
            ["maintenance_tasks.id"],
            name=op.f("fk_spare_part_movements_task_id_maintenance_tasks"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spare_part_movements")),
        sa.UniqueConstraint("uuid", name=op.f("uq_spare_part_movements_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("spare_part_movements", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_spare_part_movements_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_spare_part_movements_part_id"), ["part_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_spare_part_movements_task_id"), ["task_id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("spare_part_movements", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_spare_part_movements_task_id"))
        batch_op.drop_index(batch_op.f("ix_spare_part_movements_part_id"))
        batch_op.drop_index(batch_op.f("ix_spare_part_movements_organization_id"))

    op.drop_table("spare_part_movements")
    with op.batch_alter_table("maintenance_tasks", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_maintenance_tasks_open",
            sqlite_where=sa.text("status = 'open' AND plan_id IS NOT NULL"),
            postgresql_where=sa.text("status = 'open' AND plan_id IS NOT NULL"),
        )
        batch_op.drop_index("ix_maintenance_tasks_status")
        batch_op.drop_index(batch_op.f("ix_maintenance_tasks_printer_id"))
        batch_op.drop_index(batch_op.f("ix_maintenance_tasks_organization_id"))

    op.drop_table("maintenance_tasks")
    with op.batch_alter_table("maintenance_marks", schema=None) as batch_op:
        batch_op.drop_index("uq_maintenance_marks_plan")
        batch_op.drop_index(batch_op.f("ix_maintenance_marks_printer_id"))
        batch_op.drop_index(batch_op.f("ix_maintenance_marks_organization_id"))

    op.drop_table("maintenance_marks")
    with op.batch_alter_table("printer_wear", schema=None) as batch_op:
        batch_op.drop_index("uq_printer_wear_printer")
        batch_op.drop_index(batch_op.f("ix_printer_wear_organization_id"))

    op.drop_table("printer_wear")
    with op.batch_alter_table("printer_reports", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_printer_reports_status"))
        batch_op.drop_index(batch_op.f("ix_printer_reports_printer_id"))
        batch_op.drop_index(batch_op.f("ix_printer_reports_organization_id"))

    op.drop_table("printer_reports")
    with op.batch_alter_table("maintenance_plans", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_maintenance_plans_printer_id"))
        batch_op.drop_index(batch_op.f("ix_maintenance_plans_organization_id"))

    op.drop_table("maintenance_plans")
    with op.batch_alter_table("spare_parts", schema=None) as batch_op:
        batch_op.drop_index("uq_spare_parts_sku")
        batch_op.drop_index(batch_op.f("ix_spare_parts_organization_id"))

    op.drop_table("spare_parts")
