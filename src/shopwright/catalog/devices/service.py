"""Use cases of brands and device models. What designs were made for is hidden, never erased."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from math import isfinite
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.catalog.changes import apply_change, note
from shopwright.catalog.codes import CatalogCodeTaken, check_code, check_color, code_of
from shopwright.catalog.designs import shop_settings
from shopwright.catalog.devices import queries, rules
from shopwright.catalog.devices.models import Brand, DeviceModel
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.kernel.money import Money

MAX_STOCK = 1_000_000


@dataclass(frozen=True, slots=True)
class BrandChange:
    """None leaves a member as it is, an empty ``partner_id`` takes it away."""

    code: str | None = None
    display_name: str | None = None
    partner_id: str | None = None
    frame_color: str | None = None
    button_color: str | None = None
    subtitle: str | None = None
    is_available: bool | None = None
    display_order: int | None = None


@dataclass(frozen=True, slots=True)
class ModelChange:
    """The same for a device model. Without both sizes it is not offered."""

    code: str | None = None
    display_name: str | None = None
    width_um: int | None = None
    height_um: int | None = None
    partner_model_id: str | None = None
    partner_shell_id: str | None = None
    stock: int | None = None
    is_available: bool | None = None
    is_featured: bool | None = None
    release_year: int | None = None
    mask: dict[str, Any] | None = None
    display_order: int | None = None


async def get_brand(session: AsyncSession, ctx: Actor, text: str) -> Brand:
    """Hidden ones too; raises NotFound."""
    brand = await queries.find_brand(session, ctx, text)
    if brand is None:
        raise NotFound(f"There is no brand {text[:60]!r}.")
    return brand


async def get_model(session: AsyncSession, ctx: Actor, text: str) -> DeviceModel:
    """Hidden ones too; raises NotFound."""
    model = await queries.find_model(session, ctx, text)
    if model is None:
        raise NotFound(f"There is no device model {text[:80]!r}.")
    return model


async def create_brand(session: WriteSession, ctx: Actor, change: BrandChange) -> Brand:
    """Its code comes from its name when none is given; raises CatalogCodeTaken."""
    name = (change.display_name or "").strip()
    code = check_code(change.code) if change.code else code_of(name)
    if await queries.find_brand_by_code(session, ctx, code):
        raise CatalogCodeTaken(f"The brand {code} is there already; it may be hidden.")
    brand = Brand(organization_id=ctx.organization_id, display_name=name)
    _describe_brand(brand, replace(change, code=code))
    session.add(brand)
    await session.flush()
    note(session, ctx, "brand.created", brand.id, code=code)
    return brand


async def update_brand(
    session: WriteSession, ctx: Actor, brand: Brand, change: BrandChange
) -> Brand:
    if change.code is not None and check_code(change.code) != brand.code:
        raise Invalid("The code of a brand stays; links name it.")
    _describe_brand(brand, change)
    await session.flush()
    note(session, ctx, "brand.updated", brand.id)
    return brand


async def hide_brand(session: WriteSession, ctx: Actor, brand: Brand) -> None:
    """Nobody can choose it; its models stay as they are."""
    brand.is_available = False
    await session.flush()
    note(session, ctx, "brand.hidden", brand.id)


async def create_model(
    session: WriteSession, ctx: Actor, *, brand: Brand, change: ModelChange, price: Decimal | None
) -> DeviceModel:
    """``price`` is on top of the template's. Raises SizeNotPrintable or CatalogCodeTaken."""
    name = (change.display_name or "").strip()
    code = check_code(change.code) if change.code else code_of(name)
    if await queries.find_model_by_code(session, ctx, code):
        raise CatalogCodeTaken(f"The device model {code} is there already; it may be hidden.")
    settings = await shop_settings.get_settings(session, ctx)
    model = DeviceModel(
        organization_id=ctx.organization_id,
        brand_id=brand.id,
        display_name=name,
        width_um=0,
        height_um=0,
        currency=settings.currency,
    )
    _describe_model(model, replace(change, code=code))
    _set_price(model, price, settings.currency)
    session.add(model)
    await session.flush()
    note(session, ctx, "device_model.created", model.id, code=code)
    return model


