"""Accounts."""

import sqlalchemy as sa
from alembic import op

revision = "20261121_1701"
down_revision = "20261121_1410"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("inbound_events", schema=None) as batch_op:
        batch_op.add_column(sa.Column("emptied_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(
            "ix_inbound_events_full",
            ["kind", "received_at", "id"],
            unique=False,
            sqlite_where=sa.text("emptied_at IS NULL"),
            postgresql_where=sa.text("emptied_at IS NULL"),
        )


def downgrade() -> None:
    with op.batch_alter_table("inbound_events", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_inbound_events_full",
            sqlite_where=sa.text("emptied_at IS NULL"),
            postgresql_where=sa.text("emptied_at IS NULL"),
        )
        batch_op.drop_column("emptied_at")
