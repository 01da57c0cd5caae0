"""The print-ready picture of an ordered design: drawn once, named by its hash, linked to.

``adopt_final_image`` takes a whole picture instead of layers (reference decision 42): our own
signed link, or a link to a storage host that the shop allows.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import httpx

from shopwright.accounts import audit
from shopwright.artwork import canvas as canvases
from shopwright.artwork import pictures, plans, queries, service, studio
from shopwright.artwork.models import Design, DesignImage
from shopwright.artwork.pictures import NewImage
from shopwright.artwork.states import DesignStatus, ImageKind
from shopwright.catalog.designs.models import Template
from shopwright.catalog.devices.models import DeviceModel
from shopwright.files.access import files_of, incoming_folder
from shopwright.files.disk import incoming_file
from shopwright.files.links import LinkFor
from shopwright.files.uploads import MEGABYTE
from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.durable import Handler
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.egress import EgressPolicy, check_url, guarded_client
from shopwright.kernel.errors import BrokenUpstream, Conflict, Invalid, ShopError, Unavailable
from shopwright.kernel.live import touch

FETCH_S = 20.0
PAUSES_S = (1, 5, 30, 120, 600)
MAX_FETCHED = 30 * MEGABYTE
SIZE_SLACK = 0.01  # of the height; some editors round the millimetres otherwise
IMAGE_PATH = "/image/"
HTTP_OK = 200


class FinalImageRefused(Invalid):
    code = "final-image-refused"
    title = "This picture is not printed"


class DesignNotOrdered(Conflict):
    code = "design-not-ordered"
    title = "This design is still a draft"


class PrintNotReady(Unavailable):
    code = "print-not-ready"
    title = "The print file is not drawn yet"


def handlers(process: Process) -> dict[str, Handler]:
    """Durable work of this slice, by name."""

    async def compose(organization_id: int, design_id: int) -> None:
        ctx = system_actor(organization_id)
        try:
            await _compose_patiently(process, ctx, design_id)
        except ShopError as err:
            await _note_error(process, ctx, design_id, err.detail)

    return {service.COMPOSE: compose}


async def compose_print(process: Process, ctx: Actor, design_id: int) -> Design:
    """The ordered design with its ``print_sha256``, drawn now unless it was before.

    Raises DesignMissing, DesignNotOrdered, PictureRefused, or DrawingFailed.
    """
    design = await _read(process, ctx, design_id)
    if design.print_sha256 is not None:
        return design
    if design.status is not DesignStatus.FROZEN:
        raise DesignNotOrdered(f"The design {design_id} is not ordered yet.")
    drawn = await studio.draw_print(process, plans.plan_of_design(design))
    image = await pictures.keep(process, drawn)
    await _record_print(process, ctx, design, image)
    return await _read(process, ctx, design_id)


async def print_link(process: Process, design: Design, life: timedelta | None = None) -> str:
    """The signed address of its print for the manufacturer, 48 hours unless said otherwise.

    Raises PrintNotReady or LifeTooLong.
    """
    ctx = system_actor(design.organization_id)
    async with process.database.read() as session:
        image = await queries.find_print(session, ctx, design.id)
    if image is None:
        raise PrintNotReady("The print of this design is not drawn yet. Try again in a moment.")
    now = process.clock.now()
    return pictures.image_url(process, image, now=now, audience=LinkFor.MANUFACTURER, life=life)


async def adopt_final_image(
    process: Process, ctx: Actor, *, template: Template, model: DeviceModel, url: str
) -> Design:
    """A frozen design that is this picture, scaled to the canvas and pinned by its hash.

    Raises FinalImageRefused with the reason, SizeNotPrintable, FileLinkInvalid, FileLinkExpired,
    PictureRefused, or Unavailable when the host does not answer.
    """
    canvas = canvases.canvas_of(template, model)
    async with _final_file(process, url) as path:
        drawn = await studio.redraw(process, path, is_lossless=True, max_side_px=6000)
    _check_size(drawn, canvas)  # before it is kept: nobody would ever throw it away
    image = await pictures.keep(process, drawn)
    if (drawn.width, drawn.height) != (canvas.width_px, canvas.height_px):
        image = await _fitted(process, image, canvas)
    return await _adopt(process, ctx, template, model, image)


async def _compose_patiently(process: Process, ctx: Actor, design_id: int) -> None:
    """The storage may be away, or the drawing child be ended, for a while."""
    for pause_s in PAUSES_S:
        try:
            await compose_print(process, ctx, design_id)
        except Unavailable:
            await asyncio.sleep(pause_s)
        else:
            return
    await compose_print(process, ctx, design_id)


@asynccontextmanager
async def _final_file(process: Process, url: str) -> AsyncIterator[Path]:
    """The bytes behind a link, on disk while the context is open."""
    if url.strip().lower().startswith("data:"):
        raise FinalImageRefused(
            "final_image_url is a data URL. Upload the picture and send its link."
        )
    checked = check_url(url)
    own = await _find_own(process, checked)
    if own is not None:
        async with files_of(process).local_copy(own.sha256) as path:
            yield path
        return
    with incoming_file(incoming_folder(process.settings)) as (file, path):
        await asyncio.to_thread(file.write, await _fetch(process, checked))
        await asyncio.to_thread(file.flush)
        yield path


async def _find_own(process: Process, url: str) -> DesignImage | None:
    """Ours, when the link leads here; it must be signed and valid."""
    parts, own = urlsplit(url), urlsplit(process.settings.base_url)
    if parts.netloc.lower() != own.netloc.lower():
        return None
    path = parts.path.removeprefix(own.path.rstrip("/"))
    if not path.startswith(IMAGE_PATH):
        raise FinalImageRefused("final_image_url is not the link of a picture.")
    token = parse_qs(parts.query).get("token", [""])[0]
    async with process.database.read() as session:
        filename = unquote(path.removeprefix(IMAGE_PATH))
        now = process.clock.now()
        image, _, _ = await pictures.open_image(session, process, filename, token, now=now)
    return image


async def _fetch(process: Process, url: str) -> bytes:
    host = (urlsplit(url).hostname or "").lower()
    if host not in {known.lower() for known in process.settings.artwork_image_hosts}:
        raise FinalImageRefused(
            f"Pictures are not fetched from {host[:100]}. Upload it here, or let the shop allow "
            "that host (ARTWORK_IMAGE_HOSTS)."
        )
    policy = EgressPolicy.for_servers(process.settings)
    try:
        async with guarded_client(policy, FETCH_S) as client, client.stream("GET", url) as answer:
            if answer.status_code != HTTP_OK:
                raise BrokenUpstream(f"{host} answered {answer.status_code} for this picture.")
            return await _bounded(answer)
    except httpx.HTTPError as err:
        raise Unavailable(f"{host} did not give the picture. Try again.") from err


async def _bounded(answer: httpx.Response) -> bytes:
    content = bytearray()
    async for chunk in answer.aiter_bytes():
        content += chunk
        if len(content) > MAX_FETCHED:
            raise FinalImageRefused(f"The picture has more than {MAX_FETCHED // MEGABYTE} MB.")
    return bytes(content)


def _check_size(drawn: studio.Drawn, canvas: canvases.Canvas) -> None:
    """The model's shape, and no fewer pixels than the print has."""
    wanted = canvas.height_px / canvas.width_px
    is_shape = abs(drawn.height / drawn.width - wanted) <= wanted * SIZE_SLACK
    if is_shape and drawn.width >= canvas.width_px:
        return
    raise FinalImageRefused(
        f"The print for this model is {canvas.width_px} × {canvas.height_px} pixels; "
        f"the picture has {drawn.width} × {drawn.height}.",
        width_px=canvas.width_px,
        height_px=canvas.height_px,
    )


