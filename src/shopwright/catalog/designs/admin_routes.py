"""Templates, styles, fonts and colours, for the shop's admins to write."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request

from shopwright.accounts.access import AdminCtx
from shopwright.catalog.codes import CatalogCodeTaken
from shopwright.catalog.designs import palette, queries, service
from shopwright.catalog.designs.font_files import FontRefused, receive_font
from shopwright.catalog.designs.models import Color, Font
from shopwright.catalog.designs.schemas import (
    ColorWrite,
    FontWrite,
    PriceWrite,
    StyleWrite,
    TemplateWrite,
    color_of,
    font_of,
    style_for_admin,
    template_for_admin,
)
from shopwright.catalog.designs.sticker_pictures import PictureRefused, receive_product_picture
from shopwright.catalog.designs.uploads import UPLOAD_BODY
from shopwright.files.storage import StorageFull
from shopwright.files.uploads import UploadMalformed, UploadTooLarge
from shopwright.kernel.bodies import described, json_or_form
from shopwright.kernel.edge import ProcessDep, Read, Ref, Write, path_ref, problems, writing
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.kernel.repeatable import RepeatableRoute

router = APIRouter(prefix="/api/admin", tags=["webstore"], route_class=RepeatableRoute)

TemplateName = Annotated[str, Path(alias="template", max_length=100)]
StyleRef = Annotated[Ref, path_ref("ai_style")]
FontRef = Annotated[Ref, path_ref("font")]
ColorRef = Annotated[Ref, path_ref("color")]
TemplateBody = Annotated[TemplateWrite, json_or_form(TemplateWrite)]
PriceBody = Annotated[PriceWrite, json_or_form(PriceWrite)]
FontBody = Annotated[FontWrite, json_or_form(FontWrite)]
ColorBody = Annotated[ColorWrite, json_or_form(ColorWrite)]
Answer = dict[str, Any]


@router.get("/templates")
async def list_templates(ctx: AdminCtx, session: Read) -> Answer:
    """Hidden ones too, each with the variant that makes it."""
    rows = await queries.list_templates(session, ctx, is_active=None)
    return {"success": True, "templates": [template_for_admin(row) for row in rows]}


@router.post(
    "/templates",
    responses=problems(Invalid, NotFound, CatalogCodeTaken),
    openapi_extra=described(TemplateWrite),
)
async def create_template(ctx: AdminCtx, body: TemplateBody, session: Write) -> Answer:
    """A kind of design with its price."""
    if body.name is None or body.price is None:
        raise Invalid("name and price: a template needs both.")
    template = await service.create_template(session, ctx, change=body.change(), price=body.price)
    if body.parameters:
        words = [word.parameter() for word in body.parameters]
        await service.set_parameters(session, ctx, template, words)
    if body.variant_id is not None:
        await service.set_variant(session, ctx, template, body.variant_id)
    return {"success": True, "template": template_for_admin(template)}


@router.put(
    "/templates/{template}",
    responses=problems(Invalid, NotFound),
    openapi_extra=described(TemplateWrite),
)
async def update_template(
    template: TemplateName, ctx: AdminCtx, body: TemplateBody, session: Write
) -> Answer:
    """Change what is sent."""
    found = await service.get_template(session, ctx, template)
    await service.update_template(session, ctx, found, body.change())
    if body.price is not None:
        await service.set_price(session, ctx, found, body.price)
    if body.parameters is not None:
        words = [word.parameter() for word in body.parameters]
        await service.set_parameters(session, ctx, found, words)
    if body.variant_id is not None:
        await service.set_variant(session, ctx, found, body.variant_id)
    return {"success": True, "template": template_for_admin(found)}


@router.put(
    "/templates/{template}/price",
    responses=problems(Invalid, NotFound),
    openapi_extra=described(PriceWrite),
)
async def set_price(
    template: TemplateName, ctx: AdminCtx, body: PriceBody, session: Write
) -> Answer:
    """The price in units of the shop's currency, 0 or more."""
    found = await service.get_template(session, ctx, template)
    await service.set_price(session, ctx, found, body.price)
    return {"success": True, "template": template_for_admin(found)}


@router.post(
    "/templates/{template}/picture",
    responses=problems(NotFound, PictureRefused, UploadMalformed, UploadTooLarge, StorageFull),
    openapi_extra=UPLOAD_BODY,
)
async def set_picture(
    template: TemplateName, request: Request, ctx: AdminCtx, process: ProcessDep
) -> Answer:
    """What the shop shows of it: a PNG, WebP, JPEG or GIF, drawn anew."""
    async with process.database.read() as read:
        await service.get_template(read, ctx, template)
    picture = await receive_product_picture(request)
    async with writing(request) as session:
        found = await service.get_template(session, ctx, template)
        await service.set_picture(session, ctx, found, picture)
        return {"success": True, "template": template_for_admin(found)}


@router.delete("/templates/{template}", responses=problems(NotFound))
async def delete_template(template: TemplateName, ctx: AdminCtx, session: Write) -> Answer:
    """Nobody can choose it any more; an update with ``is_active`` brings it back."""
    found = await service.get_template(session, ctx, template)
    await service.hide_template(session, ctx, found)
    return {"success": True, "message": "Template deleted successfully"}


@router.get("/templates/{template}/styles", responses=problems(NotFound))
async def list_styles(template: TemplateName, ctx: AdminCtx, session: Read) -> Answer:
    """Its AI styles with their prompts, hidden ones too."""
    found = await service.get_template(session, ctx, template)
    rows = await queries.list_styles(session, ctx, found.id, is_active=None)
    return {"success": True, "styles": [style_for_admin(row) for row in rows]}


