"""Labels over HTTP; before ``/{part}``, whose word ``labels`` is."""

from typing import Annotated

from fastapi import APIRouter, Query

from shopwright.accounts.open_keys import OpenViewerCtx
from shopwright.kernel.edge import ProcessDep, Read, Ref, parse_ref, path_ref, problems
from shopwright.kernel.errors import Invalid
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.parts.labels import service
from shopwright.parts.labels.papers import UnknownPaper
from shopwright.parts.labels.service import LabelsUnavailable, PdfResponse
from shopwright.parts.service import PartMissing

router = APIRouter(prefix="/api/parts", tags=["parts"], route_class=RepeatableRoute)

PartRef = Annotated[Ref, path_ref("part")]
Size = Annotated[str, Query(max_length=20, description="62x29, 50x30 or a4")]
Skipped = Annotated[int, Query(ge=0, le=1000, description="places used already on a sheet")]
MAX_NAMED = 3_000
LABELS = problems(PartMissing, UnknownPaper, Invalid, LabelsUnavailable)


@router.get("/labels", response_class=PdfResponse, responses=LABELS)
async def read_labels(
    *,
    ctx: OpenViewerCtx,
    session: Read,
    process: ProcessDep,
    parts: Annotated[str, Query(max_length=MAX_NAMED, description="ids, with commas between")],
    size: Size = "a4",
    skip: Skipped = 0,
) -> PdfResponse:
    """Labels of several parts as one PDF; the QR code of each opens the part's page."""
    refs = [parse_ref(one.strip()) for one in parts.split(",") if one.strip()]
    found = await service.list_parts(session, ctx, refs)
    pdf = await service.make_labels(process, found, size=size, skipped=skip)
    return service.send_labels(pdf, found)


@router.get("/{part}/label", response_class=PdfResponse, responses=LABELS)
async def read_label(
    *,
    part: PartRef,
    ctx: OpenViewerCtx,
    session: Read,
    process: ProcessDep,
    size: Size = "62x29",
) -> PdfResponse:
    """One part's label as a PDF."""
    found = await service.list_parts(session, ctx, [part])
    pdf = await service.make_labels(process, found, size=size)
    return service.send_labels(pdf, found)
