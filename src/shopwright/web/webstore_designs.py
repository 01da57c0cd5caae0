"""Templates and their AI styles, fonts, colours and stickers, for the shop's admins."""

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from shopwright.accounts.access import AdminCtx
from shopwright.catalog.designs import palette, queries, service, stickers
from shopwright.catalog.designs.font_files import receive_font
from shopwright.catalog.designs.palette import ColorChange, FontChange
from shopwright.catalog.designs.service import StyleChange, TemplateChange
from shopwright.catalog.designs.states import ColorKind, TemplateCategory
from shopwright.catalog.designs.sticker_pictures import receive_product_picture, receive_sticker
from shopwright.catalog.designs.stickers import CategoryChange, StickerChange
from shopwright.kernel.edge import ProcessDep, Read, Ref, Write, parse_ref, path_ref, writing
from shopwright.kernel.errors import Invalid
from shopwright.kernel.money import Money
from shopwright.web.amounts import read_price
from shopwright.web.page import AdminPageCtx, done, go
from shopwright.web.reads import webstore as reads

router = APIRouter(include_in_schema=False)

DESIGNS, PALETTE, STICKERS = "/webstore/designs", "/webstore/palette", "/webstore/stickers"
TemplateName = Annotated[str, Path(alias="template", max_length=100)]
CategoryName = Annotated[str, Path(alias="sticker_category", max_length=100)]
StyleRef = Annotated[Ref, path_ref("ai_style")]
FontRef = Annotated[Ref, path_ref("font")]
ColorRef = Annotated[Ref, path_ref("color")]
StickerRef = Annotated[Ref, path_ref("sticker")]
Word = Annotated[str, Form(max_length=100)]
Number = Annotated[str, Form(max_length=20)]
Prompt = Annotated[str, Form(max_length=4000)]
Position = Annotated[int, Form(ge=-9999, le=9999)]


class TemplateForm(BaseModel):
    """As typed; ``features`` are lines, ``variant`` an id or empty."""

    name: Word
    price: Number
    description: Annotated[str, Form(max_length=1000)] = ""
    category: Annotated[TemplateCategory, Form()] = TemplateCategory.BASIC
    image_count: Annotated[int, Form(ge=0, le=12)] = 1
    features: Annotated[str, Form(max_length=4000)] = ""
    variant: Annotated[str, Form(max_length=40)] = ""
    is_active: bool = False
    display_order: Position = 0

    def change(self) -> TemplateChange:
        return TemplateChange(
            name=self.name,
            description=self.description,
            category=self.category,
            image_count=self.image_count,
            features=[line.strip()[:200] for line in self.features.splitlines() if line.strip()],
            is_active=self.is_active,
            display_order=self.display_order,
        )

    def amount(self) -> Decimal:
        price = read_price(self.price)
        if price is None:
            raise Invalid("A template has a price, like 35.")
        return price

    def made_by(self) -> Ref | None:
        return parse_ref(self.variant) if self.variant else None


@router.get(DESIGNS)
async def show_templates(page: AdminPageCtx, session: Read) -> Response:
    return page.render(
        "webstore/designs.html",
        active="webstore",
        tab="designs",
        topics="webstore",
        templates=await queries.list_templates(session, page.actor, is_active=None),
        styles=await reads.count_styles(session, page.organization_id),
    )


@router.post(DESIGNS)
async def create_template(
    request: Request,
    ctx: AdminCtx,
    session: Write,
    name: Word,
    price: Number,
    category: Annotated[TemplateCategory, Form()] = TemplateCategory.BASIC,
) -> Response:
    form = TemplateForm(name=name, price=price, category=category, is_active=True)
    template = await service.create_template(
        session, ctx, change=form.change(), price=form.amount()
    )
    return go(request, f"{DESIGNS}/{template.code}")


