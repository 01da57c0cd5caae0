"""Brands, models and stock, between the manufacturer and our catalogue."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.catalog.codes import CatalogCodeTaken
from shopwright.catalog.devices import queries as device_queries
from shopwright.catalog.devices import service as devices
from shopwright.catalog.devices.models import Brand, DeviceModel
from shopwright.catalog.devices.service import BrandChange, ModelChange
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import Invalid, Unavailable
from shopwright.kernel.money import Money
from shopwright.kernel.times import zulu
from shopwright.suppliers.connections import SupplierDefaults, account_of, get_default, open_port
from shopwright.suppliers.partner.schemas import StockUpdate
from shopwright.suppliers.port import StockedModel, SupplierBrand, SupplierError, SupplierPort

SHOWN = {"APPLE": ("iPhone", 1), "SAMSUNG": ("Samsung", 2)}
NOT_YET: dict[str, Any] = {
    "id": "GOOGLE_UNAVAILABLE",
    "e_name": "Google",
    "name": "Google",
    "available": False,
    "order": 3,
    "message": "Currently unavailable",
}
FEW = 5  # mapped models, below which the catalogue fills itself


class ManufacturerSilent(Unavailable):
    code = "manufacturer-silent"
    title = "The manufacturer does not answer"


@dataclass(slots=True)
class Synced:
    brands: int = 0
    created: int = 0
    updated: int = 0
    skipped: int = 0


async def list_brands(process: Process, ctx: Actor) -> list[dict[str, Any]]:
    """iPhone first, then Samsung; Google is there and cannot be chosen. Raises
    ManufacturerSilent."""
    found: list[dict[str, Any]] = []
    for brand in await _ask_brands(await _open(process, ctx)):
        shown = SHOWN.get(brand.english_name.upper())
        if shown is not None:
            name, order = shown
            found.append(
                {"id": brand.id, "e_name": name, "name": name, "available": True, "order": order}
            )
    return [*sorted(found, key=lambda one: one["order"]), dict(NOT_YET)]


async def list_stock(
    process: Process, ctx: Actor, device_id: str, brand_id: str
) -> list[dict[str, Any]]:
    port = await _open(process, ctx)
    return [_shown(model) for model in await _ask_stock(port, device_id, brand_id)]


async def sync_models(process: Process, ctx: Actor) -> Synced:
    """Brands and models the manufacturer has become ours, with size and stock; our names and prices
    stay. Raises ManufacturerSilent."""
    port = await _open(process, ctx)
    supplier = await get_default(process, ctx)
    defaults = process.context.keep(SupplierDefaults)
    device_id = account_of(process.context.vault, defaults, supplier).device_id
    synced = Synced()
    for brand in await _ask_brands(port):
        stock = await _ask_stock(port, device_id, brand.id)
        async with process.database.write() as session:
            ours = await _take_brand(session, ctx, brand)
            synced.brands += 1
            for model in stock:
                await _take_model(session, ctx, ours, model, synced)
    return synced


async def count_mapped(session: AsyncSession, ctx: Actor) -> int:
    models = await device_queries.list_models(session, ctx)
    return sum(1 for model in models if model.partner_model_id)


async def set_stock(
    session: WriteSession, ctx: Actor, updates: Sequence[StockUpdate]
) -> list[dict[str, Any]]:
    """Models we do not know are left out."""
    changed = []
    for update in updates:
        model = await device_queries.find_model(session, ctx, update.model_id)
        if model is None:
            continue
        before = model.stock
        if before != update.stock:
            await devices.set_stock(session, ctx, model, update.stock)
        changed.append(
            {
                "model_id": model.code,
                "chinese_model_id": model.partner_model_id,
                "name": model.display_name,
                "old_stock": before,
                "new_stock": update.stock,
            }
        )
    return changed


async def stock_status(session: AsyncSession, ctx: Actor) -> list[dict[str, Any]]:
    brands = {brand.id: brand for brand in await device_queries.list_brands(session, ctx)}
    models = await device_queries.list_models(session, ctx)
    return [_status(model, brands[model.brand_id]) for model in models if model.is_available]


def _status(model: DeviceModel, brand: Brand) -> dict[str, Any]:
    return {
        "model_id": model.code,
        "chinese_model_id": model.partner_model_id,
        "name": model.display_name,
        "brand": brand.display_name,
        "stock": model.stock,
        "price": float(Money(model.price_minor, model.currency).decimal),
        "is_available": model.stock > 0,
        "updated_at": zulu(model.created_at),
    }


def _shown(model: StockedModel) -> dict[str, Any]:
    return {
        "mobile_model_name": model.name,
        "mobile_model_id": model.model_id,
        "mobile_shell_id": model.shell_id,
        "width": None if model.width_um is None else f"{model.width_um / 1000:g}",
        "height": None if model.height_um is None else f"{model.height_um / 1000:g}",
        "stock": model.stock,
        "price": None if model.price_minor is None else model.price_minor / 100,
    }


async def _take_brand(session: WriteSession, ctx: Actor, brand: SupplierBrand) -> Brand:
    shown = SHOWN.get(brand.english_name.upper())
    name = shown[0] if shown else brand.english_name or brand.name
    known = await device_queries.find_brand(session, ctx, brand.id)
    known = known or await device_queries.find_brand(session, ctx, name)
    if known is None:
        return await devices.create_brand(
            session, ctx, BrandChange(display_name=name, partner_id=brand.id)
        )
    if known.partner_id != brand.id:
        await devices.update_brand(session, ctx, known, BrandChange(partner_id=brand.id))
    return known


async def _take_model(
    session: WriteSession, ctx: Actor, brand: Brand, model: StockedModel, synced: Synced
) -> None:
    """Names and prices of a model that we know stay ours; a size we cannot print is skipped."""
    known = await device_queries.find_model(session, ctx, model.model_id)
    known = known or await device_queries.find_model(session, ctx, model.name, brand.id)
    change = ModelChange(
        partner_model_id=model.model_id,
        partner_shell_id=model.shell_id or None,
        width_um=model.width_um,
        height_um=model.height_um,
        stock=model.stock,
        display_name=model.name if known is None else None,
    )
    try:
        if known is None:
            await devices.create_model(session, ctx, brand=brand, change=change, price=None)
            synced.created += 1
        else:
            await devices.update_model(session, ctx, known, change=change)
            synced.updated += 1
    except (Invalid, CatalogCodeTaken):
        synced.skipped += 1


async def _ask_brands(port: SupplierPort) -> Sequence[SupplierBrand]:
    try:
        return await port.list_brands()
    except SupplierError as err:
        raise ManufacturerSilent(err.sentence) from err


async def _ask_stock(port: SupplierPort, device_id: str, brand_id: str) -> Sequence[StockedModel]:
    try:
        return await port.list_stock(device_id, brand_id)
    except SupplierError as err:
        raise ManufacturerSilent(err.sentence) from err


async def _open(process: Process, ctx: Actor) -> SupplierPort:
    return open_port(process, await get_default(process, ctx))
