"""Inventory and artwork."""

import sqlalchemy as sa
from alembic import op

revision = "20261121_2006"
down_revision = "20261121_2003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "designs",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("template_id", sa.BigInteger(), nullable=False),
        sa.Column("device_model_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("layers", sa.JSON(), nullable=False),
        sa.Column("background", sa.String(length=9), nullable=False),
        sa.Column("canvas", sa.JSON(), nullable=False),
        sa.Column("width_px", sa.BigInteger(), nullable=False),
        sa.Column("height_px", sa.BigInteger(), nullable=False),
        sa.Column("preview_sha256", sa.String(length=64), nullable=True),
        sa.Column("preview_version", sa.BigInteger(), nullable=False),
        sa.Column("final_sha256", sa.String(length=64), nullable=True),
        sa.Column("print_sha256", sa.String(length=64), nullable=True),
        sa.Column("print_error", sa.String(length=500), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_designs_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_designs")),
        sa.UniqueConstraint("uuid", name=op.f("uq_designs_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("designs", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_designs_device_model_id"), ["device_model_id"], unique=False
        )
        batch_op.create_index("ix_designs_expiry", ["status", "expires_at"], unique=False)
        batch_op.create_index("ix_designs_made", ["organization_id", "created_at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_designs_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_designs_template_id"), ["template_id"], unique=False)

    op.create_table(
        "design_images",
        sa.Column("design_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("filename", sa.String(length=160), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content_type", sa.String(length=40), nullable=False),
        sa.Column("width_px", sa.BigInteger(), nullable=False),
        sa.Column("height_px", sa.BigInteger(), nullable=False),
        sa.Column("order_ref", sa.String(length=80), nullable=True),
        sa.Column("ai_params", sa.JSON(), nullable=True),
        sa.Column("cost_millionths", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["design_id"],
            ["designs.id"],
            name=op.f("fk_design_images_design_id_designs"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_design_images_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_design_images")),
        sa.UniqueConstraint("uuid", name=op.f("uq_design_images_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("design_images", schema=None) as batch_op:
        batch_op.create_index(
            "ix_design_images_design", ["design_id", "organization_id"], unique=False
        )
        batch_op.create_index("ix_design_images_expires_at", ["expires_at"], unique=False)
        batch_op.create_index(
            "ix_design_images_made", ["organization_id", "created_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_design_images_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index("ix_design_images_sha256", ["sha256"], unique=False)
        batch_op.create_index(
            "uq_design_images_filename", ["organization_id", "filename"], unique=True
        )

    op.create_table(
        "image_generations",
        sa.Column("design_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("customer", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("template_code", sa.String(length=60), nullable=False),
        sa.Column("style_code", sa.String(length=60), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("source_sha256", sa.String(length=64), nullable=True),
        sa.Column("image_id", sa.BigInteger(), nullable=True),
        sa.Column("refusal", sa.String(length=500), nullable=True),
        sa.Column("cost_millionths", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["design_id"],
            ["designs.id"],
            name=op.f("fk_image_generations_design_id_designs"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["image_id"],
            ["design_images.id"],
            name=op.f("fk_image_generations_image_id_design_images"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_image_generations_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_generations")),
        sa.UniqueConstraint("uuid", name=op.f("uq_image_generations_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("image_generations", schema=None) as batch_op:
        batch_op.create_index(
            "ix_image_generations_customer",
            ["organization_id", "customer", "created_at"],
            unique=False,
        )
        batch_op.create_index(
            "ix_image_generations_design", ["design_id", "organization_id"], unique=False
        )
        batch_op.create_index(
            "ix_image_generations_made", ["organization_id", "created_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_image_generations_organization_id"), ["organization_id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("image_generations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_image_generations_organization_id"))
        batch_op.drop_index("ix_image_generations_made")
        batch_op.drop_index("ix_image_generations_design")
        batch_op.drop_index("ix_image_generations_customer")

    op.drop_table("image_generations")
    with op.batch_alter_table("design_images", schema=None) as batch_op:
        batch_op.drop_index("uq_design_images_filename")
        batch_op.drop_index("ix_design_images_sha256")
        batch_op.drop_index(batch_op.f("ix_design_images_organization_id"))
        batch_op.drop_index("ix_design_images_made")
        batch_op.drop_index("ix_design_images_expires_at")
        batch_op.drop_index("ix_design_images_design")

    op.drop_table("design_images")
    with op.batch_alter_table("designs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_designs_template_id"))
        batch_op.drop_index(batch_op.f("ix_designs_organization_id"))
        batch_op.drop_index("ix_designs_made")
        batch_op.drop_index("ix_designs_expiry")
        batch_op.drop_index(batch_op.f("ix_designs_device_model_id"))

    op.drop_table("designs")
