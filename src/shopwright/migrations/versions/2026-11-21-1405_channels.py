"""Channels."""

import sqlalchemy as sa
from alembic import op

revision = "20261121_1405"
down_revision = "20261121_1404"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "channel_allowances",
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("calls", sa.JSON(), nullable=False),
        sa.Column("paused_until", sa.Float(), nullable=False),
        sa.Column("claims", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_channel_allowances")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("channel_connections", schema=None) as batch_op:
        batch_op.add_column(sa.Column("webhook_token", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("webhook_secret", sa.Text(), nullable=True))
        batch_op.create_unique_constraint(
            batch_op.f("uq_channel_connections_webhook_token"), ["webhook_token"]
        )

    with op.batch_alter_table("channel_syncs", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("is_awaited", sa.Boolean(), server_default=sa.text("(false)"), nullable=False)
        )


def downgrade() -> None:
    with op.batch_alter_table("channel_syncs", schema=None) as batch_op:
        batch_op.drop_column("is_awaited")

    with op.batch_alter_table("channel_connections", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_channel_connections_webhook_token"), type_="unique")
        batch_op.drop_column("webhook_secret")
        batch_op.drop_column("webhook_token")

    op.drop_table("channel_allowances")
