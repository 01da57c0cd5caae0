"""Reference (d)'s picture routes: upload, generate, and signed links, each for one picture only.

Customers' pictures are served with a valid signature and never without (reference decision 46).
"""

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from shopwright.accounts import credentials
from shopwright.accounts.access import requires
from shopwright.accounts.visitors import ShopNotHere, VisitorCtx
from shopwright.artwork import pictures
from shopwright.artwork.image_bodies import picture_file
from shopwright.artwork.image_schemas import RefreshToken, SecureUrl, UploadFinal
from shopwright.artwork.models import DesignImage
from shopwright.artwork.pictures import MAX_UPLOAD_MB, ImageMissing, LifeTooLong
from shopwright.artwork.routes import PICTURE, UPLOAD_BODY
from shopwright.artwork.states import ImageKind
from shopwright.artwork.studio import DrawingFailed, PictureRefused
from shopwright.catalog.designs import queries as templates
from shopwright.files.access import Files, incoming_folder
from shopwright.files.links import FileLinkExpired, FileLinkInvalid, LinkFor
from shopwright.files.serving import SANDBOX
from shopwright.files.storage import StoredFileMissing
from shopwright.files.uploads import MEGABYTE, UploadMalformed, UploadTooLarge, receive_upload
from shopwright.kernel import limits
from shopwright.kernel.actor import Role
from shopwright.kernel.bodies import described, read_body
from shopwright.kernel.edge import (
    Now,
    Process,
    ProcessDep,
    Read,
    allow_body,
    get_process,
    principal_of,
    problems,
    writing,
)
from shopwright.kernel.errors import Invalid, NotFound, TooMany
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.kernel.times import zulu

router = APIRouter(tags=["webstore pictures"], route_class=RepeatableRoute)
# Reference (d) writes the same route in the singular and in the plural.
LINK_PATHS = ("/api/image", "/api/images")
PICTURE_AGE_S = 3600
MAX_BODY = MAX_UPLOAD_MB * MEGABYTE * 3 // 2


@router.get(
    "/image/{picture}",
    response_class=Response,
    responses=PICTURE
    | problems(Invalid, FileLinkInvalid, FileLinkExpired, StoredFileMissing, TooMany),
)
async def serve_image(
    request: Request,
    picture: str,
    process: ProcessDep,
    files: Files,
    session: Read,
    token: str = Query("", max_length=200),
) -> Response:
    """The picture that a link was signed for, until it expires."""
    limits.charge(request, limits.WIDE, principal_of(request))
    now = process.clock.now()
    image, _, expires_at = await pictures.open_image(session, process, picture, token, now=now)
    age_s = min(PICTURE_AGE_S, int((expires_at - now).total_seconds()))
    headers = {
        "Cache-Control": f"private, max-age={age_s}",
        "Content-Length": str(await files.size(image.sha256)),
        "Content-Security-Policy": SANDBOX,
        "Cross-Origin-Resource-Policy": "cross-origin",
        "X-Content-Type-Options": "nosniff",
        "ETag": f'"{image.sha256}"',
    }
    stream = files.stream(image.sha256)
    return StreamingResponse(stream, media_type=image.content_type, headers=headers)


@router.post(
    "/api/images/upload-final",
    openapi_extra=described(UploadFinal),
    responses=problems(Invalid, PictureRefused, UploadMalformed, UploadTooLarge, DrawingFailed,
                       NotFound, ShopNotHere, TooMany),
)  # fmt: skip
async def upload_final(
    request: Request, ctx: VisitorCtx, process: ProcessDep, now: Now
) -> dict[str, Any]:
    """A whole print picture as a data URL; its link is what checkout takes as
    ``final_image_url``."""
    body = await _read_large(request, UploadFinal)
    async with process.database.read() as session:
        if await templates.find_template(session, ctx, body.template_id) is None:
            raise NotFound(f"There is no template {body.template_id!r}.")
    async with picture_file(process, body.final_image_data) as path:
        image = await pictures.take_in(process, path, is_lossless=True, max_side_px=6000)
    async with writing(request) as write:
        row = await pictures.add_image(
            write, ctx, image=image, kind=ImageKind.FINAL, now=now, reference=body.order_id
        )
        return _told(process, row, now) | {
            "template_id": body.template_id,
            "session_id": body.order_id,
        }


