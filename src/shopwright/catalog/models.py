"""Tables of products, variants and recipes."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shopwright.catalog.designs import models as _designs  # noqa: F401  its tables
from shopwright.catalog.devices import models as _devices  # noqa: F401  its tables
from shopwright.catalog.states import StepKind
from shopwright.kernel.db import EnumText, TenantModel
from shopwright.parts.states import PartType


class Product(TenantModel):
    """A design offered, with its profile: how one of it is usually printed and what it costs.

    Costs are for one piece, in ``cost_currency``, the organization's when they were written.

    ``_bp`` are hundredths of a percent, ``_um`` thousandths of a millimetre.
    """

    __tablename__ = "products"

    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    category: Mapped[str] = mapped_column(String(100), default="")
    is_active: Mapped[bool] = mapped_column(default=True)
    is_in_shop: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    picture_sha256: Mapped[str | None] = mapped_column(String(64))  # as the shop's pages show it
    updated_at: Mapped[datetime | None]  # None: never since it was made

    notes: Mapped[str] = mapped_column(Text, default="", server_default="")
    preferred_material: Mapped[str] = mapped_column(String(40), default="", server_default="")
    preferred_color: Mapped[str] = mapped_column(String(60), default="", server_default="")
    support_settings: Mapped[str] = mapped_column(String(500), default="", server_default="")
    standard_filament_mg: Mapped[int | None]
    print_time_minutes: Mapped[int | None]
    nozzle_temp_c: Mapped[int | None]
    bed_temp_c: Mapped[int | None]
    print_speed_mms: Mapped[int | None]
    infill_bp: Mapped[int | None]
    layer_height_um: Mapped[int | None]
    material_cost_minor: Mapped[int | None]
    labor_minutes: Mapped[int | None]
    overhead_cost_minor: Mapped[int | None]
    target_margin_bp: Mapped[int | None]
    cost_currency: Mapped[str | None] = mapped_column(String(3))
    manyfold_model_id: Mapped[str | None] = mapped_column(String(100))
    manyfold_model_url: Mapped[str | None] = mapped_column(String(500))
    variants: Mapped[list["Variant"]] = relationship(order_by="Variant.id", lazy="raise")


class Variant(TenantModel):
    """One sellable choice of a product; the SKU is its own code, unique in the shop."""

    __tablename__ = "variants"
    __table_args__ = (
        Index("uq_variants_sku", "organization_id", "sku", unique=True),
        {"sqlite_autoincrement": True},
    )

    product_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("products.id", ondelete="CASCADE"), index=True
    )
    sku: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(200), default="")
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    price_minor: Mapped[int | None]
    currency: Mapped[str | None] = mapped_column(String(3))
    is_active: Mapped[bool] = mapped_column(default=True)
    recipe: Mapped[list["RecipeStep"]] = relationship(order_by="RecipeStep.position", lazy="raise")
    hardware: Mapped[list["RecipeHardware"]] = relationship(lazy="raise")


class RecipeStep(TenantModel):
    """What must be made for one unit. One run of the plate yields ``yields`` of this step.

    A changed recipe makes new rows and retires the old: pieces keep what they were planned with.
    ``part_…`` and ``template_…`` are of what the workshop makes: ``part_amount`` parts for one
    unit, with the files of the template, of its newest version unless one is named.
    """

    __tablename__ = "recipe_steps"

    variant_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("variants.id", ondelete="CASCADE"), index=True
    )
    position: Mapped[int]
    kind: Mapped[StepKind] = mapped_column(EnumText(StepKind))
    name: Mapped[str] = mapped_column(String(200), default="")
    print_file_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("print_files.id"), index=True
    )
    plate_number: Mapped[int | None]
    yields: Mapped[int] = mapped_column(default=1)
    part_type: Mapped[PartType | None] = mapped_column(EnumText(PartType))
    part_material: Mapped[str | None] = mapped_column(String(200))
    part_thickness: Mapped[str | None] = mapped_column(String(50))
    part_notes: Mapped[str | None] = mapped_column(Text)
    part_amount: Mapped[int] = mapped_column(default=1, server_default="1")
    is_approved: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    template_part_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("parts.id"), index=True
    )
    template_version: Mapped[int | None]
    supplier_id: Mapped[int | None] = mapped_column(BigInteger)  # that table is made later
    supplier_sku: Mapped[str | None] = mapped_column(String(100))
    is_retired: Mapped[bool] = mapped_column(default=False)


class Hardware(TenantModel):
    """Something bought and used up with each unit. How many there are, inventory says."""

    __tablename__ = "hardware"
    __table_args__ = (
        Index("uq_hardware_sku", "organization_id", "sku", unique=True),
        {"sqlite_autoincrement": True},
    )

    sku: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(200))
    is_active: Mapped[bool] = mapped_column(default=True)


class RecipeHardware(TenantModel):
    """Screws, magnets, boxes: taken from stock for each unit."""

    __tablename__ = "recipe_hardware"
    __table_args__ = (
        Index("uq_recipe_hardware_variant", "variant_id", "hardware_id", unique=True),
        {"sqlite_autoincrement": True},
    )

    variant_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("variants.id", ondelete="CASCADE")
    )
    hardware_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("hardware.id"))
    quantity: Mapped[int]


class SkuAlias(TenantModel):
    """A code used on a channel that means one of our variants; made by mapping an unknown SKU."""

    __tablename__ = "sku_aliases"
    __table_args__ = (
        Index("uq_sku_aliases_code", "organization_id", "code", unique=True),
        {"sqlite_autoincrement": True},
    )

    code: Mapped[str] = mapped_column(String(200))
    variant_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("variants.id", ondelete="CASCADE")
    )


class Listing(TenantModel):
    """How a channel presents a product, as it was last read there."""

    __tablename__ = "listings"
    __table_args__ = (
        Index("uq_listings_external", "connection_id", "external_id", unique=True),
        {"sqlite_autoincrement": True},
    )

    connection_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("channel_connections.id", ondelete="CASCADE")
    )
    product_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("products.id"), index=True)
    external_id: Mapped[str] = mapped_column(String(80))
    title: Mapped[str] = mapped_column(String(300))
    url: Mapped[str | None] = mapped_column(String(500))
    is_offered: Mapped[bool] = mapped_column(default=True)  # not when the channel shows it no more
    seen_at: Mapped[datetime]
    offers: Mapped[list["ListingOffer"]] = relationship(order_by="ListingOffer.id", lazy="raise")


class ListingOffer(TenantModel):
    """One choice of a listing; ``quantity`` is what the channel offers, not what lies on the
    shelf."""

    __tablename__ = "listing_offers"
    __table_args__ = (
        Index("uq_listing_offers_sku", "listing_id", "sku", unique=True),
        {"sqlite_autoincrement": True},
    )

    listing_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("listings.id", ondelete="CASCADE")
    )
    variant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("variants.id"), index=True)
    sku: Mapped[str] = mapped_column(String(100))
    quantity: Mapped[int | None]
    price_minor: Mapped[int | None]
    currency: Mapped[str | None] = mapped_column(String(3))


class PricingSettings(TenantModel):
    """What an hour of the shop's own work costs, for suggested prices. One row per organization."""

    __tablename__ = "pricing_settings"
    __table_args__ = (
        Index("uq_pricing_settings_organization", "organization_id", unique=True),
        {"sqlite_autoincrement": True},
    )

    labor_per_hour_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))


class ManyfoldSettings(TenantModel):
    """Where the shop's library of models is, and how we sign in there. One row per organization."""

    __tablename__ = "manyfold_settings"
    __table_args__ = (
        Index("uq_manyfold_settings_organization", "organization_id", unique=True),
        {"sqlite_autoincrement": True},
    )

    base_url: Mapped[str] = mapped_column(String(500))
    client_id: Mapped[str] = mapped_column(String(200))
    client_secret: Mapped[str] = mapped_column(Text)  # encrypted
