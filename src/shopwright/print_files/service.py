"""What the rest of the house asks the print files, and how a checked upload becomes a version."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.files import service as files
from shopwright.files.service import NewFile
from shopwright.files.storage import StoredObject
from shopwright.kernel import events
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Paging, Ref
from shopwright.kernel.errors import NotFound
from shopwright.kernel.live import touch
from shopwright.print_files import queries
from shopwright.print_files.events import PrintFileVersionAdded
from shopwright.print_files.models import Plate, PlateFilament, PrintFile
from shopwright.print_files.printer_models import OTHER_MODEL
from shopwright.print_files.queries import ListedFile, PrintFileFilter
from shopwright.print_files.sliced_file import FileKind, SlicedFile, SlicedPlate
from shopwright.print_files.sliced_file import PlateFilament as SlicedFilament

PNG = "image/png"
CONTENT_TYPES = {
    FileKind.GCODE_3MF: "application/vnd.ms-package.3dmanufacturing-3dmodel+xml",
    FileKind.GCODE: "text/x.gcode",
}


class PrintFileMissing(NotFound):
    code = "print-file-missing"
    title = "There is no such print file"


class PlateMissing(NotFound):
    code = "plate-missing"
    title = "There is no such plate"


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A sliced file whose bytes, and those of its pictures by plate number, lie in the store."""

    name: str
    sliced: SlicedFile
    stored: StoredObject
    pictures: Mapping[int, StoredObject]


@dataclass(frozen=True, slots=True)
class Added:
    """``is_new`` is False when this name had this content before."""

    print_file: PrintFile
    is_new: bool


async def add_print_file(session: WriteSession, ctx: Actor, checked: CheckedFile) -> Added:
    """The next version of that name; the version there is when the content is the same.

    Whoever uses an older version hears PrintFileVersionAdded.
    """
    await queries.lock_name(session, ctx, checked.name)
    versions = await queries.list_versions(session, ctx, checked.name)
    for known in versions:
        if known.sha256 == checked.stored.sha256:
            return Added(await _get_by_id(session, ctx, known.id), is_new=False)
    await files.record_files(session, ctx, _new_files(checked))
    print_file = _print_file(ctx, checked, versions[0].version + 1 if versions else 1)
    session.add(print_file)
    await session.flush()
    await _tell(session, ctx, print_file, older_ids=tuple(file.id for file in versions))
    return Added(await _get_by_id(session, ctx, print_file.id), is_new=True)


async def get_print_file(session: AsyncSession, ctx: Actor, ref: Ref) -> PrintFile:
    """With plates and their filaments; raises PrintFileMissing."""
    found = await queries.find_print_file(session, ctx, ref)
    if found is None:
        raise PrintFileMissing(f"There is no print file {ref}.")
    return found


async def list_print_files(
    session: AsyncSession, ctx: Actor, wanted: PrintFileFilter, paging: Paging
) -> tuple[list[ListedFile], int]:
    """One page of the newest versions, by name, and how many names there are."""
    return await queries.list_print_files(session, ctx, wanted, paging)


async def list_versions(session: AsyncSession, ctx: Actor, name: str) -> list[PrintFile]:
    """All versions of one name, newest first, without their plates."""
    return await queries.list_versions(session, ctx, name)


async def list_plates(
    session: AsyncSession, ctx: Actor, print_file_ids: Collection[int]
) -> dict[int, list[Plate]]:
    """By file, in order of their numbers, with their filaments."""
    return await queries.list_plates(session, ctx, print_file_ids) if print_file_ids else {}


async def get_thumbnail(session: AsyncSession, ctx: Actor, print_file: Ref, number: int) -> str:
    """The hash of a plate's picture; raises PlateMissing, also when it has no picture."""
    condition = print_file.where(PrintFile) & (Plate.number == number)
    return _picture_of(await queries.find_plate(session, ctx, condition))


async def get_plate_thumbnail(session: AsyncSession, ctx: Actor, plate: Ref) -> str:
    """The same by the plate's own id, as pages name it."""
    return _picture_of(await queries.find_plate(session, ctx, plate.where(Plate)))


def _picture_of(plate: Plate | None) -> str:
    if plate is None:
        raise PlateMissing("There is no such plate.")
    if plate.thumbnail_sha256 is None:
        raise PlateMissing(f"Plate {plate.number} has no picture.")
    return plate.thumbnail_sha256


async def _get_by_id(session: AsyncSession, ctx: Actor, print_file_id: int) -> PrintFile:
    return await get_print_file(session, ctx, Ref(print_file_id, None))


async def _tell(
    session: WriteSession, ctx: Actor, print_file: PrintFile, *, older_ids: tuple[int, ...]
) -> None:
    audit.record(
        session,
        ctx,
        "print_file.uploaded",
        print_file.id,
        name=print_file.name,
        version=print_file.version,
        sha256=print_file.sha256,
    )
    touch(session, ctx.organization_id, "print_file", print_file.id)
    if older_ids:
        event = PrintFileVersionAdded(ctx.organization_id, print_file.id, older_ids)
        await events.publish(session, event)


def _new_files(checked: CheckedFile) -> list[NewFile]:
    pictures = [
        NewFile(stored, f"plate {number} of {checked.name}"[:255], PNG)
        for number, stored in checked.pictures.items()
    ]
    return [NewFile(checked.stored, checked.name, CONTENT_TYPES[checked.sliced.kind]), *pictures]


def _print_file(ctx: Actor, checked: CheckedFile, version: int) -> PrintFile:
    sliced = checked.sliced
    return PrintFile(
        organization_id=ctx.organization_id,
        name=checked.name,
        version=version,
        sha256=checked.stored.sha256,
        size_bytes=checked.stored.size,
        kind=sliced.kind.value,
        slicer=sliced.slicer.value,
        slicer_version=_cut(sliced.slicer_version, 60),
        # Plain G-code that names no machine may run on any.
        printer_model=None if sliced.printer_model == OTHER_MODEL else sliced.printer_model,
        nozzle_um=None if sliced.nozzle_mm is None else round(sliced.nozzle_mm * 1000),
        project_filament_count=sliced.project_filament_count,
        uploaded_by=ctx.name[:120],
        plates=[_plate(ctx, plate, checked.pictures.get(plate.number)) for plate in sliced.plates],
    )


def _plate(ctx: Actor, plate: SlicedPlate, picture: StoredObject | None) -> Plate:
    return Plate(
        organization_id=ctx.organization_id,
        number=plate.number,
        name=plate.name[:200],
        time_s=plate.time_s,
        total_mg=plate.used_mg,
        layers=plate.layers,
        bed_type=_cut(plate.bed_type, 60),
        objects=[thing.name for thing in plate.objects],
        warnings=list(plate.warnings),
        thumbnail_sha256=picture.sha256 if picture else None,
        filaments=[_filament(ctx, filament) for filament in plate.filaments],
    )


def _filament(ctx: Actor, filament: SlicedFilament) -> PlateFilament:
    return PlateFilament(
        organization_id=ctx.organization_id,
        project_index=filament.project_index,
        material=(filament.material or "")[:40],
        color=filament.color,
        used_mg=filament.used_mg,
        used_mm=filament.used_mm,
        product=_cut(filament.product, 60),
    )


def _cut(text: str | None, length: int) -> str | None:
    return None if text is None else text[:length]
