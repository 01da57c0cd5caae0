"""Files, print files and catalogue."""

import sqlalchemy as sa
from alembic import op

revision = "20261121_1402"
down_revision = "20261121_1401"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "manyfold_settings",
        sa.Column("base_url", sa.String(length=500), nullable=False),
        sa.Column("client_id", sa.String(length=200), nullable=False),
        sa.Column("client_secret", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_manyfold_settings_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_manyfold_settings")),
        sa.UniqueConstraint("uuid", name=op.f("uq_manyfold_settings_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("manyfold_settings", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_manyfold_settings_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index("uq_manyfold_settings_organization", ["organization_id"], unique=True)

    op.create_table(
        "pricing_settings",
        sa.Column("labor_per_hour_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_pricing_settings_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pricing_settings")),
        sa.UniqueConstraint("uuid", name=op.f("uq_pricing_settings_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("pricing_settings", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_pricing_settings_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index("uq_pricing_settings_organization", ["organization_id"], unique=True)

    op.create_table(
        "listings",
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("external_id", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=True),
        sa.Column("is_offered", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["channel_connections.id"],
            name=op.f("fk_listings_connection_id_channel_connections"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_listings_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_listings_product_id_products")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listings")),
        sa.UniqueConstraint("uuid", name=op.f("uq_listings_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("listings", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_listings_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_listings_product_id"), ["product_id"], unique=False)
        batch_op.create_index("uq_listings_external", ["connection_id", "external_id"], unique=True)

    op.create_table(
        "listing_offers",
        sa.Column("listing_id", sa.BigInteger(), nullable=False),
        sa.Column("variant_id", sa.BigInteger(), nullable=False),
        sa.Column("sku", sa.String(length=100), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=True),
        sa.Column("price_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["listing_id"],
            ["listings.id"],
            name=op.f("fk_listing_offers_listing_id_listings"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_listing_offers_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["variants.id"], name=op.f("fk_listing_offers_variant_id_variants")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listing_offers")),
        sa.UniqueConstraint("uuid", name=op.f("uq_listing_offers_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("listing_offers", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_listing_offers_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_listing_offers_variant_id"), ["variant_id"], unique=False
        )
        batch_op.create_index("uq_listing_offers_sku", ["listing_id", "sku"], unique=True)

    with op.batch_alter_table("products", schema=None) as batch_op:
        batch_op.add_column(sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("notes", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(
            sa.Column("preferred_material", sa.String(length=40), server_default="", nullable=False)
        )
        batch_op.add_column(
            sa.Column("preferred_color", sa.String(length=60), server_default="", nullable=False)
        )
        batch_op.add_column(
            sa.Column("support_settings", sa.String(length=500), server_default="", nullable=False)
        )
        batch_op.add_column(sa.Column("standard_filament_mg", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("print_time_minutes", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("nozzle_temp_c", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("bed_temp_c", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("print_speed_mms", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("infill_bp", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("layer_height_um", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("material_cost_minor", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("labor_minutes", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("overhead_cost_minor", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("target_margin_bp", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("cost_currency", sa.String(length=3), nullable=True))
        batch_op.add_column(sa.Column("manyfold_model_id", sa.String(length=100), nullable=True))
        batch_op.add_column(sa.Column("manyfold_model_url", sa.String(length=500), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("products", schema=None) as batch_op:
        batch_op.drop_column("manyfold_model_url")
        batch_op.drop_column("manyfold_model_id")
        batch_op.drop_column("cost_currency")
        batch_op.drop_column("target_margin_bp")
        batch_op.drop_column("overhead_cost_minor")
        batch_op.drop_column("labor_minutes")
        batch_op.drop_column("material_cost_minor")
        batch_op.drop_column("layer_height_um")
        batch_op.drop_column("infill_bp")
        batch_op.drop_column("print_speed_mms")
        batch_op.drop_column("bed_temp_c")
        batch_op.drop_column("nozzle_temp_c")
        batch_op.drop_column("print_time_minutes")
        batch_op.drop_column("standard_filament_mg")
        batch_op.drop_column("support_settings")
        batch_op.drop_column("preferred_color")
        batch_op.drop_column("preferred_material")
        batch_op.drop_column("notes")
        batch_op.drop_column("updated_at")

    with op.batch_alter_table("listing_offers", schema=None) as batch_op:
        batch_op.drop_index("uq_listing_offers_sku")
        batch_op.drop_index(batch_op.f("ix_listing_offers_variant_id"))
        batch_op.drop_index(batch_op.f("ix_listing_offers_organization_id"))

    op.drop_table("listing_offers")
    with op.batch_alter_table("listings", schema=None) as batch_op:
        batch_op.drop_index("uq_listings_external")
        batch_op.drop_index(batch_op.f("ix_listings_product_id"))
        batch_op.drop_index(batch_op.f("ix_listings_organization_id"))

    op.drop_table("listings")
    with op.batch_alter_table("pricing_settings", schema=None) as batch_op:
        batch_op.drop_index("uq_pricing_settings_organization")
        batch_op.drop_index(batch_op.f("ix_pricing_settings_organization_id"))

    op.drop_table("pricing_settings")
    with op.batch_alter_table("manyfold_settings", schema=None) as batch_op:
        batch_op.drop_index("uq_manyfold_settings_organization")
        batch_op.drop_index(batch_op.f("ix_manyfold_settings_organization_id"))

    op.drop_table("manyfold_settings")