@router.post(
    "/templates/{template}/styles", responses=problems(Invalid, NotFound, CatalogCodeTaken)
)
async def create_style(
    template: TemplateName, ctx: AdminCtx, body: StyleWrite, session: Write
) -> Answer:
    """A look of an AI template; its prompt may hold the template's words in braces."""
    found = await service.get_template(session, ctx, template)
    if body.name is None:
        raise Invalid("name: a style needs a name and a prompt.")
    style = await service.create_style(session, ctx, template=found, change=body.change())
    return {"success": True, "style": style_for_admin(style)}


@router.put("/styles/{ai_style}", responses=problems(Invalid, NotFound))
async def update_style(
    ai_style: StyleRef, ctx: AdminCtx, body: StyleWrite, session: Write
) -> Answer:
    """Change what is sent; ``is_active`` false takes it out of the choice."""
    found = await service.get_style(session, ctx, ai_style)
    await service.update_style(session, ctx, found, body.change())
    return {"success": True, "style": style_for_admin(found)}


@router.get("/fonts")
async def list_fonts(ctx: AdminCtx, session: Read) -> Answer:
    """Hidden ones too."""
    rows = await queries.list_fonts(session, ctx, is_active=None)
    return {"success": True, "fonts": [font_of(row) for row in rows]}


@router.post(
    "/fonts", responses=problems(Invalid, CatalogCodeTaken), openapi_extra=described(FontWrite)
)
async def create_font(ctx: AdminCtx, body: FontBody, session: Write) -> Answer:
    """One of the program's fonts, by its family in ``css_style``."""
    if body.name is None:
        raise Invalid("name: a font needs a name.")
    return _font(await palette.create_font(session, ctx, body.change()))


@router.post(
    "/fonts/upload",
    responses=problems(FontRefused, UploadMalformed, UploadTooLarge, CatalogCodeTaken, StorageFull),
    openapi_extra=UPLOAD_BODY,
)
async def upload_font(request: Request, ctx: AdminCtx) -> Answer:
    """A font of the shop's own, as .ttf or .otf. You must hold the right to use it."""
    received = await receive_font(request)
    name = received.fields.get("name", "").strip()[:100] or received.family
    change = palette.FontChange(name=name, family=name)
    async with writing(request) as session:
        return _font(await palette.create_font(session, ctx, change, received.file))


@router.put(
    "/fonts/{font}",
    responses=problems(Invalid, NotFound, CatalogCodeTaken),
    openapi_extra=described(FontWrite),
)
async def update_font(font: FontRef, ctx: AdminCtx, body: FontBody, session: Write) -> Answer:
    """Change what is sent."""
    found = await palette.get_font(session, ctx, font)
    return _font(await palette.update_font(session, ctx, found, body.change()))


@router.put("/fonts/{font}/toggle", responses=problems(NotFound))
async def toggle_font(font: FontRef, ctx: AdminCtx, session: Write) -> Answer:
    """Offer it, or no longer."""
    found = await palette.get_font(session, ctx, font)
    await palette.show_font(session, ctx, found, is_active=not found.is_active)
    return _font(found)


@router.delete("/fonts/{font}", responses=problems(NotFound))
async def delete_font(font: FontRef, ctx: AdminCtx, session: Write) -> Answer:
    """Nobody can choose it any more; designs that use it are still drawn with it."""
    found = await palette.get_font(session, ctx, font)
    await palette.show_font(session, ctx, found, is_active=False)
    return {"success": True, "message": "Font deleted successfully"}


@router.get("/colors")
async def list_colors(ctx: AdminCtx, session: Read) -> Answer:
    """Of both kinds, hidden ones too."""
    rows = await queries.list_colors(session, ctx, is_active=None)
    return {"success": True, "colors": [color_of(row) for row in rows]}


@router.post(
    "/colors", responses=problems(Invalid, CatalogCodeTaken), openapi_extra=described(ColorWrite)
)
async def create_color(ctx: AdminCtx, body: ColorBody, session: Write) -> Answer:
    """For backgrounds or for texts."""
    return _color(await palette.create_color(session, ctx, body.change()))


@router.put(
    "/colors/{color}",
    responses=problems(Invalid, NotFound, CatalogCodeTaken),
    openapi_extra=described(ColorWrite),
)
async def update_color(color: ColorRef, ctx: AdminCtx, body: ColorBody, session: Write) -> Answer:
    """Change what is sent."""
    found = await palette.get_color(session, ctx, color)
    return _color(await palette.update_color(session, ctx, found, body.change()))


@router.put("/colors/{color}/toggle", responses=problems(NotFound))
async def toggle_color(color: ColorRef, ctx: AdminCtx, session: Write) -> Answer:
    """Offer it, or no longer."""
    found = await palette.get_color(session, ctx, color)
    await palette.show_color(session, ctx, found, is_active=not found.is_active)
    return _color(found)


@router.delete("/colors/{color}", responses=problems(NotFound))
async def delete_color(color: ColorRef, ctx: AdminCtx, session: Write) -> Answer:
    """Designs keep the values of their colours themselves."""
    await palette.delete_color(session, ctx, await palette.get_color(session, ctx, color))
    return {"success": True, "message": "Color deleted successfully"}


def _font(font: Font) -> Answer:
    return {"success": True, "font": font_of(font)}


def _color(color: Color) -> Answer:
    return {"success": True, "color": color_of(color)}
