"""What lines of a stranger's order cost: the catalogue's prices and the shop's settings alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.artwork import service as artwork
from shopwright.catalog.designs import shop_settings
from shopwright.catalog.designs.models import ShopSettings, Template
from shopwright.catalog.designs.pricing import price_of
from shopwright.catalog.devices.models import Brand, DeviceModel
from shopwright.catalog.models import Product, Variant
from shopwright.kernel.actor import Actor
from shopwright.kernel.errors import Invalid
from shopwright.orders.drafts import MAX_ITEMS, MAX_QUANTITY

KIOSK = "kiosk"
STOREFRONT = "storefront"
WHOLE_BP = 10_000


class NotSold(Invalid):
    code = "not-sold"
    title = "The shop does not sell this"


@dataclass(frozen=True, slots=True)
class Line:
    """A variant, a design, or a template for a device model whose picture comes later.

    Whoever makes it has seen the design's token.
    """

    quantity: int = 1
    variant_id: int | None = None
    design_id: int | None = None
    template_id: int | None = None
    device_model_id: int | None = None
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class PricedLine:
    title: str
    quantity: int
    price_minor: int  # of one
    sku: str | None
    variant_id: int | None
    design_id: int | None = None
    template_id: int | None = None
    device_model_id: int | None = None
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Quote:
    """All in minor units of ``currency``; the tax is in the total, whether on top or within."""

    currency: str
    lines: tuple[PricedLine, ...]
    subtotal_minor: int
    shipping_minor: int
    tax_minor: int
    total_minor: int


async def quote_lines(
    session: AsyncSession, ctx: Actor, lines: Sequence[Line], channel: str = STOREFRONT
) -> Quote:
    """Raises NotSold, Invalid or PriceUnsettled with what to change. Stock is not looked at."""
    if not 1 <= len(lines) <= MAX_ITEMS:
        raise Invalid(f"An order has between 1 and {MAX_ITEMS} lines; this one has {len(lines)}.")
    settings = await shop_settings.get_settings(session, ctx)
    if not settings.is_open:
        raise NotSold("This shop takes no orders at present. Come back another day.")
    priced = [await _price(session, ctx, line) for line in lines]
    strange = {currency for _, currency in priced} - {settings.currency}
    if strange:
        raise NotSold(
            f"The shop sells in {settings.currency}, and one of these is priced in "
            f"{min(strange)}. Tell the shop, please."
        )
    return _add_up(tuple(line for line, _ in priced), settings, is_sent=channel != KIOSK)


def _add_up(lines: tuple[PricedLine, ...], settings: ShopSettings, *, is_sent: bool) -> Quote:
    subtotal = sum(line.price_minor * line.quantity for line in lines)
    shipping = shipping_of(settings, subtotal) if is_sent else 0
    tax = tax_of(settings, subtotal + shipping)
    on_top = 0 if settings.prices_include_tax else tax
    total = subtotal + shipping + on_top
    return Quote(settings.currency, lines, subtotal, shipping, tax, total)


def shipping_of(settings: ShopSettings, subtotal_minor: int) -> int:
    free_from = settings.free_shipping_from_minor
    is_free = free_from is not None and subtotal_minor >= free_from
    return 0 if is_free else settings.shipping_minor


def tax_of(settings: ShopSettings, minor: int) -> int:
    """Within or on top of ``minor``, rounded half up to the minor unit."""
    rate = settings.tax_rate_bp
    base = WHOLE_BP + rate if settings.prices_include_tax else WHOLE_BP
    return (2 * minor * rate + base) // (2 * base)


async def _price(session: AsyncSession, ctx: Actor, line: Line) -> tuple[PricedLine, str]:
    if not 1 <= line.quantity <= MAX_QUANTITY:
        raise Invalid(f"The quantity must be between 1 and {MAX_QUANTITY}, not {line.quantity}.")
    if line.variant_id is not None:
        return await _price_variant(session, ctx, line)
    if line.design_id is not None:
        design = await artwork.get_design(session, ctx, line.design_id)
        return await _price_design(session, ctx, line, design.template_id, design.device_model_id)
    if line.template_id is None or line.device_model_id is None:
        raise Invalid("A line names a variant, a design, or a template and a model.")
    return await _price_design(session, ctx, line, line.template_id, line.device_model_id)


async def _price_variant(session: AsyncSession, ctx: Actor, line: Line) -> tuple[PricedLine, str]:
    row = (
        await session.execute(
            select(Variant, Product)
            .join(Product, Product.id == Variant.product_id)
            .where(Variant.organization_id == ctx.organization_id, Variant.id == line.variant_id)
            .where(Product.organization_id == ctx.organization_id)
            .where(Variant.is_active, Product.is_active, Product.is_in_shop)
        )
    ).one_or_none()
    if row is None:
        raise NotSold("One of these is not sold any more. Take it out of the cart.")
    variant, product = row
    title = f"{product.name}, {variant.name}" if variant.name else product.name
    if variant.price_minor is None:
        raise NotSold(f"{title} has no price yet. Ask the shop.")
    priced = PricedLine(
        title=title,
        quantity=line.quantity,
        price_minor=variant.price_minor,
        sku=variant.sku,
        variant_id=variant.id,
        options=line.options,
    )
    return priced, variant.currency or (await shop_settings.get_settings(session, ctx)).currency


async def _price_design(
    session: AsyncSession, ctx: Actor, line: Line, template_id: int, model_id: int
) -> tuple[PricedLine, str]:
    template, model, brand = await _get_parts(session, ctx, template_id, model_id)
    price, currency = price_of(template, model)
    own = (
        ("Brand", brand.display_name),
        ("Model", model.display_name),
        ("Template", template.name),
    )
    priced = PricedLine(
        title=f"{template.name} for {model.display_name}",
        quantity=line.quantity,
        price_minor=price,
        sku=None if template.variant_id else template.code,
        variant_id=template.variant_id,
        design_id=line.design_id,
        template_id=template.id,
        device_model_id=model.id,
        options=own + line.options,
    )
    return priced, currency


async def _get_parts(
    session: AsyncSession, ctx: Actor, template_id: int, model_id: int
) -> tuple[Template, DeviceModel, Brand]:
    organization = ctx.organization_id
    row = (
        await session.execute(
            select(Template, DeviceModel, Brand)
            .join(DeviceModel, DeviceModel.organization_id == Template.organization_id)
            .join(Brand, Brand.id == DeviceModel.brand_id)
            .where(Template.organization_id == organization, Template.id == template_id)
            .where(DeviceModel.organization_id == organization, DeviceModel.id == model_id)
            .where(Brand.organization_id == organization)
        )
    ).one_or_none()
    if row is None:
        raise NotSold("This template or model is not sold here.")
    template, model, brand = row
    if not template.is_active:
        raise NotSold(f"The template {template.name} is not sold at the moment.")
    if not (model.is_available and brand.is_available):
        raise NotSold(f"Designs for the {model.display_name} are not sold at the moment.")
    return template, model, brand
