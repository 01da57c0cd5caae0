"""Fleet and maintenance."""

import sqlalchemy as sa
from alembic import op

revision = "20261121_1403"
down_revision = "20261121_1402"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agent_events",
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("printer_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_agent_events")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "agent_journal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("journal", sa.String(length=36), nullable=False),
        sa.Column("last_sequence", sa.BigInteger(), nullable=False),
        sa.Column("delivered", sa.BigInteger(), nullable=False),
        sa.Column("samples_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_journal")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "agent_enrolments",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_agent_enrolments_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_enrolments")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_agent_enrolments_code_hash")),
        sa.UniqueConstraint("uuid", name=op.f("uq_agent_enrolments_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("agent_enrolments", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_agent_enrolments_organization_id"), ["organization_id"], unique=False
        )

    op.create_table(
        "cloud_accounts",
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("log_in_key", sa.Text(), nullable=False),
        sa.Column("trouble", sa.String(length=500), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_cloud_accounts_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cloud_accounts")),
        sa.UniqueConstraint("uuid", name=op.f("uq_cloud_accounts_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("cloud_accounts", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_cloud_accounts_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(
            "uq_cloud_accounts_email", ["organization_id", "email", "region"], unique=True
        )

    op.create_table(
        "cloud_devices",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("serial", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("model", sa.String(length=60), nullable=True),
        sa.Column("access_code", sa.Text(), nullable=False),
        sa.Column("is_online", sa.Boolean(), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["cloud_accounts.id"],
            name=op.f("fk_cloud_devices_account_id_cloud_accounts"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_cloud_devices_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cloud_devices")),
        sa.UniqueConstraint("uuid", name=op.f("uq_cloud_devices_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("cloud_devices", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_cloud_devices_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_cloud_devices_serial"), ["serial"], unique=False)
        batch_op.create_index("uq_cloud_devices_serial", ["account_id", "serial"], unique=True)

    op.create_table(
        "agents",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("key_id", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("machine", sa.String(length=120), nullable=False),
        sa.Column("journal", sa.String(length=36), nullable=True),
        sa.Column("run", sa.String(length=36), nullable=True),
        sa.Column("applied", sa.JSON(), nullable=False),
        sa.Column("waiting_events", sa.BigInteger(), nullable=False),
        sa.Column("clock_skew_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_lost", sa.Boolean(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["key_id"], ["api_keys.id"], name=op.f("fk_agents_key_id_api_keys"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_agents_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agents")),
        sa.UniqueConstraint("uuid", name=op.f("uq_agents_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("agents", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_agents_key_id"), ["key_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_agents_organization_id"), ["organization_id"], unique=False
        )

    with op.batch_alter_table("printer_commands", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sent_to", sa.String(length=80), nullable=True))
        batch_op.add_column(
            sa.Column("timeout_s", sa.BigInteger(), server_default="60", nullable=False)
        )
        batch_op.add_column(
            sa.Column("printer_ip", sa.String(length=255), server_default="", nullable=False)
        )
        batch_op.add_column(sa.Column("result", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(
            sa.Column("is_hidden", sa.Boolean(), server_default=sa.text("(false)"), nullable=False)
        )
        batch_op.drop_index(batch_op.f("ix_printer_commands_device_job_id"))
        batch_op.create_index(
            "ix_printer_commands_device_job", ["device_job_id", "organization_id"], unique=False
        )

    with op.batch_alter_table("printers", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("driven_by", sa.String(length=32), server_default="server", nullable=False)
        )
        batch_op.add_column(sa.Column("agent_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("device_job_name", sa.String(length=300), nullable=True))
        batch_op.add_column(
            sa.Column("last_maintenance_at", sa.DateTime(timezone=True), nullable=True)
        )
        batch_op.add_column(
            sa.Column(
                "maintenance_interval_days", sa.BigInteger(), server_default="30", nullable=False
            )
        )
        batch_op.add_column(sa.Column("details", sa.JSON(), server_default="{}", nullable=False))
        batch_op.create_index(batch_op.f("ix_printers_agent_id"), ["agent_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_printers_agent_id_agents"),
            "agents",
            ["agent_id"],
            ["id"],
            ondelete="SET NULL",
        )


def downgrade() -> None:
    with op.batch_alter_table("printers", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_printers_agent_id_agents"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_printers_agent_id"))
        batch_op.drop_column("details")
        batch_op.drop_column("maintenance_interval_days")
        batch_op.drop_column("last_maintenance_at")
        batch_op.drop_column("device_job_name")
        batch_op.drop_column("agent_id")
        batch_op.drop_column("driven_by")

    with op.batch_alter_table("printer_commands", schema=None) as batch_op:
        batch_op.drop_index("ix_printer_commands_device_job")
        batch_op.create_index(
            batch_op.f("ix_printer_commands_device_job_id"), ["device_job_id"], unique=False
        )
        batch_op.drop_column("is_hidden")
        batch_op.drop_column("result")
        batch_op.drop_column("printer_ip")
        batch_op.drop_column("timeout_s")
        batch_op.drop_column("sent_to")

    with op.batch_alter_table("agents", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_agents_organization_id"))
        batch_op.drop_index(batch_op.f("ix_agents_key_id"))

    op.drop_table("agents")
    with op.batch_alter_table("cloud_devices", schema=None) as batch_op:
        batch_op.drop_index("uq_cloud_devices_serial")
        batch_op.drop_index(batch_op.f("ix_cloud_devices_serial"))
        batch_op.drop_index(batch_op.f("ix_cloud_devices_organization_id"))

    op.drop_table("cloud_devices")
    with op.batch_alter_table("cloud_accounts", schema=None) as batch_op:
        batch_op.drop_index("uq_cloud_accounts_email")
        batch_op.drop_index(batch_op.f("ix_cloud_accounts_organization_id"))

    op.drop_table("cloud_accounts")
    with op.batch_alter_table("agent_enrolments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_agent_enrolments_organization_id"))

    op.drop_table("agent_enrolments")
    op.drop_table("agent_journal")
    op.drop_table("agent_events")
