"""Print jobs and parcels."""

import sqlalchemy as sa
from alembic import op

revision = "20261121_1708"
down_revision = "20261121_1704"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "backend_received_jobs",
        sa.Column("sender_job_id", sa.String(length=100), nullable=False),
        sa.Column("sender", sa.String(length=120), nullable=False),
        sa.Column("recipient", sa.String(length=100), nullable=False),
        sa.Column("product_id", sa.String(length=100), nullable=False),
        sa.Column("product_name", sa.String(length=200), nullable=False),
        sa.Column("printer_id", sa.BigInteger(), nullable=True),
        sa.Column("print_job_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("source_url", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("fetch_round", sa.BigInteger(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_by", sa.String(length=100), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(length=500), nullable=True),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_backend_received_jobs_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["print_job_id"],
            ["print_jobs.id"],
            name=op.f("fk_backend_received_jobs_print_job_id_print_jobs"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["printer_id"],
            ["printers.id"],
            name=op.f("fk_backend_received_jobs_printer_id_printers"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backend_received_jobs")),
        sa.UniqueConstraint("uuid", name=op.f("uq_backend_received_jobs_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("backend_received_jobs", schema=None) as batch_op:
        batch_op.create_index(
            "ix_backend_received_jobs_due", ["status", "not_before"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_backend_received_jobs_organization_id"),
            ["organization_id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_backend_received_jobs_print_job_id"), ["print_job_id"], unique=False
        )
        batch_op.create_index(
            "ix_backend_received_jobs_product", ["organization_id", "product_id"], unique=False
        )
        batch_op.create_index(
            "ix_backend_received_jobs_recipient",
            ["organization_id", "recipient", "status"],
            unique=False,
        )
        batch_op.create_index(
            "uq_backend_received_jobs_sender", ["organization_id", "sender_job_id"], unique=True
        )

    op.create_table(
        "backend_sent_jobs",
        sa.Column("print_job_id", sa.BigInteger(), nullable=False),
        sa.Column("printer_id", sa.BigInteger(), nullable=False),
        sa.Column("effect_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("remote_id", sa.String(length=100), nullable=True),
        sa.Column("remote_status", sa.String(length=40), nullable=True),
        sa.Column("detail", sa.String(length=500), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_askable", sa.Boolean(), nullable=False),
        sa.Column("cancel_told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["effect_id"], ["effects.id"], name=op.f("fk_backend_sent_jobs_effect_id_effects")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_backend_sent_jobs_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["print_job_id"],
            ["print_jobs.id"],
            name=op.f("fk_backend_sent_jobs_print_job_id_print_jobs"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["printer_id"], ["printers.id"], name=op.f("fk_backend_sent_jobs_printer_id_printers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backend_sent_jobs")),
        sa.UniqueConstraint("uuid", name=op.f("uq_backend_sent_jobs_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("backend_sent_jobs", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_backend_sent_jobs_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index("ix_backend_sent_jobs_status", ["status"], unique=False)
        batch_op.create_index("uq_backend_sent_jobs_job", ["print_job_id"], unique=True)

    with op.batch_alter_table("print_jobs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("rank", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("outside_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("print_jobs", schema=None) as batch_op:
        batch_op.drop_column("outside_at")
        batch_op.drop_column("rank")

    with op.batch_alter_table("backend_sent_jobs", schema=None) as batch_op:
        batch_op.drop_index("uq_backend_sent_jobs_job")
        batch_op.drop_index("ix_backend_sent_jobs_status")
        batch_op.drop_index(batch_op.f("ix_backend_sent_jobs_organization_id"))

    op.drop_table("backend_sent_jobs")
    with op.batch_alter_table("backend_received_jobs", schema=None) as batch_op:
        batch_op.drop_index("uq_backend_received_jobs_sender")
        batch_op.drop_index("ix_backend_received_jobs_recipient")
        batch_op.drop_index("ix_backend_received_jobs_product")
        batch_op.drop_index(batch_op.f("ix_backend_received_jobs_print_job_id"))
        batch_op.drop_index(batch_op.f("ix_backend_received_jobs_organization_id"))
        batch_op.drop_index("ix_backend_received_jobs_due")

    op.drop_table("backend_received_jobs")