async def update_model(
    session: WriteSession,
    ctx: Actor,
    model: DeviceModel,
    *,
    change: ModelChange,
    price: Decimal | None = None,
    brand: Brand | None = None,
) -> DeviceModel:
    """Designs made for it before keep the size that they were made with."""
    if change.code is not None and check_code(change.code) != model.code:
        raise Invalid("The code of a device model stays; links and designs name it.")
    settings = await shop_settings.get_settings(session, ctx)
    _describe_model(model, change)
    _set_price(model, price, settings.currency)
    model.brand_id = brand.id if brand else model.brand_id
    await session.flush()
    note(session, ctx, "device_model.updated", model.id)
    return model


async def hide_model(session: WriteSession, ctx: Actor, model: DeviceModel) -> None:
    model.is_available = False
    await session.flush()
    note(session, ctx, "device_model.hidden", model.id)


async def set_stock(session: WriteSession, ctx: Actor, model: DeviceModel, stock: int) -> None:
    """As it was counted, or as the partner tells it."""
    _check_stock(stock)
    before, model.stock = model.stock, stock
    await session.flush()
    note(session, ctx, "device_model.counted", model.id, before=before, stock=stock)


async def toggle_featured(session: WriteSession, ctx: Actor, model: DeviceModel) -> None:
    model.is_featured = not model.is_featured
    await session.flush()
    note(session, ctx, "device_model.updated", model.id, is_featured=model.is_featured)


def is_offered(model: DeviceModel) -> bool:
    """Whether strangers may choose it: shown, and of a size that can be printed."""
    return model.is_available and model.width_um > 0 and model.height_um > 0


def read_mask(stored: Mapping[str, Any]) -> dict[str, Any]:
    """A mask as it is kept; raises Invalid for a box that leaves the canvas by far."""
    if not stored:
        return {}
    try:
        mask = rules.mask_of(stored)
    except (TypeError, ValueError, AttributeError, OverflowError) as err:
        raise Invalid("A mask has x, y, width and height in percent of the canvas.") from err
    if not all(isfinite(side) for side in (mask.radius, *(mask.camera or ()))):
        raise Invalid("The radius and the camera's hole of a mask are plain numbers.")
    if not all(-100 <= side <= 200 for side in (mask.x, mask.y)):  # noqa: PLR2004  percent
        raise Invalid("A mask lies on the canvas: x and y are -100 to 200 percent.")
    if not all(1 <= side <= 200 for side in (mask.width, mask.height)):  # noqa: PLR2004
        raise Invalid("A mask is 1 to 200 percent wide and high.")
    return _stored_mask(mask)


def _stored_mask(mask: rules.Mask) -> dict[str, Any]:
    stored = {name: value for name, value in asdict(mask).items() if name != "camera"}
    if mask.camera is None:
        return stored
    names = ("x", "y", "width", "height", "radius")
    return stored | {"camera": dict(zip(names, mask.camera, strict=True))}


def _describe_brand(brand: Brand, change: BrandChange) -> None:
    if change.display_name is not None and not change.display_name.strip():
        raise Invalid("A brand has a name.")
    apply_change(brand, _with_checked_colors(change), emptied=frozenset({"partner_id"}))


def _with_checked_colors(change: BrandChange) -> BrandChange:
    frame, button = change.frame_color, change.button_color
    return replace(
        change,
        frame_color=None if frame is None else check_color(frame),
        button_color=None if button is None else check_color(button),
    )


def _describe_model(model: DeviceModel, change: ModelChange) -> None:
    if change.display_name is not None and not change.display_name.strip():
        raise Invalid("A device model has a name.")
    if change.stock is not None:
        _check_stock(change.stock)
    if change.mask is not None:
        change = replace(change, mask=read_mask(change.mask))
    apply_change(
        model, change, emptied=frozenset({"partner_model_id", "partner_shell_id", "release_year"})
    )
    if change.width_um is not None or change.height_um is not None:
        rules.canvas_size(model.width_um, model.height_um)


def _set_price(model: DeviceModel, price: Decimal | None, currency: str) -> None:
    if price is None:
        return
    money = Money.from_decimal(price, currency)
    if money.minor < 0:
        raise Invalid("Price cannot be negative.")
    model.price_minor, model.currency = money.minor, money.currency


def _check_stock(stock: int) -> None:
    if not 0 <= stock <= MAX_STOCK:
        raise Invalid(f"Stock is 0 to {MAX_STOCK:,}.", stock=stock)
