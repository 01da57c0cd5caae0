"""The pages of a part's drawing over HTTP, as pictures."""

from typing import Annotated, Self

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from shopwright.accounts.open_keys import OpenViewerCtx
from shopwright.files.access import Files
from shopwright.files.serving import send_picture
from shopwright.files.storage import StoredFileMissing
from shopwright.kernel.edge import MAX_ID, ProcessDep, Ref, path_ref, problems
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.parts.drawings import service
from shopwright.parts.drawings.service import DrawingUnreadable, DrawnPages, PageMissing
from shopwright.parts.schemas import Answer
from shopwright.parts.service import PartMissing
from shopwright.parts.versions import PartFileMissing

router = APIRouter(prefix="/api/parts/{part}/drawing", tags=["parts"], route_class=RepeatableRoute)

PartRef = Annotated[Ref, path_ref("part")]
DRAWN = problems(PartMissing, PartFileMissing, StoredFileMissing, DrawingUnreadable)


class PageRead(Answer):
    number: int
    width_px: int
    height_px: int
    url: str


class PagesRead(Answer):
    """``pageCount`` is the PDF's; only the first pages are drawn."""

    filename: str
    version: int
    page_count: int
    pages: list[PageRead]

    @classmethod
    def of(cls, drawn: DrawnPages, base_path: str) -> Self:
        url = f"{base_path}/api/parts/{drawn.file.part_id}/drawing/pages"
        return cls(
            filename=drawn.file.name,
            version=drawn.file.version,
            page_count=drawn.page_count,
            pages=[
                PageRead(
                    number=page.number,
                    width_px=page.width_px,
                    height_px=page.height_px,
                    url=f"{url}/{page.number}",
                )
                for page in drawn.pages
            ],
        )


@router.get("/pages", responses=DRAWN)
async def list_pages(part: PartRef, ctx: OpenViewerCtx, process: ProcessDep) -> PagesRead:
    """Which pages of the newest drawing there are pictures of; they are drawn when first asked
    for."""
    drawn = await service.draw_pages(process, ctx, part)
    return PagesRead.of(drawn, process.settings.base_path)


@router.get("/pages/{number}", response_class=Response, responses=DRAWN | problems(PageMissing))
async def read_page(
    *,
    request: Request,
    part: PartRef,
    number: Annotated[int, Path(ge=1, le=MAX_ID)],
    ctx: OpenViewerCtx,
    process: ProcessDep,
    files: Files,
) -> Response:
    """One page as a PNG. The PDF itself is only ever saved: it may hold scripts."""
    page = await service.get_page(process, ctx, part, number)
    return await send_picture(request, files, page.sha256)
