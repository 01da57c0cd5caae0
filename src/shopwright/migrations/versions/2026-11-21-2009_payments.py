"""Payments and machines."""

import sqlalchemy as sa
from alembic import op

revision = "20261121_2009"
down_revision = "20261121_2008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "payment_accounts",
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("secret_key", sa.Text(), nullable=False),
        sa.Column("webhook_secret", sa.Text(), nullable=True),
        sa.Column("key_ending", sa.String(length=8), nullable=False),
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
            name=op.f("fk_payment_accounts_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_accounts")),
        sa.UniqueConstraint("uuid", name=op.f("uq_payment_accounts_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("payment_accounts", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_payment_accounts_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(
            "uq_payment_accounts_provider", ["organization_id", "provider"], unique=True
        )

    op.create_table(
        "kiosk_machines",
        sa.Column("code", sa.String(length=50), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("location", sa.String(length=200), nullable=False),
        sa.Column("key_id", sa.BigInteger(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("money_path", sa.String(length=32), nullable=False),
        sa.Column("qr_config", sa.JSON(), nullable=False),
        sa.Column("last_heartbeat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_silent", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["key_id"],
            ["api_keys.id"],
            name=op.f("fk_kiosk_machines_key_id_api_keys"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_kiosk_machines_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kiosk_machines")),
        sa.UniqueConstraint("uuid", name=op.f("uq_kiosk_machines_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("kiosk_machines", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_kiosk_machines_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index("uq_kiosk_machines_code", ["organization_id", "code"], unique=True)
        batch_op.create_index("uq_kiosk_machines_key", ["key_id"], unique=True)

    op.create_table(
        "payments",
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.String(length=200), nullable=True),
        sa.Column("provider_payment_id", sa.String(length=200), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("received_minor", sa.BigInteger(), nullable=True),
        sa.Column("received_currency", sa.String(length=3), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refunded_minor", sa.BigInteger(), nullable=False),
        sa.Column("fee_minor", sa.BigInteger(), nullable=True),
        sa.Column("fee_currency", sa.String(length=3), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("disputed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_ask_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["orders.id"],
            name=op.f("fk_payments_order_id_orders"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_payments_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint("uuid", name=op.f("uq_payments_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("payments", schema=None) as batch_op:
        batch_op.create_index("ix_payments_ask", ["next_ask_at"], unique=False)
        batch_op.create_index(
            "ix_payments_doubt",
            ["organization_id"],
            unique=False,
            sqlite_where=sa.text("problem IS NOT NULL"),
            postgresql_where=sa.text("problem IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_payments_money",
            ["organization_id", "provider", "provider_payment_id"],
            unique=False,
        )
        batch_op.create_index("ix_payments_order", ["order_id", "organization_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_payments_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(
            "ix_payments_provider", ["organization_id", "provider", "provider_id"], unique=False
        )
        batch_op.create_index("uq_payments_attempt", ["order_id", "attempt"], unique=True)
        batch_op.create_index(
            "uq_payments_key", ["organization_id", "provider", "key"], unique=True
        )
        batch_op.create_index(
            "uq_payments_open",
            ["order_id"],
            unique=True,
            sqlite_where=sa.text("status IN ('pending', 'paying')"),
            postgresql_where=sa.text("status IN ('pending', 'paying')"),
        )

    op.create_table(
        "kiosk_sessions",
        sa.Column("session_id", sa.String(length=200), nullable=False),
        sa.Column("machine_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("progress", sa.String(length=32), nullable=False),
        sa.Column("location", sa.String(length=200), nullable=False),
        sa.Column("timeout_minutes", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_activity_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("scanned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("address", sa.String(length=64), nullable=True),
        sa.Column("user_agent", sa.String(length=500), nullable=True),
        sa.Column("extra", sa.JSON(), nullable=False),
        sa.Column("template_id", sa.BigInteger(), nullable=True),
        sa.Column("order_summary", sa.JSON(), nullable=False),
        sa.Column("design_id", sa.BigInteger(), nullable=True),
        sa.Column("variant_id", sa.BigInteger(), nullable=True),
        sa.Column("device_model_id", sa.BigInteger(), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.Column("payment_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error_code", sa.String(length=40), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["machine_id"],
            ["kiosk_machines.id"],
            name=op.f("fk_kiosk_sessions_machine_id_kiosk_machines"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_kiosk_sessions_order_id_orders")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_kiosk_sessions_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["variants.id"], name=op.f("fk_kiosk_sessions_variant_id_variants")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kiosk_sessions")),
        sa.UniqueConstraint("session_id", name=op.f("uq_kiosk_sessions_session_id")),
        sa.UniqueConstraint("uuid", name=op.f("uq_kiosk_sessions_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("kiosk_sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_kiosk_sessions_ended_at"), ["ended_at"], unique=False)
        batch_op.create_index(
            "ix_kiosk_sessions_machine", ["machine_id", "organization_id", "id"], unique=False
        )
        batch_op.create_index(
            "ix_kiosk_sessions_open",
            ["organization_id", "expires_at"],
            unique=False,
            sqlite_where=sa.text(
                "status IN ('active', 'designing', 'payment_pending', 'payment_failed')"
            ),
            postgresql_where=sa.text(
                "status IN ('active', 'designing', 'payment_pending', 'payment_failed')"
            ),
        )
        batch_op.create_index(
            batch_op.f("ix_kiosk_sessions_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_kiosk_sessions_payment_id"), ["payment_id"], unique=False
        )
        batch_op.create_index("uq_kiosk_sessions_order", ["order_id"], unique=True)

    op.create_table(
        "refunds",
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("provider_id", sa.String(length=200), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_refunds_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"],
            ["payments.id"],
            name=op.f("fk_refunds_payment_id_payments"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
        sa.UniqueConstraint("uuid", name=op.f("uq_refunds_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("refunds", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_refunds_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index("ix_refunds_payment", ["payment_id", "organization_id"], unique=False)
        batch_op.create_index(
            "ix_refunds_provider", ["organization_id", "provider_id"], unique=False
        )
        batch_op.create_index("uq_refunds_key", ["organization_id", "key"], unique=True)

    op.create_table(
        "kiosk_takings",
        sa.Column("machine_id", sa.BigInteger(), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=True),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("transaction_id", sa.String(length=120), nullable=False),
        sa.Column("method", sa.String(length=32), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["machine_id"],
            ["kiosk_machines.id"],
            name=op.f("fk_kiosk_takings_machine_id_kiosk_machines"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_kiosk_takings_order_id_orders")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_kiosk_takings_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["kiosk_sessions.id"],
            name=op.f("fk_kiosk_takings_session_id_kiosk_sessions"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kiosk_takings")),
        sa.UniqueConstraint("uuid", name=op.f("uq_kiosk_takings_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("kiosk_takings", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_kiosk_takings_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_kiosk_takings_session_id"), ["session_id"], unique=False
        )
        batch_op.create_index(
            "uq_kiosk_takings_transaction", ["machine_id", "transaction_id"], unique=True
        )


def downgrade() -> None:
    with op.batch_alter_table("kiosk_takings", schema=None) as batch_op:
        batch_op.drop_index("uq_kiosk_takings_transaction")
        batch_op.drop_index(batch_op.f("ix_kiosk_takings_session_id"))
        batch_op.drop_index(batch_op.f("ix_kiosk_takings_organization_id"))

    op.drop_table("kiosk_takings")
    with op.batch_alter_table("refunds", schema=None) as batch_op:
        batch_op.drop_index("uq_refunds_key")
        batch_op.drop_index("ix_refunds_provider")
        batch_op.drop_index("ix_refunds_payment")
        batch_op.drop_index(batch_op.f("ix_refunds_organization_id"))

    op.drop_table("refunds")
    with op.batch_alter_table("kiosk_sessions", schema=None) as batch_op:
        batch_op.drop_index("uq_kiosk_sessions_order")
        batch_op.drop_index(batch_op.f("ix_kiosk_sessions_payment_id"))
        batch_op.drop_index(batch_op.f("ix_kiosk_sessions_organization_id"))
        batch_op.drop_index(
            "ix_kiosk_sessions_open",
            sqlite_where=sa.text(
                "status IN ('active', 'designing', 'payment_pending', 'payment_failed')"
            ),
            postgresql_where=sa.text(
                "status IN ('active', 'designing', 'payment_pending', 'payment_failed')"
            ),
        )
        batch_op.drop_index("ix_kiosk_sessions_machine")
        batch_op.drop_index(batch_op.f("ix_kiosk_sessions_ended_at"))

    op.drop_table("kiosk_sessions")
    with op.batch_alter_table("payments", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_payments_open",
            sqlite_where=sa.text("status IN ('pending', 'paying')"),
            postgresql_where=sa.text("status IN ('pending', 'paying')"),
        )
        batch_op.drop_index("uq_payments_key")
        batch_op.drop_index("uq_payments_attempt")
        batch_op.drop_index("ix_payments_provider")
        batch_op.drop_index(batch_op.f("ix_payments_organization_id"))
        batch_op.drop_index("ix_payments_order")
        batch_op.drop_index("ix_payments_money")
        batch_op.drop_index(
            "ix_payments_doubt",
            sqlite_where=sa.text("problem IS NOT NULL"),
            postgresql_where=sa.text("problem IS NOT NULL"),
        )
        batch_op.drop_index("ix_payments_ask")

    op.drop_table("payments")
    with op.batch_alter_table("kiosk_machines", schema=None) as batch_op:
        batch_op.drop_index("uq_kiosk_machines_key")
        batch_op.drop_index("uq_kiosk_machines_code")
        batch_op.drop_index(batch_op.f("ix_kiosk_machines_organization_id"))

    op.drop_table("kiosk_machines")
    with op.batch_alter_table("payment_accounts", schema=None) as batch_op:
        batch_op.drop_index("uq_payment_accounts_provider")
        batch_op.drop_index(batch_op.f("ix_payment_accounts_organization_id"))

    op.drop_table("payment_accounts")
