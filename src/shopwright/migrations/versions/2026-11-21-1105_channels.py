"""Connections, syncs and pushes."""

import sqlalchemy as sa
from alembic import op

revision = "20261121_1105"
down_revision = "20261121_1104"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "channel_connections",
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("external_user_id", sa.String(length=80), nullable=False),
        sa.Column("external_shop_id", sa.String(length=80), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("tokens", sa.Text(), nullable=True),
        sa.Column("token_version", sa.BigInteger(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("url", sa.String(length=500), nullable=True),
        sa.Column("watermark_s", sa.BigInteger(), nullable=False),
        sa.Column("next_sync_at", sa.DateTime(timezone=True), nullable=False),
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
            name=op.f("fk_channel_connections_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_connections")),
        sa.UniqueConstraint("uuid", name=op.f("uq_channel_connections_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("channel_connections", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_channel_connections_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(
            "uq_channel_connections_account",
            ["organization_id", "channel", "external_user_id"],
            unique=True,
        )

    op.create_table(
        "channel_consent_requests",
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("browser_hash", sa.String(length=64), nullable=False),
        sa.Column("verifier", sa.Text(), nullable=False),
        sa.Column("redirect_uri", sa.String(length=500), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("asked_by", sa.String(length=120), nullable=False),
        sa.Column("principal", sa.String(length=80), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_channel_consent_requests_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_consent_requests")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_channel_consent_requests_state_hash")),
        sa.UniqueConstraint("uuid", name=op.f("uq_channel_consent_requests_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("channel_consent_requests", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_channel_consent_requests_expires_at"), ["expires_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_channel_consent_requests_organization_id"),
            ["organization_id"],
            unique=False,
        )

    op.create_table(
        "channel_rejects",
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("external_id", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(length=120), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["channel_connections.id"],
            name=op.f("fk_channel_rejects_connection_id_channel_connections"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_channel_rejects_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_rejects")),
        sa.UniqueConstraint("uuid", name=op.f("uq_channel_rejects_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("channel_rejects", schema=None) as batch_op:
        batch_op.create_index(
            "ix_channel_rejects_open",
            ["organization_id", "connection_id"],
            unique=False,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_channel_rejects_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(
            "uq_channel_rejects_order", ["connection_id", "external_id"], unique=True
        )

    op.create_table(
        "channel_syncs",
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("owner", sa.String(length=80), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("orders_new", sa.BigInteger(), nullable=False),
        sa.Column("orders_updated", sa.BigInteger(), nullable=False),
        sa.Column("orders_rejected", sa.BigInteger(), nullable=False),
        sa.Column("remaining", sa.BigInteger(), nullable=False),
        sa.Column("error_kind", sa.String(length=40), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["channel_connections.id"],
            name=op.f("fk_channel_syncs_connection_id_channel_connections"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_channel_syncs_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_syncs")),
        sa.UniqueConstraint("uuid", name=op.f("uq_channel_syncs_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("channel_syncs", schema=None) as batch_op:
        batch_op.create_index("ix_channel_syncs_connection", ["connection_id", "id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_channel_syncs_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(
            "uq_channel_syncs_open",
            ["connection_id"],
            unique=True,
            sqlite_where=sa.text("status IN ('requested', 'running')"),
            postgresql_where=sa.text("status IN ('requested', 'running')"),
        )


def downgrade() -> None:
    with op.batch_alter_table("channel_syncs", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_channel_syncs_open",
            sqlite_where=sa.text("status IN ('requested', 'running')"),
            postgresql_where=sa.text("status IN ('requested', 'running')"),
        )
        batch_op.drop_index(batch_op.f("ix_channel_syncs_organization_id"))
        batch_op.drop_index("ix_channel_syncs_connection")

    op.drop_table("channel_syncs")
    with op.batch_alter_table("channel_rejects", schema=None) as batch_op:
        batch_op.drop_index("uq_channel_rejects_order")
        batch_op.drop_index(batch_op.f("ix_channel_rejects_organization_id"))
        batch_op.drop_index(
            "ix_channel_rejects_open",
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )

    op.drop_table("channel_rejects")
    with op.batch_alter_table("channel_consent_requests", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_channel_consent_requests_organization_id"))
        batch_op.drop_index(batch_op.f("ix_channel_consent_requests_expires_at"))

    op.drop_table("channel_consent_requests")
    with op.batch_alter_table("channel_connections", schema=None) as batch_op:
        batch_op.drop_index("uq_channel_connections_account")
        batch_op.drop_index(batch_op.f("ix_channel_connections_organization_id"))

    op.drop_table("channel_connections")
