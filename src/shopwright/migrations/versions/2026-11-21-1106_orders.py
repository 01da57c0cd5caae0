"""Orders, pieces and print jobs."""

import sqlalchemy as sa
from alembic import op

revision = "20261121_1106"
down_revision = "20261121_1105"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customers",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("channel", sa.String(length=40), nullable=True),
        sa.Column("external_id", sa.String(length=80), nullable=True),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_customers_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
        sa.UniqueConstraint("uuid", name=op.f("uq_customers_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.create_index("ix_customers_email", ["organization_id", "email"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_customers_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(
            "uq_customers_external", ["organization_id", "channel", "external_id"], unique=True
        )

    op.create_table(
        "orders",
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("connection_id", sa.BigInteger(), nullable=True),
        sa.Column("external_id", sa.String(length=80), nullable=True),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("production_status", sa.String(length=32), nullable=False),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("buyer_name", sa.String(length=200), nullable=False),
        sa.Column("buyer_email", sa.String(length=254), nullable=True),
        sa.Column("ship_to", sa.JSON(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("subtotal_minor", sa.BigInteger(), nullable=False),
        sa.Column("shipping_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("discount_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("refunded_minor", sa.BigInteger(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("buyer_message", sa.Text(), nullable=False),
        sa.Column("gift_message", sa.Text(), nullable=False),
        sa.Column("is_gift", sa.Boolean(), nullable=False),
        sa.Column("promised_on", sa.Date(), nullable=True),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shipped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source_updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pieces_total", sa.BigInteger(), nullable=False),
        sa.Column("pieces_good", sa.BigInteger(), nullable=False),
        sa.Column("is_held", sa.Boolean(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_orders_customer_id_customers")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_orders_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("uuid", name=op.f("uq_orders_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_orders_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(
            "ix_orders_list", ["organization_id", "status", "placed_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_orders_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index("ix_orders_placed", ["organization_id", "placed_at"], unique=False)
        batch_op.create_index(
            "uq_orders_external", ["organization_id", "connection_id", "external_id"], unique=True
        )
        batch_op.create_index("uq_orders_number", ["organization_id", "number"], unique=True)

    op.create_table(
        "order_items",
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("external_id", sa.String(length=80), nullable=True),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("sku", sa.String(length=200), nullable=True),
        sa.Column("variant_id", sa.BigInteger(), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("personalisation", sa.JSON(), nullable=False),
        sa.Column("promised_on", sa.Date(), nullable=True),
        sa.Column("is_cancelled", sa.Boolean(), nullable=False),
        sa.Column("waiting_code", sa.String(length=40), nullable=True),
        sa.Column("waiting_reason", sa.String(length=300), nullable=True),
        sa.Column("pieces_total", sa.BigInteger(), nullable=False),
        sa.Column("pieces_good", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["orders.id"],
            name=op.f("fk_order_items_order_id_orders"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_order_items_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["variants.id"], name=op.f("fk_order_items_variant_id_variants")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_items")),
        sa.UniqueConstraint("uuid", name=op.f("uq_order_items_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("order_items", schema=None) as batch_op:
        batch_op.create_index(
            "ix_order_items_order", ["order_id", "organization_id", "position"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_order_items_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_order_items_variant_id"), ["variant_id"], unique=False)
        batch_op.create_index(
            "ix_order_items_waiting", ["organization_id", "waiting_code"], unique=False
        )
        batch_op.create_index("uq_order_items_external", ["order_id", "external_id"], unique=True)

    op.create_table(
        "pieces",
        sa.Column("order_item_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("steps_total", sa.BigInteger(), nullable=False),
        sa.Column("steps_good", sa.BigInteger(), nullable=False),
        sa.Column("is_released", sa.Boolean(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_item_id"],
            ["order_items.id"],
            name=op.f("fk_pieces_order_item_id_order_items"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_pieces_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pieces")),
        sa.UniqueConstraint("uuid", name=op.f("uq_pieces_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("pieces", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_pieces_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index("uq_pieces_number", ["order_item_id", "number"], unique=True)

    op.create_table(
        "print_jobs",
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("print_file_id", sa.BigInteger(), nullable=False),
        sa.Column("plate_number", sa.BigInteger(), nullable=False),
        sa.Column("yields", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("recipe_step_id", sa.BigInteger(), nullable=True),
        sa.Column("pinned_printer_id", sa.BigInteger(), nullable=True),
        sa.Column("printer_id", sa.BigInteger(), nullable=True),
        sa.Column("waiting_reason", sa.String(length=500), nullable=True),
        sa.Column("failure_reason", sa.String(length=500), nullable=True),
        sa.Column("estimated_s", sa.BigInteger(), nullable=False),
        sa.Column("estimated_mg", sa.BigInteger(), nullable=False),
        sa.Column("good", sa.BigInteger(), nullable=False),
        sa.Column("scrap", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("harvested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_print_jobs_order_id_orders")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_print_jobs_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["pinned_printer_id"],
            ["printers.id"],
            name=op.f("fk_print_jobs_pinned_printer_id_printers"),
        ),
        sa.ForeignKeyConstraint(
            ["print_file_id"],
            ["print_files.id"],
            name=op.f("fk_print_jobs_print_file_id_print_files"),
        ),
        sa.ForeignKeyConstraint(
            ["printer_id"], ["printers.id"], name=op.f("fk_print_jobs_printer_id_printers")
        ),
        sa.ForeignKeyConstraint(
            ["recipe_step_id"],
            ["recipe_steps.id"],
            name=op.f("fk_print_jobs_recipe_step_id_recipe_steps"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_print_jobs")),
        sa.UniqueConstraint("uuid", name=op.f("uq_print_jobs_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("print_jobs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_print_jobs_order_id"), ["order_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_print_jobs_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(
            "ix_print_jobs_queue", ["organization_id", "status", "priority", "id"], unique=False
        )
        batch_op.create_index(
            "uq_print_jobs_active_printer",
            ["printer_id"],
            unique=True,
            sqlite_where=sa.text("status IN ('claimed', 'preparing', 'printing', 'paused')"),
            postgresql_where=sa.text("status IN ('claimed', 'preparing', 'printing', 'paused')"),
        )

    op.create_table(
        "piece_steps",
        sa.Column("piece_id", sa.BigInteger(), nullable=False),
        sa.Column("order_item_id", sa.BigInteger(), nullable=False),
        sa.Column("recipe_step_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("print_file_id", sa.BigInteger(), nullable=True),
        sa.Column("plate_number", sa.BigInteger(), nullable=True),
        sa.Column("yields", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("print_job_id", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.String(length=20), nullable=True),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("good_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_item_id"],
            ["order_items.id"],
            name=op.f("fk_piece_steps_order_item_id_order_items"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_piece_steps_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["piece_id"],
            ["pieces.id"],
            name=op.f("fk_piece_steps_piece_id_pieces"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["print_file_id"],
            ["print_files.id"],
            name=op.f("fk_piece_steps_print_file_id_print_files"),
        ),
        sa.ForeignKeyConstraint(
            ["print_job_id"], ["print_jobs.id"], name=op.f("fk_piece_steps_print_job_id_print_jobs")
        ),
        sa.ForeignKeyConstraint(
            ["recipe_step_id"],
            ["recipe_steps.id"],
            name=op.f("fk_piece_steps_recipe_step_id_recipe_steps"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_piece_steps")),
        sa.UniqueConstraint("uuid", name=op.f("uq_piece_steps_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("piece_steps", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_piece_steps_order_item_id"), ["order_item_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_piece_steps_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(
            "ix_piece_steps_owed",
            ["organization_id", "status", "print_file_id", "plate_number"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_piece_steps_piece_id"), ["piece_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_piece_steps_print_job_id"), ["print_job_id"], unique=False
        )
        batch_op.create_index(
            "uq_piece_steps_current",
            ["piece_id", "recipe_step_id"],
            unique=True,
            sqlite_where=sa.text("status != 'scrap'"),
            postgresql_where=sa.text("status != 'scrap'"),
        )


def downgrade() -> None:
    with op.batch_alter_table("piece_steps", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_piece_steps_current",
            sqlite_where=sa.text("status != 'scrap'"),
            postgresql_where=sa.text("status != 'scrap'"),
        )
        batch_op.drop_index(batch_op.f("ix_piece_steps_print_job_id"))
        batch_op.drop_index(batch_op.f("ix_piece_steps_piece_id"))
        batch_op.drop_index("ix_piece_steps_owed")
        batch_op.drop_index(batch_op.f("ix_piece_steps_organization_id"))
        batch_op.drop_index(batch_op.f("ix_piece_steps_order_item_id"))

    op.drop_table("piece_steps")
    with op.batch_alter_table("print_jobs", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_print_jobs_active_printer",
            sqlite_where=sa.text("status IN ('claimed', 'preparing', 'printing', 'paused')"),
            postgresql_where=sa.text("status IN ('claimed', 'preparing', 'printing', 'paused')"),
        )
        batch_op.drop_index("ix_print_jobs_queue")
        batch_op.drop_index(batch_op.f("ix_print_jobs_organization_id"))
        batch_op.drop_index(batch_op.f("ix_print_jobs_order_id"))

    op.drop_table("print_jobs")
    with op.batch_alter_table("pieces", schema=None) as batch_op:
        batch_op.drop_index("uq_pieces_number")
        batch_op.drop_index(batch_op.f("ix_pieces_organization_id"))

    op.drop_table("pieces")
    with op.batch_alter_table("order_items", schema=None) as batch_op:
        batch_op.drop_index("uq_order_items_external")
        batch_op.drop_index("ix_order_items_waiting")
        batch_op.drop_index(batch_op.f("ix_order_items_variant_id"))
        batch_op.drop_index(batch_op.f("ix_order_items_organization_id"))
        batch_op.drop_index("ix_order_items_order")

    op.drop_table("order_items")
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_index("uq_orders_number")
        batch_op.drop_index("uq_orders_external")
        batch_op.drop_index("ix_orders_placed")
        batch_op.drop_index(batch_op.f("ix_orders_organization_id"))
        batch_op.drop_index("ix_orders_list")
        batch_op.drop_index(batch_op.f("ix_orders_customer_id"))

    op.drop_table("orders")
    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.drop_index("uq_customers_external")
        batch_op.drop_index(batch_op.f("ix_customers_organization_id"))
        batch_op.drop_index("ix_customers_email")

    op.drop_table("customers")
