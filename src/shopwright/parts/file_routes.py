"""Files of parts over HTTP: upload, versions, download, model, picture, measures, views."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from shopwright.accounts.open_keys import OpenMemberCtx, OpenViewerCtx
from shopwright.files.access import Files
from shopwright.files.serving import send_picture
from shopwright.files.storage import StorageFull, StoredFileMissing
from shopwright.files.uploads import UploadMalformed, UploadTooLarge
from shopwright.kernel.actor import Actor
from shopwright.kernel.children import ChildFailed
from shopwright.kernel.edge import (
    MAX_ID,
    Process,
    ProcessDep,
    Read,
    Ref,
    SettingsDep,
    Write,
    path_ref,
    problems,
    writing,
)
from shopwright.kernel.errors import Invalid
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.parts import conversions, service, versions, views
from shopwright.parts.conversions import ConversionFailed, NothingToRetry
from shopwright.parts.converting import (
    Condition,
    ModelNotReady,
    export_model,
    has_model,
    is_settled,
    wait_for_conversion,
)
from shopwright.parts.file_checks import CONTENT_TYPES, NotAPartFile
from shopwright.parts.materials import UnknownMaterial, get_material
from shopwright.parts.models import CadConversion, PartFile
from shopwright.parts.onshape import routes as onshape_routes
from shopwright.parts.onshape.drawings import (
    PDF,
    DrawingNotReady,
    NotMadeByHand,
    get_drawing,
)
from shopwright.parts.onshape.received import OnshapeExportFailed
from shopwright.parts.schemas import (
    ConversionRead,
    GeometryRead,
    NoBody,
    UploadRead,
    VersionRead,
    VersionsRead,
    ViewsRead,
)
from shopwright.parts.service import PartMissing
from shopwright.parts.serving import send_file, send_model
from shopwright.parts.states import SOLID, ConversionStatus, FileKind
from shopwright.parts.uploads import NotAPicture, receive_part_file, receive_views
from shopwright.parts.versions import PartFileMissing
from shopwright.parts.views import ViewMissing

router = APIRouter(prefix="/api/parts/{part}", tags=["parts"], route_class=RepeatableRoute)

PartRef = Annotated[Ref, path_ref("part")]
Version = Annotated[int | None, Query(ge=1, le=MAX_ID)]
ViewNumber = Annotated[int, Path(ge=0, le=MAX_ID)]
WAIT_S = 60.0  # for a model that somebody wants to see now
FORMATS = {kind.value: kind for kind in (FileKind.GLB, FileKind.STL, FileKind.THREE_MF,
                                         FileKind.OBJ)}  # fmt: skip
MODEL = problems(PartMissing, PartFileMissing, StoredFileMissing, ConversionFailed, ModelNotReady)


def _form(*names: str, required: tuple[str, ...] = ()) -> dict[str, Any]:
    """The body is streamed by us, so FastAPI cannot tell its shape."""
    properties = {name: {"type": "string", "format": "binary"} for name in names}
    schema = {"type": "object", "required": list(required), "properties": properties}
    content = {"multipart/form-data": {"schema": schema}}
    return {"requestBody": {"required": True, "content": content}}


@router.post(
    "/upload",
    status_code=201,
    openapi_extra=_form("file", required=("file",)),
    responses=problems(PartMissing, UploadMalformed, NotAPartFile, UploadTooLarge, StorageFull),
)
async def upload_file(
    *,
    request: Request,
    part: PartRef,
    ctx: OpenMemberCtx,
    process: ProcessDep,
    is_async: Annotated[bool, Query(alias="async")] = False,
) -> UploadRead:
    """A new version of the part's file: a STEP, STL, 3MF, OBJ or GLB model, or a PDF drawing.

    The answer waits until the model can be looked at; ``async=true`` answers at once.
    """
    added = await receive_part_file(request, ctx, part)
    file, row = added.file, added.conversion
    if row is not None and not is_async:
        row = await wait_for_conversion(process, row, has_model, timeout_s=WAIT_S)
    base_path = process.settings.base_path
    url = f"{base_path}/api/parts/{file.part_id}/download?version={file.version}"
    return UploadRead(
        message="File uploaded successfully",
        filename=file.name,
        file_path=url,
        version=file.version,
        conversion=ConversionRead.of(row, file.part_id, base_path) if row else None,
    )


@router.get("/versions", responses=problems(PartMissing))
async def list_versions(
    part: PartRef, ctx: OpenViewerCtx, session: Read, settings: SettingsDep
) -> VersionsRead:
    """Every file the part ever had, the newest first."""
    found = await versions.list_files(session, ctx, part)
    return VersionsRead(versions=[VersionRead.of(file, settings.base_path) for file in found])


@router.get(
    "/download",
    response_class=Response,
    responses=problems(PartMissing, PartFileMissing, StoredFileMissing),
)
async def download_file(
    *,
    request: Request,
    part: PartRef,
    ctx: OpenViewerCtx,
    session: Read,
    files: Files,
    version: Version = None,
) -> Response:
    """The file as it was uploaded, under its own name."""
    file = await versions.get_file(session, ctx, part, version=version)
    return await send_file(request, files, file)


@router.get(
    "/file",
    response_class=Response,
    responses=problems(PartMissing, PartFileMissing, StoredFileMissing),
)
async def read_file(
    *,
    request: Request,
    part: PartRef,
    ctx: OpenViewerCtx,
    session: Read,
    files: Files,
    version: Version = None,
) -> Response:
    """The same with its own content type, for a viewer to fetch. A browser saves it: a PDF may
    hold scripts, so none is ever opened on this site."""
    file = await versions.get_file(session, ctx, part, version=version)
    return await send_file(request, files, file)


@router.get(
    "/drawing",
    response_class=Response,
    responses=problems(
        PartMissing, PartFileMissing, StoredFileMissing, NotMadeByHand, DrawingNotReady
    )
    | onshape_routes.ASKED
    | problems(OnshapeExportFailed),
)
async def read_drawing(
    *,
    request: Request,
    part: PartRef,
    ctx: OpenViewerCtx,
    process: ProcessDep,
    files: Files,
    version: Version = None,
    refresh: bool = False,
) -> Response:
    """The newest PDF of a part made by hand; ``refresh=true`` fetches it from the part's Onshape
    address, as is done when none was uploaded. What comes is the part's next version."""
    if version is not None:
        async with process.database.read() as session:
            file = await versions.get_file(session, ctx, part, version=version, kinds=PDF)
    else:
        file = await get_drawing(process, ctx, part, refresh=refresh, writing=writing(request))
    return await send_file(request, files, file)