@router.get("/webstore/designs/{template}")
async def show_template(page: AdminPageCtx, session: Read, template: TemplateName) -> Response:
    found = await service.get_template(session, page.actor, template)
    return page.render(
        "webstore/design.html",
        active="webstore",
        tab="designs",
        topics="webstore",
        design=found,
        price=str(Money(found.price_minor, found.currency).decimal),
        styles=await queries.list_styles(session, page.actor, found.id, is_active=None),
        variants=await reads.list_variants(session, page.organization_id),
        categories=list(TemplateCategory),
    )


@router.post("/webstore/designs/{template}")
async def update_template(
    request: Request,
    ctx: AdminCtx,
    session: Write,
    template: TemplateName,
    form: Annotated[TemplateForm, Form()],
) -> Response:
    found = await service.get_template(session, ctx, template)
    await service.update_template(session, ctx, found, form.change())
    await service.set_price(session, ctx, found, form.amount())
    await service.set_variant(session, ctx, found, form.made_by())
    return done(request, f"{found.name} is saved.", to=f"{DESIGNS}/{found.code}")


@router.post("/webstore/designs/{template}/picture")
async def set_picture(
    request: Request, ctx: AdminCtx, process: ProcessDep, template: TemplateName
) -> Response:
    async with process.database.read() as read:
        await service.get_template(read, ctx, template)
    picture = await receive_product_picture(request)
    async with writing(request) as session:
        found = await service.get_template(session, ctx, template)
        await service.set_picture(session, ctx, found, picture)
    return done(request, f"{found.name} has a new picture.", to=f"{DESIGNS}/{found.code}")


@router.post("/webstore/designs/{template}/styles")
async def create_style(
    request: Request,
    ctx: AdminCtx,
    session: Write,
    template: TemplateName,
    name: Word,
    prompt: Prompt,
) -> Response:
    found = await service.get_template(session, ctx, template)
    change = StyleChange(name=name, prompt=prompt)
    style = await service.create_style(session, ctx, template=found, change=change)
    return done(request, f"{style.name} can be chosen.", to=f"{DESIGNS}/{found.code}")


@router.post("/webstore/styles/{ai_style}")
async def update_style(
    request: Request,
    ctx: AdminCtx,
    session: Write,
    ai_style: StyleRef,
    name: Word,
    prompt: Prompt,
    is_active: Annotated[bool, Form()] = False,
) -> Response:
    style = await service.get_style(session, ctx, ai_style)
    change = StyleChange(name=name, prompt=prompt, is_active=is_active)
    await service.update_style(session, ctx, style, change)
    template = await queries.get_template_of(session, ctx, style)
    return done(request, f"{style.name} is saved.", to=f"{DESIGNS}/{template.code}")


@router.get(PALETTE)
async def show_palette(page: AdminPageCtx, session: Read) -> Response:
    return page.render(
        "webstore/palette.html",
        active="webstore",
        tab="palette",
        topics="webstore",
        fonts=await queries.list_fonts(session, page.actor, is_active=None),
        colors=await queries.list_colors(session, page.actor, is_active=None),
        kinds=list(ColorKind),
    )


@router.post("/webstore/fonts")
async def add_font(request: Request, ctx: AdminCtx) -> Response:
    """A file of the shop's own."""
    received = await receive_font(request)
    name = received.fields.get("name", "").strip()[:100] or received.family
    async with writing(request) as session:
        change = FontChange(name=name, family=name)
        font = await palette.create_font(session, ctx, change, received.file)
    return done(request, f"{font.name} can be chosen.", to=PALETTE)


@router.post("/webstore/fonts/{font}/toggle")
async def toggle_font(request: Request, ctx: AdminCtx, session: Write, font: FontRef) -> Response:
    found = await palette.get_font(session, ctx, font)
    await palette.show_font(session, ctx, found, is_active=not found.is_active)
    return done(request, f"{found.name} is {_shown(found.is_active)}.", to=PALETTE)


