"""Use cases of products, variants and hardware. What orders point at is hidden, never erased."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.accounts.models import Organization
from shopwright.catalog import queries, recipe_queries
from shopwright.catalog.events import CodeMapped, VariantCreated
from shopwright.catalog.models import Hardware, Product, SkuAlias, Variant
from shopwright.catalog.service import get_variant
from shopwright.kernel import events
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Conflict, Invalid, NotFound
from shopwright.kernel.live import touch
from shopwright.kernel.money import Money

MAX_SKU = 100


class SkuTaken(Conflict):
    code = "sku-taken"
    title = "This SKU is in use already"


class HardwareInUse(Conflict):
    code = "hardware-in-use"
    title = "Recipes still need this hardware"


@dataclass(frozen=True, slots=True)
class ProductSpec:
    name: str
    description: str = ""
    category: str = ""
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class VariantSpec:
    """``currency`` None means the organization's."""

    sku: str
    name: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    price: Decimal | None = None
    currency: str | None = None
    is_active: bool = True


async def get_product(session: AsyncSession, ctx: Actor, ref: Ref) -> Product:
    product = await queries.find_product(session, ctx, ref)
    if product is None:
        raise NotFound(f"There is no product {ref}.")
    return product


async def create_product(session: WriteSession, ctx: Actor, *, spec: ProductSpec) -> Product:
    product = Product(
        organization_id=ctx.organization_id,
        name=spec.name,
        description=spec.description,
        category=spec.category,
        is_active=spec.is_active,
        variants=[],
    )
    session.add(product)
    await session.flush()
    _note(session, ctx, "product.created", product.id, product.id, name=spec.name)
    return product


async def update_product(
    session: WriteSession, ctx: Actor, *, ref: Ref, spec: ProductSpec
) -> Product:
    """Hiding a product hides its variants; showing it again shows them, and releases who waits."""
    product = await get_product(session, ctx, ref)
    product.name = spec.name
    product.description = spec.description
    product.category = spec.category
    if product.is_active != spec.is_active:
        product.is_active = spec.is_active
        await _show_variants(session, ctx, product.id, is_active=spec.is_active)
    await session.flush()
    _note(session, ctx, "product.updated", product.id, product.id, is_active=spec.is_active)
    return product


async def hide_product(session: WriteSession, ctx: Actor, *, ref: Ref) -> None:
    """No new order finds it; what is owed is still made."""
    product = await get_product(session, ctx, ref)
    product.is_active = False
    await _show_variants(session, ctx, product.id, is_active=False)
    _note(session, ctx, "product.hidden", product.id, product.id)


async def create_variant(
    session: WriteSession, ctx: Actor, *, product: Ref, spec: VariantSpec
) -> Variant:
    """Raises SkuTaken; whoever waits for the SKU hears VariantCreated."""
    parent = await get_product(session, ctx, product)
    sku = await _check_sku(session, ctx, spec.sku, None)
    variant = Variant(organization_id=ctx.organization_id, product_id=parent.id, sku=sku)
    await _describe(session, ctx, variant, spec)
    session.add(variant)
    await session.flush()
    _note(session, ctx, "variant.created", variant.id, parent.id, sku=sku)
    await events.publish(session, VariantCreated(ctx.organization_id, variant.id, sku))
    return variant


async def update_variant(
    session: WriteSession, ctx: Actor, *, ref: Ref, spec: VariantSpec
) -> Variant:
    """A new SKU, or one shown again, releases whoever waits for it."""
    variant = await get_variant(session, ctx, ref)
    sku = await _check_sku(session, ctx, spec.sku, variant.id)
    is_found_anew = spec.is_active and (sku != variant.sku or not variant.is_active)
    variant.sku = sku
    await _describe(session, ctx, variant, spec)
    await session.flush()
    _note(session, ctx, "variant.updated", variant.id, variant.product_id, sku=sku)
    if is_found_anew:
        await events.publish(session, CodeMapped(ctx.organization_id, sku, variant.id))
    return variant


async def hide_variant(session: WriteSession, ctx: Actor, *, ref: Ref) -> None:
    variant = await get_variant(session, ctx, ref)
    variant.is_active = False
    _note(session, ctx, "variant.hidden", variant.id, variant.product_id)


