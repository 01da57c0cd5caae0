"""Files, print files and catalogue."""

import sqlalchemy as sa
from alembic import op

revision = "20261121_1702"
down_revision = "20261121_1701"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cad_conversions",
        sa.Column("source_sha256", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("linear_um", sa.BigInteger(), nullable=False),
        sa.Column("angular_mrad", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("phase", sa.String(length=40), nullable=False),
        sa.Column("progress", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.String(length=500), nullable=True),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("took_ms", sa.BigInteger(), nullable=True),
        sa.Column("glb_sha256", sa.String(length=64), nullable=True),
        sa.Column("glb_bytes", sa.BigInteger(), nullable=True),
        sa.Column("preview_sha256", sa.String(length=64), nullable=True),
        sa.Column("measure_error", sa.String(length=500), nullable=True),
        sa.Column("volume_mm3", sa.Float(precision=53), nullable=True),
        sa.Column("area_mm2", sa.Float(precision=53), nullable=True),
        sa.Column("size_x_mm", sa.Float(precision=53), nullable=True),
        sa.Column("size_y_mm", sa.Float(precision=53), nullable=True),
        sa.Column("size_z_mm", sa.Float(precision=53), nullable=True),
        sa.Column("body_count", sa.BigInteger(), nullable=True),
        sa.Column("triangle_count", sa.BigInteger(), nullable=True),
        sa.Column("is_watertight", sa.Boolean(), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_cad_conversions_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cad_conversions")),
        sa.UniqueConstraint("uuid", name=op.f("uq_cad_conversions_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("cad_conversions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_cad_conversions_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(
            "uq_cad_conversions_content",
            ["organization_id", "source_sha256", "kind", "linear_um", "angular_mrad"],
            unique=True,
        )

    op.create_table(
        "cad_exports",
        sa.Column("conversion_id", sa.BigInteger(), nullable=False),
        sa.Column("format", sa.String(length=32), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversion_id"],
            ["cad_conversions.id"],
            name=op.f("fk_cad_exports_conversion_id_cad_conversions"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_cad_exports_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cad_exports")),
        sa.UniqueConstraint("uuid", name=op.f("uq_cad_exports_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("cad_exports", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_cad_exports_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index("uq_cad_exports_format", ["conversion_id", "format"], unique=True)

    op.create_table(
        "parts",
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=True),
        sa.Column("category", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("subsystem", sa.String(length=100), nullable=True),
        sa.Column("assigned", sa.String(length=100), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("file_name", sa.String(length=255), nullable=True),
        sa.Column("onshape_url", sa.String(length=500), nullable=True),
        sa.Column("material", sa.String(length=200), nullable=True),
        sa.Column("material_thickness", sa.String(length=50), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("misc_info", sa.JSON(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("conversion_id", sa.BigInteger(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversion_id"],
            ["cad_conversions.id"],
            name=op.f("fk_parts_conversion_id_cad_conversions"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_parts_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parts")),
        sa.UniqueConstraint("uuid", name=op.f("uq_parts_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("parts", schema=None) as batch_op:
        batch_op.create_index(
            "ix_parts_category", ["organization_id", "category", "created_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_parts_conversion_id"), ["conversion_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_parts_organization_id"), ["organization_id"], unique=False
        )

    op.create_table(
        "part_files",
        sa.Column("part_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("uploaded_by", sa.String(length=120), nullable=False),
        sa.Column("conversion_id", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversion_id"],
            ["cad_conversions.id"],
            name=op.f("fk_part_files_conversion_id_cad_conversions"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_part_files_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["part_id"], ["parts.id"], name=op.f("fk_part_files_part_id_parts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_part_files")),
        sa.UniqueConstraint("uuid", name=op.f("uq_part_files_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("part_files", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_part_files_conversion_id"), ["conversion_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_part_files_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_part_files_sha256"), ["sha256"], unique=False)
        batch_op.create_index("uq_part_files_version", ["part_id", "version"], unique=True)

    op.create_table(
        "part_views",
        sa.Column("part_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_part_views_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["part_id"], ["parts.id"], name=op.f("fk_part_views_part_id_parts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_part_views")),
        sa.UniqueConstraint("uuid", name=op.f("uq_part_views_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("part_views", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_part_views_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index("uq_part_views_number", ["part_id", "number"], unique=True)


def downgrade() -> None:
    with op.batch_alter_table("part_views", schema=None) as batch_op:
        batch_op.drop_index("uq_part_views_number")
        batch_op.drop_index(batch_op.f("ix_part_views_organization_id"))

    op.drop_table("part_views")
    with op.batch_alter_table("part_files", schema=None) as batch_op:
        batch_op.drop_index("uq_part_files_version")
        batch_op.drop_index(batch_op.f("ix_part_files_sha256"))
        batch_op.drop_index(batch_op.f("ix_part_files_organization_id"))
        batch_op.drop_index(batch_op.f("ix_part_files_conversion_id"))

    op.drop_table("part_files")
    with op.batch_alter_table("parts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_parts_organization_id"))
        batch_op.drop_index(batch_op.f("ix_parts_conversion_id"))
        batch_op.drop_index("ix_parts_category")

    op.drop_table("parts")
    with op.batch_alter_table("cad_exports", schema=None) as batch_op:
        batch_op.drop_index("uq_cad_exports_format")
        batch_op.drop_index(batch_op.f("ix_cad_exports_organization_id"))

    op.drop_table("cad_exports")
    with op.batch_alter_table("cad_conversions", schema=None) as batch_op:
        batch_op.drop_index("uq_cad_conversions_content")
        batch_op.drop_index(batch_op.f("ix_cad_conversions_organization_id"))

    op.drop_table("cad_conversions")
