"""Jobs that were asked for by the name of a file, which may be uploaded before or after."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import func, select

from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.print_files.models import Plate, PrintFile
from shopwright.print_jobs import queries
from shopwright.print_jobs.matching import Needs
from shopwright.print_jobs.models import PrintJob

SLICED = (".gcode.3mf", ".3mf", ".gcode")
MODELS = (".stl", ".obj", ".step", ".stp")  # clients name the model; we print what was sliced of it


@dataclass(frozen=True, slots=True)
class FoundPlate:
    """The first plate of a file."""

    print_file_id: int
    plate_number: int
    time_s: int
    total_mg: int


def names_of(name: str) -> list[str]:
    """The names a file may have that is meant by ``name``, in lower case: with or without
    ``.gcode``, and whatever was sliced of a model."""
    lower = name.strip().lower()
    for ending in SLICED:
        if lower.endswith(ending):
            stem = lower.removesuffix(ending)
            others = (".gcode.3mf", ".3mf") if ending != ".gcode" else (ending, "")
            return list(dict.fromkeys([lower, *(stem + other for other in others)]))
    stem = next((lower.removesuffix(m) for m in MODELS if lower.endswith(m)), lower)
    return [lower, *(stem + ending for ending in SLICED)]


def no_file(job: PrintJob) -> str:
    """Why a job without a file waits."""
    if not job.file_name:
        return "Nobody said which file to print."
    return f"There is no print file {job.file_name} yet. Upload it sliced, under this name."


async def list_job_needs(
    session: WriteSession, ctx: Actor, jobs: Sequence[PrintJob]
) -> dict[int, Needs]:
    """By job. Jobs asked for by a name get their file when it is there by now, else are missing."""
    await _attach(session, ctx, [job for job in jobs if job.print_file_id is None])
    plates = {
        job.id: (job.print_file_id, job.plate_number)
        for job in jobs
        if job.print_file_id is not None and job.plate_number is not None
    }
    needs = await queries.list_needs(session, ctx, set(plates.values()))
    return {
        job.id: replace(needs[plates[job.id]], slot=job.slot)
        for job in jobs
        if job.id in plates and plates[job.id] in needs
    }


async def _attach(session: WriteSession, ctx: Actor, jobs: Sequence[PrintJob]) -> None:
    names = {job.file_name for job in jobs if job.file_name}
    found = await find_plates(session, ctx, names)
    for job in jobs:
        plate = found.get(job.file_name or "")
        if plate is not None:
            job.print_file_id, job.plate_number = plate.print_file_id, plate.plate_number
            job.estimated_s, job.estimated_mg = plate.time_s, plate.total_mg
    await session.flush()


async def find_plates(
    session: queries.AnySession, ctx: Actor, names: Collection[str]
) -> dict[str, FoundPlate]:
    """Of the newest file of each name, by the name asked for."""
    if not names:
        return {}
    meant = {name: names_of(name) for name in names}
    every = {spelling for spellings in meant.values() for spelling in spellings}
    rows = await session.execute(
        select(func.lower(PrintFile.name), PrintFile.id, Plate.number, Plate.time_s, Plate.total_mg)
        .join(
            Plate,
            (Plate.print_file_id == PrintFile.id) & (Plate.organization_id == ctx.organization_id),
        )
        .where(PrintFile.organization_id == ctx.organization_id)
        .where(func.lower(PrintFile.name).in_(every))
        .order_by(PrintFile.id.desc(), Plate.number)
    )
    plates = [(spelling, FoundPlate(*plate)) for spelling, *plate in rows]
    return {
        name: plate
        for name, spellings in meant.items()
        if (plate := next((p for spelling, p in plates if spelling in spellings), None))
    }
