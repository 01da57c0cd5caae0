"""The shop: what is on offer, one template with its devices, one product."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from shopwright.catalog import public
from shopwright.catalog.designs import queries as design_queries
from shopwright.catalog.designs import service as designs
from shopwright.catalog.designs.models import Template
from shopwright.catalog.designs.pricing import PriceUnsettled, price_of
from shopwright.catalog.designs.sticker_pictures import WEBP_TYPE
from shopwright.catalog.devices import queries as device_queries
from shopwright.catalog.devices.models import Brand, DeviceModel
from shopwright.files.access import Files
from shopwright.kernel.edge import Read, Ref, path_ref
from shopwright.kernel.errors import NotFound
from shopwright.web.reads import shop
from shopwright.web.shop_page import ShopPage, ShopPageCtx

router = APIRouter(include_in_schema=False)

TemplateName = Annotated[str, Path(alias="template", max_length=100)]
ProductRef = Annotated[Ref, path_ref("product")]


@dataclass(frozen=True, slots=True)
class DeviceChoice:
    """``price_minor`` is the whole price with the template."""

    code: str
    name: str
    price_minor: int
    is_sold_out: bool


@dataclass(frozen=True, slots=True)
class BrandChoice:
    code: str
    name: str
    subtitle: str
    devices: tuple[DeviceChoice, ...]


@router.get("/shop")
async def show_shop(page: ShopPageCtx, session: Read) -> Response:
    templates = await design_queries.list_templates(session, page.actor)
    return page.render(
        "shop/shop.html",
        active="shop",
        templates=templates,
        products=await shop.list_products(session, page.actor.organization_id),
    )


@router.get("/shop/templates/{template}")
async def show_template(page: ShopPageCtx, session: Read, template: TemplateName) -> Response:
    found = await designs.get_offered(session, page.actor, template)
    return page.render(
        "shop/template.html", kind=found, brands=await _read_choices(page, session, found)
    )


@router.get("/shop/products/{product}")
async def show_product(page: ShopPageCtx, session: Read, product: ProductRef) -> Response:
    found = await shop.find_product(session, page.actor.organization_id, product)
    if found is None:
        raise NotFound("This product is not sold here.")
    return page.render("shop/product.html", product=found)


@router.get("/shop/templates/{template}/picture")
async def show_template_picture(
    request: Request, page: ShopPageCtx, session: Read, files: Files, template: TemplateName
) -> Response:
    found = await designs.get_offered(session, page.actor, template)
    return await _picture(request, files, found.picture_sha256)


@router.get("/shop/products/{product}/picture")
async def show_product_picture(
    request: Request, page: ShopPageCtx, session: Read, files: Files, product: ProductRef
) -> Response:
    found = await shop.find_product(session, page.actor.organization_id, product)
    return await _picture(request, files, found.picture if found else None)


async def _picture(request: Request, files: Files, sha256: str | None) -> Response:
    """Pages name it with its hash, so it can be kept as long as anybody likes."""
    if sha256 is None:
        raise NotFound("There is no picture of it.")
    return await public.send_public_picture(request, files, sha256, content_type=WEBP_TYPE)


async def _read_choices(
    page: ShopPage, session: Read, template: Template
) -> tuple[BrandChoice, ...]:
    """Brands with at least one device that this template can be made for."""
    rows = await device_queries.list_models(session, page.actor, is_offered=True)
    brands = await device_queries.list_brands(session, page.actor, is_available=True)
    choices = [_brand(brand, rows, template) for brand in brands]
    return tuple(choice for choice in choices if choice.devices)


def _brand(brand: Brand, rows: list[DeviceModel], template: Template) -> BrandChoice:
    found = [_device(row, template) for row in rows if row.brand_id == brand.id]
    devices = tuple(device for device in found if device is not None)
    return BrandChoice(brand.code, brand.display_name, brand.subtitle, devices)


def _device(model: DeviceModel, template: Template) -> DeviceChoice | None:
    try:
        price, _ = price_of(template, model)
    except PriceUnsettled:
        return None
    return DeviceChoice(model.code, model.display_name, price, is_sold_out=model.stock <= 0)
