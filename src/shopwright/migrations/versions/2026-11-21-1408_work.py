"""Print jobs and parcels."""

import sqlalchemy as sa
from alembic import op

revision = "20261121_1408"
down_revision = "20261121_1407"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("parcel_items", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_parcel_items_order_item_id"))
        batch_op.create_index(
            "ix_parcel_items_order_item", ["order_item_id", "organization_id"], unique=False
        )

    with op.batch_alter_table("print_jobs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("file_name", sa.String(length=255), nullable=True))
        batch_op.add_column(sa.Column("order_item_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("not_before", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("material", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("slot", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("notes", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("product_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("batch_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(
            sa.Column("plates_requested", sa.BigInteger(), server_default="1", nullable=False)
        )
        batch_op.add_column(
            sa.Column("ams_configuration", sa.JSON(none_as_null=True), nullable=True)
        )
        batch_op.add_column(sa.Column("queued_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("claimed_by", sa.String(length=120), nullable=True))
        batch_op.add_column(sa.Column("current_layer", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("total_layers", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("used_mg", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("last_error", sa.String(length=500), nullable=True))
        batch_op.add_column(
            sa.Column("is_hidden", sa.Boolean(), server_default=sa.text("(false)"), nullable=False)
        )
        batch_op.alter_column("print_file_id", existing_type=sa.BIGINT(), nullable=True)
        batch_op.alter_column("plate_number", existing_type=sa.BIGINT(), nullable=True)
        batch_op.drop_index(batch_op.f("ix_print_jobs_order_id"))
        batch_op.create_index(
            "ix_print_jobs_asked",
            ["order_item_id"],
            unique=False,
            sqlite_where=sa.text("order_item_id IS NOT NULL"),
            postgresql_where=sa.text("order_item_id IS NOT NULL"),
        )
        batch_op.create_index(batch_op.f("ix_print_jobs_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index("ix_print_jobs_order", ["order_id", "organization_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_print_jobs_order_item_id_order_items"),
            "order_items",
            ["order_item_id"],
            ["id"],
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_print_jobs_product_id_products"), "products", ["product_id"], ["id"]
        )


def downgrade() -> None:
    with op.batch_alter_table("print_jobs", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_print_jobs_product_id_products"), type_="foreignkey"
        )
        batch_op.drop_constraint(
            batch_op.f("fk_print_jobs_order_item_id_order_items"), type_="foreignkey"
        )
        batch_op.drop_index("ix_print_jobs_order")
        batch_op.drop_index(batch_op.f("ix_print_jobs_batch_id"))
        batch_op.drop_index(
            "ix_print_jobs_asked",
            sqlite_where=sa.text("order_item_id IS NOT NULL"),
            postgresql_where=sa.text("order_item_id IS NOT NULL"),
        )
        batch_op.create_index(batch_op.f("ix_print_jobs_order_id"), ["order_id"], unique=False)
        batch_op.alter_column("plate_number", existing_type=sa.BIGINT(), nullable=False)
        batch_op.alter_column("print_file_id", existing_type=sa.BIGINT(), nullable=False)
        batch_op.drop_column("is_hidden")
        batch_op.drop_column("last_error")
        batch_op.drop_column("used_mg")
        batch_op.drop_column("total_layers")
        batch_op.drop_column("current_layer")
        batch_op.drop_column("claimed_by")
        batch_op.drop_column("queued_at")
        batch_op.drop_column("ams_configuration")
        batch_op.drop_column("plates_requested")
        batch_op.drop_column("batch_id")
        batch_op.drop_column("product_id")
        batch_op.drop_column("notes")
        batch_op.drop_column("slot")
        batch_op.drop_column("material")
        batch_op.drop_column("not_before")
        batch_op.drop_column("order_item_id")
        batch_op.drop_column("file_name")

    with op.batch_alter_table("parcel_items", schema=None) as batch_op:
        batch_op.drop_index("ix_parcel_items_order_item")
        batch_op.create_index(
            batch_op.f("ix_parcel_items_order_item_id"), ["order_item_id"], unique=False
        )
