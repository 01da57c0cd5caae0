"""Stickers: their pictures are public, and a signed link is there for whoever wants one."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import JSONResponse, Response

from shopwright.accounts.access import AdminCtx
from shopwright.accounts.visitors import VisitorCtx, visitor_of
from shopwright.catalog import public
from shopwright.catalog.codes import CatalogCodeTaken
from shopwright.catalog.designs import queries, stickers
from shopwright.catalog.designs.models import Sticker, StickerCategory
from shopwright.catalog.designs.schemas import CategoryWrite, StickerWrite, category_of
from shopwright.catalog.designs.sticker_links import signed_link, sticker_of
from shopwright.catalog.designs.sticker_pictures import (
    PNG_TYPE,
    WEBP_TYPE,
    PictureRefused,
    receive_sticker,
)
from shopwright.catalog.designs.stickers import StickerCategoryFull
from shopwright.catalog.designs.uploads import UPLOAD_BODY
from shopwright.files.access import Files
from shopwright.files.storage import StorageFull, StoredFileMissing
from shopwright.files.uploads import UploadMalformed, UploadTooLarge
from shopwright.kernel import limits
from shopwright.kernel.actor import Actor
from shopwright.kernel.bodies import described, json_or_form
from shopwright.kernel.db import ReadSession
from shopwright.kernel.edge import (
    Now,
    Process,
    ProcessDep,
    Read,
    Ref,
    Write,
    path_ref,
    principal_of,
    problems,
    writing,
)
from shopwright.kernel.errors import Invalid, NotFound, TooMany
from shopwright.kernel.repeatable import RepeatableRoute

router = APIRouter(prefix="/api", tags=["webstore"], route_class=RepeatableRoute)

CategoryName = Annotated[str, Path(alias="sticker_category", max_length=100)]
FileName = Annotated[str, Path(alias="file_name", max_length=200)]
StickerRef = Annotated[Ref, path_ref("sticker")]
CategoryBody = Annotated[CategoryWrite, json_or_form(CategoryWrite)]
StickerBody = Annotated[StickerWrite, json_or_form(StickerWrite)]
THUMBNAILS, HIGHRES = "thumbnails/", "highres/"
MIN_LINK_S, MAX_LINK_S = 60, 604_800  # a week, as S3 allows
Answer = dict[str, Any]


@router.get("/stickers/categories", response_model=None, responses=problems(NotFound, TooMany))
async def list_categories(request: Request, ctx: VisitorCtx, session: Read) -> Response:
    """The codes of the categories, in the shop's order; ``details`` has their names."""
    rows = await queries.list_categories(session, ctx)
    body = {
        "status": "success",
        "categories": [row.code for row in rows],
        "count": len(rows),
        "details": [category_of(row) for row in rows],
    }
    return public.answer(request, body)


@router.get(
    "/stickers/category/{sticker_category}",
    response_model=None,
    responses=problems(NotFound, TooMany),
)
async def list_stickers(
    request: Request,
    sticker_category: CategoryName,
    ctx: VisitorCtx,
    session: Read,
    process: ProcessDep,
    now: Now,
) -> Response:
    """The stickers of a category. ``url`` is signed and lasts an hour at least; ``image_url`` and
    ``thumbnail_url`` are public and stay."""
    category = await _get_shown(session, ctx, sticker_category)
    rows = await queries.list_stickers(session, ctx, category_id=category.id)
    shown = _shown(process, rows, {category.id: category}, now)
    body = {"status": "success", "category": category.code, "stickers": shown, "count": len(shown)}
    return public.answer(request, body)


@router.get("/stickers/all", response_model=None, responses=problems(NotFound, TooMany))
async def list_all(
    request: Request, ctx: VisitorCtx, session: Read, process: ProcessDep, now: Now
) -> Response:
    """Every sticker, by category."""
    categories = {row.id: row for row in await queries.list_categories(session, ctx)}
    rows = await queries.list_stickers(session, ctx)
    by_category = {
        category.code: _shown(
            process, [row for row in rows if row.category_id == number], categories, now
        )
        for number, category in categories.items()
    }
    body = {
        "status": "success",
        "stickers": by_category,
        "total_count": sum(len(shown) for shown in by_category.values()),
        "category_count": len(by_category),
    }
    return public.answer(request, body)


@router.get(
    "/stickers/image/{sticker_category}/{file_name:path}",
    response_class=Response,
    responses=problems(NotFound, StoredFileMissing),
)
async def fetch_image(
    request: Request,
    sticker_category: CategoryName,
    file_name: FileName,
    session: Read,
    files: Files,
) -> Response:
    """The picture, which browsers keep for a year; ``thumbnails/`` before the name gives the small
    one. Pages full of them have the wide limit."""
    limits.charge(request, limits.WIDE, principal_of(request))
    ctx = await visitor_of(request)
    sticker = await _get_by_name(session, ctx, sticker_category, file_name)
    is_small = file_name.startswith(THUMBNAILS)
    return await public.send_public_picture(
        request,
        files,
        sticker.thumbnail_sha256 if is_small else sticker.file_sha256,
        content_type=WEBP_TYPE if is_small else PNG_TYPE,
    )