async def get_hardware(session: AsyncSession, ctx: Actor, ref: Ref) -> Hardware:
    found = await recipe_queries.find_hardware(session, ctx, [ref])
    if not found or not found[0].is_active:
        raise NotFound(f"There is no hardware {ref}.")
    return found[0]


async def create_hardware(session: WriteSession, ctx: Actor, *, sku: str, name: str) -> Hardware:
    """A hidden one of the same SKU comes back; raises SkuTaken when it is in use."""
    sku = _clean_sku(sku)
    hardware = await recipe_queries.find_hardware_by_sku(session, ctx, sku)
    if hardware is None:
        hardware = Hardware(organization_id=ctx.organization_id, sku=sku)
        session.add(hardware)
    elif hardware.is_active:
        raise SkuTaken(f"The hardware {sku} is there already.", sku=sku)
    hardware.name, hardware.is_active = name, True
    await session.flush()
    audit.record(session, ctx, "hardware.created", hardware.id, sku=sku)
    return hardware


async def update_hardware(
    session: WriteSession, ctx: Actor, *, ref: Ref, sku: str, name: str
) -> Hardware:
    hardware = await get_hardware(session, ctx, ref)
    sku = _clean_sku(sku)
    other = await recipe_queries.find_hardware_by_sku(session, ctx, sku)
    if other is not None and other.id != hardware.id:
        raise SkuTaken(f"The SKU {sku} belongs to hardware {other.id}.", sku=sku)
    hardware.sku, hardware.name = sku, name
    await session.flush()
    audit.record(session, ctx, "hardware.updated", hardware.id, sku=sku)
    return hardware


async def hide_hardware(session: WriteSession, ctx: Actor, *, ref: Ref) -> None:
    """Raises HardwareInUse while an active variant needs it."""
    hardware = await get_hardware(session, ctx, ref)
    uses = await recipe_queries.count_uses(session, ctx, hardware.id)
    if uses:
        raise HardwareInUse(f"{uses} recipes need {hardware.sku}. Take it out of them first.")
    hardware.is_active = False
    audit.record(session, ctx, "hardware.hidden", hardware.id)


async def _show_variants(
    session: WriteSession, ctx: Actor, product_id: int, *, is_active: bool
) -> None:
    for variant in await queries.show_variants(session, ctx, product_id, is_active=is_active):
        if is_active:
            await events.publish(session, CodeMapped(ctx.organization_id, variant.sku, variant.id))


def _clean_sku(sku: str) -> str:
    sku = sku.strip()
    if not sku or len(sku) > MAX_SKU or not sku.isprintable():
        raise Invalid(f"A SKU has 1 to {MAX_SKU} visible characters.", sku=sku[:MAX_SKU])
    return sku


async def _check_sku(session: WriteSession, ctx: Actor, sku: str, variant_id: int | None) -> str:
    """The trimmed SKU; the unique index decides between two who pass here at once."""
    sku = _clean_sku(sku)
    owner = await queries.find_code_owner(session, ctx, sku)
    if owner is not None and owner.id != variant_id:
        state = "" if owner.is_active else ", which is hidden; show that one again"
        raise SkuTaken(f"The SKU {sku} belongs to variant {owner.id}{state}.", variant_id=owner.id)
    alias = await queries.find_alias(session, ctx, SkuAlias.code == sku)
    if alias is not None:
        raise SkuTaken(
            f"{sku} is an alias of variant {alias.variant_id}. Remove the alias first.",
            variant_id=alias.variant_id,
        )
    return sku


async def _describe(session: WriteSession, ctx: Actor, variant: Variant, spec: VariantSpec) -> None:
    price = await _price_of(session, ctx, spec)
    variant.name = spec.name
    variant.options = dict(spec.options)
    variant.price_minor = price.minor if price else None
    variant.currency = price.currency if price else None
    variant.is_active = spec.is_active


async def _price_of(session: WriteSession, ctx: Actor, spec: VariantSpec) -> Money | None:
    if spec.price is None:
        return None
    currency = spec.currency or await session.scalar(
        select(Organization.currency).where(Organization.id == ctx.organization_id)
    )
    return Money.from_decimal(spec.price, currency or "")


def _note(
    session: WriteSession, ctx: Actor, action: str, subject_id: int, product_id: int, **facts: Any
) -> None:
    audit.record(session, ctx, action, subject_id, **facts)
    touch(session, ctx.organization_id, "product", product_id)
