"""Tables of what a customer designs with, and of how the shop sells."""

from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from shopwright.catalog.designs.states import ColorKind, TemplateCategory
from shopwright.kernel.db import EnumText, TenantModel


class Template(TenantModel):
    """A kind of design with its price. ``variant_id`` says by its recipe how one is made.

    ``parameters`` are the words that the customer gives to its AI styles: a list of
    ``{name, label, is_required, max_length}``.
    """

    __tablename__ = "templates"
    __table_args__ = (
        Index("uq_templates_code", "organization_id", "code", unique=True),
        {"sqlite_autoincrement": True},
    )

    code: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(String(1000), default="")
    category: Mapped[TemplateCategory] = mapped_column(EnumText(TemplateCategory))
    image_count: Mapped[int] = mapped_column(default=1)
    price_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    variant_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("variants.id"), index=True
    )
    parameters: Mapped[list[Any]] = mapped_column(default=list)
    features: Mapped[list[str]] = mapped_column(default=list)  # what is special, line by line
    picture_sha256: Mapped[str | None] = mapped_column(String(64))
    is_active: Mapped[bool] = mapped_column(default=True)
    display_order: Mapped[int] = mapped_column(default=0)


class AiStyle(TenantModel):
    """One look of an AI template. ``prompt`` is ours and is shown to nobody outside; words in
    braces are the template's parameters. ``parameters`` go to the provider as they stand."""

    __tablename__ = "ai_styles"
    __table_args__ = (
        Index("uq_ai_styles_code", "template_id", "code", unique=True),
        {"sqlite_autoincrement": True},
    )

    template_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("templates.id", ondelete="CASCADE")
    )
    code: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(100))
    prompt: Mapped[str] = mapped_column(Text)
    parameters: Mapped[dict[str, Any]] = mapped_column(default=dict)
    is_active: Mapped[bool] = mapped_column(default=True)
    display_order: Mapped[int] = mapped_column(default=0)


class Font(TenantModel):
    """A typeface for customers' texts. Without a file of its own the program's fonts of the
    ``family`` draw it."""

    __tablename__ = "fonts"
    __table_args__ = (
        Index("uq_fonts_name", "organization_id", "name", unique=True),
        {"sqlite_autoincrement": True},
    )

    name: Mapped[str] = mapped_column(String(100))
    family: Mapped[str] = mapped_column(String(100))  # what style sheets call it
    weight: Mapped[int] = mapped_column(default=400)
    file_sha256: Mapped[str | None] = mapped_column(String(64))
    is_active: Mapped[bool] = mapped_column(default=True)
    display_order: Mapped[int] = mapped_column(default=0)


class Color(TenantModel):
    __tablename__ = "colors"
    __table_args__ = (
        Index("uq_colors_hex", "organization_id", "kind", "hex", unique=True),
        {"sqlite_autoincrement": True},
    )

    kind: Mapped[ColorKind] = mapped_column(EnumText(ColorKind))
    name: Mapped[str] = mapped_column(String(60))
    hex: Mapped[str] = mapped_column(String(7))  # #rrggbb, lower case
    is_active: Mapped[bool] = mapped_column(default=True)
    display_order: Mapped[int] = mapped_column(default=0)


class StickerCategory(TenantModel):
    __tablename__ = "sticker_categories"
    __table_args__ = (
        Index("uq_sticker_categories_code", "organization_id", "code", unique=True),
        {"sqlite_autoincrement": True},
    )

    code: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(100))
    is_active: Mapped[bool] = mapped_column(default=True)
    display_order: Mapped[int] = mapped_column(default=0)


class Sticker(TenantModel):
    """A picture to put on a design, encoded anew by us; ``file_name`` is its name in links."""

    __tablename__ = "stickers"
    __table_args__ = (
        Index("uq_stickers_file_name", "category_id", "file_name", unique=True),
        {"sqlite_autoincrement": True},
    )

    category_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("sticker_categories.id"))
    name: Mapped[str] = mapped_column(String(100))
    file_name: Mapped[str] = mapped_column(String(120))
    file_sha256: Mapped[str] = mapped_column(String(64), index=True)
    thumbnail_sha256: Mapped[str] = mapped_column(String(64), index=True)
    width_px: Mapped[int]
    height_px: Mapped[int]
    is_active: Mapped[bool] = mapped_column(default=True)
    display_order: Mapped[int] = mapped_column(default=0)


class ShopSettings(TenantModel):
    """How the shop sells to strangers. One row per organization; ``_bp`` are hundredths of a
    percent, ``countries`` are ISO 3166 codes (none: sold everywhere)."""

    __tablename__ = "shop_settings"
    __table_args__ = (
        Index("uq_shop_settings_organization", "organization_id", unique=True),
        {"sqlite_autoincrement": True},
    )

    shop_name: Mapped[str] = mapped_column(String(100))
    tagline: Mapped[str] = mapped_column(String(200), default="")
    contact_email: Mapped[str] = mapped_column(String(254), default="")
    terms_url: Mapped[str] = mapped_column(String(500), default="")
    privacy_url: Mapped[str] = mapped_column(String(500), default="")
    is_open: Mapped[bool] = mapped_column(default=True)
    currency: Mapped[str] = mapped_column(String(3))
    shipping_minor: Mapped[int] = mapped_column(default=0)
    free_shipping_from_minor: Mapped[int | None]
    tax_rate_bp: Mapped[int] = mapped_column(default=0)
    prices_include_tax: Mapped[bool] = mapped_column(default=True)
    countries: Mapped[list[str]] = mapped_column(default=list)
