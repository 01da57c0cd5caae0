"""Files, print files and parts."""

import sqlalchemy as sa
from alembic import op

revision = "20261121_2002"
down_revision = "20261121_2001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "onshape_accounts",
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("seal_version", sa.BigInteger(), nullable=False),
        sa.Column("connected_as", sa.String(length=200), nullable=False),
        sa.Column("connected_by", sa.String(length=120), nullable=False),
        sa.Column("is_refused", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_onshape_accounts_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_onshape_accounts")),
        sa.UniqueConstraint("uuid", name=op.f("uq_onshape_accounts_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("onshape_accounts", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_onshape_accounts_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index("uq_onshape_accounts_organization", ["organization_id"], unique=True)

    op.create_table(
        "onshape_consents",
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("browser_hash", sa.String(length=64), nullable=False),
        sa.Column("redirect_uri", sa.String(length=500), nullable=False),
        sa.Column("asked_by", sa.String(length=120), nullable=False),
        sa.Column("may_replace", sa.Boolean(), nullable=False),
        sa.Column("principal", sa.String(length=80), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_onshape_consents_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_onshape_consents")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_onshape_consents_state_hash")),
        sa.UniqueConstraint("uuid", name=op.f("uq_onshape_consents_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("onshape_consents", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_onshape_consents_expires_at"), ["expires_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_onshape_consents_organization_id"), ["organization_id"], unique=False
        )

    op.create_table(
        "onshape_exports",
        sa.Column("host", sa.String(length=253), nullable=False),
        sa.Column("document_id", sa.String(length=24), nullable=False),
        sa.Column("pin", sa.String(length=1), nullable=False),
        sa.Column("pin_id", sa.String(length=24), nullable=False),
        sa.Column("workspace_id", sa.String(length=24), nullable=True),
        sa.Column("element_id", sa.String(length=24), nullable=False),
        sa.Column("element_name", sa.String(length=200), nullable=False),
        sa.Column("element_type", sa.String(length=32), nullable=False),
        sa.Column("configuration", sa.String(length=1000), nullable=False),
        sa.Column("configuration_hash", sa.String(length=64), nullable=False),
        sa.Column("format", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("phase", sa.String(length=40), nullable=False),
        sa.Column("progress", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.String(length=500), nullable=True),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("translation_id", sa.String(length=40), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_onshape_exports_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_onshape_exports")),
        sa.UniqueConstraint("uuid", name=op.f("uq_onshape_exports_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("onshape_exports", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_onshape_exports_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_onshape_exports_sha256"), ["sha256"], unique=False)
        batch_op.create_index(
            "uq_onshape_exports_content",
            [
                "organization_id",
                "document_id",
                "pin_id",
                "element_id",
                "configuration_hash",
                "format",
            ],
            unique=True,
        )

    op.create_table(
        "onshape_usage",
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pause_reason", sa.String(length=200), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_onshape_usage_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_onshape_usage")),
        sa.UniqueConstraint("uuid", name=op.f("uq_onshape_usage_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("onshape_usage", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_onshape_usage_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index("uq_onshape_usage_year", ["organization_id", "year"], unique=True)

    op.create_table(
        "part_drawings",
        sa.Column("source_sha256", sa.String(length=64), nullable=False),
        sa.Column("page_count", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.String(length=500), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_part_drawings_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_part_drawings")),
        sa.UniqueConstraint("uuid", name=op.f("uq_part_drawings_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("part_drawings", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_part_drawings_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(
            "uq_part_drawings_content", ["organization_id", "source_sha256"], unique=True
        )

    op.create_table(
        "slice_profiles",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("printer_model", sa.String(length=60), nullable=False),
        sa.Column("material", sa.String(length=40), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("left_out", sa.JSON(), nullable=False),
        sa.Column("bed_x_mm", sa.Float(precision=53), nullable=False),
        sa.Column("bed_y_mm", sa.Float(precision=53), nullable=False),
        sa.Column("bed_z_mm", sa.Float(precision=53), nullable=False),
        sa.Column("layer_um", sa.BigInteger(), nullable=False),
        sa.Column("uploaded_by", sa.String(length=120), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_slice_profiles_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slice_profiles")),
        sa.UniqueConstraint("uuid", name=op.f("uq_slice_profiles_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("slice_profiles", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_slice_profiles_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(
            "uq_slice_profiles_name",
            ["organization_id", "name"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "part_drawing_pages",
        sa.Column("drawing_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("width_px", sa.BigInteger(), nullable=False),
        sa.Column("height_px", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["drawing_id"],
            ["part_drawings.id"],
            name=op.f("fk_part_drawing_pages_drawing_id_part_drawings"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_part_drawing_pages_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_part_drawing_pages")),
        sa.UniqueConstraint("uuid", name=op.f("uq_part_drawing_pages_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("part_drawing_pages", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_part_drawing_pages_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index("uq_part_drawing_pages_number", ["drawing_id", "number"], unique=True)

    op.create_table(
        "onshape_pulls",
        sa.Column("part_id", sa.BigInteger(), nullable=False),
        sa.Column("export_id", sa.BigInteger(), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("asked_by", sa.String(length=120), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["export_id"],
            ["onshape_exports.id"],
            name=op.f("fk_onshape_pulls_export_id_onshape_exports"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_onshape_pulls_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["part_id"],
            ["parts.id"],
            name=op.f("fk_onshape_pulls_part_id_parts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_onshape_pulls")),
        sa.UniqueConstraint("uuid", name=op.f("uq_onshape_pulls_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("onshape_pulls", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_onshape_pulls_export_id"), ["export_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_onshape_pulls_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index("ix_onshape_pulls_part", ["part_id", "id"], unique=False)
        batch_op.create_index(
            "uq_onshape_pulls_open",
            ["part_id", "export_id"],
            unique=True,
            sqlite_where=sa.text("version IS NULL"),
            postgresql_where=sa.text("version IS NULL"),
        )

    op.create_table(
        "part_slicings",
        sa.Column("part_id", sa.BigInteger(), nullable=False),
        sa.Column("source_sha256", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("conversion_id", sa.BigInteger(), nullable=False),
        sa.Column("profile_id", sa.BigInteger(), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("is_turned", sa.Boolean(), nullable=False),
        sa.Column("asked_by", sa.String(length=120), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("phase", sa.String(length=60), nullable=False),
        sa.Column("progress", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.String(length=500), nullable=True),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("took_ms", sa.BigInteger(), nullable=True),
        sa.Column("print_file_id", sa.BigInteger(), nullable=True),
        sa.Column("used_mg", sa.BigInteger(), nullable=True),
        sa.Column("time_s", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversion_id"],
            ["cad_conversions.id"],
            name=op.f("fk_part_slicings_conversion_id_cad_conversions"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_part_slicings_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["part_id"],
            ["parts.id"],
            name=op.f("fk_part_slicings_part_id_parts"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["print_file_id"],
            ["print_files.id"],
            name=op.f("fk_part_slicings_print_file_id_print_files"),
        ),
        sa.ForeignKeyConstraint(
            ["profile_id"],
            ["slice_profiles.id"],
            name=op.f("fk_part_slicings_profile_id_slice_profiles"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_part_slicings")),
        sa.UniqueConstraint("uuid", name=op.f("uq_part_slicings_uuid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("part_slicings", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_part_slicings_conversion_id"), ["conversion_id"], unique=False
        )
        batch_op.create_index(
            "ix_part_slicings_done",
            ["organization_id", "source_sha256", "fingerprint"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_part_slicings_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_part_slicings_print_file_id"), ["print_file_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_part_slicings_profile_id"), ["profile_id"], unique=False
        )
        batch_op.create_index(
            "uq_part_slicings_content", ["part_id", "source_sha256", "fingerprint"], unique=True
        )

    with op.batch_alter_table("parts", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("amount_each", sa.BigInteger(), server_default="1", nullable=False)
        )
        batch_op.add_column(sa.Column("made", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("order_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("order_item_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("recipe_step_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("order_number", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("due_on", sa.Date(), nullable=True))
        batch_op.add_column(
            sa.Column("personalisation", sa.JSON(), server_default="[]", nullable=False)
        )
        batch_op.add_column(sa.Column("held_reason", sa.String(length=500), nullable=True))
        batch_op.add_column(sa.Column("cancelled_reason", sa.String(length=300), nullable=True))
        batch_op.create_index("ix_parts_item", ["order_item_id", "organization_id"], unique=False)
        batch_op.create_index("ix_parts_order", ["order_id", "organization_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_parts_order_id_orders"), "orders", ["order_id"], ["id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_parts_order_item_id_order_items"),
            "order_items",
            ["order_item_id"],
            ["id"],
        )


def downgrade() -> None:
    with op.batch_alter_table("parts", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_parts_order_item_id_order_items"), type_="foreignkey"
        )
        batch_op.drop_constraint(batch_op.f("fk_parts_order_id_orders"), type_="foreignkey")
        batch_op.drop_index("ix_parts_order")
        batch_op.drop_index("ix_parts_item")
        batch_op.drop_column("cancelled_reason")
        batch_op.drop_column("held_reason")
        batch_op.drop_column("personalisation")
        batch_op.drop_column("due_on")
        batch_op.drop_column("order_number")
        batch_op.drop_column("recipe_step_id")
        batch_op.drop_column("order_item_id")
        batch_op.drop_column("order_id")
        batch_op.drop_column("made")
        batch_op.drop_column("amount_each")

    with op.batch_alter_table("part_slicings", schema=None) as batch_op:
        batch_op.drop_index("uq_part_slicings_content")
        batch_op.drop_index(batch_op.f("ix_part_slicings_profile_id"))
        batch_op.drop_index(batch_op.f("ix_part_slicings_print_file_id"))
        batch_op.drop_index(batch_op.f("ix_part_slicings_organization_id"))
        batch_op.drop_index("ix_part_slicings_done")
        batch_op.drop_index(batch_op.f("ix_part_slicings_conversion_id"))

    op.drop_table("part_slicings")
    with op.batch_alter_table("onshape_pulls", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_onshape_pulls_open",
            sqlite_where=sa.text("version IS NULL"),
            postgresql_where=sa.text("version IS NULL"),
        )
        batch_op.drop_index("ix_onshape_pulls_part")
        batch_op.drop_index(batch_op.f("ix_onshape_pulls_organization_id"))
        batch_op.drop_index(batch_op.f("ix_onshape_pulls_export_id"))

    op.drop_table("onshape_pulls")
    with op.batch_alter_table("part_drawing_pages", schema=None) as batch_op:
        batch_op.drop_index("uq_part_drawing_pages_number")
        batch_op.drop_index(batch_op.f("ix_part_drawing_pages_organization_id"))

    op.drop_table("part_drawing_pages")
    with op.batch_alter_table("slice_profiles", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_slice_profiles_name",
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_slice_profiles_organization_id"))

    op.drop_table("slice_profiles")
    with op.batch_alter_table("part_drawings", schema=None) as batch_op:
        batch_op.drop_index("uq_part_drawings_content")
        batch_op.drop_index(batch_op.f("ix_part_drawings_organization_id"))

    op.drop_table("part_drawings")
    with op.batch_alter_table("onshape_usage", schema=None) as batch_op:
        batch_op.drop_index("uq_onshape_usage_year")
        batch_op.drop_index(batch_op.f("ix_onshape_usage_organization_id"))

    op.drop_table("onshape_usage")
    with op.batch_alter_table("onshape_exports", schema=None) as batch_op:
        batch_op.drop_index("uq_onshape_exports_content")
        batch_op.drop_index(batch_op.f("ix_onshape_exports_sha256"))
        batch_op.drop_index(batch_op.f("ix_onshape_exports_organization_id"))

    op.drop_table("onshape_exports")
    with op.batch_alter_table("onshape_consents", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_onshape_consents_organization_id"))
        batch_op.drop_index(batch_op.f("ix_onshape_consents_expires_at"))

    op.drop_table("onshape_consents")
    with op.batch_alter_table("onshape_accounts", schema=None) as batch_op:
        batch_op.drop_index("uq_onshape_accounts_organization")
        batch_op.drop_index(batch_op.f("ix_onshape_accounts_organization_id"))

    op.drop_table("onshape_accounts")
