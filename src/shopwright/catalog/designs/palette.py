"""Use cases of fonts and colours."""

from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.catalog.changes import apply_change, note
from shopwright.catalog.codes import CatalogCodeTaken, check_color
from shopwright.catalog.designs import queries
from shopwright.catalog.designs.models import Color, Font
from shopwright.catalog.designs.states import ColorKind
from shopwright.files import service as files
from shopwright.files.service import NewFile
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Invalid, NotFound

WEIGHTS = (100, 900)


@dataclass(frozen=True, slots=True)
class FontChange:
    """None leaves a member as it is."""

    name: str | None = None
    family: str | None = None
    weight: int | None = None
    is_active: bool | None = None
    display_order: int | None = None


@dataclass(frozen=True, slots=True)
class ColorChange:
    kind: ColorKind | None = None
    name: str | None = None
    hex: str | None = None
    is_active: bool | None = None
    display_order: int | None = None


async def get_font(session: AsyncSession, ctx: Actor, ref: Ref) -> Font:
    """Hidden ones too; raises NotFound."""
    font = await queries.find_font(session, ctx, ref)
    if font is None:
        raise NotFound(f"There is no font {ref}.")
    return font


async def get_color(session: AsyncSession, ctx: Actor, ref: Ref) -> Color:
    color = await queries.find_color(session, ctx, ref)
    if color is None:
        raise NotFound(f"There is no colour {ref}.")
    return color


async def create_font(
    session: WriteSession, ctx: Actor, change: FontChange, file: NewFile | None = None
) -> Font:
    """With its own ``file``, or one of those that the program brings. Raises CatalogCodeTaken."""
    font = Font(organization_id=ctx.organization_id)
    name = change.name or change.family or ""
    await _describe_font(session, ctx, font, replace(change, name=name))
    font.family = font.family or font.name
    if file is not None:
        await files.record_files(session, ctx, [file])
        font.file_sha256 = file.stored.sha256
    session.add(font)
    await session.flush()
    note(session, ctx, "font.created", font.id, name=font.name)
    return font


async def update_font(session: WriteSession, ctx: Actor, font: Font, change: FontChange) -> Font:
    await _describe_font(session, ctx, font, change)
    await session.flush()
    note(session, ctx, "font.updated", font.id)
    return font


async def show_font(session: WriteSession, ctx: Actor, font: Font, *, is_active: bool) -> None:
    """A hidden font still draws the designs that use it."""
    font.is_active = is_active
    await session.flush()
    note(session, ctx, "font.updated", font.id, is_active=is_active)


async def create_color(session: WriteSession, ctx: Actor, change: ColorChange) -> Color:
    """Raises CatalogCodeTaken, or Invalid for what is no colour."""
    if change.kind is None or change.hex is None:
        raise Invalid("A colour has a kind, background or text, and a value like #1e40af.")
    color = Color(organization_id=ctx.organization_id, name=change.name or check_color(change.hex))
    await _describe_color(session, ctx, color, change)
    session.add(color)
    await session.flush()
    note(session, ctx, "color.created", color.id, hex=color.hex)
    return color


async def update_color(
    session: WriteSession, ctx: Actor, color: Color, change: ColorChange
) -> Color:
    await _describe_color(session, ctx, color, change)
    await session.flush()
    note(session, ctx, "color.updated", color.id)
    return color


async def show_color(session: WriteSession, ctx: Actor, color: Color, *, is_active: bool) -> None:
    color.is_active = is_active
    await session.flush()
    note(session, ctx, "color.updated", color.id, is_active=is_active)


async def delete_color(session: WriteSession, ctx: Actor, color: Color) -> None:
    """Designs keep the values of their colours themselves."""
    note(session, ctx, "color.deleted", color.id, hex=color.hex)
    await session.delete(color)


async def _describe_font(session: WriteSession, ctx: Actor, font: Font, change: FontChange) -> None:
    low, high = WEIGHTS
    if change.weight is not None and not low <= change.weight <= high:
        raise Invalid(f"The weight of a font is {low} to {high}; 400 is regular, 700 is bold.")
    if change.name is not None:
        name = change.name.strip()
        if not name:
            raise Invalid("A font has a name.")
        same = await queries.find_font_by_name(session, ctx, name)
        if same is not None and same.id != font.id:
            raise CatalogCodeTaken(f"The font {name} is there already; it may be hidden.")
        change = replace(change, name=name)
    apply_change(font, change)


async def _describe_color(
    session: WriteSession, ctx: Actor, color: Color, change: ColorChange
) -> None:
    if change.hex is not None:
        change = replace(change, hex=check_color(change.hex))
    kind, value = change.kind or color.kind, change.hex or color.hex
    same = await queries.find_color_by_value(session, ctx, kind, value)
    if same is not None and same.id != color.id:
        raise CatalogCodeTaken(f"The {kind} colour {value} is there already; it may be hidden.")
    apply_change(color, change)
