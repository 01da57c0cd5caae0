"""The drawing of a hand-made part: what was uploaded, or the newest from Onshape."""

from contextlib import AbstractAsyncContextManager

from shopwright.kernel.actor import Actor, Role
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.errors import Invalid, Unavailable
from shopwright.parts import queries, service, versions
from shopwright.parts.models import PartFile
from shopwright.parts.onshape.access import find_access
from shopwright.parts.onshape.exporting import wait_for_export
from shopwright.parts.onshape.models import OnshapeExport
from shopwright.parts.onshape.pulls import want_pull
from shopwright.parts.onshape.received import OnshapeExportFailed
from shopwright.parts.onshape.sources import locate
from shopwright.parts.onshape.states import ExportStatus
from shopwright.parts.states import FileKind, PartType

WAIT_S = 60.0  # as long as the reference polls
PDF = frozenset({FileKind.PDF})

Writing = AbstractAsyncContextManager[WriteSession]


class NotMadeByHand(Invalid):
    code = "drawing-of-hand-parts-only"
    title = "Only parts made by hand have a drawing"


class DrawingNotReady(Unavailable):
    code = "drawing-not-ready"
    title = "The drawing is still being made"


async def get_drawing(
    process: Process, ctx: Actor, ref: Ref, *, refresh: bool, writing: Writing
) -> PartFile:
    """The uploaded one, unless a fresh one is asked for or there is none; then Onshape is asked,
    for which a viewer has no right, and the answer is the part's next version."""
    async with process.database.read() as session:
        part = (await service.get_part(session, ctx, ref)).part
        newest = await queries.find_file(session, ctx, part.id, kinds=PDF)
    if part.type not in {None, PartType.HAND}:
        raise NotMadeByHand("Drawings are for parts of type hand; this one is made another way.")
    if newest is not None and not refresh:
        return newest
    if not refresh and await find_access(process, ctx) is None:
        raise versions.PartFileMissing("This part has no drawing. Upload a PDF.")
    ctx.require(Role.MEMBER)
    source = await locate(process, ctx, part.onshape_url, FileKind.PDF)
    async with writing as session:
        now = process.clock.now()
        _, export = await want_pull(
            session, ctx, ref=ref, source=source, wanted=FileKind.PDF, now=now
        )
    return await _wait(process, ctx, ref, export)


async def _wait(process: Process, ctx: Actor, ref: Ref, export: OnshapeExport) -> PartFile:
    settled = await wait_for_export(process, export, timeout_s=WAIT_S)
    if settled.status is ExportStatus.FAILED:
        raise OnshapeExportFailed(settled.error or "Onshape exported no drawing.")
    if settled.status is not ExportStatus.DONE:
        raise DrawingNotReady(
            f"Onshape still makes the drawing ({settled.phase}). Ask again in a while.",
            retry_after_s=10,
        )
    async with process.database.read() as session:
        return await versions.get_file(session, ctx, ref, kinds=PDF)
