"""Print jobs, parcels and suppliers."""

import sqlalchemy as sa
from alembic import op

revision = "20261121_2010"
down_revision = "20261121_2009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "suppliers",
        sa.Column("adapter", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("settings", sa.Text(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("ships", sa.Boolean(), nullable=False),
        sa.Column("health", sa.String(length=32), nullable=False),
        sa.Column("last_success_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("last_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_suppliers_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppliers")),
        sa.UniqueConstraint("uuid", name=op.f("uq_suppliers_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("suppliers", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_suppliers_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index("uq_suppliers_name", ["organization_id", "name"], unique=True)

    op.create_table(
        "supplier_offers",
        sa.Column("supplier_id", sa.BigInteger(), nullable=False),
        sa.Column("variant_id", sa.BigInteger(), nullable=True),
        sa.Column("device_model_id", sa.BigInteger(), nullable=True),
        sa.Column("sku", sa.String(length=100), nullable=False),
        sa.Column("partner_model_id", sa.String(length=100), nullable=True),
        sa.Column("partner_shell_id", sa.String(length=100), nullable=True),
        sa.Column("cost_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("lead_days", sa.BigInteger(), nullable=False),
        sa.Column("picture_sha256", sa.String(length=64), nullable=True),
        sa.Column("recipe_step_id", sa.BigInteger(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_model_id"],
            ["device_models.id"],
            name=op.f("fk_supplier_offers_device_model_id_device_models"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_supplier_offers_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["recipe_step_id"],
            ["recipe_steps.id"],
            name=op.f("fk_supplier_offers_recipe_step_id_recipe_steps"),
        ),
        sa.ForeignKeyConstraint(
            ["supplier_id"],
            ["suppliers.id"],
            name=op.f("fk_supplier_offers_supplier_id_suppliers"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"],
            ["variants.id"],
            name=op.f("fk_supplier_offers_variant_id_variants"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supplier_offers")),
        sa.UniqueConstraint("uuid", name=op.f("uq_supplier_offers_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("supplier_offers", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_supplier_offers_device_model_id"), ["device_model_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_supplier_offers_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_supplier_offers_recipe_step_id"), ["recipe_step_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_supplier_offers_variant_id"), ["variant_id"], unique=False
        )
        batch_op.create_index(
            "uq_supplier_offers_device_model",
            ["supplier_id", "device_model_id"],
            unique=True,
            sqlite_where=sa.text("is_active AND device_model_id IS NOT NULL"),
            postgresql_where=sa.text("is_active AND device_model_id IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_supplier_offers_variant",
            ["supplier_id", "variant_id"],
            unique=True,
            sqlite_where=sa.text("is_active AND variant_id IS NOT NULL"),
            postgresql_where=sa.text("is_active AND variant_id IS NOT NULL"),
        )

    op.create_table(
        "supplier_orders",
        sa.Column("supplier_id", sa.BigInteger(), nullable=False),
        sa.Column("offer_id", sa.BigInteger(), nullable=True),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("order_item_id", sa.BigInteger(), nullable=False),
        sa.Column("piece_step_id", sa.BigInteger(), nullable=True),
        sa.Column("design_id", sa.BigInteger(), nullable=True),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("payment_key", sa.String(length=40), nullable=False),
        sa.Column("is_payment_ours", sa.Boolean(), nullable=False),
        sa.Column("pay_type", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("cost_minor", sa.BigInteger(), nullable=True),
        sa.Column("cost_currency", sa.String(length=3), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("partner_model_id", sa.String(length=100), nullable=False),
        sa.Column("partner_shell_id", sa.String(length=100), nullable=False),
        sa.Column("device_id", sa.String(length=100), nullable=False),
        sa.Column("picture_sha256", sa.String(length=64), nullable=True),
        sa.Column("stage", sa.String(length=32), nullable=False),
        sa.Column("waiting_reason", sa.String(length=500), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_try", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("external_id", sa.String(length=100), nullable=True),
        sa.Column("queue_number", sa.String(length=50), nullable=True),
        sa.Column("carrier", sa.String(length=60), nullable=True),
        sa.Column("tracking_code", sa.String(length=100), nullable=True),
        sa.Column("promised_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("last_error_code", sa.BigInteger(), nullable=True),
        sa.Column("looks", sa.BigInteger(), nullable=False),
        sa.Column("next_look_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("produced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shipped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["design_id"], ["designs.id"], name=op.f("fk_supplier_orders_design_id_designs")
        ),
        sa.ForeignKeyConstraint(
            ["offer_id"],
            ["supplier_offers.id"],
            name=op.f("fk_supplier_orders_offer_id_supplier_offers"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_supplier_orders_order_id_orders")
        ),
        sa.ForeignKeyConstraint(
            ["order_item_id"],
            ["order_items.id"],
            name=op.f("fk_supplier_orders_order_item_id_order_items"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_supplier_orders_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["piece_step_id"],
            ["piece_steps.id"],
            name=op.f("fk_supplier_orders_piece_step_id_piece_steps"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["suppliers.id"], name=op.f("fk_supplier_orders_supplier_id_suppliers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supplier_orders")),
        sa.UniqueConstraint("uuid", name=op.f("uq_supplier_orders_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("supplier_orders", schema=None) as batch_op:
        batch_op.create_index("ix_supplier_orders_due", ["stage", "next_look_at"], unique=False)
        batch_op.create_index(
            "ix_supplier_orders_item", ["order_item_id", "organization_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_supplier_orders_offer_id"), ["offer_id"], unique=False)
        batch_op.create_index(
            "ix_supplier_orders_order", ["order_id", "organization_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_supplier_orders_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index("ix_supplier_orders_payment_key", ["payment_key"], unique=False)
        batch_op.create_index(
            "ix_supplier_orders_problem",
            ["organization_id"],
            unique=False,
            sqlite_where=sa.text("problem IS NOT NULL"),
            postgresql_where=sa.text("problem IS NOT NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_supplier_orders_supplier_id"), ["supplier_id"], unique=False
        )
        batch_op.create_index("uq_supplier_orders_key", ["key"], unique=True)
        batch_op.create_index(
            "uq_supplier_orders_payment",
            ["payment_key"],
            unique=True,
            sqlite_where=sa.text("is_payment_ours"),
            postgresql_where=sa.text("is_payment_ours"),
        )
        batch_op.create_index(
            "uq_supplier_orders_step",
            ["piece_step_id"],
            unique=True,
            sqlite_where=sa.text("stage IN ('waiting', 'sending', 'doubtful', 'accepted')"),
            postgresql_where=sa.text("stage IN ('waiting', 'sending', 'doubtful', 'accepted')"),
        )


def downgrade() -> None:
    with op.batch_alter_table("supplier_orders", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_supplier_orders_step",
            sqlite_where=sa.text("stage IN ('waiting', 'sending', 'doubtful', 'accepted')"),
            postgresql_where=sa.text("stage IN ('waiting', 'sending', 'doubtful', 'accepted')"),
        )
        batch_op.drop_index(
            "uq_supplier_orders_payment",
            sqlite_where=sa.text("is_payment_ours"),
            postgresql_where=sa.text("is_payment_ours"),
        )
        batch_op.drop_index("uq_supplier_orders_key")
        batch_op.drop_index(batch_op.f("ix_supplier_orders_supplier_id"))
        batch_op.drop_index(
            "ix_supplier_orders_problem",
            sqlite_where=sa.text("problem IS NOT NULL"),
            postgresql_where=sa.text("problem IS NOT NULL"),
        )
        batch_op.drop_index("ix_supplier_orders_payment_key")
        batch_op.drop_index(batch_op.f("ix_supplier_orders_organization_id"))
        batch_op.drop_index("ix_supplier_orders_order")
        batch_op.drop_index(batch_op.f("ix_supplier_orders_offer_id"))
        batch_op.drop_index("ix_supplier_orders_item")
        batch_op.drop_index("ix_supplier_orders_due")

    op.drop_table("supplier_orders")
    with op.batch_alter_table("supplier_offers", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_supplier_offers_variant",
            sqlite_where=sa.text("is_active AND variant_id IS NOT NULL"),
            postgresql_where=sa.text("is_active AND variant_id IS NOT NULL"),
        )
        batch_op.drop_index(
            "uq_supplier_offers_device_model",
            sqlite_where=sa.text("is_active AND device_model_id IS NOT NULL"),
            postgresql_where=sa.text("is_active AND device_model_id IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_supplier_offers_variant_id"))
        batch_op.drop_index(batch_op.f("ix_supplier_offers_recipe_step_id"))
        batch_op.drop_index(batch_op.f("ix_supplier_offers_organization_id"))
        batch_op.drop_index(batch_op.f("ix_supplier_offers_device_model_id"))

    op.drop_table("supplier_offers")
    with op.batch_alter_table("suppliers", schema=None) as batch_op:
        batch_op.drop_index("uq_suppliers_name")
        batch_op.drop_index(batch_op.f("ix_suppliers_organization_id"))

    op.drop_table("suppliers")
