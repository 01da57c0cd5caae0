"""Catalogue of products, devices and designs."""

import sqlalchemy as sa
from alembic import op

revision = "20261121_2003"
down_revision = "20261121_2002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "brands",
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("display_name", sa.String(length=100), nullable=False),
        sa.Column("partner_id", sa.String(length=60), nullable=True),
        sa.Column("frame_color", sa.String(length=7), nullable=False),
        sa.Column("button_color", sa.String(length=7), nullable=False),
        sa.Column("subtitle", sa.String(length=200), nullable=False),
        sa.Column("is_available", sa.Boolean(), nullable=False),
        sa.Column("display_order", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_brands_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brands")),
        sa.UniqueConstraint("uuid", name=op.f("uq_brands_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("brands", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_brands_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index("uq_brands_code", ["organization_id", "code"], unique=True)

    op.create_table(
        "colors",
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("hex", sa.String(length=7), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("display_order", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_colors_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_colors")),
        sa.UniqueConstraint("uuid", name=op.f("uq_colors_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("colors", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_colors_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index("uq_colors_hex", ["organization_id", "kind", "hex"], unique=True)

    op.create_table(
        "fonts",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("family", sa.String(length=100), nullable=False),
        sa.Column("weight", sa.BigInteger(), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("display_order", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_fonts_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fonts")),
        sa.UniqueConstraint("uuid", name=op.f("uq_fonts_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("fonts", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_fonts_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index("uq_fonts_name", ["organization_id", "name"], unique=True)

    op.create_table(
        "shop_settings",
        sa.Column("shop_name", sa.String(length=100), nullable=False),
        sa.Column("tagline", sa.String(length=200), nullable=False),
        sa.Column("contact_email", sa.String(length=254), nullable=False),
        sa.Column("terms_url", sa.String(length=500), nullable=False),
        sa.Column("privacy_url", sa.String(length=500), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("shipping_minor", sa.BigInteger(), nullable=False),
        sa.Column("free_shipping_from_minor", sa.BigInteger(), nullable=True),
        sa.Column("tax_rate_bp", sa.BigInteger(), nullable=False),
        sa.Column("prices_include_tax", sa.Boolean(), nullable=False),
        sa.Column("countries", sa.JSON(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_shop_settings_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_settings")),
        sa.UniqueConstraint("uuid", name=op.f("uq_shop_settings_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("shop_settings", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_shop_settings_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index("uq_shop_settings_organization", ["organization_id"], unique=True)

    op.create_table(
        "sticker_categories",
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("display_order", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_sticker_categories_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sticker_categories")),
        sa.UniqueConstraint("uuid", name=op.f("uq_sticker_categories_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("sticker_categories", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_sticker_categories_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(
            "uq_sticker_categories_code", ["organization_id", "code"], unique=True
        )

    op.create_table(
        "device_models",
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("display_name", sa.String(length=100), nullable=False),
        sa.Column("width_um", sa.BigInteger(), nullable=False),
        sa.Column("height_um", sa.BigInteger(), nullable=False),
        sa.Column("partner_model_id", sa.String(length=60), nullable=True),
        sa.Column("partner_shell_id", sa.String(length=60), nullable=True),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("stock", sa.BigInteger(), nullable=False),
        sa.Column("is_available", sa.Boolean(), nullable=False),
        sa.Column("is_featured", sa.Boolean(), nullable=False),
        sa.Column("release_year", sa.BigInteger(), nullable=True),
        sa.Column("mask", sa.JSON(), nullable=False),
        sa.Column("display_order", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id"], ["brands.id"], name=op.f("fk_device_models_brand_id_brands")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_device_models_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_models")),
        sa.UniqueConstraint("uuid", name=op.f("uq_device_models_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("device_models", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_device_models_brand_id"), ["brand_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_device_models_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index("uq_device_models_code", ["organization_id", "code"], unique=True)

    op.create_table(
        "stickers",
        sa.Column("category_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("file_name", sa.String(length=120), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("thumbnail_sha256", sa.String(length=64), nullable=False),
        sa.Column("width_px", sa.BigInteger(), nullable=False),
        sa.Column("height_px", sa.BigInteger(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("display_order", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["sticker_categories.id"],
            name=op.f("fk_stickers_category_id_sticker_categories"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_stickers_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stickers")),
        sa.UniqueConstraint("uuid", name=op.f("uq_stickers_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("stickers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stickers_file_sha256"), ["file_sha256"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_stickers_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_stickers_thumbnail_sha256"), ["thumbnail_sha256"], unique=False
        )
        batch_op.create_index("uq_stickers_file_name", ["category_id", "file_name"], unique=True)

    op.create_table(
        "templates",
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("description", sa.String(length=1000), nullable=False),
        sa.Column("category", sa.String(length=32), nullable=False),
        sa.Column("image_count", sa.BigInteger(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("variant_id", sa.BigInteger(), nullable=True),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("features", sa.JSON(), nullable=False),
        sa.Column("picture_sha256", sa.String(length=64), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("display_order", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_templates_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["variants.id"], name=op.f("fk_templates_variant_id_variants")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_templates")),
        sa.UniqueConstraint("uuid", name=op.f("uq_templates_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("templates", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_templates_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_templates_variant_id"), ["variant_id"], unique=False)
        batch_op.create_index("uq_templates_code", ["organization_id", "code"], unique=True)

    op.create_table(
        "ai_styles",
        sa.Column("template_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("display_order", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_ai_styles_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["template_id"],
            ["templates.id"],
            name=op.f("fk_ai_styles_template_id_templates"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ai_styles")),
        sa.UniqueConstraint("uuid", name=op.f("uq_ai_styles_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("ai_styles", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_ai_styles_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index("uq_ai_styles_code", ["template_id", "code"], unique=True)

    with op.batch_alter_table("products", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("is_in_shop", sa.Boolean(), server_default=sa.text("(false)"), nullable=False)
        )
        batch_op.add_column(sa.Column("picture_sha256", sa.String(length=64), nullable=True))

    with op.batch_alter_table("recipe_steps", schema=None) as batch_op:
        batch_op.add_column(sa.Column("part_type", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("part_material", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("part_thickness", sa.String(length=50), nullable=True))
        batch_op.add_column(sa.Column("part_notes", sa.Text(), nullable=True))
        batch_op.add_column(
            sa.Column("part_amount", sa.BigInteger(), server_default="1", nullable=False)
        )
        batch_op.add_column(
            sa.Column(
                "is_approved", sa.Boolean(), server_default=sa.text("(false)"), nullable=False
            )
        )
        batch_op.add_column(sa.Column("template_part_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("template_version", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("supplier_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("supplier_sku", sa.String(length=100), nullable=True))
        batch_op.create_index(
            batch_op.f("ix_recipe_steps_template_part_id"), ["template_part_id"], unique=False
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_recipe_steps_template_part_id_parts"),
            "parts",
            ["template_part_id"],
            ["id"],
        )


def downgrade() -> None:
    with op.batch_alter_table("recipe_steps", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_recipe_steps_template_part_id_parts"), type_="foreignkey"
        )
        batch_op.drop_index(batch_op.f("ix_recipe_steps_template_part_id"))
        batch_op.drop_column("supplier_sku")
        batch_op.drop_column("supplier_id")
        batch_op.drop_column("template_version")
        batch_op.drop_column("template_part_id")
        batch_op.drop_column("is_approved")
        batch_op.drop_column("part_amount")
        batch_op.drop_column("part_notes")
        batch_op.drop_column("part_thickness")
        batch_op.drop_column("part_material")
        batch_op.drop_column("part_type")

    with op.batch_alter_table("products", schema=None) as batch_op:
        batch_op.drop_column("picture_sha256")
        batch_op.drop_column("is_in_shop")

    with op.batch_alter_table("ai_styles", schema=None) as batch_op:
        batch_op.drop_index("uq_ai_styles_code")
        batch_op.drop_index(batch_op.f("ix_ai_styles_organization_id"))

    op.drop_table("ai_styles")
    with op.batch_alter_table("templates", schema=None) as batch_op:
        batch_op.drop_index("uq_templates_code")
        batch_op.drop_index(batch_op.f("ix_templates_variant_id"))
        batch_op.drop_index(batch_op.f("ix_templates_organization_id"))

    op.drop_table("templates")
    with op.batch_alter_table("stickers", schema=None) as batch_op:
        batch_op.drop_index("uq_stickers_file_name")
        batch_op.drop_index(batch_op.f("ix_stickers_thumbnail_sha256"))
        batch_op.drop_index(batch_op.f("ix_stickers_organization_id"))
        batch_op.drop_index(batch_op.f("ix_stickers_file_sha256"))

    op.drop_table("stickers")
    with op.batch_alter_table("device_models", schema=None) as batch_op:
        batch_op.drop_index("uq_device_models_code")
        batch_op.drop_index(batch_op.f("ix_device_models_organization_id"))
        batch_op.drop_index(batch_op.f("ix_device_models_brand_id"))

    op.drop_table("device_models")
    with op.batch_alter_table("sticker_categories", schema=None) as batch_op:
        batch_op.drop_index("uq_sticker_categories_code")
        batch_op.drop_index(batch_op.f("ix_sticker_categories_organization_id"))

    op.drop_table("sticker_categories")
    with op.batch_alter_table("shop_settings", schema=None) as batch_op:
        batch_op.drop_index("uq_shop_settings_organization")
        batch_op.drop_index(batch_op.f("ix_shop_settings_organization_id"))

    op.drop_table("shop_settings")
    with op.batch_alter_table("fonts", schema=None) as batch_op:
        batch_op.drop_index("uq_fonts_name")
        batch_op.drop_index(batch_op.f("ix_fonts_organization_id"))

    op.drop_table("fonts")
    with op.batch_alter_table("colors", schema=None) as batch_op:
        batch_op.drop_index("uq_colors_hex")
        batch_op.drop_index(batch_op.f("ix_colors_organization_id"))

    op.drop_table("colors")
    with op.batch_alter_table("brands", schema=None) as batch_op:
        batch_op.drop_index("uq_brands_code")
        batch_op.drop_index(batch_op.f("ix_brands_organization_id"))

    op.drop_table("brands")
