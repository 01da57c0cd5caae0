"""Opens the demo's webstore: devices, documented templates, stickers, and some products."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from shopwright.catalog import in_shop, products, queries
from shopwright.catalog import service as catalog
from shopwright.catalog.codes import code_of
from shopwright.catalog.designs import queries as design_queries
from shopwright.catalog.designs import service as designs
from shopwright.catalog.designs import shop_settings, starting, stickers
from shopwright.catalog.designs.shop_settings import ShopSpec
from shopwright.catalog.designs.sticker_pictures import (
    StickerPicture,
    draw_product_picture,
    encode_sticker,
    store_picture,
    store_sticker,
)
from shopwright.catalog.devices import service as devices
from shopwright.catalog.devices.service import BrandChange, ModelChange
from shopwright.catalog.products import ProductSpec, VariantSpec
from shopwright.catalog.queries import ProductFilter
from shopwright.catalog.rules import StepSpec
from shopwright.catalog.states import StepKind
from shopwright.files.service import NewFile
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Paging, Process, Ref
from shopwright.server.demo.goods import ARTICLES
from shopwright.server.demo.pictures import draw
from shopwright.server.demo.sticker_drawings import sketch_sticker

TEMPLATE_PRICE = Decimal(35)
CASE_SKU = "CASE-PRINTED"
CASE_COST = 12.5  # what the manufacturer takes for one
# Where a design shows, in percent of the canvas, as the reference documents it.
IPHONE_MASK = {"x": 8, "y": 0, "width": 85, "height": 100, "radius": 12}
SAMSUNG_MASK = {"x": -5.25, "y": 0, "width": 108, "height": 100, "radius": 10}


@dataclass(frozen=True, slots=True)
class Phone:
    name: str
    width_um: int
    height_um: int
    stock: int
    year: int
    is_featured: bool = False


@dataclass(frozen=True, slots=True)
class Maker:
    code: str
    name: str
    partner_id: str
    frame_color: str
    button_color: str
    mask: Mapping[str, float]
    phones: tuple[Phone, ...]


APPLE = Maker(
    "apple",
    "iPhone",
    "BR20250111000002",
    "#d7efd4",
    "#b9e4b4",
    IPHONE_MASK,
    (
        Phone("iPhone 17 Pro", 71_900, 150_000, 14, 2025, is_featured=True),
        Phone("iPhone 17", 71_500, 149_600, 9, 2025, is_featured=True),
        Phone("iPhone Air", 74_700, 156_200, 6, 2025),
        Phone("iPhone 16 Pro", 71_500, 149_600, 11, 2024),
        Phone("iPhone 16", 71_600, 147_600, 8, 2024),
        Phone("iPhone 15 Pro", 70_600, 146_600, 5, 2023),
        Phone("iPhone 15", 71_600, 147_600, 0, 2023),
    ),
)
SAMSUNG = Maker(
    "samsung",
    "Samsung",
    "BR020250120000001",
    "#f9e1eb",
    "#f5bed3",
    SAMSUNG_MASK,
    (
        Phone("Galaxy S25 Ultra", 77_600, 162_800, 7, 2025, is_featured=True),
        Phone("Galaxy S25", 70_500, 146_900, 10, 2025),
        Phone("Galaxy S24", 70_600, 147_000, 3, 2024),
    ),
)
STICKERS = {
    "Love": ("Red heart", "Violet heart"),
    "Positive Vibe": ("Happy sun", "Gold star", "Rainbow"),
    "Cat": ("Tabby",),
    "Dog": ("Buddy",),
    "Alien": ("Green visitor",),
    "Space": ("Rocket", "Planet"),
    "Pop-Art": ("Flash",),
    "Monsters": ("Little ghost",),
}

# Articles of the demo that the webstore sells, too.
SOLD = ("Planter Terra", "Moon lamp 15 cm", "Name keychain", "Key hooks, set of 4")


async def open_webstore(process: Process, ctx: Actor, folder: Path) -> None:
    """After the shop is furnished: its products are there."""
    drawn = await _draw_stickers(process)
    pictures = await _draw_products(process, folder)
    async with process.database.write() as session:
        await _set_up(session, ctx)
        await _add_devices(session, ctx)
        await starting.add_documented(session, ctx, price=TEMPLATE_PRICE)
        await _add_stickers(session, ctx, drawn)
        await _say_how_cases_are_made(session, ctx)
        await _sell_products(session, ctx, pictures)


async def _set_up(session: WriteSession, ctx: Actor) -> None:
    unset = await shop_settings.get_settings(session, ctx)
    spec = ShopSpec(
        shop_name=unset.shop_name,
        currency=unset.currency,
        tagline="Phone cases with your own design, and things from our printers.",
        contact_email="hello@example.com",
        shipping=Decimal("4.90"),
        free_shipping_from=Decimal(60),
        tax_percent=Decimal(19),
        prices_include_tax=True,
        countries=["AT", "BE", "DE", "FR", "GB", "NL"],
    )
    await shop_settings.save_settings(session, ctx, spec)


async def _add_devices(session: WriteSession, ctx: Actor) -> None:
    await _add_brand(session, ctx, APPLE)
    await _add_brand(session, ctx, SAMSUNG)
    google = BrandChange(
        code="google",
        display_name="Google",
        subtitle="Coming soon",
        is_available=False,
        display_order=9,
    )
    await devices.create_brand(session, ctx, google)


def partner_models() -> list[dict[str, Any]]:
    """The same phones as the manufacturer's stand-in knows them."""
    return [
        {
            "brand_id": maker.partner_id,
            "name": phone.name,
            "id": model.partner_model_id,
            "shell_id": model.partner_shell_id,
            "width": str(phone.width_um / 1000),
            "height": str(phone.height_um / 1000),
            "stock": phone.stock,
            "price": CASE_COST,
        }
        for maker in (APPLE, SAMSUNG)
        for phone, model in _models_of(maker)
    ]


