"""Signed links to stored files: the token is the permission."""

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from shopwright.files import service
from shopwright.files.access import Files
from shopwright.files.links import FileLinkExpired, FileLinkInvalid
from shopwright.files.serving import send_attachment
from shopwright.files.storage import StoredFileMissing
from shopwright.kernel import limits
from shopwright.kernel.edge import ProcessDep, principal_of, problems


async def _charge(request: Request) -> None:
    """A page full of signed pictures is one visit: the wide limit, by address."""
    limits.charge(request, limits.WIDE, principal_of(request))


router = APIRouter(prefix="/files", tags=["files"], dependencies=[Depends(_charge)])
uploads = APIRouter(prefix="/uploads", tags=["files"], dependencies=[Depends(_charge)])


@router.get(
    "/{token}",
    response_class=Response,
    responses=problems(FileLinkInvalid, FileLinkExpired, StoredFileMissing),
)
async def fetch_file(token: str, request: Request, process: ProcessDep, files: Files) -> Response:
    """The file that a signed link names, as an attachment, until the link expires. ``Range:
    bytes=N-`` answers 206 with the rest."""
    link = service.open_link(process, token)
    return await send_attachment(
        files,
        link.sha256,
        filename=link.filename,
        content_type=link.content_type,
        asked_range=request.headers.get("range"),
    )


@uploads.get(
    "/{file}",
    response_class=Response,
    responses=problems(FileLinkInvalid, FileLinkExpired, StoredFileMissing),
)
async def fetch_upload(file: str, request: Request, process: ProcessDep, files: Files) -> Response:
    """The same under the shop manager's path: ``file`` is a signed link's token, never a name."""
    return await fetch_file(file, request, process, files)
