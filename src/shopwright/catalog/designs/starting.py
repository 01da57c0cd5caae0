"""Beginning a shop: the documented templates, styles, fonts, colours and sticker categories."""

from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal

from shopwright.catalog.changes import note
from shopwright.catalog.codes import code_of
from shopwright.catalog.designs import documented, queries, shop_settings
from shopwright.catalog.designs.documented import TemplateSeed
from shopwright.catalog.designs.models import AiStyle, Color, Font, StickerCategory, Template
from shopwright.kernel.actor import Actor
from shopwright.kernel.bulk import insert_rows
from shopwright.kernel.db import WriteSession
from shopwright.kernel.money import Money

USUAL_PRICE = Decimal(35)  # what the reference asks for every template


async def add_documented(session: WriteSession, ctx: Actor, *, price: Decimal = USUAL_PRICE) -> int:
    """Adds what is missing and changes nothing that is there; how many things were added."""
    added = (
        await _add_templates(session, ctx, price)
        + await _add_fonts(session, ctx)
        + await _add_colors(session, ctx)
        + await _add_categories(session, ctx)
    )
    note(session, ctx, "webstore.started", ctx.organization_id, added=added)
    return added


async def _add_templates(session: WriteSession, ctx: Actor, price: Decimal) -> int:
    known = {row.code for row in await queries.list_templates(session, ctx, is_active=None)}
    missing = [seed for seed in documented.TEMPLATES if seed.code not in known]
    settings = await shop_settings.get_settings(session, ctx)
    money = Money.from_decimal(price, settings.currency)
    rows = [_template_row(ctx, seed, money) for seed in missing]
    made = await insert_rows(session, Template, rows)
    await _add_styles(session, ctx, list(zip(made, missing, strict=True)))
    return len(missing)


def _template_row(ctx: Actor, seed: TemplateSeed, price: Money) -> dict[str, object]:
    return {
        "organization_id": ctx.organization_id,
        "code": seed.code,
        "name": seed.name,
        "description": seed.description,
        "category": seed.category,
        "image_count": seed.image_count,
        "features": list(seed.features),
        "parameters": [asdict(word) for word in seed.parameters],
        "price_minor": price.minor,
        "currency": price.currency,
        "display_order": documented.TEMPLATES.index(seed),
    }


async def _add_styles(
    session: WriteSession, ctx: Actor, templates: Sequence[tuple[int, TemplateSeed]]
) -> None:
    rows = [
        {
            "organization_id": ctx.organization_id,
            "template_id": template_id,
            "code": code_of(style.name),
            "name": style.name,
            "prompt": style.prompt,
            "display_order": order,
        }
        for template_id, seed in templates
        for order, style in enumerate(seed.styles)
    ]
    await insert_rows(session, AiStyle, rows)


async def _add_fonts(session: WriteSession, ctx: Actor) -> int:
    known = {row.name for row in await queries.list_fonts(session, ctx, is_active=None)}
    rows = [
        {
            "organization_id": ctx.organization_id,
            "name": name,
            "family": family,
            "weight": weight,
            "display_order": order,
        }
        for order, (name, family, weight) in enumerate(documented.FONTS)
        if name not in known
    ]
    return len(await insert_rows(session, Font, rows))


async def _add_colors(session: WriteSession, ctx: Actor) -> int:
    known = {(row.kind, row.hex) for row in await queries.list_colors(session, ctx, is_active=None)}
    rows = [
        {
            "organization_id": ctx.organization_id,
            "kind": kind,
            "name": name,
            "hex": value,
            "display_order": order,
        }
        for order, (kind, name, value) in enumerate(documented.COLORS)
        if (kind, value) not in known
    ]
    return len(await insert_rows(session, Color, rows))


async def _add_categories(session: WriteSession, ctx: Actor) -> int:
    known = {row.code for row in await queries.list_categories(session, ctx, is_active=None)}
    rows = [
        {
            "organization_id": ctx.organization_id,
            "code": code_of(name),
            "name": name,
            "display_order": order,
        }
        for order, name in enumerate(documented.STICKER_CATEGORIES)
        if code_of(name) not in known
    ]
    return len(await insert_rows(session, StickerCategory, rows))