@router.get("/model", response_class=Response, responses=MODEL | problems(Invalid))
async def read_model(
    *,
    request: Request,
    part: PartRef,
    ctx: OpenViewerCtx,
    process: ProcessDep,
    files: Files,
    version: Version = None,
    format: Annotated[str, Query(max_length=8)] = "glb",  # noqa: A002  a query's name
) -> Response:
    """The model to look at, converted on demand: GLB, or STL, 3MF and OBJ when asked for."""
    wanted = _format(format)
    file, row = await _ready(process, ctx, part, version, has_model)
    sha256, kind = str(row.glb_sha256), CONTENT_TYPES[wanted]
    if wanted is not FileKind.GLB:
        sha256 = await _export(process, ctx, row, wanted)
    name = f"{file.name.rsplit('.', maxsplit=1)[0]}.{wanted.value}"
    return await send_model(request, files, sha256, filename=name, content_type=kind)


@router.get("/preview", response_class=Response, responses=MODEL)
async def read_preview(
    *,
    request: Request,
    part: PartRef,
    ctx: OpenViewerCtx,
    process: ProcessDep,
    files: Files,
    version: Version = None,
) -> Response:
    """A picture of the model, a PNG with a transparent background, drawn here."""
    _, row = await _ready(process, ctx, part, version, is_settled)
    if row.preview_sha256 is None:
        raise PartFileMissing(row.measure_error or "There is no picture of this model.")
    return await send_picture(request, files, row.preview_sha256)


@router.get("/geometry", responses=MODEL | problems(UnknownMaterial))
async def read_geometry(
    *,
    part: PartRef,
    ctx: OpenViewerCtx,
    process: ProcessDep,
    session: Read,
    version: Version = None,
    material: Annotated[str | None, Query(max_length=200)] = None,
) -> GeometryRead:
    """Volume, surface, size, bodies, and what it weighs in its own material, or in another."""
    named = get_material(material).name if material else None
    _, row = await _ready(process, ctx, part, version, is_settled)
    own = (await service.get_part(session, ctx, part)).part.material
    return GeometryRead.of(row, named or own)


