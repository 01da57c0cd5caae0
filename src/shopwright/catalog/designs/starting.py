"""Beginning a shop: the documented templates, styles, fonts, colours and sticker categories."""

from decimal import Decimal

from shopwright.catalog.codes import code_of
from shopwright.catalog.designs import documented, palette, queries, service, stickers
from shopwright.catalog.designs.documented import TemplateSeed
from shopwright.catalog.designs.palette import ColorChange, FontChange
from shopwright.catalog.designs.service import StyleChange, TemplateChange
from shopwright.catalog.designs.stickers import CategoryChange
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession

USUAL_PRICE = Decimal(35)  # what the reference asks for every template


async def add_documented(session: WriteSession, ctx: Actor, *, price: Decimal = USUAL_PRICE) -> int:
    """Adds what is missing and changes nothing that is there; how many things were added."""
    return (
        await _add_templates(session, ctx, price)
        + await _add_fonts(session, ctx)
        + await _add_colors(session, ctx)
        + await _add_categories(session, ctx)
    )


async def _add_templates(session: WriteSession, ctx: Actor, price: Decimal) -> int:
    known = {row.code for row in await queries.list_templates(session, ctx, is_active=None)}
    missing = [seed for seed in documented.TEMPLATES if seed.code not in known]
    for seed in missing:
        await _add_template(session, ctx, seed, price, documented.TEMPLATES.index(seed))
    return len(missing)


async def _add_template(
    session: WriteSession, ctx: Actor, seed: TemplateSeed, price: Decimal, position: int
) -> None:
    change = TemplateChange(
        code=seed.code,
        name=seed.name,
        description=seed.description,
        category=seed.category,
        image_count=seed.image_count,
        features=list(seed.features),
        display_order=position,
    )
    template = await service.create_template(session, ctx, change=change, price=price)
    if seed.parameters:
        await service.set_parameters(session, ctx, template, seed.parameters)
    for order, style in enumerate(seed.styles):
        look = StyleChange(name=style.name, prompt=style.prompt, display_order=order)
        await service.create_style(session, ctx, template=template, change=look)


async def _add_fonts(session: WriteSession, ctx: Actor) -> int:
    known = {row.name for row in await queries.list_fonts(session, ctx, is_active=None)}
    missing = [font for font in documented.FONTS if font[0] not in known]
    for name, family, weight in missing:
        order = documented.FONTS.index((name, family, weight))
        change = FontChange(name=name, family=family, weight=weight, display_order=order)
        await palette.create_font(session, ctx, change)
    return len(missing)


async def _add_colors(session: WriteSession, ctx: Actor) -> int:
    known = {(row.kind, row.hex) for row in await queries.list_colors(session, ctx, is_active=None)}
    missing = [color for color in documented.COLORS if (color[0], color[2]) not in known]
    for kind, name, value in missing:
        order = documented.COLORS.index((kind, name, value))
        change = ColorChange(kind=kind, name=name, hex=value, display_order=order)
        await palette.create_color(session, ctx, change)
    return len(missing)


async def _add_categories(session: WriteSession, ctx: Actor) -> int:
    known = {row.code for row in await queries.list_categories(session, ctx, is_active=None)}
    names = documented.STICKER_CATEGORIES
    missing = [name for name in names if code_of(name) not in known]
    for name in missing:
        change = CategoryChange(name=name, display_order=names.index(name))
        await stickers.create_category(session, ctx, change)
    return len(missing)
