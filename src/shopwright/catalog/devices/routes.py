"""Brands and device models: for anybody to choose from, and for the shop's admins to write."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from shopwright.accounts.access import AdminCtx
from shopwright.accounts.visitors import VisitorCtx
from shopwright.catalog import public
from shopwright.catalog.codes import CatalogCodeTaken
from shopwright.catalog.devices import queries, service
from shopwright.catalog.devices.models import Brand, DeviceModel
from shopwright.catalog.devices.rules import SizeNotPrintable
from shopwright.catalog.devices.schemas import (
    BrandWrite,
    ModelWrite,
    StockWrite,
    brand_of,
    model_of,
)
from shopwright.kernel.actor import Actor
from shopwright.kernel.bodies import described, json_or_form
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Read, Write, problems
from shopwright.kernel.errors import Invalid, NotFound, TooMany
from shopwright.kernel.repeatable import RepeatableRoute

router = APIRouter(prefix="/api", tags=["webstore"], route_class=RepeatableRoute)

BrandName = Annotated[str, Path(alias="brand", max_length=100)]
ModelName = Annotated[str, Path(alias="device_model", max_length=100)]
BrandBody = Annotated[BrandWrite, json_or_form(BrandWrite)]
ModelBody = Annotated[ModelWrite, json_or_form(ModelWrite)]
StockBody = Annotated[StockWrite, json_or_form(StockWrite)]


@router.get("/brands", response_model=None, responses=problems(NotFound, TooMany))
async def list_brands(request: Request, ctx: VisitorCtx, session: Read) -> Response:
    """The brands of the shop, in its order; one that is not available is shown as such."""
    brands = [brand_of(brand) for brand in await queries.list_brands(session, ctx)]
    return public.answer(request, {"success": True, "brands": brands, "count": len(brands)})


@router.get("/brands/{brand}/models", response_model=None, responses=problems(NotFound, TooMany))
async def list_models(
    request: Request,
    brand: BrandName,
    ctx: VisitorCtx,
    session: Read,
    device_id: Annotated[str | None, Query(max_length=100)] = None,
) -> Response:
    """What can be chosen of a brand, with sizes and the present stock. ``brand`` is our id, the
    display name or the partner's id."""
    found = await service.get_brand(session, ctx, brand)
    rows: list[DeviceModel] = []
    if found.is_available:
        rows = await queries.list_models(session, ctx, brand_id=found.id, is_offered=True)
    models = [model_of(row, found) for row in rows]
    body = {
        "success": True,
        "models": models,
        "brand": brand_of(found),
        "device_id": device_id,
        "total_models": len(models),
        "in_stock_models": sum(model["stock"] > 0 for model in models),
    }
    return public.answer(request, body, max_age_s=0)


@router.get("/admin/brands")
async def list_all_brands(ctx: AdminCtx, session: Read) -> dict[str, Any]:
    """Hidden ones too."""
    brands = [brand_of(brand) for brand in await queries.list_brands(session, ctx)]
    return {"success": True, "brands": brands, "total": len(brands)}


@router.post(
    "/admin/brands",
    responses=problems(Invalid, CatalogCodeTaken),
    openapi_extra=described(BrandWrite),
)
async def create_brand(ctx: AdminCtx, body: BrandBody, session: Write) -> dict[str, Any]:
    """Its id comes from its name when none is given."""
    if body.display_name is None:
        raise Invalid("display_name: a brand needs a name.")
    return _brand(await service.create_brand(session, ctx, body.change()))


@router.put(
    "/admin/brands/{brand}",
    responses=problems(Invalid, NotFound),
    openapi_extra=described(BrandWrite),
)
async def update_brand(
    brand: BrandName, ctx: AdminCtx, body: BrandBody, session: Write
) -> dict[str, Any]:
    """Change what is sent."""
    found = await service.get_brand(session, ctx, brand)
    return _brand(await service.update_brand(session, ctx, found, body.change()))


@router.delete("/admin/brands/{brand}", responses=problems(NotFound))
async def delete_brand(brand: BrandName, ctx: AdminCtx, session: Write) -> dict[str, Any]:
    """Nobody can choose it any more; an update with ``is_available`` brings it back."""
    await service.hide_brand(session, ctx, await service.get_brand(session, ctx, brand))
    return {"success": True, "message": "Brand deleted successfully"}


@router.get("/admin/models")
async def list_all_models(ctx: AdminCtx, session: Read) -> dict[str, Any]:
    """Hidden ones and those without a size too."""
    brands = {brand.id: brand for brand in await queries.list_brands(session, ctx)}
    rows = await queries.list_models(session, ctx)
    models = [model_of(row, brands[row.brand_id]) for row in rows]
    return {"success": True, "models": models, "total": len(models)}


@router.post(
    "/admin/models",
    responses=problems(Invalid, SizeNotPrintable, NotFound, CatalogCodeTaken),
    openapi_extra=described(ModelWrite),
)
async def create_model(ctx: AdminCtx, body: ModelBody, session: Write) -> dict[str, Any]:
    """A device of a brand; without both sizes it is kept and not offered."""
    if body.name is None or body.brand_id is None:
        raise Invalid("name and brand_id: a device model needs both.")
    brand = await service.get_brand(session, ctx, body.brand_id)
    model = await service.create_model(
        session, ctx, brand=brand, change=body.change(), price=body.price
    )
    return {"success": True, "model": model_of(model, brand)}


@router.put(
    "/admin/models/{device_model}",
    responses=problems(Invalid, SizeNotPrintable, NotFound),
    openapi_extra=described(ModelWrite),
)
async def update_model(
    device_model: ModelName, ctx: AdminCtx, body: ModelBody, session: Write
) -> dict[str, Any]:
    """Change what is sent."""
    model = await service.get_model(session, ctx, device_model)
    brand = await service.get_brand(session, ctx, body.brand_id) if body.brand_id else None
    await service.update_model(
        session, ctx, model, change=body.change(), price=body.price, brand=brand
    )
    return await _model(session, ctx, model)


@router.delete("/admin/models/{device_model}", responses=problems(NotFound))
async def delete_model(device_model: ModelName, ctx: AdminCtx, session: Write) -> dict[str, Any]:
    """Nobody can choose it any more; an update with ``is_available`` brings it back."""
    model = await service.get_model(session, ctx, device_model)
    await service.hide_model(session, ctx, model)
    return {"success": True, "message": "Phone model deleted successfully"}


@router.put(
    "/admin/models/{device_model}/stock",
    responses=problems(Invalid, NotFound),
    openapi_extra=described(StockWrite),
)
async def set_stock(
    device_model: ModelName, ctx: AdminCtx, body: StockBody, session: Write
) -> dict[str, Any]:
    """How many there are, 0 or more."""
    model = await service.get_model(session, ctx, device_model)
    await service.set_stock(session, ctx, model, body.stock)
    return await _model(session, ctx, model)


@router.put("/admin/models/{device_model}/toggle-featured", responses=problems(NotFound))
async def toggle_featured(device_model: ModelName, ctx: AdminCtx, session: Write) -> dict[str, Any]:
    """Show it first, or no longer."""
    model = await service.get_model(session, ctx, device_model)
    await service.toggle_featured(session, ctx, model)
    return await _model(session, ctx, model)


def _brand(brand: Brand) -> dict[str, Any]:
    return {"success": True, "brand": brand_of(brand)}


async def _model(session: WriteSession, ctx: Actor, model: DeviceModel) -> dict[str, Any]:
    brand = await queries.get_brand_of(session, ctx, model)
    return {"success": True, "model": model_of(model, brand)}
