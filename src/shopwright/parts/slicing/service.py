"""Wanting a part sliced, and what is known of it: the bed is checked before anything is started."""

import shutil
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.durable import HEAVY_QUEUE
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Conflict, NotFound
from shopwright.parts import service as parts
from shopwright.parts import versions
from shopwright.parts.materials import find_material, get_material
from shopwright.parts.models import CadConversion, Part, PartFile
from shopwright.parts.slicing import profiles, queries
from shopwright.parts.slicing.estimates import Body, Estimate, estimate
from shopwright.parts.slicing.ini import settings_of
from shopwright.parts.slicing.models import SliceProfile, Slicing
from shopwright.parts.states import SOLID, ConversionStatus

SLICE = "parts.slice"  # the durable work's name
PROGRAM = "prusa-slicer"
USUAL_MATERIAL = "PLA"
MAX_NAME = 255


class SlicerMissing(Conflict):
    code = "slicer-missing"
    title = "There is no slicer on this machine"


class NotMeasured(Conflict):
    code = "part-not-measured"
    title = "This part was not measured yet"


class PartTooLarge(Conflict):
    code = "part-too-large-for-bed"
    title = "The part does not fit on the bed"


class SlicingMissing(NotFound):
    code = "slicing-missing"
    title = "There is no such slicing"


@dataclass(frozen=True, slots=True)
class Measured:
    """A part whose model was measured; ``file`` is that model."""

    part: Part
    file: PartFile
    made: CadConversion
    size_mm: tuple[float, float, float]

    @property
    def body(self) -> Body:
        return Body(
            volume_mm3=self.made.volume_mm3 or 0.0,
            area_mm2=self.made.area_mm2 or 0.0,
            footprint_mm2=self.size_mm[0] * self.size_mm[1],
        )


def find_program() -> str | None:
    """Where the slicer is; None when this machine has none."""
    return shutil.which(PROGRAM)


async def want_slicing(session: WriteSession, ctx: Actor, *, ref: Ref, profile_ref: Ref) -> Slicing:
    """Slice the part's newest model, unless that was done with these settings before; what failed
    is tried again.

    Raises PartMissing, PartFileMissing, ProfileMissing, SlicerMissing, NotMeasured or PartTooLarge.
    """
    profile = await profiles.get_profile(session, ctx, profile_ref)
    measured = await _measured(session, ctx, ref)
    if find_program() is None:
        raise SlicerMissing(
            f"There is no {PROGRAM} on the machine that runs Shopwright. Install it there, or "
            "slice at your desk and upload the print file."
        )
    is_turned = _is_turned(measured, profile)
    row, is_new = await queries.add_slicing(session, {
        "organization_id": ctx.organization_id,
        "part_id": measured.part.id,
        "source_sha256": measured.file.sha256,
        "fingerprint": profile.fingerprint,
        "conversion_id": measured.made.id,
        "profile_id": profile.id,
        "file_name": _file_name(measured.part, profile),
        "is_turned": is_turned,
        "asked_by": ctx.name[:120],
        "status": ConversionStatus.QUEUED,
        "phase": "waiting",
    })  # fmt: skip
    again = None if is_new else await queries.requeue_slicing(session, row)
    if is_new or again is not None:
        await _enqueue(session, again or row)
        audit.record(session, ctx, "part.slicing_wanted", measured.part.id, profile=profile.name)
    return again or row


async def get_slicing(session: AsyncSession, ctx: Actor, ref: Ref, slicing_ref: Ref) -> Slicing:
    """Raises PartMissing or SlicingMissing."""
    part = (await parts.get_part(session, ctx, ref)).part
    row = await queries.find_slicing(
        session, ctx.organization_id, Slicing.part_id == part.id, slicing_ref.where(Slicing)
    )
    if row is None:
        raise SlicingMissing(f"There is no slicing {slicing_ref} of this part.")
    return row


async def list_slicings(
    session: AsyncSession, ctx: Actor, ref: Ref
) -> list[tuple[Slicing, SliceProfile]]:
    """Newest first; raises PartMissing."""
    part = (await parts.get_part(session, ctx, ref)).part
    return await queries.list_slicings(session, ctx, part.id)


async def estimate_part(
    session: AsyncSession, ctx: Actor, ref: Ref, *, profile_ref: Ref | None, material: str | None
) -> tuple[Estimate, str]:
    """From the part's measures, and of which material.

    That is the named one, else the profile's, else the part's own, else PLA. Raises PartMissing,
    PartFileMissing, ProfileMissing, NotMeasured, UnknownMaterial.
    """
    measured = await _measured(session, ctx, ref)
    settings, of_profile = {}, None
    if profile_ref is not None:
        profile = await profiles.get_profile(session, ctx, profile_ref)
        settings, of_profile = dict(settings_of(profile.settings)), find_material(profile.material)
    known = (
        get_material(material)
        if material
        else of_profile or find_material(measured.part.material) or get_material(USUAL_MATERIAL)
    )
    return estimate(measured.body, density=known.density, settings=settings), known.name


async def _measured(session: AsyncSession, ctx: Actor, ref: Ref) -> Measured:
    found = await parts.get_part(session, ctx, ref)
    file = await versions.get_file(session, ctx, ref, kinds=SOLID)
    made = found.conversion
    if made is None or made.status is not ConversionStatus.DONE or made.size_x_mm is None:
        raise NotMeasured(
            "The part's model was not measured yet, so nobody knows whether it fits on the bed. "
            "Wait until it is converted."
        )
    size = (made.size_x_mm, made.size_y_mm or 0.0, made.size_z_mm or 0.0)
    return Measured(found.part, file, made, size)


def _is_turned(measured: Measured, profile: SliceProfile) -> bool:
    """Whether it fits only when turned by 90°; raises PartTooLarge when not even so."""
    x, y, z = measured.size_mm
    if z <= profile.bed_z_mm:
        if x <= profile.bed_x_mm and y <= profile.bed_y_mm:
            return False
        if y <= profile.bed_x_mm and x <= profile.bed_y_mm:
            return True
    raise PartTooLarge(
        f"The part is {x:.4g} × {y:.4g} × {z:.4g} mm; “{profile.name}” prints "
        f"{profile.bed_x_mm:.4g} × {profile.bed_y_mm:.4g} mm, {profile.bed_z_mm:.4g} mm high. "
        "Turn the model in the CAD program, or choose a larger printer."
    )


def _file_name(part: Part, profile: SliceProfile) -> str:
    """Of one part and profile alone, as a later version of it goes into its recipes."""
    name = f"{part.name} {part.code} {profile.name}"
    plain = "".join(c if c.isprintable() and c not in '/\\:*?"<>|' else "-" for c in name)
    return f"{plain[: MAX_NAME - len('.gcode')]}.gcode"


async def _enqueue(session: WriteSession, row: Slicing) -> None:
    durable = session.context.durable
    if durable is not None:
        await durable.enqueue(
            session,
            SLICE,
            row.organization_id,
            row.id,
            workflow_id=f"{SLICE}:{row.id}:{row.attempts}",
            queue=HEAVY_QUEUE,
        )
