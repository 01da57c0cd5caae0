"""Designs and pictures as HTTP shows them."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.artwork import canvas as canvases
from shopwright.artwork import pictures, plans, queries
from shopwright.artwork.canvas import Canvas
from shopwright.artwork.designs import USABLE
from shopwright.artwork.models import Design, DesignImage
from shopwright.artwork.schemas import (
    SCHEMA_VERSION,
    BoxBody,
    CanvasRead,
    DesignRead,
    ImageRead,
)
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process


async def read_design(
    session: AsyncSession, process: Process, ctx: Actor, design: Design, now: datetime
) -> DesignRead:
    images = await queries.find_images(session, ctx, design.id, USABLE)
    template, model = await queries.find_codes(session, ctx, design)
    return DesignRead(
        id=design.uuid,
        status=design.status,
        version=design.version,
        schema_version=SCHEMA_VERSION,
        template=template,
        model=model,
        background=design.background,
        layers=plans.shown(design.layers),
        canvas=canvas_of(canvases.read_stored(design.canvas)),
        images=[image_of(process, image, now) for image in images],
        expires_at=design.expires_at,
        updated_at=design.updated_at,
    )


def image_of(process: Process, image: DesignImage, now: datetime) -> ImageRead:
    return ImageRead(
        id=image.uuid,
        kind=image.kind,
        filename=image.filename,
        width_px=image.width_px,
        height_px=image.height_px,
        content_type=image.content_type,
        url=pictures.image_path(process, image, now=now),
    )


def canvas_of(canvas: Canvas) -> CanvasRead:
    return CanvasRead(
        width_px=canvas.width_px,
        height_px=canvas.height_px,
        dpi=round(canvas.dpi, 2),
        mask=BoxBody(**asdict(canvas.mask)),
        radius=canvas.radius,
        camera=list(canvas.camera) if canvas.camera else None,
        frames=[BoxBody(**asdict(frame)) for frame in canvas.frames],
    )
