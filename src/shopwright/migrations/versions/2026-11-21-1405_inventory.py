"""Inventory."""

import sqlalchemy as sa
from alembic import op

revision = "20261121_1405"
down_revision = "20261121_1404"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("filament_movements", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_filament_movements_filament_id"))
        batch_op.drop_index(batch_op.f("ix_filament_movements_order_id"))
        batch_op.create_index(
            "ix_filament_movements_filament", ["filament_id", "organization_id"], unique=False
        )
        batch_op.create_index(
            "ix_filament_movements_order", ["order_id", "organization_id"], unique=False
        )
        batch_op.create_index(
            "ix_filament_movements_used", ["filament_id", "created_at"], unique=False
        )

    with op.batch_alter_table("reservations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reservations_attempt_id"))
        batch_op.create_index(
            "ix_reservations_attempt", ["attempt_id", "organization_id"], unique=False
        )

    with op.batch_alter_table("spools", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_spools_filament_id"))
        batch_op.create_index(
            "ix_spools_filament", ["filament_id", "organization_id"], unique=False
        )

    with op.batch_alter_table("stock_movements", schema=None) as batch_op:
        batch_op.add_column(sa.Column("source", sa.String(length=80), nullable=True))
        batch_op.add_column(sa.Column("needed", sa.BigInteger(), nullable=True))
        batch_op.create_index(
            "ix_stock_movements_source", ["organization_id", "source"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("stock_movements", schema=None) as batch_op:
        batch_op.drop_index("ix_stock_movements_source")
        batch_op.drop_column("needed")
        batch_op.drop_column("source")

    with op.batch_alter_table("spools", schema=None) as batch_op:
        batch_op.drop_index("ix_spools_filament")
        batch_op.create_index(batch_op.f("ix_spools_filament_id"), ["filament_id"], unique=False)

    with op.batch_alter_table("reservations", schema=None) as batch_op:
        batch_op.drop_index("ix_reservations_attempt")
        batch_op.create_index(
            batch_op.f("ix_reservations_attempt_id"), ["attempt_id"], unique=False
        )

    with op.batch_alter_table("filament_movements", schema=None) as batch_op:
        batch_op.drop_index("ix_filament_movements_used")
        batch_op.drop_index("ix_filament_movements_order")
        batch_op.drop_index("ix_filament_movements_filament")
        batch_op.create_index(
            batch_op.f("ix_filament_movements_order_id"), ["order_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_filament_movements_filament_id"), ["filament_id"], unique=False
        )
