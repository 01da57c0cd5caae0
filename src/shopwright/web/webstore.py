"""The webstore's catalogue for the shop's admins: brands and devices, and how the shop sells."""

from dataclasses import replace
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from pydantic import BaseModel
from starlette.responses import Response

from shopwright.accounts import shop_hosts
from shopwright.accounts.access import AdminCtx, OwnerCtx
from shopwright.catalog import in_shop, products
from shopwright.catalog.designs import shop_settings, starting
from shopwright.catalog.designs.models import ShopSettings
from shopwright.catalog.designs.shop_settings import ShopSpec
from shopwright.catalog.designs.sticker_pictures import receive_product_picture
from shopwright.catalog.devices import queries, service
from shopwright.catalog.devices.models import DeviceModel
from shopwright.catalog.devices.service import BrandChange, ModelChange
from shopwright.kernel.actor import Role
from shopwright.kernel.edge import ProcessDep, Read, Ref, Write, path_ref, writing
from shopwright.kernel.errors import Invalid
from shopwright.kernel.money import Money
from shopwright.web.amounts import read_price
from shopwright.web.page import AdminPageCtx, done

router = APIRouter(include_in_schema=False)

HERE = "/webstore"
MM_UM = 1000
BrandName = Annotated[str, Path(alias="brand", max_length=100)]
ModelName = Annotated[str, Path(alias="device_model", max_length=100)]
ProductRef = Annotated[Ref, path_ref("product")]
Word = Annotated[str, Form(max_length=100)]
Number = Annotated[str, Form(max_length=20)]
Line = Annotated[str, Form(max_length=500)]


class BrandForm(BaseModel):
    name: Word
    partner_id: Word = ""
    subtitle: Annotated[str, Form(max_length=200)] = ""
    is_available: bool = False
    display_order: Annotated[int, Form(ge=-9999, le=9999)] = 0

    def change(self) -> BrandChange:
        return BrandChange(
            display_name=self.name,
            partner_id=self.partner_id.strip(),
            subtitle=self.subtitle,
            is_available=self.is_available,
            display_order=self.display_order,
        )


class ModelForm(BaseModel):
    """As typed; an empty number is none."""

    name: Word
    width: Number = ""
    height: Number = ""
    price: Number = ""
    stock: Annotated[int, Form(ge=0, le=1_000_000)] = 0
    chinese_model_id: Word = ""
    mobile_shell_id: Word = ""
    release_year: Number = ""
    is_featured: bool = False
    is_available: bool = False

    def change(self) -> ModelChange:
        year = self.release_year.strip()
        if year and not year.isdecimal():
            raise Invalid("A year is written like 2025.")
        return ModelChange(
            display_name=self.name,
            width_um=_to_um(self.width),
            height_um=_to_um(self.height),
            partner_model_id=self.chinese_model_id.strip(),
            partner_shell_id=self.mobile_shell_id.strip(),
            stock=self.stock,
            release_year=int(year or 0),
            is_featured=self.is_featured,
            is_available=self.is_available,
        )


class ShopForm(BaseModel):
    shop_name: Word
    currency: Annotated[str, Form(max_length=3)]
    tagline: Annotated[str, Form(max_length=200)] = ""
    contact_email: Annotated[str, Form(max_length=254)] = ""
    terms_url: Line = ""
    privacy_url: Line = ""
    is_open: bool = False
    shipping: Number = ""
    free_shipping_from: Number = ""
    tax_percent: Number = ""
    prices_include_tax: bool = False
    countries: Annotated[str, Form(max_length=2000)] = ""
    shop_host: Annotated[str, Form(max_length=253)] = ""

    def spec(self) -> ShopSpec:
        return ShopSpec(
            shop_name=self.shop_name,
            currency=self.currency,
            tagline=self.tagline,
            contact_email=self.contact_email,
            terms_url=self.terms_url,
            privacy_url=self.privacy_url,
            is_open=self.is_open,
            shipping=read_price(self.shipping) or Decimal(0),
            free_shipping_from=read_price(self.free_shipping_from),
            tax_percent=read_price(self.tax_percent.replace("%", "")) or Decimal(0),
            prices_include_tax=self.prices_include_tax,
            countries=self.countries.replace(",", " ").split(),
            shop_host=self.shop_host,
        )


@router.get(HERE)
async def show_devices(page: AdminPageCtx, session: Read) -> Response:
    models: dict[int, list[DeviceModel]] = {}
    for model in await queries.list_models(session, page.actor):
        models.setdefault(model.brand_id, []).append(model)
    settings = await shop_settings.get_settings(session, page.actor)
    return page.render(
        "webstore/devices.html",
        active="webstore",
        tab="devices",
        topics="webstore",
        brands=await queries.list_brands(session, page.actor),
        models=models,
        currency=settings.currency,
        is_offered=service.is_offered,
        units=_units,
    )


