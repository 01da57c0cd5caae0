"""Use cases of stickers. A hidden sticker still stands on the designs that use it."""

from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.catalog.changes import apply_change, note
from shopwright.catalog.codes import CatalogCodeTaken, check_code, code_of
from shopwright.catalog.designs import queries
from shopwright.catalog.designs.models import Sticker, StickerCategory
from shopwright.catalog.designs.sticker_pictures import StickerPicture
from shopwright.files import service as files
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Invalid, NotFound

MAX_PER_CATEGORY = 500


class StickerCategoryFull(Invalid):
    code = "sticker-category-full"
    title = "This category has enough stickers"


@dataclass(frozen=True, slots=True)
class CategoryChange:
    """None leaves a member as it is."""

    code: str | None = None
    name: str | None = None
    is_active: bool | None = None
    display_order: int | None = None


@dataclass(frozen=True, slots=True)
class StickerChange:
    name: str | None = None
    is_active: bool | None = None
    display_order: int | None = None


async def get_category(session: AsyncSession, ctx: Actor, text: str) -> StickerCategory:
    """By code, name, id or uuid, hidden ones too; raises NotFound."""
    found = await queries.find_category(session, ctx, text)
    if found is None:
        raise NotFound(f"There is no sticker category {text[:60]!r}.")
    return found


async def get_sticker(session: AsyncSession, ctx: Actor, ref: Ref) -> Sticker:
    found = await queries.find_sticker(session, ctx, ref)
    if found is None:
        raise NotFound(f"There is no sticker {ref}.")
    return found


async def create_category(
    session: WriteSession, ctx: Actor, change: CategoryChange
) -> StickerCategory:
    name = (change.name or "").strip()
    code = check_code(change.code) if change.code else code_of(name)
    if await queries.find_category_by_code(session, ctx, code):
        raise CatalogCodeTaken(f"The sticker category {code} is there already; it may be hidden.")
    category = StickerCategory(organization_id=ctx.organization_id, name=name or code)
    apply_change(category, replace(change, code=code, name=name or code))
    session.add(category)
    await session.flush()
    note(session, ctx, "sticker_category.created", category.id, code=code)
    return category


async def update_category(
    session: WriteSession, ctx: Actor, category: StickerCategory, change: CategoryChange
) -> StickerCategory:
    if change.code is not None and check_code(change.code) != category.code:
        raise Invalid("The code of a category stays; links name it.")
    if change.name is not None and not change.name.strip():
        raise Invalid("A sticker category has a name.")
    apply_change(category, change)
    await session.flush()
    note(session, ctx, "sticker_category.updated", category.id)
    return category


async def add_sticker(
    session: WriteSession,
    ctx: Actor,
    *,
    category: StickerCategory,
    name: str,
    picture: StickerPicture,
) -> Sticker:
    """The picture lies in the store already. A second sticker of the same name gets a number in
    its file name. Raises StickerCategoryFull."""
    taken = await queries.list_file_names(session, ctx, category.id)
    if len(taken) >= MAX_PER_CATEGORY:
        raise StickerCategoryFull(f"{category.name} has {MAX_PER_CATEGORY} stickers already.")
    await files.record_files(session, ctx, [picture.full, picture.thumbnail])
    sticker = Sticker(
        organization_id=ctx.organization_id,
        category_id=category.id,
        name=name[:100],
        file_name=_free_name(code_of(name), taken),
        file_sha256=picture.full.stored.sha256,
        thumbnail_sha256=picture.thumbnail.stored.sha256,
        width_px=picture.width_px,
        height_px=picture.height_px,
    )
    session.add(sticker)
    await session.flush()
    note(session, ctx, "sticker.added", sticker.id, file_name=sticker.file_name)
    return sticker


async def update_sticker(
    session: WriteSession, ctx: Actor, sticker: Sticker, change: StickerChange
) -> Sticker:
    if change.name is not None and not change.name.strip():
        raise Invalid("A sticker has a name.")
    apply_change(sticker, change)
    await session.flush()
    note(session, ctx, "sticker.updated", sticker.id, is_active=sticker.is_active)
    return sticker


def _free_name(code: str, taken: set[str]) -> str:
    name, number = f"{code}.png", 2
    while name in taken:
        name, number = f"{code}-{number}.png", number + 1
    return name
