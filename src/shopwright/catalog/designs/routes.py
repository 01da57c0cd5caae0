"""What anybody may read to design something: templates, their styles, fonts, colours."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from shopwright.accounts.visitors import VisitorCtx
from shopwright.catalog import public
from shopwright.catalog.designs import palette, queries, service
from shopwright.catalog.designs.font_files import FONT_TYPE
from shopwright.catalog.designs.schemas import color_of, font_of, template_of
from shopwright.catalog.designs.states import ColorKind
from shopwright.files.access import Files
from shopwright.kernel.edge import Read, Ref, path_ref, problems
from shopwright.kernel.errors import Invalid, NotFound, TooMany
from shopwright.kernel.repeatable import RepeatableRoute

router = APIRouter(prefix="/api", tags=["webstore"], route_class=RepeatableRoute)

TemplateName = Annotated[str, Path(alias="template", max_length=100)]
FontRef = Annotated[Ref, path_ref("font")]


@router.get("/templates", response_model=None, responses=problems(NotFound, TooMany))
async def list_templates(request: Request, ctx: VisitorCtx, session: Read) -> Response:
    """The templates on offer with their prices, in the shop's order."""
    rows = [template_of(row) for row in await queries.list_templates(session, ctx)]
    return public.answer(request, {"success": True, "templates": rows, "count": len(rows)})


@router.get("/templates/{template}", response_model=None, responses=problems(NotFound, TooMany))
async def read_template(
    request: Request, template: TemplateName, ctx: VisitorCtx, session: Read
) -> Response:
    """One template on offer."""
    found = await service.get_offered(session, ctx, template)
    return public.answer(request, {"success": True, "template": template_of(found)})


@router.get("/styles/{template}", response_model=None, responses=problems(NotFound, TooMany))
async def list_styles(
    request: Request, template: TemplateName, ctx: VisitorCtx, session: Read
) -> Response:
    """The looks of an AI template, and the words that they ask for. ``keywords`` and ``modes``
    are the same list, as clients of some templates expect it."""
    found = await service.get_offered(session, ctx, template)
    names = [style.name for style in await queries.list_styles(session, ctx, found.id)]
    body = {
        "success": True,
        "template_id": found.code,
        "styles": names,
        "keywords": names,
        "modes": names,
        "parameters": found.parameters,
    }
    return public.answer(request, body)


@router.get("/fonts", response_model=None, responses=problems(NotFound, TooMany))
async def list_fonts(request: Request, ctx: VisitorCtx, session: Read) -> Response:
    """The fonts for texts, in the shop's order."""
    rows = [font_of(row) for row in await queries.list_fonts(session, ctx)]
    return public.answer(request, {"success": True, "fonts": rows, "count": len(rows)})


@router.get("/fonts/{font}/file", response_class=Response, responses=problems(NotFound, TooMany))
async def fetch_font(
    request: Request, font: FontRef, ctx: VisitorCtx, session: Read, files: Files
) -> Response:
    """The file of a font that the shop uploaded; those of the program have none here."""
    found = await palette.get_font(session, ctx, font)
    if found.file_sha256 is None:
        raise NotFound(f"{found.name} is one of the program's fonts and has no file of its own.")
    return await public.send_public_picture(
        request, files, found.file_sha256, content_type=FONT_TYPE
    )


@router.get(
    "/colors/{color_type}", response_model=None, responses=problems(Invalid, NotFound, TooMany)
)
async def list_colors(
    request: Request,
    color_type: Annotated[str, Path(max_length=20)],
    ctx: VisitorCtx,
    session: Read,
) -> Response:
    """Colours of the kind ``background`` or ``text``."""
    word = color_type.strip().lower()
    if word not in set(ColorKind):
        raise Invalid("Color type must be 'background' or 'text'.")
    rows = await queries.list_colors(session, ctx, kind=ColorKind(word))
    colors = [color_of(row) for row in rows]
    return public.answer(request, {"success": True, "colors": colors, "count": len(colors)})
