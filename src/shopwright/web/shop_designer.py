"""The designer: what it must know of the shop to draw before anything is saved. The design itself
it makes, reads and saves over ``/api/designs``."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.responses import RedirectResponse, Response

from shopwright.artwork import canvas as canvases
from shopwright.artwork import views
from shopwright.artwork.drawing import faces
from shopwright.artwork.pictures import MAX_UPLOAD_MB
from shopwright.artwork.port import PLACEHOLDER, provider_name
from shopwright.artwork.schemas import MAX_LAYERS, MAX_TEXT
from shopwright.catalog.designs import queries as design_queries
from shopwright.catalog.designs import service as designs
from shopwright.catalog.designs.models import Color, Font, Template
from shopwright.catalog.designs.pricing import price_of
from shopwright.catalog.designs.states import TemplateCategory
from shopwright.catalog.devices import queries as device_queries
from shopwright.catalog.devices.models import DeviceModel
from shopwright.kernel.edge import Process, ProcessDep, Read
from shopwright.kernel.errors import NotFound
from shopwright.web.shop_page import ShopPage, ShopPageCtx

router = APIRouter(include_in_schema=False)

SEE_OTHER = 303
FREE = "#ffffff"  # a design's background before one is chosen

TemplateName = Annotated[str, Path(alias="template", max_length=100)]
ModelName = Annotated[str, Query(max_length=100)]


class DeviceNotOffered(NotFound):
    code = "device-not-offered"
    title = "This device is not offered"


@dataclass(frozen=True, slots=True)
class Palette:
    """What texts and backgrounds are chosen from."""

    fonts: list[Font]
    colors: list[Color]


@router.get("/shop/design/{template}")
async def show_designer(
    page: ShopPageCtx,
    session: Read,
    process: ProcessDep,
    template: TemplateName,
    model: ModelName = "",
) -> Response:
    """Without a device the visitor is sent to choose one. A draft of this browser is opened by the
    page itself: only the browser has its token."""
    kind = await designs.get_offered(session, page.actor, template)
    if not model:
        base = process.settings.base_path
        return RedirectResponse(f"{base}/shop/templates/{kind.code}", status_code=SEE_OTHER)
    device = await _get_device(page, session, model)
    price_minor, currency = price_of(kind, device)
    styles = await _list_styles(page, session, kind)
    palette = await _read_palette(page, session)
    return page.render(
        "shop/designer.html",
        kind=kind,
        device=device,
        price_minor=price_minor,
        currency=currency,
        styles=styles,
        palette=palette,
        is_ai=kind.category is TemplateCategory.AI and bool(styles),
        is_placeholder=provider_name(process.settings) == PLACEHOLDER,
        max_upload_mb=MAX_UPLOAD_MB,
        max_text=MAX_TEXT,
        facts=_facts(process, kind, device, palette),
    )


def _facts(
    process: Process, kind: Template, device: DeviceModel, palette: Palette
) -> dict[str, Any]:
    """For the page's script; raises SizeNotPrintable for a device without a usable size."""
    base = process.settings.base_path
    canvas = canvases.canvas_of(kind, device)
    return {
        "template": kind.code,
        "model": device.code,
        "title": f"{kind.name}, {device.display_name}",
        "canvas": views.canvas_of(canvas).model_dump(),
        "background": FREE,
        "fonts": [_font_facts(base, font) for font in palette.fonts],
        "fallbacks": [_face_url(base, face) for face in faces.fallbacks(faces.REGULAR)],
        "max_layers": MAX_LAYERS,
        "max_upload_mb": MAX_UPLOAD_MB,
        "is_placeholder": provider_name(process.settings) == PLACEHOLDER,
    }


def _font_facts(base: str, font: Font) -> dict[str, Any]:
    """``url`` is the file that the server draws with, None when there is none at hand."""
    if font.file_sha256 is not None:
        url: str | None = f"{base}/api/fonts/{font.id}/file"
    else:
        face = faces.find_face(font.family, font.weight)
        url = _face_url(base, face) if face else None
    return {"name": font.name, "weight": font.weight, "url": url}


def _face_url(base: str, face: faces.Face) -> str:
    return f"{base}/api/designs/fonts/{face.name}"


async def _get_device(page: ShopPage, session: Read, text: str) -> DeviceModel:
    """Sold-out ones too: who has begun a design may finish it. Raises DeviceNotOffered."""
    device = await device_queries.find_model(session, page.actor, text)
    if device is None or not device.is_available:
        raise DeviceNotOffered("We make nothing for this device. Choose another one.")
    return device


async def _list_styles(page: ShopPage, session: Read, kind: Template) -> list[str]:
    rows = await design_queries.list_styles(session, page.actor, kind.id)
    return [row.name for row in rows]


async def _read_palette(page: ShopPage, session: Read) -> Palette:
    return Palette(
        fonts=await design_queries.list_fonts(session, page.actor),
        colors=await design_queries.list_colors(session, page.actor),
    )
