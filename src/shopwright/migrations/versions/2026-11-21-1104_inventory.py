"""Filament, spools and stock."""

import sqlalchemy as sa
from alembic import op

revision = "20261121_1104"
down_revision = "20261121_1103"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "filaments",
        sa.Column("vendor", sa.String(length=100), nullable=False),
        sa.Column("material", sa.String(length=40), nullable=False),
        sa.Column("color_name", sa.String(length=60), nullable=False),
        sa.Column("color", sa.String(length=6), nullable=True),
        sa.Column("cost_per_gram_micros", sa.BigInteger(), nullable=False),
        sa.Column("low_stock_threshold_mg", sa.BigInteger(), nullable=False),
        sa.Column("is_hidden", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_filaments_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_filaments")),
        sa.UniqueConstraint("uuid", name=op.f("uq_filaments_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("filaments", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_filaments_organization_id"), ["organization_id"], unique=False
        )

    op.create_table(
        "hardware_stock",
        sa.Column("hardware_id", sa.BigInteger(), nullable=False),
        sa.Column("on_hand", sa.BigInteger(), nullable=False),
        sa.Column("low_stock_threshold", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("on_hand >= 0", name=op.f("ck_hardware_stock_not_negative")),
        sa.ForeignKeyConstraint(
            ["hardware_id"],
            ["hardware.id"],
            name=op.f("fk_hardware_stock_hardware_id_hardware"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_hardware_stock_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hardware_stock")),
        sa.UniqueConstraint("uuid", name=op.f("uq_hardware_stock_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("hardware_stock", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_hardware_stock_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(
            "uq_hardware_stock_hardware", ["organization_id", "hardware_id"], unique=True
        )

    op.create_table(
        "spools",
        sa.Column("filament_id", sa.BigInteger(), nullable=False),
        sa.Column("initial_mg", sa.BigInteger(), nullable=False),
        sa.Column("remaining_mg", sa.BigInteger(), nullable=False),
        sa.Column("tag", sa.String(length=64), nullable=True),
        sa.Column("location", sa.String(length=100), nullable=False),
        sa.Column("is_empty", sa.Boolean(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("remaining_mg >= 0", name=op.f("ck_spools_not_negative")),
        sa.ForeignKeyConstraint(
            ["filament_id"], ["filaments.id"], name=op.f("fk_spools_filament_id_filaments")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_spools_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spools")),
        sa.UniqueConstraint("uuid", name=op.f("uq_spools_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("spools", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_spools_filament_id"), ["filament_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_spools_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index("uq_spools_tag", ["organization_id", "tag"], unique=True)

    op.create_table(
        "filament_movements",
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("filament_id", sa.BigInteger(), nullable=True),
        sa.Column("spool_id", sa.BigInteger(), nullable=True),
        sa.Column("material", sa.String(length=40), nullable=False),
        sa.Column("delta_mg", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["filament_id"],
            ["filaments.id"],
            name=op.f("fk_filament_movements_filament_id_filaments"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_filament_movements_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["spool_id"], ["spools.id"], name=op.f("fk_filament_movements_spool_id_spools")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_filament_movements")),
        sa.UniqueConstraint("uuid", name=op.f("uq_filament_movements_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("filament_movements", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_filament_movements_filament_id"), ["filament_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_filament_movements_order_id"), ["order_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_filament_movements_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_filament_movements_spool_id"), ["spool_id"], unique=False
        )
        batch_op.create_index("uq_filament_movements_key", ["organization_id", "key"], unique=True)

    op.create_table(
        "reservations",
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("spool_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_mg", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_mg > 0", name=op.f("ck_reservations_positive")),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_reservations_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["spool_id"],
            ["spools.id"],
            name=op.f("fk_reservations_spool_id_spools"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reservations")),
        sa.UniqueConstraint("uuid", name=op.f("uq_reservations_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("reservations", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_reservations_attempt_id"), ["attempt_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_reservations_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_reservations_spool_id"), ["spool_id"], unique=False)

    op.create_table(
        "slot_spools",
        sa.Column("printer_id", sa.BigInteger(), nullable=False),
        sa.Column("slot", sa.BigInteger(), nullable=False),
        sa.Column("spool_id", sa.BigInteger(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_slot_spools_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["printer_id"],
            ["printers.id"],
            name=op.f("fk_slot_spools_printer_id_printers"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["spool_id"],
            ["spools.id"],
            name=op.f("fk_slot_spools_spool_id_spools"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slot_spools")),
        sa.UniqueConstraint("uuid", name=op.f("uq_slot_spools_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("slot_spools", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_slot_spools_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(
            "uq_slot_spools_slot", ["organization_id", "printer_id", "slot"], unique=True
        )
        batch_op.create_index("uq_slot_spools_spool", ["organization_id", "spool_id"], unique=True)

    op.create_table(
        "step_stock",
        sa.Column("recipe_step_id", sa.BigInteger(), nullable=False),
        sa.Column("on_hand", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("on_hand >= 0", name=op.f("ck_step_stock_not_negative")),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_step_stock_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["recipe_step_id"],
            ["recipe_steps.id"],
            name=op.f("fk_step_stock_recipe_step_id_recipe_steps"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_step_stock")),
        sa.UniqueConstraint("uuid", name=op.f("uq_step_stock_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("step_stock", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_step_stock_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(
            "uq_step_stock_step", ["organization_id", "recipe_step_id"], unique=True
        )

    op.create_table(
        "stock_movements",
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("recipe_step_id", sa.BigInteger(), nullable=True),
        sa.Column("hardware_id", sa.BigInteger(), nullable=True),
        sa.Column("delta", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["hardware_id"], ["hardware.id"], name=op.f("fk_stock_movements_hardware_id_hardware")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_stock_movements_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["recipe_step_id"],
            ["recipe_steps.id"],
            name=op.f("fk_stock_movements_recipe_step_id_recipe_steps"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_movements")),
        sa.UniqueConstraint("uuid", name=op.f("uq_stock_movements_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("stock_movements", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_stock_movements_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index("uq_stock_movements_key", ["organization_id", "key"], unique=True)


def downgrade() -> None:
    with op.batch_alter_table("stock_movements", schema=None) as batch_op:
        batch_op.drop_index("uq_stock_movements_key")
        batch_op.drop_index(batch_op.f("ix_stock_movements_organization_id"))

    op.drop_table("stock_movements")
    with op.batch_alter_table("step_stock", schema=None) as batch_op:
        batch_op.drop_index("uq_step_stock_step")
        batch_op.drop_index(batch_op.f("ix_step_stock_organization_id"))

    op.drop_table("step_stock")
    with op.batch_alter_table("slot_spools", schema=None) as batch_op:
        batch_op.drop_index("uq_slot_spools_spool")
        batch_op.drop_index("uq_slot_spools_slot")
        batch_op.drop_index(batch_op.f("ix_slot_spools_organization_id"))

    op.drop_table("slot_spools")
    with op.batch_alter_table("reservations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reservations_spool_id"))
        batch_op.drop_index(batch_op.f("ix_reservations_organization_id"))
        batch_op.drop_index(batch_op.f("ix_reservations_attempt_id"))

    op.drop_table("reservations")
    with op.batch_alter_table("filament_movements", schema=None) as batch_op:
        batch_op.drop_index("uq_filament_movements_key")
        batch_op.drop_index(batch_op.f("ix_filament_movements_spool_id"))
        batch_op.drop_index(batch_op.f("ix_filament_movements_organization_id"))
        batch_op.drop_index(batch_op.f("ix_filament_movements_order_id"))
        batch_op.drop_index(batch_op.f("ix_filament_movements_filament_id"))

    op.drop_table("filament_movements")
    with op.batch_alter_table("spools", schema=None) as batch_op:
        batch_op.drop_index("uq_spools_tag")
        batch_op.drop_index(batch_op.f("ix_spools_organization_id"))
        batch_op.drop_index(batch_op.f("ix_spools_filament_id"))

    op.drop_table("spools")
    with op.batch_alter_table("hardware_stock", schema=None) as batch_op:
        batch_op.drop_index("uq_hardware_stock_hardware")
        batch_op.drop_index(batch_op.f("ix_hardware_stock_organization_id"))

    op.drop_table("hardware_stock")
    with op.batch_alter_table("filaments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_filaments_organization_id"))

    op.drop_table("filaments")