async def _fitted(process: Process, image: NewImage, canvas: canvases.Canvas) -> NewImage:
    """The same picture in exactly the canvas' pixels, by the way every design is drawn."""
    layer = {
        "kind": "image", "source": image.stored.sha256, "x": 50, "y": 50, "scale": 1,
        "rotation": 0, "opacity": 1, "frame": {"x": 0, "y": 0, "width": 100, "height": 100},
    }  # fmt: skip
    plan = plans.plan_of(canvas, "#ffffff", [layer])
    return await pictures.keep(process, await studio.draw_print(process, plan))


async def _adopt(
    process: Process, ctx: Actor, template: Template, model: DeviceModel, image: NewImage
) -> Design:
    now = process.clock.now()
    async with process.database.write() as session:
        made = await service.create_design(session, ctx, template=template, model=model, now=now)
        row = await pictures.add_image(
            session, ctx, image=image, kind=ImageKind.FINAL, now=now, design=made.design
        )
        frozen = await queries.freeze(session, ctx, made.design.id, now)
        values = {"final_sha256": row.sha256, "print_sha256": row.sha256}
        await queries.set_print(session, ctx, made.design.id, values)
        audit.record(session, ctx, "design.adopted", made.design.id, sha256=row.sha256)
    return await _read(process, ctx, (frozen or made.design).id)


async def _record_print(process: Process, ctx: Actor, design: Design, image: NewImage) -> None:
    """Of two who drew it, the first one's counts; both drew the same."""
    now = process.clock.now()
    async with process.database.write() as session:
        values = {"print_sha256": image.stored.sha256, "print_error": None}
        if await queries.set_print(session, ctx, design.id, values):
            await pictures.add_image(
                session, ctx, image=image, kind=ImageKind.FINAL_COMPOSED, now=now, design=design
            )
            audit.record(session, ctx, "design.drawn", design.id, sha256=image.stored.sha256)
            touch(session, ctx.organization_id, queries.TOPIC, design.id)


async def _note_error(process: Process, ctx: Actor, design_id: int, sentence: str) -> None:
    async with process.database.write() as session:
        if await queries.set_print(session, ctx, design_id, {"print_error": sentence[:500]}):
            audit.record(session, ctx, "design.print_failed", design_id, reason=sentence)
            touch(session, ctx.organization_id, queries.TOPIC, design_id)


async def _read(process: Process, ctx: Actor, design_id: int) -> Design:
    async with process.database.read() as session:
        design = await queries.find_design(session, ctx, Ref(design_id, None))
    if design is None:
        raise service.DesignMissing(f"There is no design {design_id}.")
    return design