@router.get("/conversion", responses=problems(PartMissing, PartFileMissing))
async def read_conversion(
    *, part: PartRef, ctx: OpenViewerCtx, session: Read, settings: SettingsDep
) -> ConversionRead:
    """How far the newest model is."""
    found = await service.get_part(session, ctx, part)
    if found.conversion is None:
        raise PartFileMissing("This part has no model. Upload a STEP file.")
    return ConversionRead.of(found.conversion, found.part.id, settings.base_path)


@router.post("/conversion", responses=problems(PartMissing, NothingToRetry))
async def retry_conversion(
    *,
    part: PartRef,
    ctx: OpenMemberCtx,
    session: Write,
    settings: SettingsDep,
    body: NoBody | None = None,  # noqa: ARG001  a key may stand in it
) -> ConversionRead:
    """Try a failed conversion once more."""
    row = await conversions.retry_conversion(session, ctx, ref=part)
    found = await service.get_part(session, ctx, part)
    return ConversionRead.of(row, found.part.id, settings.base_path)


@router.post(
    "/views",
    status_code=201,
    openapi_extra=_form(*(f"view_{number}" for number in range(views.COUNT))),
    responses=problems(PartMissing, UploadMalformed, NotAPicture, UploadTooLarge, StorageFull),
)
async def upload_views(
    request: Request, part: PartRef, ctx: OpenMemberCtx, process: ProcessDep
) -> ViewsRead:
    """Pictures of the part from up to eight sides: view_0 to view_7."""
    await receive_views(request, ctx, part)
    async with process.database.read() as session:
        return await _views(process, session, ctx, part)


@router.get("/views", responses=problems(PartMissing))
async def list_views(
    part: PartRef, ctx: OpenViewerCtx, session: Read, process: ProcessDep
) -> ViewsRead:
    """Which sides there are pictures of."""
    return await _views(process, session, ctx, part)


@router.get(
    "/views/{number}",
    response_class=Response,
    responses=problems(PartMissing, ViewMissing, StoredFileMissing),
)
async def read_view(
    *,
    request: Request,
    part: PartRef,
    number: ViewNumber,
    ctx: OpenViewerCtx,
    session: Read,
    files: Files,
) -> Response:
    """One picture."""
    view = await views.get_view(session, ctx, part, number)
    return await send_picture(request, files, view.sha256)


async def _views(process: Process, session: Read, ctx: Actor, part: Ref) -> ViewsRead:
    part_id, found = await views.list_views(session, ctx, part)
    return ViewsRead.of(found, part_id, process.settings.base_path)


async def _ready(
    process: Process, ctx: Actor, part: Ref, version: int | None, until: Condition
) -> tuple[PartFile, CadConversion]:
    """The file and what was made of it; raises ConversionFailed or ModelNotReady."""
    async with process.database.read() as session:
        file = await versions.get_file(session, ctx, part, version=version, kinds=SOLID)
        row = await conversions.find_conversion(
            session, ctx.organization_id, file.conversion_id or 0
        )
    if row is None:
        raise PartFileMissing("This file was never converted.")
    row = await wait_for_conversion(process, row, until, timeout_s=WAIT_S)
    if row.status is ConversionStatus.FAILED:
        raise ConversionFailed(row.error or "conversion failed")
    if not until(row):
        raise ModelNotReady(
            f"The model is {row.phase} ({row.progress} %). Ask again in a while.", retry_after_s=5
        )
    return file, row


async def _export(process: Process, ctx: Actor, row: CadConversion, wanted: FileKind) -> str:
    try:
        made = await export_model(process, ctx, row, wanted)
    except ChildFailed as failure:
        raise ConversionFailed(f"conversion failed: {failure}") from failure
    if made is None:
        raise ConversionFailed("conversion failed: the file is gone")
    return made.sha256


def _format(text: str) -> FileKind:
    wanted = FORMATS.get(text.strip().lower().lstrip("."))
    if wanted is None:
        raise Invalid(f"format must be one of {', '.join(FORMATS)}, not {text[:8]!r}.")
    return wanted