def _models_of(maker: Maker) -> list[tuple[Phone, ModelChange]]:
    return [
        (phone, _model_of(phone, maker.mask, f"{maker.partner_id[-4:]}{order:02}", order))
        for order, phone in enumerate(maker.phones)
    ]


async def _add_brand(session: WriteSession, ctx: Actor, maker: Maker) -> None:
    change = BrandChange(
        code=maker.code,
        display_name=maker.name,
        partner_id=maker.partner_id,
        frame_color=maker.frame_color,
        button_color=maker.button_color,
    )
    brand = await devices.create_brand(session, ctx, change)
    for _, model in _models_of(maker):
        await devices.create_model(session, ctx, brand=brand, change=model, price=None)


def _model_of(phone: Phone, mask: Mapping[str, float], number: str, order: int) -> ModelChange:
    return ModelChange(
        display_name=phone.name,
        width_um=phone.width_um,
        height_um=phone.height_um,
        partner_model_id=f"MM0202502240{number}",
        partner_shell_id=f"MS1025032700{number}",
        stock=phone.stock,
        is_featured=phone.is_featured,
        release_year=phone.year,
        mask=dict(mask),
        display_order=order,
    )


async def _draw_stickers(process: Process) -> dict[str, StickerPicture]:
    """By name; drawing and storing need no transaction."""
    names = [name for group in STICKERS.values() for name in group]
    taken = await asyncio.gather(*(_draw_sticker(process, name) for name in names))
    return dict(zip(names, taken, strict=True))


async def _draw_sticker(process: Process, name: str) -> StickerPicture:
    drawn = await asyncio.to_thread(lambda: encode_sticker(sketch_sticker(name)))
    return await store_sticker(process, drawn, code_of(name))


async def _draw_products(process: Process, folder: Path) -> dict[str, NewFile]:
    return {name: await _draw_product(process, folder, name) for name in SOLD}


async def _draw_product(process: Process, folder: Path, name: str) -> NewFile:
    article = next(each for each in ARTICLES if each.name == name)
    plate = article.choices[0].plates[-1]
    path = folder / f"product-{code_of(name)}.png"
    content = await asyncio.to_thread(draw, plate.name, plate.color.hex)
    await asyncio.to_thread(path.write_bytes, content)
    picture = await asyncio.to_thread(draw_product_picture, path)
    path.unlink()
    return await store_picture(process, picture, f"{code_of(name)}.webp")


async def _add_stickers(
    session: WriteSession, ctx: Actor, drawn: dict[str, StickerPicture]
) -> None:
    for group, names in STICKERS.items():
        category = await stickers.get_category(session, ctx, code_of(group))
        for name in names:
            await stickers.add_sticker(
                session, ctx, category=category, name=name, picture=drawn[name]
            )


async def _say_how_cases_are_made(session: WriteSession, ctx: Actor) -> None:
    """Every template is one variant of the same product; its recipe says who makes it."""
    product = await products.create_product(
        session, ctx, spec=ProductSpec("Printed phone case", category="Cases")
    )
    variant = await products.create_variant(
        session,
        ctx,
        product=Ref(product.id, None),
        spec=VariantSpec(CASE_SKU, "with the customer's design", price=TEMPLATE_PRICE),
    )
    bought = StepSpec(None, None, name="Case", kind=StepKind.OUTSOURCE)
    await catalog.change_recipe(session, ctx, variant_id=variant.id, steps=[bought])
    for template in await design_queries.list_templates(session, ctx):
        await designs.set_variant(session, ctx, template, Ref(variant.id, None))


async def _sell_products(session: WriteSession, ctx: Actor, pictures: dict[str, NewFile]) -> None:
    found, _ = await queries.list_products(session, ctx, ProductFilter(), Paging(1000, 0))
    for product in found:
        if product.name in SOLD:
            await in_shop.show_in_shop(session, ctx, product, is_in_shop=True)
            await in_shop.set_picture(session, ctx, product, pictures[product.name])
