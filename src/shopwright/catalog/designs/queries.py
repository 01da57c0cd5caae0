"""All SQL of templates, styles, fonts, colours and stickers."""

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.catalog.designs.models import AiStyle, ShopSettings, Template
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import MAX_INTEGER


async def find_template(session: AsyncSession, ctx: Actor, code: str) -> Template | None:
    """By code, else by id or uuid; hidden ones too."""
    word = code.strip().lower()
    ways = [Template.code == word, Template.uuid == word]
    if word.isascii() and word.isdigit() and int(word) <= MAX_INTEGER:
        ways.append(Template.id == int(word))
    rows = await session.scalars(
        select(Template).where(Template.organization_id == ctx.organization_id, or_(*ways))
    )
    return min(rows, key=lambda row: row.code != word, default=None)


async def find_style(
    session: AsyncSession, ctx: Actor, template_id: int, text: str
) -> AiStyle | None:
    """An offered style of a template by its code or its name, in any case."""
    word = text.strip().lower()
    rows = await session.scalars(
        select(AiStyle)
        .where(AiStyle.organization_id == ctx.organization_id)
        .where(AiStyle.template_id == template_id, AiStyle.is_active)
    )
    return next((row for row in rows if word in {row.code, row.name.lower()}), None)


async def find_settings(session: AsyncSession, ctx: Actor) -> ShopSettings | None:
    found: ShopSettings | None = await session.scalar(
        select(ShopSettings).where(ShopSettings.organization_id == ctx.organization_id)
    )
    return found
