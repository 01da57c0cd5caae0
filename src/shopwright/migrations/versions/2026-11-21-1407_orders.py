"""Orders and customers."""

import sqlalchemy as sa
from alembic import op

revision = "20261121_1407"
down_revision = "20261121_1406"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "order_imports",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("form", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("new_count", sa.BigInteger(), nullable=False),
        sa.Column("changed_count", sa.BigInteger(), nullable=False),
        sa.Column("failure", sa.String(length=500), nullable=True),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_order_imports_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_imports")),
        sa.UniqueConstraint("uuid", name=op.f("uq_order_imports_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("order_imports", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_order_imports_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index("ix_order_imports_status", ["status", "created_at"], unique=False)

    op.create_table(
        "print_sessions",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("order_ids", sa.JSON(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_print_sessions_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_print_sessions")),
        sa.UniqueConstraint("uuid", name=op.f("uq_print_sessions_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("print_sessions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_print_sessions_organization_id"), ["organization_id"], unique=False
        )

    op.create_table(
        "attachments",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("file_type", sa.String(length=32), nullable=False),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("uploaded_by", sa.String(length=120), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_attachments_customer_id_customers")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["orders.id"],
            name=op.f("fk_attachments_order_id_orders"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_attachments_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
        sa.UniqueConstraint("uuid", name=op.f("uq_attachments_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("attachments", schema=None) as batch_op:
        batch_op.create_index(
            "ix_attachments_customer", ["customer_id", "organization_id"], unique=False
        )
        batch_op.create_index("ix_attachments_order", ["order_id", "organization_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_attachments_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_attachments_sha256"), ["sha256"], unique=False)

    op.create_table(
        "customer_feedback",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("rating", sa.BigInteger(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("author", sa.String(length=120), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name=op.f("fk_customer_feedback_customer_id_customers"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_customer_feedback_order_id_orders")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_customer_feedback_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_feedback")),
        sa.UniqueConstraint("uuid", name=op.f("uq_customer_feedback_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("customer_feedback", schema=None) as batch_op:
        batch_op.create_index(
            "ix_customer_feedback_customer", ["customer_id", "organization_id"], unique=False
        )
        batch_op.create_index(
            "ix_customer_feedback_order", ["order_id", "organization_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_customer_feedback_organization_id"), ["organization_id"], unique=False
        )

    op.create_table(
        "customer_requests",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("priority", sa.String(length=32), nullable=False),
        sa.Column("desired_by", sa.Date(), nullable=True),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name=op.f("fk_customer_requests_customer_id_customers"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_customer_requests_order_id_orders")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_customer_requests_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_requests")),
        sa.UniqueConstraint("uuid", name=op.f("uq_customer_requests_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("customer_requests", schema=None) as batch_op:
        batch_op.create_index(
            "ix_customer_requests_customer", ["customer_id", "organization_id"], unique=False
        )
        batch_op.create_index(
            "ix_customer_requests_order", ["order_id", "organization_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_customer_requests_organization_id"), ["organization_id"], unique=False
        )

    op.create_table(
        "order_labels",
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("provider", sa.String(length=60), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("label_url", sa.String(length=2000), nullable=True),
        sa.Column("tracking_number", sa.String(length=100), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["orders.id"],
            name=op.f("fk_order_labels_order_id_orders"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_order_labels_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_labels")),
        sa.UniqueConstraint("uuid", name=op.f("uq_order_labels_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("order_labels", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_order_labels_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index("uq_order_labels_order", ["order_id"], unique=True)

    op.create_table(
        "filament_usages",
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("order_item_id", sa.BigInteger(), nullable=True),
        sa.Column("filament_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_mg", sa.BigInteger(), nullable=False),
        sa.Column("description", sa.String(length=300), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["filament_id"], ["filaments.id"], name=op.f("fk_filament_usages_filament_id_filaments")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["orders.id"],
            name=op.f("fk_filament_usages_order_id_orders"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["order_item_id"],
            ["order_items.id"],
            name=op.f("fk_filament_usages_order_item_id_order_items"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_filament_usages_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_filament_usages")),
        sa.UniqueConstraint("uuid", name=op.f("uq_filament_usages_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("filament_usages", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_filament_usages_filament_id"), ["filament_id"], unique=False
        )
        batch_op.create_index(
            "ix_filament_usages_order", ["order_id", "organization_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_filament_usages_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index("uq_filament_usages_item", ["order_item_id"], unique=True)

    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("email_key", sa.String(length=254), nullable=True))
        batch_op.add_column(
            sa.Column("order_count", sa.BigInteger(), server_default="0", nullable=False)
        )
        batch_op.add_column(
            sa.Column("total_spend_minor", sa.BigInteger(), server_default="0", nullable=False)
        )
        batch_op.add_column(sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(
            sa.Column("last_customer_contact_at", sa.DateTime(timezone=True), nullable=True)
        )
        batch_op.add_column(sa.Column("anonymised_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.drop_index(batch_op.f("ix_customers_email"))
        batch_op.create_index(
            "ix_customers_email_key", ["organization_id", "email_key"], unique=False
        )
        batch_op.create_index("ix_customers_name", ["organization_id", "name"], unique=False)

    with op.batch_alter_table("holds", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_holds_order_id"))
        batch_op.create_index("ix_holds_order", ["order_id", "organization_id"], unique=False)

    with op.batch_alter_table("order_communications", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_order_communications_order_id"))
        batch_op.create_index(
            "ix_order_communications_order", ["order_id", "organization_id"], unique=False
        )

    with op.batch_alter_table("order_notes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_order_notes_order_id"))
        batch_op.create_index("ix_order_notes_order", ["order_id", "organization_id"], unique=False)

    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.add_column(sa.Column("print_notes", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("estimated_print_min", sa.BigInteger(), nullable=True))
        batch_op.add_column(
            sa.Column("print_started_at", sa.DateTime(timezone=True), nullable=True)
        )
        batch_op.add_column(
            sa.Column("print_completed_at", sa.DateTime(timezone=True), nullable=True)
        )
        batch_op.add_column(
            sa.Column("print_failures", sa.BigInteger(), server_default="0", nullable=False)
        )
        batch_op.add_column(sa.Column("photo_sha256", sa.String(length=64), nullable=True))
        batch_op.drop_index(batch_op.f("ix_orders_customer_id"))
        batch_op.create_index(
            "ix_orders_customer", ["customer_id", "organization_id"], unique=False
        )
        batch_op.create_index(
            "ix_orders_external", ["organization_id", "external_id"], unique=False
        )
        batch_op.create_index(
            "ix_orders_photo",
            ["photo_sha256", "organization_id"],
            unique=False,
            sqlite_where=sa.text("photo_sha256 IS NOT NULL"),
            postgresql_where=sa.text("photo_sha256 IS NOT NULL"),
        )

    with op.batch_alter_table("piece_steps", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_piece_steps_order_item_id"))
        batch_op.drop_index(batch_op.f("ix_piece_steps_piece_id"))
        batch_op.drop_index(batch_op.f("ix_piece_steps_print_job_id"))
        batch_op.create_index(
            "ix_piece_steps_item", ["order_item_id", "organization_id"], unique=False
        )
        batch_op.create_index(
            "ix_piece_steps_job", ["print_job_id", "organization_id"], unique=False
        )
        batch_op.create_index("ix_piece_steps_piece", ["piece_id", "organization_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("piece_steps", schema=None) as batch_op:
        batch_op.drop_index("ix_piece_steps_piece")
        batch_op.drop_index("ix_piece_steps_job")
        batch_op.drop_index("ix_piece_steps_item")
        batch_op.create_index(
            batch_op.f("ix_piece_steps_print_job_id"), ["print_job_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_piece_steps_piece_id"), ["piece_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_piece_steps_order_item_id"), ["order_item_id"], unique=False
        )

    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_orders_photo",
            sqlite_where=sa.text("photo_sha256 IS NOT NULL"),
            postgresql_where=sa.text("photo_sha256 IS NOT NULL"),
        )
        batch_op.drop_index("ix_orders_external")
        batch_op.drop_index("ix_orders_customer")
        batch_op.create_index(batch_op.f("ix_orders_customer_id"), ["customer_id"], unique=False)
        batch_op.drop_column("photo_sha256")
        batch_op.drop_column("print_failures")
        batch_op.drop_column("print_completed_at")
        batch_op.drop_column("print_started_at")
        batch_op.drop_column("estimated_print_min")
        batch_op.drop_column("print_notes")

    with op.batch_alter_table("order_notes", schema=None) as batch_op:
        batch_op.drop_index("ix_order_notes_order")
        batch_op.create_index(batch_op.f("ix_order_notes_order_id"), ["order_id"], unique=False)

    with op.batch_alter_table("order_communications", schema=None) as batch_op:
        batch_op.drop_index("ix_order_communications_order")
        batch_op.create_index(
            batch_op.f("ix_order_communications_order_id"), ["order_id"], unique=False
        )

    with op.batch_alter_table("holds", schema=None) as batch_op:
        batch_op.drop_index("ix_holds_order")
        batch_op.create_index(batch_op.f("ix_holds_order_id"), ["order_id"], unique=False)

    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.drop_index("ix_customers_name")
        batch_op.drop_index("ix_customers_email_key")
        batch_op.create_index(
            batch_op.f("ix_customers_email"), ["organization_id", "email"], unique=False
        )
        batch_op.drop_column("anonymised_at")
        batch_op.drop_column("last_customer_contact_at")
        batch_op.drop_column("counted_at")
        batch_op.drop_column("total_spend_minor")
        batch_op.drop_column("order_count")
        batch_op.drop_column("email_key")

    with op.batch_alter_table("filament_usages", schema=None) as batch_op:
        batch_op.drop_index("uq_filament_usages_item")
        batch_op.drop_index(batch_op.f("ix_filament_usages_organization_id"))
        batch_op.drop_index("ix_filament_usages_order")
        batch_op.drop_index(batch_op.f("ix_filament_usages_filament_id"))

    op.drop_table("filament_usages")
    with op.batch_alter_table("order_labels", schema=None) as batch_op:
        batch_op.drop_index("uq_order_labels_order")
        batch_op.drop_index(batch_op.f("ix_order_labels_organization_id"))

    op.drop_table("order_labels")
    with op.batch_alter_table("customer_requests", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customer_requests_organization_id"))
        batch_op.drop_index("ix_customer_requests_order")
        batch_op.drop_index("ix_customer_requests_customer")

    op.drop_table("customer_requests")
    with op.batch_alter_table("customer_feedback", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customer_feedback_organization_id"))
        batch_op.drop_index("ix_customer_feedback_order")
        batch_op.drop_index("ix_customer_feedback_customer")

    op.drop_table("customer_feedback")
    with op.batch_alter_table("attachments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attachments_sha256"))
        batch_op.drop_index(batch_op.f("ix_attachments_organization_id"))
        batch_op.drop_index("ix_attachments_order")
        batch_op.drop_index("ix_attachments_customer")

    op.drop_table("attachments")
    with op.batch_alter_table("print_sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_print_sessions_organization_id"))

    op.drop_table("print_sessions")
    with op.batch_alter_table("order_imports", schema=None) as batch_op:
        batch_op.drop_index("ix_order_imports_status")
        batch_op.drop_index(batch_op.f("ix_order_imports_organization_id"))

    op.drop_table("order_imports")