@router.post("/webstore/brands")
async def create_brand(
    request: Request, ctx: AdminCtx, session: Write, name: Word, partner_id: Word = ""
) -> Response:
    change = BrandChange(display_name=name, partner_id=partner_id.strip())
    brand = await service.create_brand(session, ctx, change)
    return done(request, f"{brand.display_name} is there. Add its devices.", to=HERE)


@router.post("/webstore/brands/{brand}")
async def update_brand(
    request: Request,
    ctx: AdminCtx,
    session: Write,
    brand: BrandName,
    form: Annotated[BrandForm, Form()],
) -> Response:
    found = await service.get_brand(session, ctx, brand)
    await service.update_brand(session, ctx, found, form.change())
    return done(request, f"{found.display_name} is saved.", to=HERE)


@router.post("/webstore/brands/{brand}/models")
async def create_model(
    request: Request,
    ctx: AdminCtx,
    session: Write,
    brand: BrandName,
    form: Annotated[ModelForm, Form()],
) -> Response:
    found = await service.get_brand(session, ctx, brand)
    change = replace(form.change(), is_available=True)
    model = await service.create_model(
        session, ctx, brand=found, change=change, price=read_price(form.price)
    )
    return done(request, f"{model.display_name} can be designed for.", to=HERE)


@router.post("/webstore/models/{device_model}")
async def update_model(
    request: Request,
    ctx: AdminCtx,
    session: Write,
    device_model: ModelName,
    form: Annotated[ModelForm, Form()],
) -> Response:
    model = await service.get_model(session, ctx, device_model)
    price = read_price(form.price) or Decimal(0)
    await service.update_model(session, ctx, model, change=form.change(), price=price)
    return done(request, f"{model.display_name} is saved.", to=HERE)


@router.post("/webstore/models/{device_model}/stock")
async def set_stock(
    request: Request,
    ctx: AdminCtx,
    session: Write,
    device_model: ModelName,
    stock: Annotated[int, Form(ge=0, le=1_000_000)],
) -> Response:
    model = await service.get_model(session, ctx, device_model)
    await service.set_stock(session, ctx, model, stock)
    return done(request, f"{model.display_name}: {stock} in stock.", to=HERE)


@router.post("/webstore/begin")
async def begin(request: Request, ctx: AdminCtx, session: Write, price: Number = "35") -> Response:
    """The documented templates, styles, fonts, colours and sticker categories, where missing."""
    usual = read_price(price) or starting.USUAL_PRICE
    added = await starting.add_documented(session, ctx, price=usual)
    return done(
        request, f"{added} things were added. Change them as you like.", to=f"{HERE}/designs"
    )


@router.get("/webstore/settings")
async def show_settings(page: AdminPageCtx, session: Read) -> Response:
    settings = await shop_settings.get_settings(session, page.actor)
    return page.render(
        "webstore/settings.html",
        active="webstore",
        tab="settings",
        topics="webstore",
        settings=settings,
        host=await shop_hosts.get_host(session, page.actor),
        is_owner=page.actor.role is Role.OWNER,
        units=_units,
        free_from=_free_from(settings),
    )


@router.post("/webstore/settings")
async def save_settings(
    request: Request, ctx: OwnerCtx, session: Write, form: Annotated[ShopForm, Form()]
) -> Response:
    await shop_settings.save_settings(session, ctx, form.spec())
    return done(request, "Saved. Orders placed before keep their prices.", to="/webstore/settings")


@router.post("/webstore/products/{product}")
async def sell_product(
    request: Request,
    ctx: AdminCtx,
    session: Write,
    product: ProductRef,
    is_in_shop: Annotated[bool, Form()] = False,
) -> Response:
    """An ordinary product on the shop's pages, or no longer."""
    found = await products.get_product(session, ctx, product)
    await in_shop.show_in_shop(session, ctx, found, is_in_shop=is_in_shop)
    words = "is sold in the webstore" if is_in_shop else "is no longer sold in the webstore"
    return done(request, f"{found.name} {words}.", to=f"/catalog/{found.id}")


@router.post("/webstore/products/{product}/picture")
async def set_product_picture(
    request: Request, ctx: AdminCtx, process: ProcessDep, product: ProductRef
) -> Response:
    async with process.database.read() as read:
        await products.get_product(read, ctx, product)
    picture = await receive_product_picture(request)
    async with writing(request) as session:
        found = await products.get_product(session, ctx, product)
        await in_shop.set_picture(session, ctx, found, picture)
    return done(request, f"{found.name} has a new picture.", to=f"/catalog/{found.id}")


def _free_from(settings: ShopSettings) -> str:
    minor = settings.free_shipping_from_minor
    return "" if minor is None else _units(minor, settings.currency)


def _units(minor: int, currency: str) -> str:
    """As people type it: ``4.90``."""
    return str(Money(minor, currency).decimal)


def _to_um(text: str) -> int | None:
    """Millimetres as typed; None for an empty field."""
    millimetres = read_price(text)
    return None if millimetres is None else round(millimetres * MM_UM)
