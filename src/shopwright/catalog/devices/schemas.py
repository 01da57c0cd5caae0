"""Bodies of brands and device models, under reference (d)'s names; ids are our codes."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from shopwright.catalog.devices import rules
from shopwright.catalog.devices.models import Brand, DeviceModel
from shopwright.catalog.devices.service import BrandChange, ModelChange
from shopwright.kernel.money import Money

MM_UM = 1000
Name = Annotated[str, Field(min_length=1, max_length=100)]
Code = Annotated[str, Field(min_length=1, max_length=60)]
PartnerId = Annotated[str, Field(max_length=60)]
Order = Annotated[int, Field(ge=-1_000_000, le=1_000_000)]
Millimetres = Annotated[Decimal, Field(gt=0, le=1000, description="mm")]
Price = Annotated[Decimal, Field(ge=0, le=1_000_000)]
Stock = Annotated[int, Field(ge=0, le=1_000_000)]
Text = Annotated[str, Field(max_length=200)]
Hex = Annotated[str, Field(max_length=7)]


class BrandWrite(BaseModel):
    """Whatever is left out stays; a new brand needs its name."""

    model_config = ConfigDict(populate_by_name=True)

    id: Code | None = None
    display_name: Annotated[
        Name | None, Field(validation_alias=AliasChoices("display_name", "name"))
    ] = None
    chinese_brand_id: Annotated[
        PartnerId | None, Field(validation_alias=AliasChoices("chinese_brand_id", "chinese_id"))
    ] = None
    frame_color: Hex | None = None
    button_color: Hex | None = None
    subtitle: Text | None = None
    is_available: bool | None = None
    display_order: Order | None = None

    def change(self) -> BrandChange:
        return BrandChange(
            code=self.id,
            display_name=self.display_name,
            partner_id=self.chinese_brand_id,
            frame_color=self.frame_color,
            button_color=self.button_color,
            subtitle=self.subtitle,
            is_available=self.is_available,
            display_order=self.display_order,
        )


class ModelWrite(BaseModel):
    """Whatever is left out stays. ``price`` is what it costs on top of a template; ``width`` and
    ``height`` in millimetres, without which nobody can choose it."""

    model_config = ConfigDict(populate_by_name=True)

    id: Code | None = None
    name: Annotated[Name | None, Field(validation_alias=AliasChoices("name", "display_name"))] = (
        None
    )
    brand_id: Annotated[str | None, Field(max_length=100)] = None
    price: Price | None = None
    chinese_model_id: PartnerId | None = None
    mobile_shell_id: PartnerId | None = None
    width: Millimetres | None = None
    height: Millimetres | None = None
    stock: Stock | None = None
    is_available: bool | None = None
    is_featured: bool | None = None
    release_year: Annotated[int | None, Field(ge=0, le=2200)] = None
    display_order: Order | None = None
    mask: dict[str, Any] | None = None

    def change(self) -> ModelChange:
        return ModelChange(
            code=self.id,
            display_name=self.name,
            width_um=_to_um(self.width),
            height_um=_to_um(self.height),
            partner_model_id=self.chinese_model_id,
            partner_shell_id=self.mobile_shell_id,
            stock=self.stock,
            is_available=self.is_available,
            is_featured=self.is_featured,
            release_year=self.release_year,
            mask=self.mask,
            display_order=self.display_order,
        )


class StockWrite(BaseModel):
    stock: Stock


def brand_of(brand: Brand) -> dict[str, Any]:
    return {
        "id": brand.code,
        "name": brand.display_name,
        "display_name": brand.display_name,
        "chinese_id": brand.partner_id,
        "chinese_brand_id": brand.partner_id,
        "frame_color": brand.frame_color,
        "button_color": brand.button_color,
        "available": brand.is_available,
        "enabled": brand.is_available,
        "is_available": brand.is_available,
        "subtitle": brand.subtitle or None,
        "display_order": brand.display_order,
    }


def model_of(model: DeviceModel, brand: Brand) -> dict[str, Any]:
    return {
        "id": model.code,
        "brand_id": brand.code,
        "name": model.display_name,
        "display_name": model.display_name,
        "mobile_model_name": model.display_name,
        "chinese_model_id": model.partner_model_id,
        "mobile_model_id": model.partner_model_id,
        "mobile_shell_id": model.partner_shell_id,
        "price": float(Money(model.price_minor, model.currency).decimal),
        "currency": model.currency,
        "stock": model.stock,
        "is_available": model.is_available,
        "is_featured": model.is_featured,
        "release_year": model.release_year,
        "display_order": model.display_order,
        "width": model.width_um / MM_UM,
        "height": model.height_um / MM_UM,
        "canvas": _canvas_of(model),
        "mask": model.mask,
    }


def _canvas_of(model: DeviceModel) -> dict[str, int] | None:
    try:
        width, height = rules.canvas_size(model.width_um, model.height_um)
    except rules.SizeNotPrintable:
        return None
    return {"width_px": width, "height_px": height}


def _to_um(millimetres: Decimal | None) -> int | None:
    return None if millimetres is None else round(millimetres * MM_UM)
