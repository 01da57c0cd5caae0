"""Bodies and answers of slicing."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from shopwright.kernel.edge import BodyRef
from shopwright.kernel.times import ZuluTime
from shopwright.parts.schemas import Answer
from shopwright.parts.slicing.estimates import Estimate
from shopwright.parts.slicing.models import SliceProfile, Slicing
from shopwright.parts.states import ConversionStatus

MG_PER_G = 1000
MICRONS_PER_MM = 1000


class SliceProfileRead(Answer):
    """``leftOut`` are settings of the upload that are not used."""

    id: int
    uuid: str
    name: str
    printer_model: str
    material: str
    bed_mm: list[float]
    layer_mm: float
    left_out: list[str]
    uploaded_by: str
    created_at: ZuluTime

    @classmethod
    def of(cls, profile: SliceProfile) -> Self:
        return cls(
            id=profile.id,
            uuid=profile.uuid,
            name=profile.name,
            printer_model=profile.printer_model,
            material=profile.material,
            bed_mm=[profile.bed_x_mm, profile.bed_y_mm, profile.bed_z_mm],
            layer_mm=profile.layer_um / MICRONS_PER_MM,
            left_out=profile.left_out,
            uploaded_by=profile.uploaded_by,
            created_at=profile.created_at,
        )


class SliceProfilesRead(Answer):
    """``canSlice``: the slicer is on this machine."""

    profiles: list[SliceProfileRead]
    can_slice: bool


class SliceBody(BaseModel):
    model_config = ConfigDict(extra="ignore")

    profile: Annotated[BodyRef, Field(description="id or uuid of a profile")]


class SlicingRead(Answer):
    """``grams``, ``timeS`` and ``printFileId`` are null until it is done."""

    id: int
    uuid: str
    profile_id: int
    file_name: str
    status: ConversionStatus
    phase: str
    progress: int
    error: str | None
    grams: float | None
    time_s: int | None
    print_file_id: int | None
    is_estimate: bool = False
    asked_by: str
    created_at: ZuluTime

    @classmethod
    def of(cls, row: Slicing) -> Self:
        return cls(
            id=row.id,
            uuid=row.uuid,
            profile_id=row.profile_id,
            file_name=row.file_name,
            status=row.status,
            phase=row.phase,
            progress=row.progress,
            error=row.error,
            grams=None if row.used_mg is None else row.used_mg / MG_PER_G,
            time_s=row.time_s,
            print_file_id=row.print_file_id,
            asked_by=row.asked_by,
            created_at=row.created_at,
        )


class SlicingsRead(Answer):
    slicings: list[SlicingRead]
    can_slice: bool


class EstimateRead(Answer):
    """From volume and surface alone, with walls and infill as they stand here."""

    is_estimate: bool = True
    grams: float
    time_s: int
    material: str
    wall_mm: float
    skin_mm: float
    infill_percent: float

    @classmethod
    def of(cls, found: Estimate, material: str) -> Self:
        return cls(
            grams=found.grams,
            time_s=found.time_s,
            material=material,
            wall_mm=found.wall_mm,
            skin_mm=found.skin_mm,
            infill_percent=round(found.infill * 100, 1),
        )
