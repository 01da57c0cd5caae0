"""Channels."""

import sqlalchemy as sa
from alembic import op

revision = "20261121_1406"
down_revision = "20261121_1405"
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
    op.create_table(
        "listing_syncs",
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("listings_read", sa.BigInteger(), nullable=False),
        sa.Column("products_new", sa.BigInteger(), nullable=False),
        sa.Column("variants_new", sa.BigInteger(), nullable=False),
        sa.Column("skipped", sa.JSON(), nullable=False),
        sa.Column("error_kind", sa.String(length=40), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["channel_connections.id"],
            name=op.f("fk_listing_syncs_connection_id_channel_connections"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_listing_syncs_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listing_syncs")),
        sa.UniqueConstraint("uuid", name=op.f("uq_listing_syncs_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("listing_syncs", schema=None) as batch_op:
        batch_op.create_index("ix_listing_syncs_connection", ["connection_id", "id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_listing_syncs_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(
            "uq_listing_syncs_open",
            ["connection_id"],
            unique=True,
            sqlite_where=sa.text("status IN ('requested', 'running')"),
            postgresql_where=sa.text("status IN ('requested', 'running')"),
        )

    with op.batch_alter_table("channel_connections", schema=None) as batch_op:
        batch_op.add_column(sa.Column("webhook_token", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("webhook_secret", sa.Text(), nullable=True))
        batch_op.add_column(
            sa.Column(
                "is_stock_pushed", sa.Boolean(), server_default=sa.text("(false)"), nullable=False
            )
        )
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
        batch_op.drop_column("is_stock_pushed")
        batch_op.drop_column("webhook_secret")
        batch_op.drop_column("webhook_token")

    with op.batch_alter_table("listing_syncs", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_listing_syncs_open",
            sqlite_where=sa.text("status IN ('requested', 'running')"),
            postgresql_where=sa.text("status IN ('requested', 'running')"),
        )
        batch_op.drop_index(batch_op.f("ix_listing_syncs_organization_id"))
        batch_op.drop_index("ix_listing_syncs_connection")

    op.drop_table("listing_syncs")
    op.drop_table("channel_allowances")
