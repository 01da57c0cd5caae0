"""Pictures by words: reference (d)'s route, and the designer's own."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from fastapi import APIRouter, Request

from shopwright.accounts.visitors import ShopNotHere, VisitorCtx
from shopwright.artwork import (
    designs,
    generation,
    generation_queries,
    pictures,
    prompts,
    queries,
    studio,
    views,
)
from shopwright.artwork.access import OpenedDesign
from shopwright.artwork.generation import Asked, GenerationHeld
from shopwright.artwork.image_bodies import picture_file
from shopwright.artwork.image_routes import MAX_BODY
from shopwright.artwork.image_schemas import DesignGenerate, ImageGenerate
from shopwright.artwork.models import Design, DesignImage
from shopwright.artwork.pictures import MAX_UPLOAD_MB
from shopwright.artwork.port import (
    GenerationFailed,
    GenerationRefused,
    GenerationUnknown,
    ReferencePicture,
)
from shopwright.artwork.prompts import StyleUnknown, StyleWordInvalid, Wish
from shopwright.artwork.routes import check_own
from shopwright.artwork.schemas import ImageRead
from shopwright.artwork.service import DesignExpired, DesignMissing, DesignOrdered
from shopwright.artwork.studio import PictureRefused
from shopwright.catalog.designs import queries as templates
from shopwright.files.access import files_of, incoming_folder
from shopwright.files.uploads import UploadMalformed, UploadTooLarge, receive_upload
from shopwright.kernel import limits
from shopwright.kernel.actor import Actor
from shopwright.kernel.bodies import described, parse_body, read_body
from shopwright.kernel.edge import Now, Process, ProcessDep, allow_body, principal_of, problems
from shopwright.kernel.errors import Forbidden, Invalid, NotFound, TooMany
from shopwright.kernel.limits import MINUTE, Limit
from shopwright.kernel.repeatable import RepeatableRoute

router = APIRouter(tags=["webstore pictures"], route_class=RepeatableRoute)

GENERATIONS = Limit("images", "images_per_minute", MINUTE, "generated pictures per minute")
SOURCE_SIDE_PX = 1024  # more teaches the provider nothing
REFUSALS = problems(
    Invalid, StyleUnknown, StyleWordInvalid, GenerationRefused, PictureRefused, UploadMalformed,
    UploadTooLarge, NotFound, ShopNotHere, TooMany, GenerationFailed, GenerationUnknown,
    GenerationHeld,
)  # fmt: skip


@router.post("/api/images/generate", openapi_extra=described(ImageGenerate), responses=REFUSALS)
async def generate_image(
    request: Request, ctx: VisitorCtx, process: ProcessDep, now: Now
) -> dict[str, Any]:
    """A picture in a style of the catalogue, of a photo sent as JSON (``image_data``) or as
    multipart (``image``). 10 a minute and a day's budget per customer."""
    body, source = await _read(request, process)
    wish = await _wish(process, ctx, body)
    limits.charge(request, GENERATIONS, principal_of(request))
    image = await generation.generate(
        process,
        Asked(
            ctx=ctx,
            customer=customer_of(request),
            wish=wish,
            picture=source,
            reference=body.order_id,
        ),
    )
    return _told(process, image, wish, now)


@router.post(
    "/api/designs/{design}/generate",
    status_code=201,
    responses=REFUSALS | problems(DesignMissing, DesignExpired, DesignOrdered, Forbidden),
)
async def generate_for_design(
    request: Request, opened: OpenedDesign, body: DesignGenerate, process: ProcessDep, now: Now
) -> ImageRead:
    """A picture for this design, of one of its own pictures or of words alone."""
    check_own(opened)
    designs.check_draft(opened.design)
    async with process.database.read() as session:
        code, _ = await queries.find_codes(session, opened.ctx, opened.design)
        own = await queries.find_images(session, opened.ctx, opened.design.id, designs.USABLE)
    sent = ImageGenerate(
        style=body.style, template_id=code, style_params=dict(body.words),
        quality=body.quality, size=body.size,
    )  # fmt: skip
    wish = await _wish(process, opened.ctx, sent)
    source = next((image for image in own if image.uuid == body.image), None)
    if body.image and source is None:
        raise Invalid("This design has no such picture. Upload it first.")
    limits.charge(request, GENERATIONS, principal_of(request))
    image = await generation.generate(
        process,
        Asked(
            ctx=opened.ctx,
            customer=customer_of(request),
            wish=wish,
            picture=await _reference(process, source),
            source_sha256=source.sha256 if source else None,
            design=opened.design,
            key=_key_of(opened.design, body.request_id),
        ),
    )
    return views.image_of(process, image, now)


