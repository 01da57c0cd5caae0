"""Slicing over HTTP; profiles before ``/{part}``, whose word they are."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from shopwright.accounts.open_keys import OpenMemberCtx, OpenViewerCtx
from shopwright.accounts.schemas import Message
from shopwright.files.storage import StorageFull
from shopwright.files.uploads import UploadMalformed, UploadTooLarge
from shopwright.kernel.edge import Now, Read, Ref, Write, parse_ref, path_ref, problems
from shopwright.kernel.errors import Invalid
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.parts.materials import UnknownMaterial
from shopwright.parts.service import PartMissing
from shopwright.parts.slicing import profiles, service
from shopwright.parts.slicing.ini import NotAProfile
from shopwright.parts.slicing.profiles import ProfileMissing
from shopwright.parts.slicing.schemas import (
    EstimateRead,
    SliceBody,
    SliceProfileRead,
    SliceProfilesRead,
    SlicingRead,
    SlicingsRead,
)
from shopwright.parts.slicing.service import (
    NotMeasured,
    PartTooLarge,
    SlicerMissing,
    SlicingMissing,
)
from shopwright.parts.slicing.uploads import receive_profile
from shopwright.parts.versions import PartFileMissing

router = APIRouter(prefix="/api/parts", tags=["parts"], route_class=RepeatableRoute)

PartRef = Annotated[Ref, path_ref("part")]
ProfileRef = Annotated[Ref, path_ref("slice_profile")]
SlicingRef = Annotated[Ref, path_ref("slicing")]
MEASURED = problems(PartMissing, PartFileMissing, ProfileMissing, NotMeasured)


def _profile_form() -> dict[str, Any]:
    """The body is streamed by us, so FastAPI cannot tell its shape."""
    text = {"type": "string"}
    properties = {
        "file": {"type": "string", "format": "binary"},
        "name": text,
        "printer_model": text,
        "material": text,
    }
    schema = {
        "type": "object",
        "required": ["file", "printer_model", "material"],
        "properties": properties,
    }
    content = {"multipart/form-data": {"schema": schema}}
    return {"requestBody": {"required": True, "content": content}}


@router.get("/slice-profiles")
async def list_profiles(ctx: OpenViewerCtx, session: Read) -> SliceProfilesRead:
    """Profiles that parts can be sliced with."""
    found = await profiles.list_profiles(session, ctx)
    return SliceProfilesRead(
        profiles=[SliceProfileRead.of(one) for one in found],
        can_slice=service.find_program() is not None,
    )


@router.post(
    "/slice-profiles",
    status_code=201,
    openapi_extra=_profile_form(),
    responses=problems(UploadMalformed, UploadTooLarge, StorageFull, NotAProfile, Invalid),
)
async def add_profile(request: Request, ctx: OpenMemberCtx) -> SliceProfileRead:
    """A profile as PrusaSlicer exports it (.ini); one of the same name is replaced."""
    return SliceProfileRead.of(await receive_profile(request, ctx))


@router.delete("/slice-profiles/{slice_profile}", responses=problems(ProfileMissing))
async def delete_profile(
    slice_profile: ProfileRef, ctx: OpenMemberCtx, session: Write, now: Now
) -> Message:
    """Take a profile away; what was sliced with it stays."""
    await profiles.hide_profile(session, ctx, ref=slice_profile, now=now)
    return Message(message="Profile deleted")


@router.get("/{part}/slicings", responses=problems(PartMissing))
async def list_slicings(part: PartRef, ctx: OpenViewerCtx, session: Read) -> SlicingsRead:
    """What the part was sliced to, the newest first."""
    found = await service.list_slicings(session, ctx, part)
    return SlicingsRead(
        slicings=[SlicingRead.of(row) for row, _ in found],
        can_slice=service.find_program() is not None,
    )


@router.post(
    "/{part}/slicings",
    status_code=202,
    responses=MEASURED | problems(SlicerMissing, PartTooLarge),
)
async def slice_part(
    part: PartRef, body: SliceBody, ctx: OpenMemberCtx, session: Write
) -> SlicingRead:
    """Make a print file of the part's newest model; the work goes on after the answer.

    The same model with the same settings is sliced once; what failed is tried again.
    """
    row = await service.want_slicing(session, ctx, ref=part, profile_ref=body.profile)
    return SlicingRead.of(row)


@router.get("/{part}/slicings/{slicing}", responses=problems(PartMissing, SlicingMissing))
async def read_slicing(
    part: PartRef, slicing: SlicingRef, ctx: OpenViewerCtx, session: Read
) -> SlicingRead:
    """How far it is, and what came out."""
    return SlicingRead.of(await service.get_slicing(session, ctx, part, slicing))


@router.get("/{part}/estimate", responses=MEASURED | problems(UnknownMaterial))
async def estimate_part(
    *,
    part: PartRef,
    ctx: OpenViewerCtx,
    session: Read,
    profile: Annotated[str | None, Query(max_length=40)] = None,
    material: Annotated[str | None, Query(max_length=200)] = None,
) -> EstimateRead:
    """What printing it takes, guessed from its volume and surface; needs no slicer."""
    profile_ref = parse_ref(profile) if profile else None
    found, name = await service.estimate_part(
        session, ctx, part, profile_ref=profile_ref, material=material
    )
    return EstimateRead.of(found, name)
