"""All SQL of templates, styles, fonts, colours and stickers."""

from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.catalog.designs.models import (
    AiStyle,
    Color,
    Font,
    ShopSettings,
    Sticker,
    StickerCategory,
    Template,
)
from shopwright.catalog.designs.states import ColorKind
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import MAX_INTEGER
from shopwright.kernel.edge import Ref


async def find_template(session: AsyncSession, ctx: Actor, code: str) -> Template | None:
    """By code, else by id or uuid; hidden ones too."""
    word = code.strip().lower()
    rows = await session.scalars(
        select(Template).where(
            Template.organization_id == ctx.organization_id, _means(Template, word)
        )
    )
    return min(rows, key=lambda row: row.code != word, default=None)


async def find_template_by_code(session: AsyncSession, ctx: Actor, code: str) -> Template | None:
    found: Template | None = await session.scalar(
        select(Template).where(
            Template.organization_id == ctx.organization_id, Template.code == code
        )
    )
    return found


async def list_templates(
    session: AsyncSession, ctx: Actor, *, is_active: bool | None = True
) -> list[Template]:
    """In the shop's order; None for hidden ones too."""
    statement = select(Template).where(Template.organization_id == ctx.organization_id)
    if is_active is not None:
        statement = statement.where(Template.is_active.is_(is_active))
    return list(await session.scalars(statement.order_by(Template.display_order, Template.id)))


async def get_template_of(session: AsyncSession, ctx: Actor, style: AiStyle) -> Template:
    rows = await session.scalars(
        select(Template).where(
            Template.organization_id == ctx.organization_id, Template.id == style.template_id
        )
    )
    return rows.one()


async def find_style(
    session: AsyncSession, ctx: Actor, template_id: int, text: str
) -> AiStyle | None:
    """An offered style of a template by its code or its name, in any case."""
    word = text.strip().lower()
    rows = await list_styles(session, ctx, template_id)
    return next((row for row in rows if word in {row.code, row.name.lower()}), None)


async def find_style_row(session: AsyncSession, ctx: Actor, ref: Ref) -> AiStyle | None:
    found: AiStyle | None = await session.scalar(
        select(AiStyle).where(AiStyle.organization_id == ctx.organization_id, ref.where(AiStyle))
    )
    return found


async def list_styles(
    session: AsyncSession, ctx: Actor, template_id: int, *, is_active: bool | None = True
) -> list[AiStyle]:
    statement = select(AiStyle).where(
        AiStyle.organization_id == ctx.organization_id, AiStyle.template_id == template_id
    )
    if is_active is not None:
        statement = statement.where(AiStyle.is_active.is_(is_active))
    return list(await session.scalars(statement.order_by(AiStyle.display_order, AiStyle.id)))


async def find_font(session: AsyncSession, ctx: Actor, ref: Ref) -> Font | None:
    found: Font | None = await session.scalar(
        select(Font).where(Font.organization_id == ctx.organization_id, ref.where(Font))
    )
    return found


async def find_font_by_name(session: AsyncSession, ctx: Actor, name: str) -> Font | None:
    """Hidden ones too: they still draw the designs that use them."""
    found: Font | None = await session.scalar(
        select(Font).where(Font.organization_id == ctx.organization_id, Font.name == name)
    )
    return found


async def list_fonts(
    session: AsyncSession, ctx: Actor, *, is_active: bool | None = True
) -> list[Font]:
    statement = select(Font).where(Font.organization_id == ctx.organization_id)
    if is_active is not None:
        statement = statement.where(Font.is_active.is_(is_active))
    return list(await session.scalars(statement.order_by(Font.display_order, Font.id)))


async def find_color(session: AsyncSession, ctx: Actor, ref: Ref) -> Color | None:
    found: Color | None = await session.scalar(
        select(Color).where(Color.organization_id == ctx.organization_id, ref.where(Color))
    )
    return found


async def find_color_by_value(
    session: AsyncSession, ctx: Actor, kind: ColorKind, value: str
) -> Color | None:
    found: Color | None = await session.scalar(
        select(Color).where(
            Color.organization_id == ctx.organization_id, Color.kind == kind, Color.hex == value
        )
    )
    return found