def _key_of(design: Design, request_id: str | None) -> str:
    """Whoever sends another design's ``request_id`` gets a picture of his own."""
    return str(uuid5(UUID(design.uuid), request_id)) if request_id else ""


def customer_of(request: Request) -> str:
    """Who is counted, as a hash: addresses are nobody's business later."""
    return hashlib.sha256(f"customer:{principal_of(request)}".encode()).hexdigest()


async def _read(
    request: Request, process: Process
) -> tuple[ImageGenerate, ReferencePicture | None]:
    """The wish as it was sent, and its photo redrawn."""
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        folder = incoming_folder(process.settings)
        async with receive_upload(request, folder, max_mb=MAX_UPLOAD_MB, part="image") as upload:
            body = parse_body(ImageGenerate, _form_members(upload.fields))
            return body, await _redrawn(process, upload.path)
    allow_body(request, MAX_BODY)
    body = await read_body(request, ImageGenerate)
    if not body.image_data:
        return body, None
    async with picture_file(process, body.image_data) as path:
        return body, await _redrawn(process, path)


def _form_members(fields: Mapping[str, str]) -> dict[str, Any]:
    """A form's empty fields count as not sent; ``style_params`` is JSON in a field."""
    members: dict[str, Any] = {name: value for name, value in fields.items() if value}
    if "style_params" in members:
        try:
            members["style_params"] = json.loads(members["style_params"])
        except (ValueError, RecursionError) as err:
            raise Invalid("style_params is no JSON object.") from err
    return members


async def _redrawn(process: Process, path: Path) -> ReferencePicture:
    drawn = await studio.redraw(process, path, max_side_px=SOURCE_SIDE_PX)
    return ReferencePicture(drawn.content, drawn.content_type)


async def _reference(process: Process, source: DesignImage | None) -> ReferencePicture | None:
    if source is None:
        return None
    async with files_of(process).local_copy(source.sha256) as path:
        return await _redrawn(process, path)


async def _wish(process: Process, ctx: Actor, body: ImageGenerate) -> Wish:
    """Raises StyleUnknown, NotFound for the template, or StyleWordInvalid."""
    name = body.style or prompts.style_named(body.style_params)
    if not name:
        raise StyleUnknown("Name a style: style, or style_params with a style in it.")
    async with process.database.read() as session:
        template_id = None
        if body.template_id:
            template = await templates.find_template(session, ctx, body.template_id)
            if template is None or not template.is_active:
                raise NotFound(f"There is no template {body.template_id!r}.")
            template_id = template.id
        found = await generation_queries.find_styles(session, ctx, name, template_id)
    if not found:
        raise StyleUnknown(f"There is no style {name!r} here. GET /api/styles names them.")
    template, style = found[0]
    return prompts.make_wish(
        template, style, body.style_params, size=body.size, quality=body.quality
    )


def _told(process: Process, image: DesignImage, wish: Wish, now: datetime) -> dict[str, Any]:
    """``prompt`` says what was asked for in the customer's own terms: ours stays with us."""
    url = pictures.image_url(process, image, now=now)
    return {
        "success": True,
        "filename": image.filename,
        "file_path": f"/image/{image.filename}",
        "public_url": url,
        "image_url": url,
        "prompt": wish.shown,
        "template_id": wish.template.code,
        "style": wish.style.name,
    }
