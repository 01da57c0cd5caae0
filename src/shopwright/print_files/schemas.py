"""Answers about print files. Grams and millimetres here; milligrams and micrometres inside."""

from collections.abc import Sequence

from pydantic import BaseModel

from shopwright.kernel.times import ZuluTime
from shopwright.print_files.models import Plate, PlateFilament, PrintFile
from shopwright.print_files.queries import ListedFile


class PlateFilamentRead(BaseModel):
    """``material`` is null where the slicer does not say; ``color`` is RRGGBB."""

    project_index: int
    material: str | None
    color: str | None
    used_g: float
    used_mm: int | None
    product: str | None

    @classmethod
    def of(cls, filament: PlateFilament) -> "PlateFilamentRead":
        return cls(
            project_index=filament.project_index,
            material=filament.material or None,
            color=filament.color,
            used_g=filament.used_mg / 1000,
            used_mm=filament.used_mm,
            product=filament.product,
        )


class PlateRead(BaseModel):
    id: int
    uuid: str
    number: int
    name: str
    time_s: int
    total_g: float
    layers: int | None
    bed_type: str | None
    objects: list[str]
    warnings: list[str]
    thumbnail_url: str | None
    filaments: list[PlateFilamentRead]

    @classmethod
    def of(cls, plate: Plate, base_path: str) -> "PlateRead":
        return cls(
            id=plate.id,
            uuid=plate.uuid,
            number=plate.number,
            name=plate.name,
            time_s=plate.time_s,
            total_g=plate.total_mg / 1000,
            layers=plate.layers,
            bed_type=plate.bed_type,
            objects=plate.objects,
            warnings=plate.warnings,
            thumbnail_url=_thumbnail_url(
                base_path, plate.print_file_id, plate.number, plate.thumbnail_sha256
            ),
            filaments=[PlateFilamentRead.of(filament) for filament in plate.filaments],
        )


class VersionRead(BaseModel):
    id: int
    uuid: str
    version: int
    sha256: str
    size_bytes: int
    uploaded_by: str
    created_at: ZuluTime


class PrintFileListed(BaseModel):
    """The newest version of a name; time and grams are the sum of its plates."""

    id: int
    uuid: str
    name: str
    version: int
    version_count: int
    kind: str
    size_bytes: int
    slicer: str | None
    printer_model: str | None
    nozzle_mm: float | None
    plate_count: int
    time_s: int
    total_g: float
    thumbnail_url: str | None
    uploaded_by: str
    created_at: ZuluTime

    @classmethod
    def of(cls, row: ListedFile, base_path: str) -> "PrintFileListed":
        file, (number, picture) = row.file, row.first_picture or (0, None)
        return cls(
            id=file.id,
            uuid=file.uuid,
            name=file.name,
            version=file.version,
            version_count=row.version_count,
            kind=file.kind,
            size_bytes=file.size_bytes,
            slicer=file.slicer,
            printer_model=file.printer_model,
            nozzle_mm=_nozzle_mm(file),
            plate_count=row.plate_count,
            time_s=row.time_s,
            total_g=row.total_mg / 1000,
            thumbnail_url=_thumbnail_url(base_path, file.id, number, picture),
            uploaded_by=file.uploaded_by,
            created_at=file.created_at,
        )


class PrintFilePage(BaseModel):
    print_files: list[PrintFileListed]
    total: int
    limit: int
    offset: int
    page: int
    pages: int


class PrintFileRead(BaseModel):
    """``printer_model`` is null for plain G-code that names no machine: it may run on any."""

    id: int
    uuid: str
    name: str
    version: int
    is_newest: bool
    kind: str
    size_bytes: int
    sha256: str
    slicer: str | None
    slicer_version: str | None
    printer_model: str | None
    nozzle_mm: float | None
    project_filament_count: int
    uploaded_by: str
    created_at: ZuluTime
    download_url: str
    plates: list[PlateRead]
    versions: list[VersionRead]

    @classmethod
    def of(cls, file: PrintFile, versions: Sequence[PrintFile], base_path: str) -> "PrintFileRead":
        return cls(
            id=file.id,
            uuid=file.uuid,
            name=file.name,
            version=file.version,
            is_newest=file.version == versions[0].version,
            kind=file.kind,
            size_bytes=file.size_bytes,
            sha256=file.sha256,
            slicer=file.slicer,
            slicer_version=file.slicer_version,
            printer_model=file.printer_model,
            nozzle_mm=_nozzle_mm(file),
            project_filament_count=file.project_filament_count,
            uploaded_by=file.uploaded_by,
            created_at=file.created_at,
            download_url=f"{base_path}/api/print-files/{file.id}/download",
            plates=[PlateRead.of(plate, base_path) for plate in file.plates],
            versions=[VersionRead.model_validate(v, from_attributes=True) for v in versions],
        )


class FileLinkRead(BaseModel):
    """Whoever has ``link`` may fetch the file until then."""

    link: str
    expires_at: ZuluTime


def _nozzle_mm(file: PrintFile) -> float | None:
    return None if file.nozzle_um is None else file.nozzle_um / 1000


def _thumbnail_url(
    base_path: str, print_file_id: int, number: int, picture: str | None
) -> str | None:
    if picture is None:
        return None
    return f"{base_path}/api/print-files/{print_file_id}/plates/{number}/thumbnail?v={picture[:8]}"
