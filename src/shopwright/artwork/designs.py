"""Use cases of a draft: save it so that two tabs lose nothing, look at it, throw it away."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.artwork import canvas as canvases
from shopwright.artwork import pictures, plans, queries, service, studio
from shopwright.artwork.models import Design, DesignImage
from shopwright.artwork.plans import Material, Stored
from shopwright.artwork.schemas import DesignData, StickerLayer, TextLayer
from shopwright.artwork.service import DesignMoved, DesignOrdered
from shopwright.artwork.states import ImageKind
from shopwright.catalog.designs.models import Sticker
from shopwright.files.access import files_of
from shopwright.files.storage import StoredFileMissing
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process
from shopwright.kernel.live import touch

USABLE = (ImageKind.UPLOADED, ImageKind.GENERATED, ImageKind.FINAL)
PREVIEW_PX = (80, 800)


async def read_material(
    session: AsyncSession, ctx: Actor, design: Design, data: DesignData
) -> Material:
    """What the layers may name; font files are opened by ``with_fonts``."""
    images = await queries.find_images(session, ctx, design.id, USABLE)
    stickers = {layer.sticker for layer in data.layers if isinstance(layer, StickerLayer)}
    fonts = {layer.font.casefold() for layer in data.layers if isinstance(layer, TextLayer)}
    return Material(
        images={image.uuid: image for image in images},
        stickers=await queries.find_stickers(session, ctx, stickers),
        fonts=await queries.find_fonts(session, ctx, fonts),
        font_files={},
    )


@asynccontextmanager
async def with_fonts(process: Process, material: Material) -> AsyncIterator[Material]:
    """The same with the shop's own font files at hand while the context is open."""
    hashes = {font.file_sha256 for font in material.fonts.values() if font.file_sha256}
    async with AsyncExitStack() as stack:
        opened = {}
        for sha256 in sorted(hashes):
            try:
                copy = files_of(process).local_copy(sha256)
                opened[sha256] = await stack.enter_async_context(copy)
            except StoredFileMissing:
                continue  # the family's bundled face draws it
        yield Material(material.images, material.stickers, material.fonts, opened)


async def resolve_layers(process: Process, material: Material, data: DesignData) -> list[Stored]:
    """Raises LayerUnusable."""
    async with with_fonts(process, material) as complete:
        return plans.resolve(data, complete)


async def save_design(
    session: WriteSession,
    ctx: Actor,
    *,
    design: Design,
    version: int,
    data: DesignData,
    layers: Sequence[Stored],
    stickers: Sequence[Sticker],
    now: datetime,
    lasts: timedelta,
) -> Design:
    """The next version. Raises DesignMoved with the newer one, or DesignOrdered."""
    values = {
        "layers": list(layers),
        "background": data.background,
        "updated_at": now,
        "expires_at": now + lasts,
    }
    saved = await queries.save_design(session, ctx, design.id, version, values)
    if saved is None:
        raise await _why_not_saved(session, ctx, design.id)
    await _pin(session, ctx, saved, layers, stickers)
    touch(session, ctx.organization_id, queries.TOPIC, saved.id)
    return saved


async def draw_preview(
    process: Process, design: Design, width_px: int, data: DesignData | None, layers: list[Stored]
) -> studio.Drawn:
    """Of what is stored, or of ``data`` that is not yet. Raises PictureRefused or DrawingFailed."""
    canvas = canvases.read_stored(design.canvas)
    background = design.background if data is None else data.background
    plan = plans.plan_of(canvas, background, layers)
    low, high = PREVIEW_PX
    return await studio.draw_preview(process, plan, max(low, min(width_px, high)))


async def delete_design(session: WriteSession, ctx: Actor, design: Design) -> list[str]:
    """The hashes whose bytes may go after the commit; raises DesignMissing, or DesignOrdered also
    when that happened since ``design`` was read."""
    if not await queries.lock_draft(session, ctx, design.id):
        await service.get_design(session, ctx, design.id)
        raise _ordered()
    return await pictures.forget_design(session, ctx, design.id)


def check_draft(design: Design) -> None:
    """Raises DesignOrdered."""
    if not service.is_draft(design):
        raise _ordered()


async def _why_not_saved(session: WriteSession, ctx: Actor, design_id: int) -> Exception:
    current = await service.get_design(session, ctx, design_id)
    if not service.is_draft(current):
        return _ordered()
    return DesignMoved(
        "Another tab saved this design meanwhile. Load it again and repeat the last change.",
        current=newer(current),
    )


def newer(design: Design) -> dict[str, Any]:
    """What a tab needs to go on with the other one's work."""
    return {
        "version": design.version,
        "background": design.background,
        "layers": plans.shown(design.layers),
    }


async def _pin(
    session: WriteSession,
    ctx: Actor,
    design: Design,
    layers: Sequence[Stored],
    stickers: Sequence[Sticker],
) -> None:
    """Stickers and fonts are the shop's and may go from its catalogue; the design keeps its own."""
    used = {layer["source"] for layer in layers if layer["kind"] == "sticker"}
    own = {layer["face"] for layer in layers if "." not in layer.get("face", ".")}
    kept = await queries.find_images(session, ctx, design.id, [ImageKind.ASSET])
    sizes = {sticker.file_sha256: (sticker.width_px, sticker.height_px) for sticker in stickers}
    for sha256 in sorted((used | own) - {image.sha256 for image in kept}):
        width, height = sizes.get(sha256, (0, 0))
        session.add(
            DesignImage(
                organization_id=ctx.organization_id,
                design_id=design.id,
                kind=ImageKind.ASSET,
                filename=pictures.new_filename(
                    design.uuid[-12:], ImageKind.ASSET, "image/png", design.updated_at
                ),
                sha256=sha256,
                content_type="image/png",
                width_px=width,
                height_px=height,
            )
        )
    await session.flush()


def _ordered() -> DesignOrdered:
    return DesignOrdered("This design is ordered and does not change any more. Begin a new one.")


def lasts(process: Process) -> timedelta:
    """How long a draft is kept after its last change."""
    return timedelta(days=process.settings.artwork_draft_days)