@router.post(
    "/upload/design",
    openapi_extra=UPLOAD_BODY,
    responses=problems(PictureRefused, UploadMalformed, UploadTooLarge, DrawingFailed,
                       ShopNotHere, TooMany),
)  # fmt: skip
@router.post(
    "/api/upload/design",
    openapi_extra=UPLOAD_BODY,
    responses=problems(PictureRefused, UploadMalformed, UploadTooLarge, DrawingFailed,
                       ShopNotHere, TooMany),
)  # fmt: skip
async def upload_design(
    request: Request, ctx: VisitorCtx, process: ProcessDep, now: Now
) -> dict[str, Any]:
    """A JPEG, PNG or WebP of at most 10 MB, in a part named ``file``."""
    folder = incoming_folder(process.settings)
    async with receive_upload(request, folder, max_mb=MAX_UPLOAD_MB) as upload:
        image = await pictures.take_in(process, upload.path)
        reference = upload.fields.get("order_id", "")[:80] or None
    async with writing(request) as write:
        row = await pictures.add_image(
            write, ctx, image=image, kind=ImageKind.UPLOADED, now=now, reference=reference
        )
        return _told(process, row, now)


async def _read_large(request: Request, model: type[UploadFinal]) -> UploadFinal:
    allow_body(request, MAX_BODY)
    return await read_body(request, model)


def _told(process: Process, row: DesignImage, now: Any) -> dict[str, Any]:
    return {
        "success": True,
        "filename": row.filename,
        "file_path": f"/image/{row.filename}",
        "public_url": pictures.image_url(process, row, now=now),
        "width": row.width_px,
        "height": row.height_px,
    }


async def make_secure_url(
    request: Request, body: SecureUrl, process: ProcessDep, session: Read, now: Now
) -> dict[str, Any]:
    """A new link to one picture. The shop's people choose whom it is for; whoever shows a valid
    token for the picture gets another one of the same kind."""
    if credentials.find_credential(request) is not None:
        ctx = await requires(Role.VIEWER)(request)
        image = await pictures.get_image(session, ctx, body.filename)
        audience = body.partner_type
    else:
        image, audience = await _by_token(request, body.filename, body.token or "", session)
    hours = body.expiry_hours
    life = timedelta(hours=hours) if hours is not None else None
    return _link(process, image, audience, life, now)


async def refresh_token(
    request: Request, body: RefreshToken, process: ProcessDep, session: Read, now: Now
) -> dict[str, Any]:
    """Another token for whoever still has a valid one, for the same picture and the same kind."""
    image, audience = await _by_token(request, body.filename, body.token, session)
    return _link(process, image, audience, None, now)


for prefix in LINK_PATHS:
    router.add_api_route(
        f"{prefix}/generate-secure-url",
        make_secure_url,
        methods=["POST"],
        responses=problems(Invalid, LifeTooLong, FileLinkInvalid, FileLinkExpired, ImageMissing,
                           TooMany),
    )  # fmt: skip
    router.add_api_route(
        f"{prefix}/refresh-token",
        refresh_token,
        methods=["POST"],
        responses=problems(Invalid, FileLinkInvalid, FileLinkExpired, TooMany),
    )


async def _by_token(
    request: Request, filename: str, token: str, session: Read
) -> tuple[DesignImage, LinkFor]:
    limits.charge(request, limits.PUBLIC, principal_of(request))
    process = get_process(request)
    now = process.clock.now()
    image, audience, _ = await pictures.open_image(session, process, filename, token, now=now)
    return image, audience


def _link(
    process: Process, image: DesignImage, audience: LinkFor, life: timedelta | None, now: Any
) -> dict[str, Any]:
    token, expires_at = pictures.link_token(process, image, audience, life, now)
    url = pictures.url_with(process, image, token)
    return {
        "success": True,
        "secure_url": url,
        "url": url,
        "token": token,
        "filename": image.filename,
        "partner_type": audience.value,
        "expires_at": zulu(expires_at),
        "expiry_hours": round((expires_at - now).total_seconds() / 3600, 2),
    }
