"""Bodies of templates, styles, fonts, colours and stickers, under reference (d)'s names."""

import json
from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field

from shopwright.catalog.designs.models import AiStyle, Color, Font, StickerCategory, Template
from shopwright.catalog.designs.palette import ColorChange, FontChange
from shopwright.catalog.designs.service import Parameter, StyleChange, TemplateChange
from shopwright.catalog.designs.states import ColorKind, TemplateCategory
from shopwright.catalog.designs.stickers import CategoryChange, StickerChange
from shopwright.catalog.devices.schemas import Code, Hex, Name, Order, Price
from shopwright.kernel.edge import BodyRef
from shopwright.kernel.money import Money
from shopwright.kernel.times import zulu

MAX_LINES = 20
Line = Annotated[str, Field(min_length=1, max_length=200)]


def _parsed(value: Any) -> Any:
    """A form sends JSON as text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as err:
        raise ValueError("must be JSON") from err


class ParameterWrite(BaseModel):
    """A word that the customer gives, such as the name of the team."""

    name: Annotated[str, Field(min_length=1, max_length=30)]
    label: Name
    is_required: bool = True
    max_length: Annotated[int, Field(ge=1, le=200)] = 60

    def parameter(self) -> Parameter:
        return Parameter(self.name, self.label, self.is_required, self.max_length)


class TemplateWrite(BaseModel):
    """Whatever is left out stays; a new template needs name and price. ``variant_id`` names the
    variant whose recipe makes it."""

    id: Code | None = None
    name: Name | None = None
    description: Annotated[str | None, Field(max_length=1000)] = None
    category: TemplateCategory | None = None
    image_count: Annotated[int | None, Field(ge=0, le=12)] = None
    price: Price | None = None
    features: Annotated[
        list[Line] | None, BeforeValidator(_parsed), Field(max_length=MAX_LINES)
    ] = None
    parameters: Annotated[
        list[ParameterWrite] | None, BeforeValidator(_parsed), Field(max_length=5)
    ] = None
    variant_id: BodyRef | None = None
    is_active: bool | None = None
    display_order: Order | None = None

    def change(self) -> TemplateChange:
        return TemplateChange(
            code=self.id,
            name=self.name,
            description=self.description,
            category=self.category,
            image_count=self.image_count,
            features=self.features,
            is_active=self.is_active,
            display_order=self.display_order,
        )


class PriceWrite(BaseModel):
    price: Price


class StyleWrite(BaseModel):
    """``prompt`` is ours and shown to nobody outside; ``parameters`` go to the provider."""

    id: Code | None = None
    name: Annotated[Name | None, Field(validation_alias=AliasChoices("name", "style_name"))] = None
    prompt: Annotated[str | None, Field(max_length=4000)] = None
    parameters: dict[str, Any] | None = None
    is_active: bool | None = None
    display_order: Order | None = None

    def change(self) -> StyleChange:
        return StyleChange(
            code=self.id,
            name=self.name,
            prompt=self.prompt,
            parameters=self.parameters,
            is_active=self.is_active,
            display_order=self.display_order,
        )


class FontWrite(BaseModel):
    """Fonts from other sites are not linked: ``google_font_url`` is read and left alone."""

    name: Name | None = None
    css_style: Annotated[str | None, Field(max_length=100)] = None
    font_weight: Annotated[int | None, Field(ge=100, le=900)] = None
    is_active: bool | None = None
    display_order: Order | None = None

    def change(self) -> FontChange:
        family = None if self.css_style is None else self.css_style.partition(",")[0]
        return FontChange(
            name=self.name,
            family=None if family is None else family.strip().strip("'\""),
            weight=self.font_weight,
            is_active=self.is_active,
            display_order=self.display_order,
        )


class ColorWrite(BaseModel):
    name: Annotated[str | None, Field(min_length=1, max_length=60)] = None
    hex_value: Hex | None = None
    color_type: ColorKind | None = None
    is_active: bool | None = None
    display_order: Order | None = None

    def change(self) -> ColorChange:
        return ColorChange(
            kind=self.color_type,
            name=self.name,
            hex=self.hex_value,
            is_active=self.is_active,
            display_order=self.display_order,
        )


class CategoryWrite(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    id: Code | None = None
    name: Name | None = None
    is_active: bool | None = None
    display_order: Order | None = None

    def change(self) -> CategoryChange:
        return CategoryChange(self.id, self.name, self.is_active, self.display_order)


class StickerWrite(BaseModel):
    name: Name | None = None
    is_active: bool | None = None
    display_order: Order | None = None

    def change(self) -> StickerChange:
        return StickerChange(self.name, self.is_active, self.display_order)


def template_of(template: Template) -> dict[str, Any]:
    price = Money(template.price_minor, template.currency)
    return {
        "id": template.code,
        "name": template.name,
        "description": template.description,
        "price": float(price.decimal),
        "price_pence": template.price_minor,
        "currency": template.currency,
        "display_price": price.shown,
        "category": template.category.value,
        "image_count": template.image_count,
        "features": template.features,
        "parameters": template.parameters,
        "is_active": template.is_active,
        "display_order": template.display_order,
        "has_picture": template.picture_sha256 is not None,
    }


def template_for_admin(template: Template) -> dict[str, Any]:
    return template_of(template) | {"variant_id": template.variant_id}


def style_for_admin(style: AiStyle) -> dict[str, Any]:
    return {
        "style_id": style.id,
        "id": style.code,
        "name": style.name,
        "prompt": style.prompt,
        "parameters": style.parameters,
        "is_active": style.is_active,
        "display_order": style.display_order,
    }


def font_of(font: Font) -> dict[str, Any]:
    return {
        "id": font.id,
        "name": font.name,
        "family": font.family,
        "css_style": f"'{font.family}', sans-serif",
        "font_weight": str(font.weight),
        "is_google_font": False,
        "google_font_url": None,
        "has_file": font.file_sha256 is not None,
        "is_active": font.is_active,
        "display_order": font.display_order,
        "created_at": zulu(font.created_at),
    }


def color_of(color: Color) -> dict[str, Any]:
    return {
        "id": color.id,
        "name": color.name,
        "hex_value": color.hex,
        "css_classes": None,
        "color_type": color.kind.value,
        "is_active": color.is_active,
        "display_order": color.display_order,
    }


def category_of(category: StickerCategory) -> dict[str, Any]:
    return {
        "id": category.code,
        "name": category.name,
        "is_active": category.is_active,
        "display_order": category.display_order,
    }
