"""Fleet and maintenance."""

import sqlalchemy as sa
from alembic import op

revision = "20261121_1703"
down_revision = "20261121_1702"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "printer_imports",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("new_count", sa.BigInteger(), nullable=False),
        sa.Column("changed_count", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_printer_imports_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_printer_imports")),
        sa.UniqueConstraint("uuid", name=op.f("uq_printer_imports_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("printer_imports", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_printer_imports_organization_id"), ["organization_id"], unique=False
        )

    op.create_table(
        "printer_searches",
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("troubles", sa.JSON(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_printer_searches_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_printer_searches")),
        sa.UniqueConstraint("uuid", name=op.f("uq_printer_searches_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("printer_searches", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_printer_searches_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index("uq_printer_searches_organization", ["organization_id"], unique=True)

    op.create_table(
        "connection_tests",
        sa.Column("agent_id", sa.BigInteger(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("answer", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agent_id"],
            ["agents.id"],
            name=op.f("fk_connection_tests_agent_id_agents"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_connection_tests_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connection_tests")),
        sa.UniqueConstraint("uuid", name=op.f("uq_connection_tests_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("connection_tests", schema=None) as batch_op:
        batch_op.create_index(
            "ix_connection_tests_open", ["organization_id", "agent_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_connection_tests_organization_id"), ["organization_id"], unique=False
        )

    op.create_table(
        "found_printers",
        sa.Column("place", sa.String(length=40), nullable=False),
        sa.Column("agent_id", sa.BigInteger(), nullable=True),
        sa.Column("key", sa.String(length=400), nullable=False),
        sa.Column("driver", sa.String(length=40), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("ports", sa.JSON(), nullable=False),
        sa.Column("serial", sa.String(length=64), nullable=True),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("model", sa.String(length=60), nullable=True),
        sa.Column("firmware", sa.String(length=40), nullable=True),
        sa.Column("is_in_cloud", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agent_id"],
            ["agents.id"],
            name=op.f("fk_found_printers_agent_id_agents"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_found_printers_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_found_printers")),
        sa.UniqueConstraint("uuid", name=op.f("uq_found_printers_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("found_printers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_found_printers_agent_id"), ["agent_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_found_printers_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(
            "uq_found_printers_key", ["organization_id", "place", "key"], unique=True
        )

    op.create_table(
        "camera_shots",
        sa.Column("printer_id", sa.BigInteger(), nullable=False),
        sa.Column("asked", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("trouble", sa.String(length=500), nullable=True),
        sa.Column("is_missing", sa.Boolean(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_camera_shots_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["printer_id"],
            ["printers.id"],
            name=op.f("fk_camera_shots_printer_id_printers"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_camera_shots")),
        sa.UniqueConstraint("uuid", name=op.f("uq_camera_shots_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("camera_shots", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_camera_shots_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index("uq_camera_shots_printer", ["printer_id"], unique=True)


def downgrade() -> None:
    with op.batch_alter_table("camera_shots", schema=None) as batch_op:
        batch_op.drop_index("uq_camera_shots_printer")
        batch_op.drop_index(batch_op.f("ix_camera_shots_organization_id"))

    op.drop_table("camera_shots")
    with op.batch_alter_table("found_printers", schema=None) as batch_op:
        batch_op.drop_index("uq_found_printers_key")
        batch_op.drop_index(batch_op.f("ix_found_printers_organization_id"))
        batch_op.drop_index(batch_op.f("ix_found_printers_agent_id"))

    op.drop_table("found_printers")
    with op.batch_alter_table("connection_tests", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_connection_tests_organization_id"))
        batch_op.drop_index("ix_connection_tests_open")

    op.drop_table("connection_tests")
    with op.batch_alter_table("printer_searches", schema=None) as batch_op:
        batch_op.drop_index("uq_printer_searches_organization")
        batch_op.drop_index(batch_op.f("ix_printer_searches_organization_id"))

    op.drop_table("printer_searches")
    with op.batch_alter_table("printer_imports", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_printer_imports_organization_id"))

    op.drop_table("printer_imports")