@router.get(
    "/stickers/url/{sticker_category}/{file_name:path}",
    response_model=None,
    responses=problems(NotFound, TooMany),
)
async def sign_image(
    sticker_category: CategoryName,
    file_name: FileName,
    ctx: VisitorCtx,
    session: Read,
    process: ProcessDep,
    expires_in: Annotated[int, Query(ge=MIN_LINK_S, le=MAX_LINK_S, description="seconds")] = 3600,
) -> JSONResponse:
    """A signed link to one picture, which ends after ``expires_in`` seconds."""
    sticker = await _get_by_name(session, ctx, sticker_category, file_name)
    url = signed_link(
        process,
        sticker,
        is_small=file_name.startswith(THUMBNAILS),
        expires_at=process.clock.now() + timedelta(seconds=expires_in),
    )
    key = f"{sticker_category}/{file_name}"
    body = {"status": "success", "url": url, "expires_in": expires_in, "key": key}
    return JSONResponse(body, headers={"cache-control": "no-store"})


@router.get("/admin/stickers")
async def list_for_admin(ctx: AdminCtx, session: Read, process: ProcessDep, now: Now) -> Answer:
    """Categories and stickers, hidden ones too."""
    rows = await queries.list_categories(session, ctx, is_active=None)
    found = await queries.list_stickers(session, ctx, is_active=None)
    return {
        "success": True,
        "categories": [category_of(row) for row in rows],
        "stickers": _shown(process, found, {row.id: row for row in rows}, now),
    }


@router.post(
    "/admin/sticker-categories",
    responses=problems(Invalid, CatalogCodeTaken),
    openapi_extra=described(CategoryWrite),
)
async def create_category(ctx: AdminCtx, body: CategoryBody, session: Write) -> Answer:
    """A group of stickers."""
    if body.name is None:
        raise Invalid("name: a sticker category needs a name.")
    category = await stickers.create_category(session, ctx, body.change())
    return {"success": True, "category": category_of(category)}


@router.put(
    "/admin/sticker-categories/{sticker_category}",
    responses=problems(Invalid, NotFound),
    openapi_extra=described(CategoryWrite),
)
async def update_category(
    sticker_category: CategoryName, ctx: AdminCtx, body: CategoryBody, session: Write
) -> Answer:
    """Change what is sent; ``is_active`` false hides it with all its stickers."""
    found = await stickers.get_category(session, ctx, sticker_category)
    await stickers.update_category(session, ctx, found, body.change())
    return {"success": True, "category": category_of(found)}


@router.post(
    "/admin/sticker-categories/{sticker_category}/stickers",
    responses=problems(
        NotFound, PictureRefused, UploadMalformed, StickerCategoryFull, UploadTooLarge, StorageFull
    ),
    openapi_extra=UPLOAD_BODY,
)
async def upload_sticker(
    sticker_category: CategoryName,
    request: Request,
    ctx: AdminCtx,
    process: ProcessDep,
    now: Now,
) -> Answer:
    """A PNG, WebP, JPEG or GIF (its first picture), drawn anew; SVG is refused."""
    async with process.database.read() as read:
        await stickers.get_category(read, ctx, sticker_category)
    received = await receive_sticker(request)
    name = received.fields.get("name", "").strip() or received.filename.rpartition(".")[0]
    async with writing(request) as session:
        category = await stickers.get_category(session, ctx, sticker_category)
        sticker = await stickers.add_sticker(
            session, ctx, category=category, name=name, picture=received.picture
        )
        return {"success": True, "sticker": _shown_one(process, sticker, category, now)}


@router.put(
    "/admin/stickers/{sticker}",
    responses=problems(Invalid, NotFound),
    openapi_extra=described(StickerWrite),
)
async def update_sticker(
    sticker: StickerRef,
    ctx: AdminCtx,
    body: StickerBody,
    session: Write,
    process: ProcessDep,
    now: Now,
) -> Answer:
    """Change what is sent."""
    found = await stickers.get_sticker(session, ctx, sticker)
    await stickers.update_sticker(session, ctx, found, body.change())
    category = await queries.get_category_of(session, ctx, found)
    return {"success": True, "sticker": _shown_one(process, found, category, now)}


@router.delete("/admin/stickers/{sticker}", responses=problems(NotFound))
async def delete_sticker(sticker: StickerRef, ctx: AdminCtx, session: Write) -> Answer:
    """Nobody can choose it any more; designs that use it keep it."""
    found = await stickers.get_sticker(session, ctx, sticker)
    await stickers.update_sticker(session, ctx, found, stickers.StickerChange(is_active=False))
    return {"success": True, "message": "Sticker deleted successfully"}


async def _get_shown(session: ReadSession, ctx: Actor, text: str) -> StickerCategory:
    category = await stickers.get_category(session, ctx, text)
    if not category.is_active:
        raise NotFound(f"There is no sticker category {text[:60]!r}.")
    return category


async def _get_by_name(session: ReadSession, ctx: Actor, category: str, file_name: str) -> Sticker:
    """Hidden ones too: old designs still show them."""
    found = await stickers.get_category(session, ctx, category)
    name = file_name.removeprefix(THUMBNAILS).removeprefix(HIGHRES)
    sticker = await queries.find_sticker_by_name(session, ctx, found.id, _as_png(name))
    if sticker is None:
        raise NotFound("Sticker not found")
    return sticker


def _as_png(name: str) -> str:
    """All are kept as PNG; clients also ask for the .webp or .jpg that they once uploaded."""
    stem, dot, ending = name.rpartition(".")
    is_known = dot and ending.lower() in {"png", "webp", "jpg", "jpeg", "gif"}
    return f"{stem}.png" if is_known else name


def _shown(
    process: Process,
    rows: Sequence[Sticker],
    categories: dict[int, StickerCategory],
    now: datetime,
) -> list[Answer]:
    return [_shown_one(process, row, categories[row.category_id], now) for row in rows]


def _shown_one(process: Process, row: Sticker, category: StickerCategory, now: datetime) -> Answer:
    return sticker_of(process, row, category.code, now)