@router.post("/webstore/colors")
async def add_color(
    request: Request,
    ctx: AdminCtx,
    session: Write,
    kind: Annotated[ColorKind, Form()],
    value: Annotated[str, Form(max_length=10)],
    name: Annotated[str, Form(max_length=60)] = "",
) -> Response:
    change = ColorChange(kind=kind, hex=value, name=name.strip() or None)
    color = await palette.create_color(session, ctx, change)
    return done(request, f"{color.name} can be chosen.", to=PALETTE)


@router.post("/webstore/colors/{color}/toggle")
async def toggle_color(
    request: Request, ctx: AdminCtx, session: Write, color: ColorRef
) -> Response:
    found = await palette.get_color(session, ctx, color)
    await palette.show_color(session, ctx, found, is_active=not found.is_active)
    return done(request, f"{found.name} is {_shown(found.is_active)}.", to=PALETTE)


@router.get(STICKERS)
async def show_stickers(
    page: AdminPageCtx, session: Read, category: Annotated[str, Query(max_length=60)] = ""
) -> Response:
    categories = await queries.list_categories(session, page.actor, is_active=None)
    chosen = next((one for one in categories if one.code == category), None)
    chosen = chosen or (categories[0] if categories else None)
    found = (
        await queries.list_stickers(session, page.actor, category_id=chosen.id, is_active=None)
        if chosen
        else []
    )
    return page.render(
        "webstore/stickers.html",
        active="webstore",
        tab="stickers",
        topics="webstore",
        categories=categories,
        chosen=chosen,
        stickers=found,
        counts_of=await reads.count_stickers(session, page.organization_id),
    )


@router.post("/webstore/sticker-categories")
async def create_category(request: Request, ctx: AdminCtx, session: Write, name: Word) -> Response:
    category = await stickers.create_category(session, ctx, CategoryChange(name=name))
    return go(request, f"{STICKERS}?category={category.code}")


@router.post("/webstore/sticker-categories/{sticker_category}")
async def update_category(
    request: Request,
    ctx: AdminCtx,
    session: Write,
    sticker_category: CategoryName,
    name: Word,
    is_active: Annotated[bool, Form()] = False,
    display_order: Position = 0,
) -> Response:
    found = await stickers.get_category(session, ctx, sticker_category)
    change = CategoryChange(name=name, is_active=is_active, display_order=display_order)
    await stickers.update_category(session, ctx, found, change)
    return done(request, f"{found.name} is saved.", to=f"{STICKERS}?category={found.code}")


@router.post("/webstore/sticker-categories/{sticker_category}/stickers")
async def upload_sticker(
    request: Request, ctx: AdminCtx, process: ProcessDep, sticker_category: CategoryName
) -> Response:
    async with process.database.read() as read:
        await stickers.get_category(read, ctx, sticker_category)
    received = await receive_sticker(request)
    name = received.fields.get("name", "").strip() or received.filename.rpartition(".")[0]
    async with writing(request) as session:
        category = await stickers.get_category(session, ctx, sticker_category)
        sticker = await stickers.add_sticker(
            session, ctx, category=category, name=name, picture=received.picture
        )
    return done(request, f"{sticker.name} can be used.", to=f"{STICKERS}?category={category.code}")


@router.post("/webstore/stickers/{sticker}/toggle")
async def toggle_sticker(
    request: Request, ctx: AdminCtx, session: Write, sticker: StickerRef
) -> Response:
    found = await stickers.get_sticker(session, ctx, sticker)
    change = StickerChange(is_active=not found.is_active)
    await stickers.update_sticker(session, ctx, found, change)
    category = await queries.get_category_of(session, ctx, found)
    return done(
        request,
        f"{found.name} is {_shown(found.is_active)}.",
        to=f"{STICKERS}?category={category.code}",
    )


def _shown(is_active: bool) -> str:
    return "offered again" if is_active else "hidden; designs that use it keep it"
