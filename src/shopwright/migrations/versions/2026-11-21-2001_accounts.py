"""Accounts."""

import sqlalchemy as sa
from alembic import op

revision = "20261121_2001"
down_revision = "20261121_1710"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("organizations", schema=None) as batch_op:
        batch_op.add_column(sa.Column("shop_host", sa.String(length=253), nullable=True))
        batch_op.create_unique_constraint(batch_op.f("uq_organizations_shop_host"), ["shop_host"])


def downgrade() -> None:
    with op.batch_alter_table("organizations", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_organizations_shop_host"), type_="unique")
        batch_op.drop_column("shop_host")
