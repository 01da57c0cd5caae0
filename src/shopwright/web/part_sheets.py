"""What a part's page shows beside its words: the model, the drawing, and its printed labels."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from shopwright.accounts.access import MemberCtx, ViewerCtx
from shopwright.files.access import Files
from shopwright.files.serving import send_picture
from shopwright.kernel.edge import (
    MAX_ID,
    Now,
    ProcessDep,
    Read,
    Ref,
    Write,
    parse_ref,
    path_ref,
)
from shopwright.kernel.errors import Conflict
from shopwright.parts import service, versions
from shopwright.parts.drawings import service as drawings
from shopwright.parts.file_checks import CONTENT_TYPES
from shopwright.parts.labels import service as labels
from shopwright.parts.serving import send_model
from shopwright.parts.states import FileKind
from shopwright.parts.versions import PartFileMissing
from shopwright.web.page import done, fragment

router = APIRouter(include_in_schema=False)

PartRef = Annotated[Ref, path_ref("part")]
Number = Annotated[int, Path(ge=1, le=MAX_ID)]
Size = Annotated[str, Query(max_length=20)]


@router.get("/parts/labels")
async def print_labels(
    *,
    ctx: ViewerCtx,
    session: Read,
    process: ProcessDep,
    part: Annotated[list[str], Query(max_length=1000)] = [],  # noqa: B006  FastAPI copies it
    size: Size = "a4",
    skip: Annotated[int, Query(ge=0, le=1000)] = 0,
) -> Response:
    """Of the parts chosen on the board."""
    refs = [parse_ref(one) for one in part]
    found = await labels.list_parts(session, ctx, refs)
    pdf = await labels.make_labels(process, found, size=size, skipped=skip)
    return labels.send_labels(pdf, found)


@router.get("/parts/{part}/label")
async def print_label(
    *, ctx: ViewerCtx, session: Read, process: ProcessDep, part: PartRef, size: Size = "62x29"
) -> Response:
    found = await labels.list_parts(session, ctx, [part])
    pdf = await labels.make_labels(process, found, size=size)
    return labels.send_labels(pdf, found)


@router.get("/parts/{part}/model")
async def show_model(
    request: Request, ctx: ViewerCtx, session: Read, files: Files, part: PartRef
) -> Response:
    """The GLB of the newest model, for the viewer."""
    found = await service.get_part(session, ctx, part)
    made = found.conversion
    if made is None or made.glb_sha256 is None:
        raise PartFileMissing("There is no model of this part yet.")
    return await send_model(
        request,
        files,
        made.glb_sha256,
        filename=f"{found.part.code}.glb",
        content_type=CONTENT_TYPES[FileKind.GLB],
    )


@router.get("/parts/{part}/drawing")
async def show_drawing(
    request: Request, ctx: ViewerCtx, process: ProcessDep, part: PartRef
) -> Response:
    """The drawing's pages; drawn now when nobody looked before, so the page fetches it apart."""
    try:
        drawn = await drawings.draw_pages(process, ctx, part)
    except Conflict as refusal:
        return fragment(request, "parts/part_drawing.html", {"reason": refusal.detail})
    shown = {"reason": None, "drawn": drawn, "part_id": drawn.file.part_id}
    return fragment(request, "parts/part_drawing.html", shown)


@router.get("/parts/{part}/drawing/{number}")
async def show_drawing_page(
    *,
    request: Request,
    ctx: ViewerCtx,
    process: ProcessDep,
    files: Files,
    part: PartRef,
    number: Number,
) -> Response:
    page = await drawings.get_page(process, ctx, part, number)
    return await send_picture(request, files, page.sha256)


@router.post("/parts/{part}/files/{number}/restore")
async def restore_file(
    *,
    request: Request,
    ctx: MemberCtx,
    session: Write,
    now: Now,
    part: PartRef,
    number: Number,
) -> Response:
    """That version becomes the newest one again."""
    added = await versions.restore_file(session, ctx, ref=part, version=number, now=now)
    sentence = f"{added.file.name} of version {number} is now version {added.file.version}."
    return done(request, sentence, to=f"/parts/{added.file.part_id}")
