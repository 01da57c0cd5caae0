"""Draws the pages of a PDF once, by its content, in a child process."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from shopwright.files import service as files
from shopwright.files.access import files_of
from shopwright.files.service import NewFile
from shopwright.files.storage import StoredObject
from shopwright.kernel.actor import Actor
from shopwright.kernel.children import ChildFailed, Limits, run_child
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.errors import Conflict, NotFound
from shopwright.parts import versions
from shopwright.parts.converting import Workplaces, limits_of, work_folder
from shopwright.parts.drawings import queries
from shopwright.parts.drawings.models import Drawing, DrawingPage
from shopwright.parts.models import PartFile
from shopwright.parts.states import FileKind

CHILD = "shopwright.parts.drawings.draw_child"
PNG = "image/png"
MOST_PAGES = 20
MAX_PICTURE_BYTES = 60_000_000
CPU_S, WALL_S = 60, 90.0  # a page of a plain drawing takes a tenth of a second
DRAWINGS = frozenset({FileKind.PDF})


class DrawingUnreadable(Conflict):
    code = "drawing-unreadable"
    title = "This drawing cannot be shown"


class PageMissing(NotFound):
    code = "drawing-page-missing"
    title = "The drawing has no such page"


@dataclass(frozen=True, slots=True)
class DrawnPages:
    """``page_count`` is the PDF's; at most MOST_PAGES of them are drawn."""

    file: PartFile
    page_count: int
    pages: Sequence[DrawingPage]


async def draw_pages(
    process: Process, ctx: Actor, ref: Ref, *, version: int | None = None
) -> DrawnPages:
    """The pictures of the part's newest PDF, or of that version.

    Raises PartMissing, PartFileMissing, StoredFileMissing, or DrawingUnreadable with the reason.
    """
    async with process.database.read() as session:
        file = await versions.get_file(session, ctx, ref, version=version, kinds=DRAWINGS)
    drawn = await _find(process, ctx, file)
    if drawn is None:
        async with process.context.keep(Workplaces).places:
            drawn = await _find(process, ctx, file) or await _draw(process, ctx, file)
    drawing, pages = drawn
    if drawing.error:
        raise DrawingUnreadable(f"The drawing cannot be shown: {drawing.error}. Download it.")
    return DrawnPages(file, drawing.page_count, pages)


async def get_page(process: Process, ctx: Actor, ref: Ref, number: int) -> DrawingPage:
    """Raises as ``draw_pages``, and PageMissing."""
    drawn = await draw_pages(process, ctx, ref)
    for page in drawn.pages:
        if page.number == number:
            return page
    raise PageMissing(f"The drawing has no picture of a page {number}.")


async def _find(
    process: Process, ctx: Actor, file: PartFile
) -> tuple[Drawing, Sequence[DrawingPage]] | None:
    async with process.database.read() as session:
        drawing = await queries.find_drawing(session, ctx, file.sha256)
        if drawing is None:
            return None
        return drawing, await queries.list_pages(session, ctx, drawing.id)


async def _draw(
    process: Process, ctx: Actor, file: PartFile
) -> tuple[Drawing, Sequence[DrawingPage]]:
    store = files_of(process)
    async with store.local_copy(file.sha256) as source, work_folder(process) as folder:
        work = {"source": str(source.resolve()), "folder": str(folder), "most": MOST_PAGES}
        try:
            told = await run_child(CHILD, work, limits=_limits(process), progress=lambda _: None)
        except ChildFailed as failure:
            await _record(process, ctx, file, [], {"error": str(failure)})
        else:
            stored = [
                await store.put(_picture(folder, number), max_bytes=MAX_PICTURE_BYTES)
                for number in range(1, len(told["pages"]) + 1)
            ]
            await _record(process, ctx, file, stored, told)
    drawn = await _find(process, ctx, file)
    assert drawn is not None  # noqa: S101  it was just written, by us or by another process
    return drawn


def _picture(folder: Path, number: int) -> Path:
    return folder / f"{number}.png"


async def _record(
    process: Process,
    ctx: Actor,
    file: PartFile,
    stored: Sequence[StoredObject],
    told: dict[str, Any],
) -> None:
    async with process.database.write() as session:
        made = await queries.add_drawing(
            session,
            ctx,
            sha256=file.sha256,
            page_count=told.get("page_count", 0),
            error=told.get("error"),
        )
        if made is None or not stored:
            return
        names = [NewFile(one, f"page {n} of {file.name}"[:255], PNG)
                 for n, one in enumerate(stored, 1)]  # fmt: skip
        await files.record_files(session, ctx, names)
        session.add_all(
            DrawingPage(
                organization_id=ctx.organization_id,
                drawing_id=made,
                number=number,
                sha256=one.sha256,
                width_px=width,
                height_px=height,
            )
            for number, (one, (width, height)) in enumerate(
                zip(stored, told.get("pages", ()), strict=True), 1
            )
        )


def _limits(process: Process) -> Limits:
    return replace(limits_of(process), cpu_s=CPU_S, wall_s=WALL_S)
