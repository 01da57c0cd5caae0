"""Orders and customers."""

import sqlalchemy as sa
from alembic import op

revision = "20261121_2008"
down_revision = "20261121_2006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("order_items", schema=None) as batch_op:
        batch_op.add_column(sa.Column("design_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("template_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("device_model_id", sa.BigInteger(), nullable=True))
        batch_op.create_index(
            "ix_order_items_design", ["design_id", "organization_id"], unique=False
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_order_items_template_id_templates"), "templates", ["template_id"], ["id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_order_items_design_id_designs"), "designs", ["design_id"], ["id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_order_items_device_model_id_device_models"),
            "device_models",
            ["device_model_id"],
            ["id"],
        )

    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.add_column(sa.Column("outside_reference", sa.String(length=100), nullable=True))
        batch_op.add_column(sa.Column("outside_status", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("queue_number", sa.String(length=50), nullable=True))
        batch_op.add_column(
            sa.Column(
                "is_stock_taken", sa.Boolean(), server_default=sa.text("(false)"), nullable=False
            )
        )
        batch_op.create_index(
            "ix_orders_unpaid",
            ["placed_at"],
            unique=False,
            sqlite_where=sa.text("status = 'pending_payment'"),
            postgresql_where=sa.text("status = 'pending_payment'"),
        )

    with op.batch_alter_table("piece_steps", schema=None) as batch_op:
        batch_op.add_column(sa.Column("part_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("supplier_order_id", sa.BigInteger(), nullable=True))
        batch_op.create_index("ix_piece_steps_part", ["part_id", "organization_id"], unique=False)
        batch_op.create_index(
            "ix_piece_steps_supplier", ["supplier_order_id", "organization_id"], unique=False
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_piece_steps_part_id_parts"), "parts", ["part_id"], ["id"]
        )


def downgrade() -> None:
    with op.batch_alter_table("piece_steps", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_piece_steps_part_id_parts"), type_="foreignkey")
        batch_op.drop_index("ix_piece_steps_supplier")
        batch_op.drop_index("ix_piece_steps_part")
        batch_op.drop_column("supplier_order_id")
        batch_op.drop_column("part_id")

    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_orders_unpaid",
            sqlite_where=sa.text("status = 'pending_payment'"),
            postgresql_where=sa.text("status = 'pending_payment'"),
        )
        batch_op.drop_column("is_stock_taken")
        batch_op.drop_column("queue_number")
        batch_op.drop_column("outside_status")
        batch_op.drop_column("outside_reference")

    with op.batch_alter_table("order_items", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_order_items_device_model_id_device_models"), type_="foreignkey"
        )
        batch_op.drop_constraint(batch_op.f("fk_order_items_design_id_designs"), type_="foreignkey")
        batch_op.drop_constraint(
            batch_op.f("fk_order_items_template_id_templates"), type_="foreignkey"
        )
        batch_op.drop_index("ix_order_items_design")
        batch_op.drop_column("device_model_id")
        batch_op.drop_column("template_id")
        batch_op.drop_column("design_id")
