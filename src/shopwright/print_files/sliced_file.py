"""What a sliced file holds, whichever slicer wrote it.

Units: seconds, milligrams, millimetres. Filaments, plates and layers are counted from 1.
"""

from dataclasses import dataclass
from enum import StrEnum

from shopwright.kernel.errors import Invalid


class UnreadablePrintFile(Invalid):
    """The upload cannot be printed from; the sentence says why and what to export instead."""

    code = "print-file-unreadable"
    title = "This file cannot be printed"


class UnslicedProject(UnreadablePrintFile):
    code = "print-file-unsliced"
    title = "This file is not sliced"


class PrintFileTooLarge(UnreadablePrintFile):
    code = "print-file-too-large"
    title = "This file is too large"


class UnknownPrinterModel(UnreadablePrintFile):
    """``known_models`` lists what is accepted."""

    code = "printer-model-unknown"
    title = "This printer model is not known"


class FileKind(StrEnum):
    GCODE_3MF = "gcode_3mf"
    GCODE = "gcode"


class Slicer(StrEnum):
    BAMBU_STUDIO = "bambu_studio"
    ORCA_SLICER = "orca_slicer"
    PRUSA_SLICER = "prusa_slicer"
    SUPER_SLICER = "super_slicer"
    CURA = "cura"
    SIMPLIFY3D = "simplify3d"


@dataclass(frozen=True, slots=True)
class PlateFilament:
    """``project_index`` is the place in the sliced project; ids skip what a plate does not use."""

    project_index: int
    material: str | None  # PLA, PETG, …; None where the slicer does not say
    color: str | None  # RRGGBB, upper case
    used_mg: int
    used_mm: int | None
    product: str | None = None  # the vendor's code, e.g. GFA00
    name: str | None = None  # the slicer's preset


@dataclass(frozen=True, slots=True)
class SlicedObject:
    identify_id: int  # what a skip-objects command names
    name: str


@dataclass(frozen=True, slots=True)
class SlicedPlate:
    """``used_mg`` is the sum of its filaments, so that what is booked adds up."""

    number: int
    name: str
    time_s: int
    used_mg: int
    filaments: tuple[PlateFilament, ...]
    layers: int | None
    bed_type: str | None
    objects: tuple[SlicedObject, ...]
    thumbnail: bytes | None  # PNG, made anew by us
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SlicedFile:
    """``project_filament_count`` is the length of the slot mapping a printer is sent."""

    kind: FileKind
    slicer: Slicer
    slicer_version: str | None
    printer_model: str  # display name, e.g. "P1S"; "other" for plain G-code that names none
    nozzle_mm: float | None
    project_filament_count: int
    plates: tuple[SlicedPlate, ...]
