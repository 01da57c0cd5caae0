"""Files, print files, products and recipes."""

import sqlalchemy as sa
from alembic import op

revision = "20261121_1102"
down_revision = "20261121_1101"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hardware",
        sa.Column("sku", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_hardware_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hardware")),
        sa.UniqueConstraint("uuid", name=op.f("uq_hardware_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("hardware", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_hardware_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index("uq_hardware_sku", ["organization_id", "sku"], unique=True)

    op.create_table(
        "print_files",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("slicer", sa.String(length=60), nullable=True),
        sa.Column("slicer_version", sa.String(length=60), nullable=True),
        sa.Column("printer_model", sa.String(length=60), nullable=True),
        sa.Column("nozzle_um", sa.BigInteger(), nullable=True),
        sa.Column("project_filament_count", sa.BigInteger(), nullable=False),
        sa.Column("uploaded_by", sa.String(length=120), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_print_files_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_print_files")),
        sa.UniqueConstraint("uuid", name=op.f("uq_print_files_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("print_files", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_print_files_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_print_files_sha256"), ["sha256"], unique=False)
        batch_op.create_index(
            "uq_print_files_version", ["organization_id", "name", "version"], unique=True
        )

    op.create_table(
        "products",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("category", sa.String(length=100), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_products_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
        sa.UniqueConstraint("uuid", name=op.f("uq_products_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("products", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_products_organization_id"), ["organization_id"], unique=False
        )

    op.create_table(
        "stored_files",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_stored_files_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_files")),
        sa.UniqueConstraint("uuid", name=op.f("uq_stored_files_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("stored_files", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_stored_files_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index("uq_stored_files_hash", ["organization_id", "sha256"], unique=True)

    op.create_table(
        "plates",
        sa.Column("print_file_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("time_s", sa.BigInteger(), nullable=False),
        sa.Column("total_mg", sa.BigInteger(), nullable=False),
        sa.Column("layers", sa.BigInteger(), nullable=True),
        sa.Column("bed_type", sa.String(length=60), nullable=True),
        sa.Column("objects", sa.JSON(), nullable=False),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("thumbnail_sha256", sa.String(length=64), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_plates_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["print_file_id"],
            ["print_files.id"],
            name=op.f("fk_plates_print_file_id_print_files"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plates")),
        sa.UniqueConstraint("uuid", name=op.f("uq_plates_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("plates", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_plates_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index("uq_plates_number", ["print_file_id", "number"], unique=True)

    op.create_table(
        "variants",
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("sku", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_variants_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products.id"],
            name=op.f("fk_variants_product_id_products"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_variants")),
        sa.UniqueConstraint("uuid", name=op.f("uq_variants_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("variants", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_variants_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_variants_product_id"), ["product_id"], unique=False)
        batch_op.create_index("uq_variants_sku", ["organization_id", "sku"], unique=True)

    op.create_table(
        "plate_filaments",
        sa.Column("plate_id", sa.BigInteger(), nullable=False),
        sa.Column("project_index", sa.BigInteger(), nullable=False),
        sa.Column("material", sa.String(length=40), nullable=False),
        sa.Column("color", sa.String(length=6), nullable=True),
        sa.Column("used_mg", sa.BigInteger(), nullable=False),
        sa.Column("used_mm", sa.BigInteger(), nullable=True),
        sa.Column("product", sa.String(length=60), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_plate_filaments_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["plate_id"],
            ["plates.id"],
            name=op.f("fk_plate_filaments_plate_id_plates"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plate_filaments")),
        sa.UniqueConstraint("uuid", name=op.f("uq_plate_filaments_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("plate_filaments", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_plate_filaments_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(
            "uq_plate_filaments_index", ["plate_id", "project_index"], unique=True
        )

    op.create_table(
        "recipe_hardware",
        sa.Column("variant_id", sa.BigInteger(), nullable=False),
        sa.Column("hardware_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["hardware_id"], ["hardware.id"], name=op.f("fk_recipe_hardware_hardware_id_hardware")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_recipe_hardware_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"],
            ["variants.id"],
            name=op.f("fk_recipe_hardware_variant_id_variants"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recipe_hardware")),
        sa.UniqueConstraint("uuid", name=op.f("uq_recipe_hardware_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("recipe_hardware", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_recipe_hardware_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(
            "uq_recipe_hardware_variant", ["variant_id", "hardware_id"], unique=True
        )

    op.create_table(
        "recipe_steps",
        sa.Column("variant_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("print_file_id", sa.BigInteger(), nullable=True),
        sa.Column("plate_number", sa.BigInteger(), nullable=True),
        sa.Column("yields", sa.BigInteger(), nullable=False),
        sa.Column("is_retired", sa.Boolean(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_recipe_steps_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["print_file_id"],
            ["print_files.id"],
            name=op.f("fk_recipe_steps_print_file_id_print_files"),
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"],
            ["variants.id"],
            name=op.f("fk_recipe_steps_variant_id_variants"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recipe_steps")),
        sa.UniqueConstraint("uuid", name=op.f("uq_recipe_steps_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("recipe_steps", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_recipe_steps_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_recipe_steps_print_file_id"), ["print_file_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_recipe_steps_variant_id"), ["variant_id"], unique=False
        )

    op.create_table(
        "sku_aliases",
        sa.Column("code", sa.String(length=200), nullable=False),
        sa.Column("variant_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_sku_aliases_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"],
            ["variants.id"],
            name=op.f("fk_sku_aliases_variant_id_variants"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sku_aliases")),
        sa.UniqueConstraint("uuid", name=op.f("uq_sku_aliases_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("sku_aliases", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_sku_aliases_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index("uq_sku_aliases_code", ["organization_id", "code"], unique=True)


def downgrade() -> None:
    with op.batch_alter_table("sku_aliases", schema=None) as batch_op:
        batch_op.drop_index("uq_sku_aliases_code")
        batch_op.drop_index(batch_op.f("ix_sku_aliases_organization_id"))

    op.drop_table("sku_aliases")
    with op.batch_alter_table("recipe_steps", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recipe_steps_variant_id"))
        batch_op.drop_index(batch_op.f("ix_recipe_steps_print_file_id"))
        batch_op.drop_index(batch_op.f("ix_recipe_steps_organization_id"))

    op.drop_table("recipe_steps")
    with op.batch_alter_table("recipe_hardware", schema=None) as batch_op:
        batch_op.drop_index("uq_recipe_hardware_variant")
        batch_op.drop_index(batch_op.f("ix_recipe_hardware_organization_id"))

    op.drop_table("recipe_hardware")
    with op.batch_alter_table("plate_filaments", schema=None) as batch_op:
        batch_op.drop_index("uq_plate_filaments_index")
        batch_op.drop_index(batch_op.f("ix_plate_filaments_organization_id"))

    op.drop_table("plate_filaments")
    with op.batch_alter_table("variants", schema=None) as batch_op:
        batch_op.drop_index("uq_variants_sku")
        batch_op.drop_index(batch_op.f("ix_variants_product_id"))
        batch_op.drop_index(batch_op.f("ix_variants_organization_id"))

    op.drop_table("variants")
    with op.batch_alter_table("plates", schema=None) as batch_op:
        batch_op.drop_index("uq_plates_number")
        batch_op.drop_index(batch_op.f("ix_plates_organization_id"))

    op.drop_table("plates")
    with op.batch_alter_table("stored_files", schema=None) as batch_op:
        batch_op.drop_index("uq_stored_files_hash")
        batch_op.drop_index(batch_op.f("ix_stored_files_organization_id"))

    op.drop_table("stored_files")
    with op.batch_alter_table("products", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_products_organization_id"))

    op.drop_table("products")
    with op.batch_alter_table("print_files", schema=None) as batch_op:
        batch_op.drop_index("uq_print_files_version")
        batch_op.drop_index(batch_op.f("ix_print_files_sha256"))
        batch_op.drop_index(batch_op.f("ix_print_files_organization_id"))

    op.drop_table("print_files")
    with op.batch_alter_table("hardware", schema=None) as batch_op:
        batch_op.drop_index("uq_hardware_sku")
        batch_op.drop_index(batch_op.f("ix_hardware_organization_id"))

    op.drop_table("hardware")