async def list_colors(
    session: AsyncSession,
    ctx: Actor,
    *,
    kind: ColorKind | None = None,
    is_active: bool | None = True,
) -> list[Color]:
    statement = select(Color).where(Color.organization_id == ctx.organization_id)
    if kind is not None:
        statement = statement.where(Color.kind == kind)
    if is_active is not None:
        statement = statement.where(Color.is_active.is_(is_active))
    return list(await session.scalars(statement.order_by(Color.display_order, Color.id)))


async def find_category(session: AsyncSession, ctx: Actor, text: str) -> StickerCategory | None:
    """By code, id, uuid, or name in any case."""
    word = text.strip().lower()
    rows = list(
        await session.scalars(
            select(StickerCategory).where(
                StickerCategory.organization_id == ctx.organization_id,
                or_(_means(StickerCategory, word), func.lower(StickerCategory.name) == word),
            )
        )
    )
    return min(rows, key=lambda row: row.code != word, default=None)


async def find_category_by_code(
    session: AsyncSession, ctx: Actor, code: str
) -> StickerCategory | None:
    found: StickerCategory | None = await session.scalar(
        select(StickerCategory).where(
            StickerCategory.organization_id == ctx.organization_id, StickerCategory.code == code
        )
    )
    return found


async def get_category_of(session: AsyncSession, ctx: Actor, sticker: Sticker) -> StickerCategory:
    rows = await session.scalars(
        select(StickerCategory).where(
            StickerCategory.organization_id == ctx.organization_id,
            StickerCategory.id == sticker.category_id,
        )
    )
    return rows.one()


async def list_categories(
    session: AsyncSession, ctx: Actor, *, is_active: bool | None = True
) -> list[StickerCategory]:
    statement = select(StickerCategory).where(
        StickerCategory.organization_id == ctx.organization_id
    )
    if is_active is not None:
        statement = statement.where(StickerCategory.is_active.is_(is_active))
    rows = await session.scalars(
        statement.order_by(StickerCategory.display_order, StickerCategory.id)
    )
    return list(rows)


async def find_sticker(session: AsyncSession, ctx: Actor, ref: Ref) -> Sticker | None:
    """Hidden ones too: they still stand on the designs that use them."""
    found: Sticker | None = await session.scalar(
        select(Sticker).where(Sticker.organization_id == ctx.organization_id, ref.where(Sticker))
    )
    return found


async def find_sticker_by_name(
    session: AsyncSession, ctx: Actor, category_id: int, file_name: str
) -> Sticker | None:
    found: Sticker | None = await session.scalar(
        select(Sticker)
        .where(Sticker.organization_id == ctx.organization_id)
        .where(Sticker.category_id == category_id, Sticker.file_name == file_name)
    )
    return found


async def list_stickers(
    session: AsyncSession,
    ctx: Actor,
    *,
    category_id: int | None = None,
    is_active: bool | None = True,
) -> list[Sticker]:
    statement = select(Sticker).where(Sticker.organization_id == ctx.organization_id)
    if category_id is not None:
        statement = statement.where(Sticker.category_id == category_id)
    if is_active is not None:
        statement = statement.where(Sticker.is_active.is_(is_active))
    return list(await session.scalars(statement.order_by(Sticker.display_order, Sticker.id)))


async def list_file_names(session: AsyncSession, ctx: Actor, category_id: int) -> set[str]:
    rows = await session.scalars(
        select(Sticker.file_name).where(
            Sticker.organization_id == ctx.organization_id, Sticker.category_id == category_id
        )
    )
    return set(rows)


async def find_settings(session: AsyncSession, ctx: Actor) -> ShopSettings | None:
    found: ShopSettings | None = await session.scalar(
        select(ShopSettings).where(ShopSettings.organization_id == ctx.organization_id)
    )
    return found


def _means(model: Any, word: str) -> Any:
    """By code, uuid or id."""
    ways = [model.code == word, model.uuid == word]
    if word.isascii() and word.isdigit() and int(word) <= MAX_INTEGER:
        ways.append(model.id == int(word))
    return or_(*ways)
