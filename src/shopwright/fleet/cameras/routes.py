"""A printer's camera over HTTP: one picture, or pictures as they come."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from shopwright.accounts.access import ViewerCtx
from shopwright.fleet.cameras.answers import answer_snapshot, answer_stream
from shopwright.fleet.cameras.service import CameraUnavailable, NoCamera, TooManyViewers
from shopwright.kernel.edge import Ref, path_ref, problems
from shopwright.kernel.errors import NotFound

router = APIRouter(prefix="/api/printers", tags=["printers"])

PrinterRef = Annotated[Ref, path_ref("printer")]
REFUSALS = problems(NotFound, NoCamera, TooManyViewers, CameraUnavailable)


def _gives(media_type: str) -> dict[int | str, dict[str, Any]]:
    binary = {"schema": {"type": "string", "format": "binary"}}
    return {200: {"content": {media_type: binary}}, **REFUSALS}


@router.get("/{printer}/camera/snapshot", response_class=Response, responses=_gives("image/jpeg"))
async def take_snapshot(request: Request, printer: PrinterRef, ctx: ViewerCtx) -> Response:
    """What the printer's camera sees now, as a JPEG of at most a second ago."""
    return await answer_snapshot(request, ctx, printer)


@router.get(
    "/{printer}/camera/stream",
    response_class=Response,
    responses=_gives("multipart/x-mixed-replace"),
)
async def stream_pictures(request: Request, printer: PrinterRef, ctx: ViewerCtx) -> Response:
    """JPEGs as the camera sends them, about one a second, for ten minutes at most; all viewers
    share one connection to the camera."""
    return await answer_stream(request, ctx, printer)
