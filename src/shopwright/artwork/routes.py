"""Customers' designs: begun for a device, saved as data, seen as it will be printed.

Whoever began a design has its token, sent as ``X-Design-Token``.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from shopwright.accounts.visitors import ShopNotHere, VisitorCtx
from shopwright.artwork import designs, pictures, service, views
from shopwright.artwork.access import OpenDesign, OpenedDesign
from shopwright.artwork.drawing import faces
from shopwright.artwork.pictures import MAX_UPLOAD_MB, TooManyImages
from shopwright.artwork.plans import LayerUnusable, Stored
from shopwright.artwork.schemas import (
    DesignCreate,
    DesignCreated,
    DesignData,
    DesignRead,
    DesignSave,
    FontRead,
    ImageRead,
)
from shopwright.artwork.service import DesignExpired, DesignMissing, DesignMoved, DesignOrdered
from shopwright.artwork.states import ImageKind
from shopwright.artwork.studio import DrawingBusy, DrawingFailed, PictureRefused
from shopwright.catalog.designs import queries as templates
from shopwright.catalog.designs.models import Template
from shopwright.catalog.devices import queries as devices
from shopwright.catalog.devices.models import DeviceModel
from shopwright.catalog.devices.rules import SizeNotPrintable
from shopwright.files.access import drop_bytes, incoming_folder
from shopwright.files.serving import SANDBOX
from shopwright.files.uploads import UploadMalformed, UploadTooLarge, receive_upload
from shopwright.kernel import limits
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import (
    Now,
    Process,
    ProcessDep,
    Read,
    Write,
    principal_of,
    problems,
    writing,
)
from shopwright.kernel.errors import Forbidden, Invalid, NotFound, TooMany
from shopwright.kernel.repeatable import RepeatableRoute

router = APIRouter(prefix="/api/designs", tags=["designs"], route_class=RepeatableRoute)

PREVIEW_WIDTH = 400
FONT_AGE_S = 604_800
PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}
}
UPLOAD_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}


class NothingToDesign(NotFound):
    code = "nothing-to-design"
    title = "There is no such template or model"


@router.get("/fonts", dependencies=[limits.PublicLimited], responses=problems(TooMany))
async def list_fonts(process: ProcessDep) -> list[FontRead]:
    """The typefaces that come with the program, with their files for the browser."""
    base = process.settings.base_path
    return [
        FontRead(family=family, weight=weight, url=f"{base}/api/designs/fonts/{file}")
        for family, files in faces.FAMILIES.items()
        for weight, file in files.items()
    ]


@router.get("/fonts/{file}", response_class=Response, responses=problems(NotFound))
async def read_font(request: Request, file: str) -> Response:
    """One font file; the same for everybody."""
    limits.charge(request, limits.WIDE, principal_of(request))
    if not any(file in files.values() for files in faces.FAMILIES.values()):
        raise NotFound(f"There is no font {file[:60]!r}.")
    content = (faces.font_folder() / file).read_bytes()
    headers = {
        "Cache-Control": f"public, max-age={FONT_AGE_S}",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, media_type="font/ttf", headers=headers)


@router.post(
    "",
    status_code=201,
    responses=problems(Invalid, NothingToDesign, SizeNotPrintable, TooMany),
)
async def create_design(
    body: DesignCreate, ctx: VisitorCtx, session: Write, process: ProcessDep, now: Now
) -> DesignCreated:
    """Begin an empty design; its token is told this once. Drafts are kept for two weeks after the
    last save."""
    template, model = await _find(session, ctx, body)
    made = await service.create_design(
        session, ctx, template=template, model=model, now=now, lasts=designs.lasts(process)
    )
    read = await views.read_design(session, process, ctx, made.design, now)
    return DesignCreated(**read.model_dump(), token=made.token)


@router.get("/{design}", responses=problems(DesignMissing, DesignExpired, ShopNotHere))
async def read_design(
    opened: OpenedDesign, session: Read, process: ProcessDep, now: Now
) -> DesignRead:
    """The layers as data, the canvas, and the pictures with links for an hour."""
    return await views.read_design(session, process, opened.ctx, opened.design, now)


@router.put(
    "/{design}",
    responses=problems(
        LayerUnusable, DesignMissing, DesignExpired, DesignMoved, DesignOrdered, Forbidden
    ),
)
async def save_design(
    request: Request, opened: OpenedDesign, body: DesignSave, process: ProcessDep, now: Now
) -> DesignRead:
    """The next version of it. 409 when another tab saved since ``version``, with the newer layers
    under ``current``; 409, too, once it is ordered."""
    check_own(opened)
    designs.check_draft(opened.design)
    data = DesignData.model_validate(body.model_dump(exclude={"version"}))
    async with process.database.read() as session:
        material = await designs.read_material(session, opened.ctx, opened.design, data)
    layers = await designs.resolve_layers(process, material, data)
    async with writing(request) as write:
        saved = await designs.save_design(
            write,
            opened.ctx,
            design=opened.design,
            version=body.version,
            data=data,
            layers=layers,
            stickers=list(material.stickers.values()),
            now=now,
            lasts=designs.lasts(process),
        )
        return await views.read_design(write, process, opened.ctx, saved, now)


@router.delete(
    "/{design}", responses=problems(DesignMissing, DesignExpired, DesignOrdered, Forbidden)
)
async def delete_design(
    request: Request, opened: OpenedDesign, process: ProcessDep
) -> dict[str, str]:
    """The draft, its pictures and their files."""
    check_own(opened)
    async with writing(request) as session:
        hashes = await designs.delete_design(session, opened.ctx, opened.design)
    await drop_bytes(process, hashes)
    return {"message": "The design is deleted."}


@router.post(
    "/{design}/images",
    status_code=201,
    openapi_extra=UPLOAD_BODY,
    responses=problems(
        PictureRefused, UploadMalformed, UploadTooLarge, DesignMissing, DesignExpired,
        DesignOrdered, TooManyImages, DrawingFailed, Forbidden,
    ),
)  # fmt: skip
async def upload_image(
    request: Request, opened: OpenedDesign, process: ProcessDep, now: Now
) -> ImageRead:
    """A JPEG, PNG or WebP of at most 10 MB, in a part named ``file``. Only its pixels are kept."""
    check_own(opened)
    designs.check_draft(opened.design)
    limits.charge(request, limits.PUBLIC, principal_of(request))
    async with process.database.read() as read:  # before its bytes are kept
        await pictures.check_count(read, opened.ctx, opened.design)
    folder = incoming_folder(process.settings)
    async with receive_upload(request, folder, max_mb=MAX_UPLOAD_MB) as upload:
        image = await pictures.take_in(process, upload.path)
    async with writing(request) as session:
        row = await pictures.add_image(
            session, opened.ctx, image=image, kind=ImageKind.UPLOADED, now=now, design=opened.design
        )
        return views.image_of(process, row, now)


@router.get(
    "/{design}/preview.png",
    response_class=Response,
    responses=PICTURE
    | problems(DesignMissing, DesignExpired, PictureRefused, DrawingFailed, DrawingBusy),
)
async def read_preview(
    request: Request,
    opened: OpenedDesign,
    process: ProcessDep,
    width: Annotated[int, Query(ge=80, le=800)] = PREVIEW_WIDTH,
) -> Response:
    """What was saved, as it will be printed, only smaller."""
    design = opened.design
    tag = f'"{design.uuid}-{design.version}-{width}"'
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=_headers(tag))
    drawn = await designs.draw_preview(process, design, width, None, design.layers)
    return Response(drawn.content, media_type=drawn.content_type, headers=_headers(tag))


@router.post(
    "/{design}/preview",
    response_class=Response,
    responses=PICTURE
    | problems(LayerUnusable, DesignMissing, DesignExpired, DrawingFailed, DrawingBusy),
)
async def draw_preview(
    opened: OpenedDesign,
    body: DesignData,
    process: ProcessDep,
    width: Annotated[int, Query(ge=80, le=800)] = PREVIEW_WIDTH,
) -> Response:
    """What is not saved yet; nothing is changed."""
    drawn = await designs.draw_preview(
        process, opened.design, width, body, await _layers(process, opened, body)
    )
    return Response(drawn.content, media_type=drawn.content_type, headers=_headers(None))


async def _layers(process: Process, opened: OpenDesign, body: DesignData) -> list[Stored]:
    async with process.database.read() as session:
        material = await designs.read_material(session, opened.ctx, opened.design, body)
    return await designs.resolve_layers(process, material, body)


async def _find(session: Write, ctx: Actor, body: DesignCreate) -> tuple[Template, DeviceModel]:
    """What is offered; raises NothingToDesign."""
    template = await templates.find_template(session, ctx, body.template)
    if template is None or not template.is_active:
        raise NothingToDesign(f"There is no template {body.template!r}.")
    brand = await devices.find_brand(session, ctx, body.brand) if body.brand else None
    if body.brand and brand is None:
        raise NothingToDesign(f"There is no brand {body.brand!r}.")
    model = await devices.find_model(session, ctx, body.model, brand.id if brand else None)
    if model is None or not model.is_available:
        raise NothingToDesign(f"There is no model {body.model!r}.")
    return template, model


def check_own(opened: OpenDesign) -> None:
    """The shop's people look at customers' designs, and change none."""
    if opened.is_staff:
        raise Forbidden("Only whoever began this design changes it. Send its X-Design-Token.")


def _headers(tag: str | None) -> dict[str, str]:
    headers = {
        "Cache-Control": "private, no-cache" if tag else "no-store",
        "Content-Security-Policy": SANDBOX,
        "X-Content-Type-Options": "nosniff",
    }
    return headers | {"ETag": tag} if tag else headers
